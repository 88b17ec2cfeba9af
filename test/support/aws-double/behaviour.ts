import type { ServerResponse } from "node:http";
import { refusal, type XmlStructure } from "./answers.ts";

/** Ways to misbehave, from the next request (for `hang: "accept"`: connection) on. Without any the double behaves. */
export type Behaviour = {
  /** For these actions only. */
  only?: readonly string[];
  /** For so many requests, then all is well again. Without it until told otherwise. */
  times?: number;
  /** Waits so many milliseconds before it looks at a request. */
  delayMs?: number;
  /** Too many requests: `Throttling` with 400, as STS answers, or 429 or 503, perhaps with a Retry-After. */
  throttle?: { status?: 400 | 429 | 503; retryAfterSeconds?: number };
  /** No more than so many requests in any second; what is too much is throttled. */
  perSecond?: number;
  /** A failure of the service: this status (5xx). */
  serverError?: number;
  /** Never reads from the connection; reads the request and never answers; stops in the middle of the answer's body. */
  hang?: "accept" | "headers" | "body";
  /** Resets the connection instead of answering. */
  reset?: true;
  /** An answer that is not the XML it should be. The request was carried out nevertheless. */
  malformed?: "truncated" | "wrong-content-type" | "garbage" | "empty";
  /** Regions for which an administrator has switched STS off. GetCallerIdentity works there still (aws-sdk-go-v2#2846). */
  disabledRegions?: readonly string[];
  /** Refuses with AccessDenied and this text. */
  deny?: string;
  /** Refuses with this error: IAM before it has heard of what was made a moment ago. */
  refuse?: { status: number; code: string; message: string };
  /** Elements that no client knows, in every structure. */
  unknownFields?: true;
  /** Characters of session tokens. AWS states no limit; some hundreds are usual. */
  tokenLength?: number;
  /** Keys that CreateAccessKey makes meanwhile are unknown to the first so many requests that they sign. */
  newKeyUnknownFor?: number;
  /** An Expiration with milliseconds. */
  fractionalExpiration?: true;
};

/** Throws the refusal that `behaviour` has for a request to `action`, if any. */
export function refuseByBehaviour(
  behaviour: Behaviour,
  action: string,
  region: string,
  accountId: string,
): void {
  const { throttle, serverError, deny, refuse, disabledRegions } = behaviour;
  if (throttle !== undefined) {
    const headers =
      throttle.retryAfterSeconds === undefined
        ? {}
        : { "retry-after": String(throttle.retryAfterSeconds) };
    throw refusal(throttle.status ?? 400, "Throttling", "Rate exceeded", headers);
  }
  if (serverError === 503)
    throw refusal(503, "ServiceUnavailable", "Service is unavailable. Please try again later.");
  if (serverError !== undefined) {
    throw refusal(
      serverError,
      "InternalFailure",
      "We encountered an internal error. Please try again.",
    );
  }
  if (refuse !== undefined) throw refusal(refuse.status, refuse.code, refuse.message);
  if (deny !== undefined) throw refusal(403, "AccessDenied", deny);
  if (action !== "GetCallerIdentity" && disabledRegions?.includes(region) === true) {
    throw refusal(
      403,
      "RegionDisabledException",
      `STS is not activated in this region for account:${accountId}. Your account administrator can activate STS in this region using the IAM Console.`,
    );
  }
}

/** `result` with elements that no client knows, at every level. */
export function withUnknownFields(result: XmlStructure): XmlStructure {
  const known = Object.entries(result).map(
    ([name, value]) => [name, isStructure(value) ? withUnknownFields(value) : value] as const,
  );
  return {
    FutureField: "added since",
    ...Object.fromEntries(known),
    FutureStructure: {
      AccessKeyId: "not this one",
      FutureList: ["one", { Expiration: "nor this" }],
    },
  };
}

/** Sends a body in the way that `behaviour` spoils it. */
export function sendSpoiled(
  response: ServerResponse,
  body: string,
  { malformed, hang }: Behaviour,
): void {
  if (malformed === "wrong-content-type") {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(
      "<!DOCTYPE html><html><head><title>Sign in to the network</title></head><body><p>Welcome<br></body></html>",
    );
  } else if (malformed === "garbage") {
    response.end(Buffer.from(Array.from({ length: 256 }, (_, byte) => (byte * 167) % 256)));
  } else if (malformed === "truncated") {
    response.end(body.slice(0, body.length / 2));
  } else if (malformed === "empty") {
    response.end();
  } else if (hang === "body") {
    response.setHeader("content-length", Buffer.byteLength(body));
    response.write(body.slice(0, body.length / 2));
  } else {
    response.end(body);
  }
}

function isStructure(value: XmlStructure[string]): value is XmlStructure {
  return typeof value === "object" && !Array.isArray(value);
}
