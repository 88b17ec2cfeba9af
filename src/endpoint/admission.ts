/**
 * What is answered by the endpoint: a request with the token of the path that it asks for, from a program and not from a web page.
 *
 * - Host must be the address that was given out, with its port or without (SDKs built on the AWS Common Runtime leave it out): a web page
 *   that has its own name lead to 127.0.0.1 (DNS rebinding) sends that name. For containers, any address that SDKs ask without TLS: those
 *   of loopback, and the two of Amazon ECS and EKS. No page can have one for its name but one of this machine's.
 * - Origin: only browsers send it.
 * - Without a token every path and method gets the same answer, and so does another user who has it (server.ts asks whose connection it is).
 *   With the token of one path, all others are not found.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** A path and the token that is good for it and no other. */
export type Route = { readonly path: string; readonly token: string };

/** Why a request is refused. */
export type Refusal = {
  readonly status: 401 | 403 | 404 | 405;
  readonly code: string;
  readonly message: string;
};

/** Which Host a request may have: of `127.0.0.1:PORT` with and without the port, or any of a container's. */
export type HostRule = { readonly own: string; readonly isForContainers: boolean };

/** The route that a request is let in to, or why it is refused. */
export function admit<R extends Route>(
  { headers, url, method }: Pick<IncomingMessage, "headers" | "url" | "method">,
  host: HostRule,
  routes: readonly R[],
): { readonly route: R } | { readonly refusal: Refusal } {
  if (!isHostGood(headers.host, host))
    return refuse(403, "ForbiddenHost", "this is not the endpoint's name");
  if (headers.origin !== undefined)
    return refuse(403, "ForbiddenOrigin", "web pages are not answered");
  const route = routeOf(headers.authorization ?? "", routes);
  if (route === undefined) return { refusal: unauthorized };
  if (url !== route.path) return refuse(404, "NotFound", "there is nothing here for this token");
  if (method !== "GET") return refuse(405, "MethodNotAllowed", "only GET is answered");
  return { route };
}

/** What a request without a token gets, whatever it asks for. */
export const unauthorized: Refusal = {
  status: 401,
  code: "Unauthorized",
  message: "AWS_CONTAINER_AUTHORIZATION_TOKEN is missing or is not this endpoint's",
};

/** The path of a profile: its name, with what is not plain in a URL as `~` and two hexadecimal digits for each byte. */
export function credentialsPath(profile: string): string {
  const plain = profile.replaceAll(/^\.+$|[^\w.-]/gu, (text) =>
    [...Buffer.from(text)].map((byte) => `~${byte.toString(16).padStart(2, "0")}`).join(""),
  );
  return `/credentials/${plain}`;
}

const containerHosts =
  /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|::1|\[::1\]|169\.254\.170\.(?:2|23)|\[fd00:ec2::23\])(?::\d+)?$/;

function isHostGood(given: string | undefined, { own, isForContainers }: HostRule): boolean {
  if (given === own || given === own.slice(0, own.lastIndexOf(":"))) return true;
  return isForContainers && given !== undefined && containerHosts.test(given);
}

/** All are compared, in constant time; the digests are equally long whatever was sent. */
function routeOf<R extends Route>(given: string, routes: readonly R[]): R | undefined {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const sent = digest(given);
  const matches = routes.map(({ token }) => timingSafeEqual(sent, digest(token)));
  return routes[matches.indexOf(true)];
}

function refuse(
  status: Refusal["status"],
  code: string,
  message: string,
): { readonly refusal: Refusal } {
  return { refusal: { status, code, message } };
}
