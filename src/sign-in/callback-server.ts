/**
 * Where the browser brings the answer of a sign-in: http://127.0.0.1:PORT/oauth/callback (RFC 8252). Its rules:
 *
 * - A loopback server (loopback-server.ts), of whose rules these are more:
 * - A wrong path, method or `state` gets 404 and changes nothing. Only a request with the right `state` ends the wait, also one with an `error`.
 * - One answer, then the port is closed.
 */
import { timingSafeEqual } from "node:crypto";
import { AwsRoleError } from "../foundation/errors.ts";
import type { PeerLookup } from "../foundation/peer.ts";
import { notFound, openLoopbackServer } from "./loopback-server.ts";

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
  const { origin, close, visits } = await openLoopbackServer({
    hint: "use --use-device-code",
    peers,
    isAwaited: (url) => readAnswer(url, state) !== undefined,
  });
  const code = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      close();
      reject(
        new AwsRoleError("ERR_DEADLINE", "the sign-in was not completed in the browser in time", {
          hint: "try again, or use --use-device-code",
        }),
      );
    }, timeoutMs);
    let isSpent = false;
    visits((url, response) => {
      const answer = readAnswer(url, state);
      if (isSpent || answer === undefined) {
        notFound(response);
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
        .once("close", close)
        .end(pageOf(answer.error === undefined));
      if (answer.error === undefined) resolve(answer.code);
      else reject(refused(answer.error));
    });
  });
  // The one who waits for it comes later, when the browser has been started.
  code.catch(() => {});
  return { redirectUri: `${origin}${path}`, code, close };
}

/** The answer in a request (RFC 6749, 4.1.2); undefined for one that is not the answer to `state`. */
function readAnswer(
  url: string,
  state: string,
): { readonly code: string; readonly error: string | undefined } | undefined {
  // Not by `new URL`: it throws for what any program may ask for.
  const [pathname, query = ""] = url.split("?", 2);
  // The last of parameters of one name counts.
  const parameters: { readonly state?: string; readonly code?: string; readonly error?: string } =
    Object.fromEntries(new URLSearchParams(query));
  const { code, error } = parameters;
  const isAnswer = pathname === path && isSame(parameters.state ?? "", state);
  return isAnswer && (code ?? error ?? "") !== "" ? { code: code ?? "", error } : undefined;
}

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
