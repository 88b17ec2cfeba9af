/**
 * Who is answered by the endpoint: a program on this machine that has the token, and nobody else.
 *
 * - Host must be the very address that was given out: a web page that had its own name lead to 127.0.0.1 (DNS rebinding) has another.
 * - Origin: only browsers send it.
 * - Without the token every path and method gets the same answer.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Where credentials are; all else is not found. */
export const credentialsPath = "/credentials";

/** Why a request is refused. */
export type Refusal = {
  readonly status: 401 | 403 | 404 | 405;
  readonly code: string;
  readonly message: string;
};

/** Undefined for a request that is to be answered. `host` is `127.0.0.1:PORT`. */
export function refusalOf(
  request: IncomingMessage,
  host: string,
  token: string,
): Refusal | undefined {
  const { headers } = request;
  if (headers.host !== host) return refuse(403, "ForbiddenHost", "this is not the endpoint's name");
  if (headers.origin !== undefined)
    return refuse(403, "ForbiddenOrigin", "web pages are not answered");
  if (!isSame(headers.authorization ?? "", token))
    return refuse(
      401,
      "Unauthorized",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN is missing or is not this endpoint's",
    );
  if (request.url !== credentialsPath) return refuse(404, "NotFound", "there is nothing here");
  if (request.method !== "GET") return refuse(405, "MethodNotAllowed", "only GET is answered");
  return undefined;
}

function refuse(status: Refusal["status"], code: string, message: string): Refusal {
  return { status, code, message };
}

/** In constant time; the digests are equally long whatever was sent. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
