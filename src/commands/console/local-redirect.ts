/**
 * Handing a browser an address that must not be seen: on its command line, which every user of the machine can read, is only a path of this
 * machine that leads there once. Its rules:
 *
 * - 127.0.0.1, a random port, a random path; the Host must be that address, so that no web page can ask under a name of its own.
 * - Where the owner of a connection can be seen (foundation/peer.ts), another user is not found anything, and the path stays good.
 * - The first GET of the path is redirected, and spends it. Everything else is not found.
 * - A second GET of the spent path says that two programs know it: one of them may have signed in. So the port stays open for a while.
 * - No cache keeps it, and the console does not learn where the browser came from.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AwsRoleError } from "../../foundation/errors.ts";
import type { PeerLookup } from "../../foundation/peer.ts";

export type OneShotRedirect = {
  readonly url: string;
  /**
   * Resolves when a browser has been there and nothing else has within the time to watch.
   * @throws ERR_DEADLINE when no browser comes, ERR_ADDRESS_REUSED on a second visit.
   */
  readonly used: Promise<void>;
  close(): void;
};

export type RedirectOptions = {
  /** For how long a browser may take, in milliseconds. */
  readonly timeoutMs: number;
  /** For how long a second visit is watched for, in milliseconds from the first. */
  readonly watchMs: number;
  /** Undefined where the owner of a connection cannot be seen. */
  readonly peers: PeerLookup | undefined;
  /** Called once when another user has asked for the path; undefined: which one is not known. */
  readonly onOtherUser: (uid: number | undefined) => void;
};

/** Opens it. @throws ERR_NETWORK when nothing can listen on 127.0.0.1. */
export async function openOneShotRedirect(
  target: string,
  { timeoutMs, watchMs, peers, onOtherUser }: RedirectOptions,
): Promise<OneShotRedirect> {
  const path = `/${randomBytes(24).toString("base64url")}`;
  const server = createServer({ requestTimeout: 5000, headersTimeout: 5000 });
  await new Promise<void>((resolve, reject) =>
    server
      .once("error", (cause) =>
        reject(
          new AwsRoleError("ERR_NETWORK", "nothing can listen on 127.0.0.1 here", {
            hint: "use --print, which shows the address itself",
            cause,
          }),
        ),
      )
      .listen(0, "127.0.0.1", resolve),
  );
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  let warnOfOtherUser = (uid: number | undefined): void => {
    warnOfOtherUser = () => {};
    onOtherUser(uid);
  };
  const used = new Promise<void>((resolve, reject) => {
    const finish = (error?: AwsRoleError): void => {
      clearTimeout(timer);
      close();
      if (error === undefined) resolve();
      else reject(error);
    };
    let timer = setTimeout(() => finish(noBrowser()), timeoutMs);
    let isSpent = false;
    server.on("request", async ({ url, method, headers, socket }, response) => {
      const isAsked = url === path && method === "GET" && headers.host === host;
      const uid = isAsked ? await peers?.uidOf(socket) : undefined;
      const isOther = isAsked && peers !== undefined && uid !== peers.ownUid;
      if (isOther) warnOfOtherUser(uid);
      if (!isAsked || isOther || isSpent) {
        response.writeHead(404, { connection: "close" }).end();
        if (isAsked && !isOther) response.once("close", () => finish(usedTwice()));
        return;
      }
      isSpent = true;
      clearTimeout(timer);
      timer = setTimeout(finish, watchMs);
      response
        .writeHead(302, {
          location: target,
          "cache-control": "no-store",
          "referrer-policy": "no-referrer",
          connection: "close",
        })
        .end();
    });
  });
  // The caller asks for the outcome after the browser was started, and a visit may come before.
  used.catch(() => {});
  return { url: `http://${host}${path}`, used, close };
}

function noBrowser(): AwsRoleError {
  return new AwsRoleError("ERR_DEADLINE", "no browser asked for the console", {
    hint: "try again, or use --print and open the address yourself",
  });
}

function usedTwice(): AwsRoleError {
  return new AwsRoleError(
    "ERR_ADDRESS_REUSED",
    "the one-time sign-in address was used twice: another program may be signed in to the console",
    {
      hint: "unless you opened it twice yourself, revoke the role's sessions now: in the IAM console, open the role, then Revoke sessions",
    },
  );
}
