/**
 * A web server on this machine for one visit of a browser. Its rules:
 *
 * - 127.0.0.1 only, a random port; the Host must be that address, so that no web page reaches it under a name of its own.
 * - Only a GET of what is awaited is a visit. Everything else is not found, and changes nothing.
 * - Where the owner of a connection can be seen (foundation/peer.ts), another user is not found anything either.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AwsRoleError } from "../foundation/errors.ts";
import type { PeerLookup } from "../foundation/peer.ts";

type OnVisit = (url: string, response: ServerResponse) => void;

export type LoopbackServer = {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Names the one that is called for each visit and ends the response, by `notFound` where it is not to count. */
  readonly visits: (onVisit: OnVisit) => void;
  /** Ends it, with the connections that are open. */
  readonly close: () => void;
};

export type LoopbackOptions = {
  /** Whether this path and query is what is awaited. */
  readonly isAwaited: (url: string) => boolean;
  /** Undefined where the owner of a connection cannot be seen. */
  readonly peers: PeerLookup | undefined;
  /** Called for each request of another user for what is awaited; undefined: which one is not known. */
  readonly onOtherUser?: (uid: number | undefined) => void;
  /** What to do where nothing can listen. */
  readonly hint: string;
};

/** Opens it. @throws ERR_NETWORK when nothing can listen on 127.0.0.1. */
export async function openLoopbackServer(options: LoopbackOptions): Promise<LoopbackServer> {
  const { isAwaited, peers, onOtherUser, hint } = options;
  const server = createServer({ requestTimeout: 5000, headersTimeout: 5000 });
  await new Promise<void>((resolve, reject) =>
    server
      .once("error", (cause) =>
        reject(
          new AwsRoleError("ERR_NETWORK", "nothing can listen on 127.0.0.1 here", { hint, cause }),
        ),
      )
      .listen(0, "127.0.0.1", resolve),
  );
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  let onVisit: OnVisit = (_url, response) => notFound(response);
  server.on("request", async ({ url = "", method, headers, socket }, response) => {
    const isVisit = method === "GET" && headers.host === host && isAwaited(url);
    const uid = isVisit ? await peers?.uidOf(socket) : undefined;
    const isOther = isVisit && peers !== undefined && uid !== peers.ownUid;
    if (isOther) onOtherUser?.(uid);
    if (isVisit && !isOther) onVisit(url, response);
    else notFound(response);
  });
  return {
    origin: `http://${host}`,
    visits: (then) => {
      onVisit = then;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Answers 404. */
export function notFound(response: ServerResponse): void {
  response.writeHead(404, { connection: "close" }).end();
}
