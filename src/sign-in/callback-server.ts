/**
 * Where the browser brings the answer of a sign-in: http://127.0.0.1:PORT/oauth/callback (RFC 8252). Its rules:
 *
 * - 127.0.0.1 only, a random port; the Host must be that address, so that no web page reaches it under a name of its own.
 * - A wrong path, method or `state` gets 404 and changes nothing. Only a request with the right `state` ends the wait, also one with an `error`.
 * - Where the owner of a connection can be seen (foundation/peer.ts), another user gets 404, too.
 * - One answer, then the port is closed.
 */
import { timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AwsRoleError } from "../foundation/errors.ts";
import type { PeerLookup } from "../foundation/peer.ts";

export type Callback = {
  readonly redirectUri: string;
  /** The authorization code. @throws ERR_PERSON_REFUSED, ERR_AWS_REFUSED for another error, ERR_DEADLINE after `timeoutMs`. */
  readonly code: Promise<string>;
  close(): void;
};

export type CallbackOptions = {
  readonly state: string;
  readonly timeoutMs: number;
  /** Undefined where the owner of a connection cannot be seen. */
  readonly peers: PeerLookup | undefined;
};

const path = "/oauth/callback";

/** Opens it. @throws ERR_NETWORK when nothing can listen on 127.0.0.1. */
export async function openCallback({
  state,
  timeoutMs,
  peers,
}: CallbackOptions): Promise<Callback> {
  const server = createServer({ requestTimeout: 5000, headersTimeout: 5000 });
  await new Promise<void>((resolve, reject) =>
    server
      .once("error", (cause) =>
        reject(
          new AwsRoleError("ERR_NETWORK", "nothing can listen on 127.0.0.1 here", {
            hint: "use --use-device-code",
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
  const code = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      close();
      reject(
        new AwsRoleError("ERR_DEADLINE", "the sign-in was not finished in the browser in time", {
          hint: "try again, or use --use-device-code",
        }),
      );
    }, timeoutMs);
    let isSpent = false;
    server.on("request", async ({ url = "", method, headers, socket }, response) => {
      // Not by `new URL`: it throws for what any program may ask for.
      const [pathname, query = ""] = url.split("?", 2);
      const brought = Object.fromEntries(new URLSearchParams(query)) as Brought;
      const isRight =
        method === "GET" &&
        headers.host === host &&
        pathname === path &&
        isSame(brought.state ?? "", state);
      const isOwn =
        isRight && (peers === undefined || (await peers.uidOf(socket)) === peers.ownUid);
      const { code: answer, error } = brought;
      if (!isOwn || isSpent || (answer ?? error ?? "") === "") {
        response.writeHead(404, { connection: "close" }).end();
        return;
      }
      isSpent = true;
      clearTimeout(timer);
      response
        .writeHead(200, {
          "content-type": "text/html; charset=utf-8",
          "cache-control": "no-store",
          "content-security-policy": "default-src 'none'",
          connection: "close",
        })
        .end(pageOf(error === undefined), () => server.close());
      if (error === undefined) resolve(answer ?? "");
      else reject(refused(error));
    });
  });
  // The one who waits for it comes later, when the browser has been started.
  code.catch(() => {});
  return { redirectUri: `http://${host}${path}`, code, close };
}

/** The parameters of an answer (RFC 6749, 4.1.2). */
type Brought = { readonly state?: string; readonly code?: string; readonly error?: string };

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function pageOf(isDone: boolean): string {
  const text = isDone
    ? "You are signed in. You can close this window and return to the terminal."
    : "You are not signed in. See the terminal for the reason.";
  return `<!doctype html><html lang="en"><title>awsrole</title><p>${text}</p></html>\n`;
}

function refused(error: string): AwsRoleError {
  return error === "access_denied"
    ? new AwsRoleError("ERR_PERSON_REFUSED", "the sign-in was denied in the browser", {
        hint: "try again, and allow the access",
      })
    : new AwsRoleError(
        "ERR_AWS_REFUSED",
        `the sign-in failed in the browser: ${error.replaceAll(/[^\w .-]/g, "?").slice(0, 200)}`,
        { hint: "try again, or use --use-device-code" },
      );
}
