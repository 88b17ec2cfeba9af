/**
 * Handing a browser an address that must not be seen: on its command line, which every user of the machine can read, is only a path of this
 * machine that leads there once. Its rules:
 *
 * - A loopback server (sign-in/loopback-server.ts) and a random path; a request of another user leaves it good.
 * - The first GET of the path is redirected, and spends it. Everything else is not found.
 * - A second GET of the spent path says that two programs know it: one of them may have signed in. So the port stays open for a while.
 * - No cache keeps it, and the console does not learn where the browser came from.
 */
import { randomBytes } from "node:crypto";
import { AwsRoleError } from "../../foundation/errors.ts";
import type { PeerLookup } from "../../foundation/peer.ts";
import { notFound, openLoopbackServer } from "../../sign-in/loopback-server.ts";

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
  let isOtherUserKnown = false;
  const { origin, close, visits } = await openLoopbackServer({
    hint: "use --print to show the URL",
    peers,
    isAwaited: (url) => url === path,
    onOtherUser: (uid) => {
      if (!isOtherUserKnown) onOtherUser(uid);
      isOtherUserKnown = true;
    },
  });
  const used = new Promise<void>((resolve, reject) => {
    const finish = (error?: AwsRoleError): void => {
      clearTimeout(timer);
      close();
      if (error === undefined) resolve();
      else reject(error);
    };
    let timer = setTimeout(() => finish(noBrowser()), timeoutMs);
    let isSpent = false;
    visits((_url, response) => {
      if (isSpent) {
        notFound(response);
        response.once("close", () => finish(usedTwice()));
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
  return { url: `${origin}${path}`, used, close };
}

function noBrowser(): AwsRoleError {
  return new AwsRoleError("ERR_DEADLINE", "no browser opened the console", {
    hint: "try again, or use --print and open the URL yourself",
  });
}

function usedTwice(): AwsRoleError {
  return new AwsRoleError(
    "ERR_ADDRESS_REUSED",
    "the one-time sign-in URL was used twice: another program may be signed in to the console",
    {
      hint: "unless you opened it twice yourself, revoke the role's sessions now: in the IAM console, open the role, then Revoke sessions",
    },
  );
}
