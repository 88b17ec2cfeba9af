/**
 * The container credentials endpoint: AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN lead SDKs here. Its rules:
 *
 * - 127.0.0.1 only, on a port and with a token that are new every time.
 * - Only what `admission.ts` lets in is answered, from programs of our own user and of root where Linux shows whose connection it is
 *   (foundation/peer.ts); and one request per connection.
 * - CONNECT and Expect get the answers that every other request gets.
 * - Clients that send slowly, much, or nothing at all are cut off: other users of the machine can connect too.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { AwsRoleError } from "../foundation/errors.ts";
import type { PeerLookup } from "../foundation/peer.ts";
import { credentialsPath, type Refusal, refusalOf, unauthorized } from "./admission.ts";
import { credentialsBody, errorBody, failureOf, type Provided } from "./answers.ts";

export type Endpoint = {
  readonly url: string;
  /** 256 random bits, base64url: what a client sends as `Authorization`. */
  readonly token: string;
  /** Stops at once; whoever waits for an answer is hung up on. */
  close(): void;
};

/** Header fields of SDKs come to less than 1 KiB. */
const mostHeaderBytes = 8 * 1024;
/** The clients are on this machine. */
const headersWithinMs = 2000;
const requestWithinMs = 5000;
const mostConnections = 1024;

export type EndpointOptions = {
  /** Called once per request that is let in. */
  readonly provide: () => Promise<Provided>;
  readonly now: () => Date;
  /** Undefined: the token alone decides. */
  readonly peers: PeerLookup | undefined;
  /** Another user has sent the token and was refused; undefined: which one is not known. */
  readonly onOtherUser: (uid: number | undefined) => void;
};

/** Opens it. @throws ERR_NETWORK. */
export async function openEndpoint({
  provide,
  now,
  peers,
  onOtherUser,
}: EndpointOptions): Promise<Endpoint> {
  const token = randomBytes(32).toString("base64url");
  const server = createServer({
    maxHeaderSize: mostHeaderBytes,
    headersTimeout: headersWithinMs,
    requestTimeout: requestWithinMs,
    connectionsCheckingInterval: 1000,
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(
        new AwsRoleError("ERR_NETWORK", "the endpoint cannot listen on 127.0.0.1", {
          hint: "a sandbox or a firewall may forbid it",
          cause,
        }),
      );
    server.once("error", fail).listen(0, "127.0.0.1", () => {
      server.off("error", fail);
      resolve();
    });
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    // A client that hangs up meanwhile is no failure.
    answer(request, response).catch(() => response.destroy());
  };
  server.on("request", handle);
  // Without listeners node would hang up on the first, and answer the others by itself.
  server.on("connect", (request, socket) => handle(request, responseOn(socket as Socket, request)));
  server.on("checkContinue", handle);
  server.on("checkExpectation", handle);
  return {
    url: `http://${host}${credentialsPath}`,
    token,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };

  async function refusalFor(request: IncomingMessage): Promise<Refusal | undefined> {
    const refusal = refusalOf(request, host, token);
    if (refusal?.status === 401 || refusal?.status === 403 || peers === undefined) return refusal;
    const uid = await peers.uidOf(request.socket);
    if (uid === peers.ownUid || uid === 0) return refusal;
    onOtherUser(uid);
    return unauthorized;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = await refusalFor(request);
    if (refusal !== undefined) {
      const { status, code, message } = refusal;
      if (status === 405) response.setHeader("Allow", "GET");
      send(response, status, errorBody(code, message));
      return;
    }
    try {
      send(response, 200, credentialsBody(await provide(), now()));
    } catch (error) {
      const { status, body } = failureOf(error);
      send(response, status, body);
    }
  }
}

/** For a request that node hands over with its bare connection. */
function responseOn(socket: Socket, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once("finish", () => socket.end());
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
