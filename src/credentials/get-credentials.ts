/**
 * Getting credentials: the cache first, then one single flight per request, each hop by its own key.
 *
 * A hit waits for no other process. A miss waits for the process that fetches the same, or fetches itself; it gets its signer the
 * same way, so that locks are taken in the direction of the chain, which has no cycle. While an old session can still be
 * handed out, no process waits more than 3 s for another's renewal, and a renewal that fails is answered from it.
 */
import type { Credentials } from "../aws/credentials.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { runSingleFlight } from "../locks/single-flight.ts";
import {
  assumeRole,
  assumeRoleWithWebIdentity,
  fetchUserSession,
  sessionFrom,
} from "./assume-role.ts";
import { assumeRoleWithSaml } from "./assume-role-with-saml.ts";
import {
  type CachedSession,
  freshSeconds,
  remainingSeconds,
  urgentSeconds,
  usableSeconds,
} from "./cache/session.ts";
import type { SessionKey } from "./cache/session-cache.ts";
import {
  accountOf,
  deviceOfCall,
  type Hop,
  profilesOf,
  type RoleHop,
  type SessionHop,
} from "./chain.ts";
import type { SessionDependencies } from "./dependencies.ts";
import { codeNeeded, isAutomatic } from "./mfa/code-needed.ts";
import { decodeOutcome, encodeOutcome, isShared, type Outcome } from "./shared-outcome.ts";

/** Credentials and how they came: `stale` is an old session, with what kept it from being renewed as `trouble`. */
export type CredentialsResult = {
  readonly credentials: Credentials;
  readonly how: "base" | "cached" | "fetched" | "joined" | "stale";
  readonly remainingSeconds?: number;
  /** True when an older session was still there. */
  readonly isRenewal?: boolean;
  readonly trouble?: AwsRoleError;
};

/** What the credentials are for. */
export type CredentialsOptions = {
  /** To be handed to a caller, or only to sign the next hop's call at once. */
  readonly use: "deliver" | "sign";
  /** A session that is fetched from now on, whatever is cached: the cached one was refused. */
  readonly forceRefresh?: boolean;
};

/** Longest wait for another's renewal while an old session can still be handed out. */
const maxRenewalWaitMs = 3000;

/**
 * Credentials of a chain.
 * @throws ERR_SOURCE_UNAVAILABLE, ERR_PROCESS_FAILED, ERR_LOGIN_NEEDED, ERR_MFA_…, ERR_PERSON_REFUSED, ERR_INTERRUPTED, ERR_AWS_…, ERR_NETWORK,
 * ERR_CLOCK_SKEW, ERR_DEADLINE; ERR_STORE_… for a store that was chosen by name.
 */
export async function getCredentials(
  hop: Hop,
  options: CredentialsOptions,
  deps: SessionDependencies,
): Promise<CredentialsResult> {
  if (hop.kind === "base")
    return { credentials: await deps.resolveBaseCredentials(hop), how: "base" };
  const key = keyOf(hop);
  const policy = refreshPolicyOf(hop, options, deps);
  const cached = await deps.cache.read(key);
  const remaining = cached === undefined ? 0 : remainingSeconds(cached, deps.clock);
  const old = cached !== undefined && remaining >= usableSeconds ? cached : undefined;
  if (old !== undefined && !policy.isForced) {
    if (remaining >= policy.enoughSeconds(old))
      return { credentials: old.credentials, how: "cached", remainingSeconds: remaining };
    const failure = deps.failures.recall(key.request);
    if (failure !== undefined) return stale(old, remaining, failure);
    if (remaining >= urgentSeconds && (await needsPerson(hop, deps)))
      return stale(old, remaining, undefined);
  }
  try {
    await assertSignedIn(hop, deps);
    const fetched = await fetchOnce(hop, { key, policy, old }, deps);
    return { ...fetched, isRenewal: old !== undefined };
  } catch (error) {
    if (
      old === undefined ||
      policy.isForced ||
      !isAwsRoleError(error) ||
      error.code === "ERR_INTERRUPTED"
    )
      throw error;
    deps.failures.remember(key.request, error);
    // Trying took its time.
    const left = remainingSeconds(old, deps.clock);
    if (left < usableSeconds) throw error;
    return stale(old, left, error);
  }
}

/** When a cached session is not asked for again. */
type RefreshPolicy = {
  /** Only a session that is fetched from now on counts. */
  readonly isForced: boolean;
  /** How long a session must last, in seconds, to be used as it is. */
  readonly enoughSeconds: (session: CachedSession) => number;
};

/** `--force-refresh` means the roles: a session that a person proved their presence for is renewed only if a new code came along. */
function refreshPolicyOf(
  hop: SessionHop,
  { use, forceRefresh = false }: CredentialsOptions,
  deps: SessionDependencies,
): RefreshPolicy {
  const isKept = use === "sign" && hop.kind === "user-session" && !deps.codes.hasGivenCode();
  return {
    isForced: forceRefresh || (deps.forceRefresh && !isKept),
    enoughSeconds: use === "sign" ? () => usableSeconds : freshSeconds,
  };
}

