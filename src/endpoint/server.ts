/**
 * The container credentials endpoint: AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN lead SDKs here. Its rules:
 *
 * - 127.0.0.1 only; port and tokens are new every time, unless the caller names others.
 * - Only what `admission.ts` lets in is answered, from programs of our own user and of root where Linux shows whose connection it is
 *   (foundation/peer.ts); and one request per connection.
 * - CONNECT and Expect get the answers that every other request gets.
 * - Clients that send slowly, much, or nothing at all are cut off: other users of the machine can connect too.
 */
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { AwsRoleError } from "../foundation/errors.ts";
import type { PeerLookup } from "../foundation/peer.ts";
import { admit, type Refusal, type Route, unauthorized } from "./admission.ts";
import { credentialsBody, errorBody, failureOf, type Provided } from "./answers.ts";

export type Endpoint = {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** Stops at once: connections that wait for an answer are closed. */
  close(): void;
};

/** Header fields of SDKs come to less than 1 KiB. */
const mostHeaderBytes = 8 * 1024;
/** The clients are on this machine; but node counts from the connection on, also while what they sent waits for us to read it. */
const headersWithinMs = 5000;
const requestWithinMs = 5000;
const mostConnections = 1024;

/** A path, and what it gives; called once per request that is let in. */
export type CredentialsRoute = Route & { readonly provide: () => Promise<Provided> };

export type EndpointOptions = {
  readonly routes: readonly CredentialsRoute[];
  /** Undefined: any that is free. */
  readonly port: number | undefined;
  /** True: the names by which containers reach it are good too. */
  readonly isForContainers: boolean;
  readonly now: () => Date;
  /** Undefined: the token alone decides. */
  readonly peers: PeerLookup | undefined;
  /** A request was refused, for this reason. */
  readonly onRefused: (message: string) => void;
  /** Another user has sent a token and was refused; undefined: which one is not known. */
  readonly onOtherUser: (uid: number | undefined) => void;
};

/** Opens it. @throws ERR_NETWORK. */
export async function openEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { routes, isForContainers, now, peers, onRefused, onOtherUser } = options;
  const server = createServer({
    maxHeaderSize: mostHeaderBytes,
    headersTimeout: headersWithinMs,
    requestTimeout: requestWithinMs,
    connectionsCheckingInterval: 1000,
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => reject(cannotListen(options.port, cause));
    server.once("error", fail).listen(options.port ?? 0, "127.0.0.1", () => {
      server.off("error", fail);
      resolve();
    });
  });
  const own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    // A client that hangs up meanwhile is no failure.
    answer(request, response).catch(() => response.destroy());
  };
  server.on("request", handle);
  // Without listeners node would hang up on the first, and answer the others by itself.
  const bare = new Set<Socket>();
  server.on("connect", (request, stream) => {
    const socket = stream as Socket;
    bare.add(socket);
    socket.once("close", () => bare.delete(socket));
    handle(request, responseOn(socket, request));
  });
  server.on("checkContinue", handle);
  server.on("checkExpectation", handle);
  return {
    origin: `http://${own}`,
    close: () => {
      server.close();
      server.closeAllConnections();
      for (const socket of bare) socket.destroy();
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const admitted = admit(request, { own, isForContainers }, routes);
    const hasToken =
      "route" in admitted || admitted.refusal.status === 404 || admitted.refusal.status === 405;
    if (hasToken && !(await isOwnPeer(request.socket))) refuse(response, unauthorized);
    else if ("refusal" in admitted) refuse(response, admitted.refusal);
    else await provide(admitted.route, response);
  }

  /** Asked only about those with a token, so that others cannot make us read the system's tables. */
  async function isOwnPeer(socket: Socket): Promise<boolean> {
    if (peers === undefined) return true;
    const uid = await peers.uidOf(socket);
    if (uid === peers.ownUid || uid === 0) return true;
    onOtherUser(uid);
    return false;
  }

  function refuse(response: ServerResponse, { status, code, message }: Refusal): void {
    if (status === 405) response.setHeader("Allow", "GET");
    send(response, status, errorBody(code, message));
    onRefused(message);
  }

  async function provide(route: CredentialsRoute, response: ServerResponse): Promise<void> {
    try {
      send(response, 200, credentialsBody(await route.provide(), now()));
    } catch (error) {
      const { status, body } = failureOf(error);
      send(response, status, body);
    }
  }
}

function cannotListen(port: number | undefined, cause: NodeJS.ErrnoException): AwsRoleError {
  if (port !== undefined && cause.code === "EADDRINUSE")
    return new AwsRoleError("ERR_NETWORK", `port ${port} of 127.0.0.1 is already in use`, {
      hint: "choose another with --port, or stop the program that has it",
      cause,
    });
  if (port !== undefined && cause.code === "EACCES")
    return new AwsRoleError("ERR_NETWORK", `port ${port} is reserved for the system`, {
      hint: "choose one from 1024 on",
      cause,
    });
  return new AwsRoleError("ERR_NETWORK", "the endpoint cannot listen on 127.0.0.1", {
    hint: "a sandbox or a firewall may forbid it",
    cause,
  });
}

/** For a request that node hands over with its bare connection. */
function responseOn(socket: Socket, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  // Node keeps no time for such a connection any more: a peer that never closes it, or never reads, must not hold it.
  response.once("finish", () => socket.destroySoon());
  socket.setTimeout(requestWithinMs, () => socket.destroy());
  socket.on("error", () => {});
  return response;
}

function send(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, {
      "Content-Type": "application/json",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      Connection: "close",
    })
    .end(JSON.stringify(body));
}
