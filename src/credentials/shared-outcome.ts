/** What one process shares with those that wait for its fetch (locks/single-flight.ts). */
import { AwsRoleError, type ErrorCode, isAwsRoleError } from "../foundation/errors.ts";
import { asObject, parseObject } from "../foundation/json.ts";
import { errorCodec } from "../state/cooldown.ts";
import { type CachedSession, decodeSession, encodeSession } from "./cache/session.ts";

/** What a fetch came to: what one process shares with those that wait for it. */
export type Outcome =
  | { readonly kind: "session"; readonly session: CachedSession }
  | { readonly kind: "error"; readonly error: unknown };

/** AWS's refusals and network failures hold for every process; what only this one could not do, another may try. */
const sharedCodes: readonly ErrorCode[] = [
  "ERR_AWS_DENIED",
  "ERR_AWS_REFUSED",
  "ERR_AWS_SESSION_ENDED",
  "ERR_AWS_THROTTLED",
  "ERR_AWS_UNAVAILABLE",
  "ERR_NETWORK",
  "ERR_CLOCK_SKEW",
];

/** True for an error that holds for every process that wants the same. */
export function isShared(error: unknown): boolean {
  return isAwsRoleError(error) && sharedCodes.includes(error.code);
}

/** The outcome as the text that goes over the socket; of a foreign error nothing goes. */
export function encodeOutcome(outcome: Outcome): string {
  if (outcome.kind === "session")
    return JSON.stringify({ session: encodeSession(outcome.session) });
  const { error } = outcome;
  return JSON.stringify({ error: isAwsRoleError(error) ? errorCodec.encode(error) : {} });
}

/** The outcome in `text`; ERR_INTERNAL when it cannot be read, or is of another request. Never throws. */
export function decodeOutcome(text: string, request: string): Outcome {
  const answer = parseObject(text);
  const stored = answer?.["session"];
  const session = typeof stored === "string" ? decodeSession(stored, request) : undefined;
  if (session !== undefined) return { kind: "session", session };
  return {
    kind: "error",
    error:
      errorCodec.decode(asObject(answer?.["error"]) ?? {}) ??
      new AwsRoleError("ERR_INTERNAL", "the answer of another awsrole process cannot be read"),
  };
}
