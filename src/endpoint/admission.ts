/**
 * What is answered by the endpoint: a request with the token, from a program and not from a web page.
 *
 * - Host must be the address that was given out, with its port or without (SDKs built on the AWS Common Runtime leave it out): a web page
 *   that has its own name lead to 127.0.0.1 (DNS rebinding) sends that name.
 * - Origin: only browsers send it.
 * - Without the token every path and method gets the same answer, and so does another user who has it (endpoint.ts asks whose connection it is).
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
  if (headers.host !== host && headers.host !== hostname(host))
    return refuse(403, "ForbiddenHost", "this is not the endpoint's name");
  if (headers.origin !== undefined)
    return refuse(403, "ForbiddenOrigin", "web pages are not answered");
  if (!isSame(headers.authorization ?? "", token)) return unauthorized;
  if (request.url !== credentialsPath) return refuse(404, "NotFound", "there is nothing here");
  if (request.method !== "GET") return refuse(405, "MethodNotAllowed", "only GET is answered");
  return undefined;
}

/** What a request without the token gets, whatever it asks for. */
export const unauthorized: Refusal = refuse(
  401,
  "Unauthorized",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN is missing or is not this endpoint's",
);

function hostname(host: string): string {
  return host.slice(0, host.lastIndexOf(":"));
}

function refuse(status: Refusal["status"], code: string, message: string): Refusal {
  return { status, code, message };
}

/** In constant time; the digests are equally long whatever was sent. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
