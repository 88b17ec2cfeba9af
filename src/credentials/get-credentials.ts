/**
 * Getting credentials: the cache first, then one flight per request, each hop by its own key.
 *
 * Who waits for whom: a hit waits for nobody. A miss joins the flight of its request or leads it; the leader obtains its signer the
 * same way, so that locks are taken in the direction of the chain, which has no cycle. While an old session can still be
 * delivered, nobody waits more than 3 s for somebody else's renewal, and a renewal that fails is answered from it.
 */
import type { Credentials } from "../aws/credentials.ts";
import type { Clock } from "../foundation/clock.ts";
import { AwsRoleError, type ErrorCode, isAwsRoleError } from "../foundation/errors.ts";
import { asObject, parseObject } from "../foundation/json.ts";
import type { Deadline } from "../foundation/deadline.ts";
import type { IssuedSession, Sts } from "../aws/sts.ts";
import type { StsConnection } from "../config/connection.ts";
import { errorCodec } from "../state/cooldown.ts";
import type { FailureCooldown } from "../state/failure-cooldown.ts";
import {
  type CachedSession,
  decodeSession,
  encodeSession,
  freshSeconds,
  remainingSeconds,
  urgentSeconds,
  usableSeconds,
} from "./cache/session.ts";
import { accountOf, type Hop, profilesOf, type SessionHop, type SsoHop } from "./chain.ts";
import { codeNeeded } from "./mfa/code-needed.ts";
import { fetchSession } from "./assume-role.ts";
import type { Leaf } from "./base-credentials.ts";
import type { MfaCodes } from "./mfa/code-queue.ts";
import type { SessionCache, SessionKey } from "./cache/session-cache.ts";
import { runSingleFlight } from "../locks/single-flight.ts";

/** What getting credentials needs from outside. */
export type SessionDependencies = {
  readonly cache: SessionCache;
  readonly failures: FailureCooldown;
  readonly clock: Clock;
  readonly deadline: Deadline;
  /** Where flights meet; undefined: everyone works alone. */
  readonly runtimeDir: string | undefined;
  readonly forceRefresh: boolean;
  readonly openSts: (connection: StsConnection) => Promise<Sts>;
  readonly resolveLeaf: (leaf: Leaf) => Promise<Credentials>;
  readonly sso: SsoAccess;
  readonly codes: MfaCodes;
  /** For people's commands: something they should know (a capped duration, a clock that is wrong). */
  readonly notice: (text: string) => void;
};

/** Roles of IAM Identity Center. */
export type SsoAccess = {
  /** A role's credentials, anew. */
  readonly fetch: (hop: SsoHop) => Promise<IssuedSession>;
  /** Fails at once where only a person could go on; asks AWS for nothing. @throws ERR_LOGIN_NEEDED. */
  readonly requireSignIn: (hop: SsoHop) => Promise<void>;
};

/** Credentials and how they came: `renewing failed` carries the reason. */
export type Obtained = {
  readonly credentials: Credentials;
  readonly how: "leaf" | "cached" | "fetched" | "joined" | "stale";
  readonly remainingSeconds?: number;
  /** True when an older session was still there. */
  readonly isRenewal?: boolean;
  readonly trouble?: AwsRoleError;
};

/** What the credentials are for: to be delivered to a caller, or only to sign the next hop's call at once, perhaps not with old ones. */
export type Purpose = "deliver" | "sign" | "sign anew";

/** Longest wait for another's renewal while an old session can still be delivered. */
const patienceWithOldSessionMs = 3000;

/** Credentials of a chain. @throws whatever kept every way from working; see `errors.ts`. */
export async function obtain(
  hop: Hop,
  purpose: Purpose,
  deps: SessionDependencies,
): Promise<Obtained> {
  if (hop.kind === "leaf") return { credentials: await deps.resolveLeaf(hop), how: "leaf" };
  const key = keyOf(hop);
  const isForced = isRefreshForced(hop, purpose, deps);
  const cached = await deps.cache.read(key);
  const remaining = cached === undefined ? 0 : remainingSeconds(cached, deps.clock);
  const old = cached !== undefined && remaining >= usableSeconds ? cached : undefined;
  if (old !== undefined && !isForced && (purpose === "sign" || remaining >= freshSeconds(old))) {
    return { credentials: old.credentials, how: "cached", remainingSeconds: remaining };
  }
  if (old !== undefined && !isForced) {
    const failure = deps.failures.recall(key.request);
    if (failure !== undefined) return stale(old, remaining, failure);
    if (remaining >= urgentSeconds && (await needsPerson(hop, deps)))
      return stale(old, remaining, undefined);
  }
  try {
    await requireSignIn(hop, deps);
    const fetched = await fetchInFlight(hop, key, isForced ? undefined : old, deps, isForced);
    return { ...fetched, isRenewal: old !== undefined };
  } catch (error) {
    if (old === undefined || isForced || !isAwsRoleError(error) || error.code === "ERR_INTERRUPTED")
      throw error;
    deps.failures.remember(key.request, error);
    // Trying took its time.
    const left = remainingSeconds(old, deps.clock);
    if (left < usableSeconds) throw error;
    return stale(old, left, error);
  }
}

/**
 * Where only a sign-in by a person would help, everyone fails at once and alone: of many processes that waited for each other's turn, the last would
 * hear it late. @throws ERR_LOGIN_NEEDED.
 */