/**
 * Where only a sign-in by a person would help, every process fails at once and by itself: of many that waited for each other, the last would
 * learn it late. @throws ERR_LOGIN_NEEDED.
 */
async function assertSignedIn(hop: Hop, deps: SessionDependencies): Promise<void> {
  if (hop.kind === "sso") return deps.sso.requireSignIn(hop);
  if (hop.kind === "base" || hop.signer.kind === "base") return;
  if (!(await canSign(hop.signer, deps))) await assertSignedIn(hop.signer, deps);
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

function stale(
  old: CachedSession,
  remaining: number,
  trouble: AwsRoleError | undefined,
): CredentialsResult {
  return {
    credentials: old.credentials,
    how: "stale",
    remainingSeconds: remaining,
    ...(trouble === undefined ? {} : { trouble }),
  };
}

/** True when a fresh session of this hop would want a code from a person. */
async function needsPerson(hop: SessionHop, deps: SessionDependencies): Promise<boolean> {
  const code = await codeNeeded(hop, (signer) => canSign(signer, deps));
  return code !== undefined && !isAutomatic(code.device);
}

/** Whether a hop's cached session can sign the next call. */
export async function canSign(
  hop: SessionHop,
  { cache, clock }: Pick<SessionDependencies, "cache" | "clock">,
): Promise<boolean> {
  const session = await cache.read(keyOf(hop));
  return session !== undefined && remainingSeconds(session, clock) >= usableSeconds;
}

/** Whether a hop's cached session is handed out as it is. */
export async function isFresh(
  hop: SessionHop,
  { cache, clock }: Pick<SessionDependencies, "cache" | "clock">,
): Promise<boolean> {
  const session = await cache.read(keyOf(hop));
  return session !== undefined && remainingSeconds(session, clock) >= freshSeconds(session);
}

/** Fetches, unless another process does: then its outcome is ours. */
async function fetchOnce(
  hop: SessionHop,
  {
    key,
    policy: { isForced },
    old,
  }: {
    readonly key: SessionKey;
    readonly policy: RefreshPolicy;
    readonly old: CachedSession | undefined;
  },
  deps: SessionDependencies,
): Promise<CredentialsResult> {
  const canWaitMs = deps.deadline.remainingMs();
  const flight = await runSingleFlight<Outcome>({
    dir: deps.runtimeDir,
    key: key.request,
    waitMs: old === undefined || isForced ? canWaitMs : Math.min(maxRenewalWaitMs, canWaitMs),
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
        const session = await fetchSession(hop, deps);
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
  return {
    credentials: answer.session.credentials,
    how: flight.how === "shared" ? "joined" : flight.how === "cached" ? "cached" : "fetched",
    remainingSeconds: remainingSeconds(answer.session, deps.clock),
  };
}

/** A session from AWS, signed by the hop below. */
async function fetchSession(hop: SessionHop, deps: SessionDependencies): Promise<CachedSession> {
  if (hop.kind === "sso") return sessionFrom(await deps.sso.fetch(hop), hop.request, deps.clock);
  if (hop.kind === "role" && hop.signer.kind === "base") {
    const { source } = hop.signer;
    if (source.kind === "web-identity")
      return assumeRoleWithWebIdentity(hop, source.tokenFile, deps);
    if (source.kind === "saml") return assumeRoleWithSaml(hop, source, deps);
  }
  const device = deviceOfCall(hop);
  // Before anything slow: without a way to a code the caller should know at once.
  if (device !== undefined) await deps.codes.assertCodeObtainable(device);
  const signer = await getCredentials(hop.signer, { use: "sign" }, deps);
  if (hop.kind === "user-session") return fetchUserSession(hop, signer.credentials, deps);
  try {
    return await assumeRole(hop, signer.credentials, deps);
  } catch (error) {
    if (!wantsNewSigner(error, hop, signer)) throw error;
    const renewed = await renewSigner(hop, error, deps);
    return assumeRole(hop, renewed.credentials, deps);
  }
}

/**
 * A signer from the cache may have ended before its time (its key was deleted, or it expired on the way). And a role may demand a
 * code younger than the shared session's (`aws:MultiFactorAuthAge`): AWS says so by denying.
 */
function wantsNewSigner(
  error: unknown,
  { signer: hop }: RoleHop,
  signer: CredentialsResult,
): boolean {
  if (signer.how !== "cached" || !isAwsRoleError(error)) return false;
  const isProvenByCode = hop.kind === "user-session" && hop.mfa !== undefined;
  return (
    error.code === "ERR_AWS_SESSION_ENDED" || (isProvenByCode && error.code === "ERR_AWS_DENIED")
  );
}

/** @throws the refusal itself where no other code can be had. */
async function renewSigner(
  { signer }: RoleHop,
  refusal: unknown,
  deps: SessionDependencies,
): Promise<CredentialsResult> {
  try {
    return await getCredentials(signer, { use: "sign", forceRefresh: true }, deps);
  } catch (error) {
    if (isAwsRoleError(error) && error.code === "ERR_MFA_NEEDED") throw refusal;
    throw error;
  }
}