async function requireSignIn(hop: Hop, deps: SessionDependencies): Promise<void> {
  if (hop.kind === "sso") return deps.sso.requireSignIn(hop);
  if (hop.kind === "leaf" || hop.signer.kind === "leaf") return;
  if (!(await canSign(hop.signer, deps))) await requireSignIn(hop.signer, deps);
}

/** The item under which a hop's session is kept. */
export function keyOf(hop: SessionHop): SessionKey {
  const [profile = ""] = profilesOf(hop);
  return {
    account: accountOf(hop),
    request: hop.request,
    kind: hop.kind === "user-session" ? "mfa" : "role",
    profile,
    ...(hop.kind === "role" ? { roleArn: hop.role.arn } : {}),
  };
}

/** `--force-refresh` means the roles: a session that a person proved their presence for is renewed only if a new code came along. */
function isRefreshForced(hop: SessionHop, purpose: Purpose, deps: SessionDependencies): boolean {
  if (purpose === "sign anew") return true;
  if (purpose === "sign" && hop.kind === "user-session" && !deps.codes.hasGivenCode()) return false;
  return deps.forceRefresh;
}

function stale(old: CachedSession, remaining: number, trouble: AwsRoleError | undefined): Obtained {
  return {
    credentials: old.credentials,
    how: "stale",
    remainingSeconds: remaining,
    ...(trouble === undefined ? {} : { trouble }),
  };
}

/** True when a fresh session of this hop would want a code from somebody. */
async function needsPerson(hop: SessionHop, deps: SessionDependencies): Promise<boolean> {
  const code = await codeNeeded(hop, (signer) => canSign(signer, deps));
  return code !== undefined && code.device.process === undefined;
}

/** Whether a hop's cached session can sign the next call. */
export async function canSign(
  hop: SessionHop,
  { cache, clock }: Pick<SessionDependencies, "cache" | "clock">,
): Promise<boolean> {
  const session = await cache.read(keyOf(hop));
  return session !== undefined && remainingSeconds(session, clock) >= usableSeconds;
}

/** Whether a hop's cached session is delivered as it is. */
export async function isFresh(
  hop: SessionHop,
  { cache, clock }: Pick<SessionDependencies, "cache" | "clock">,
): Promise<boolean> {
  const session = await cache.read(keyOf(hop));
  return session !== undefined && remainingSeconds(session, clock) >= freshSeconds(session);
}

async function fetchInFlight(
  hop: SessionHop,
  key: SessionKey,
  old: CachedSession | undefined,
  deps: SessionDependencies,
  isForced: boolean,
): Promise<Obtained> {
  const flight = await runSingleFlight<Outcome>({
    dir: deps.runtimeDir,
    key: key.request,
    waitMs:
      old === undefined
        ? deps.deadline.remainingMs()
        : Math.min(patienceWithOldSessionMs, deps.deadline.remainingMs()),
    encode: encodeOutcome,
    decode: (text) => decodeOutcome(text, key.request),
    lookAgain: isForced
      ? undefined
      : async () => {
          const session = await deps.cache.read(key);
          const isGood =
            session !== undefined && remainingSeconds(session, deps.clock) >= freshSeconds(session);
          return isGood ? { kind: "session", session } : undefined;
        },
    work: async () => {
      try {
        const session = await fetchSession(hop, deps, obtain);
        await deps.cache.write(key, session);
        deps.failures.forget(key.request);
        return { answer: { kind: "session", session }, share: true };
      } catch (error) {
        return { answer: { kind: "error", error }, share: isShared(error) };
      }
    },
  });
  if (flight.how === "timeout") {
    throw new AwsRoleError(
      "ERR_DEADLINE",
      `profile ${key.profile}: another process is still fetching its credentials`,
      { hint: "try again" },
    );
  }
  const { answer } = flight;
  if (answer.kind === "error") throw answer.error;
  const remaining = remainingSeconds(answer.session, deps.clock);
  const how = flight.how === "shared" ? "joined" : flight.how === "cached" ? "cached" : "fetched";
  if (how === "fetched") await deps.cache.removeExpired();
  return { credentials: answer.session.credentials, how, remainingSeconds: remaining };
}

/** What a fetch came to: what one process shares with those that wait for it. */
type Outcome =
  | { readonly kind: "session"; readonly session: CachedSession }
  | { readonly kind: "error"; readonly error: unknown };

/** AWS's refusals and network failures are everybody's; what only this process could not do, another may try. */
const sharedCodes: readonly ErrorCode[] = [
  "ERR_AWS_DENIED",
  "ERR_AWS_REFUSED",
  "ERR_AWS_SESSION_ENDED",
  "ERR_AWS_THROTTLED",
  "ERR_AWS_UNAVAILABLE",
  "ERR_NETWORK",
  "ERR_CLOCK_SKEW",
];

function isShared(error: unknown): boolean {
  return isAwsRoleError(error) && sharedCodes.includes(error.code);
}

function encodeOutcome(outcome: Outcome): string {
  if (outcome.kind === "session")
    return JSON.stringify({ session: encodeSession(outcome.session) });
  const { error } = outcome;
  return JSON.stringify({ error: isAwsRoleError(error) ? errorCodec.encode(error) : {} });
}

function decodeOutcome(text: string, request: string): Outcome {
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
