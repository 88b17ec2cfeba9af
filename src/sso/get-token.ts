/**
 * A live access token of a session: read, and refreshed before it ends. Its rules:
 *
 * - SDKs and the AWS CLI refresh AWS's file without our lock, and a refresh token is good once: a second copy of it is dead after the first refresh.
 *   So there is one copy (token-store.ts), refreshed by one process at a time, and read again before refreshing, after AWS refused to, and
 *   before a person is asked for.
 * - The newer token wins.
 * - A refresh that fails (throttled, no network) costs nothing while the token is alive.
 */
import { answerOf } from "../aws/error-hints.ts";
import { withLock } from "../locks/single-flight.ts";
import type { Deadline } from "../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import type { Oidc } from "./oidc.ts";
import { newerToken, type SsoSession, type SsoToken, sessionId } from "./token.ts";
import { type KeptToken, readToken, type TokenPlaces, writeToken } from "./token-store.ts";

export type TokenDependencies = {
  readonly places: TokenPlaces;
  readonly now: () => Date;
  readonly deadline: Deadline;
  /** Where locks meet; undefined: there is no private folder for them. */
  readonly runtimeDir: string | undefined;
  readonly openOidc: () => Promise<Oidc>;
};

/** AWS's SDKs refresh below five minutes; somewhat more, so that they seldom have to. */
const refreshBelowMs = 6 * 60_000;

/**
 * The session's access token, refreshed where it is about to end. `rejected`: one that AWS takes no more, whatever its end.
 * @throws ERR_LOGIN_NEEDED where only a person can go on, ERR_AWS_THROTTLED, ERR_AWS_UNAVAILABLE, ERR_NETWORK, ERR_DEADLINE.
 */
export async function getToken(
  session: SsoSession,
  deps: TokenDependencies,
  rejected?: string,
): Promise<SsoToken> {
  const token = await readToken(session, deps.places, rejected);
  const isDone = (one: KeptToken | undefined): one is InPlace =>
    isGood(one, deps, rejected) && !one.isMisplaced;
  if (isDone(token)) return token;
  if (token === undefined || (!canRefresh(token, deps) && !token.isMisplaced))
    return aliveOrLoginNeeded(session, token, deps, rejected);
  return withTokenLock(session, deps, async () => {
    // Another process may have refreshed it while we waited.
    const current = await readToken(session, deps.places, rejected);
    if (isDone(current)) return current;
    if (isGood(current, deps, rejected)) return writeToken(session, current, deps.places, current);
    if (!canRefresh(current, deps)) return aliveOrLoginNeeded(session, current, deps, rejected);
    return refresh(session, current, deps, rejected);
  });
}

/** Runs `work` while no other process of this user changes the session's token. @throws ERR_DEADLINE. */
export function withTokenLock<T>(
  session: SsoSession,
  { runtimeDir, deadline }: Pick<TokenDependencies, "runtimeDir" | "deadline">,
  work: () => Promise<T>,
): Promise<T> {
  const key = `sso ${sessionId(session)}`;
  return withLock({ dir: runtimeDir, key, waitMs: deadline.remainingMs() }, work);
}

/** Fails where `getToken` could only fail. Reads, and asks for nothing. @throws ERR_LOGIN_NEEDED. */
export async function assertCanGetToken(
  session: SsoSession,
  deps: TokenDependencies,
): Promise<void> {
  const token = await readToken(session, deps.places);
  if (!canRefresh(token, deps)) aliveOrLoginNeeded(session, token, deps);
}

async function refresh(
  session: SsoSession,
  token: Refreshable,
  deps: TokenDependencies,
  rejected: string | undefined,
): Promise<SsoToken> {
  const { client, refreshToken } = token;
  try {
    const oidc = await deps.openOidc();
    const issued = await oidc.createToken(client, { kind: "refresh_token", refreshToken });
    return await writeToken(session, { ...issued, client }, deps.places, token);
  } catch (error) {
    // An SDK may have been faster: then its token is the good one.
    const current = newerToken<SsoToken>(await readToken(session, deps.places, rejected), token);
    if (isAlive(current, deps, rejected)) return current;
    throw isRefused(error) ? loginNeeded(session, current, error) : error;
  }
}

/** AWS takes this refresh token, or this client, no more (400, 401); anything else is no reason to sign in again. */
function isRefused(error: unknown): boolean {
  return isAwsRoleError(error) && [400, 401].includes(answerOf(error).status ?? 0);
}

type InPlace = KeptToken & { readonly isMisplaced: false };

type Refreshable = KeptToken & Required<Pick<SsoToken, "client" | "refreshToken">>;

function canRefresh(
  token: KeptToken | undefined,
  { now }: Pick<TokenDependencies, "now">,
): token is Refreshable {
  return token?.refreshToken !== undefined && (token.client?.expiresAt ?? 0) > now();
}

/** Alive, and for long enough. */
function isGood(
  token: SsoToken | undefined,
  { now }: Pick<TokenDependencies, "now">,
  rejected: string | undefined,
): token is SsoToken {
  return (
    token !== undefined &&
    token.accessToken !== rejected &&
    token.expiresAt.getTime() - now().getTime() > refreshBelowMs
  );
}

function isAlive(
  token: SsoToken | undefined,
  { now }: Pick<TokenDependencies, "now">,
  rejected: string | undefined,
): token is SsoToken {
  return token !== undefined && token.accessToken !== rejected && token.expiresAt > now();
}

function aliveOrLoginNeeded(
  session: SsoSession,
  token: SsoToken | undefined,
  deps: TokenDependencies,
  rejected?: string,
): SsoToken {
  if (isAlive(token, deps, rejected)) return token;
  throw loginNeeded(session, token, undefined);
}

/** The error for a session without a sign-in; the hint is the command that signs in. */
export function loginNeeded(
  session: SsoSession,
  token: SsoToken | undefined,
  cause: unknown,
): AwsRoleError {
  const what = session.name === undefined ? session.startUrl : `sso-session ${session.name}`;
  return new AwsRoleError(
    "ERR_LOGIN_NEEDED",
    token === undefined ? `you are not signed in to ${what}` : `the sign-in to ${what} has expired`,
    {
      hint:
        session.name === undefined
          ? "sign in with: awsrole login NAME (the name of this profile)"
          : `run: awsrole login ${session.name}`,
      ...(session.name === undefined ? {} : { signIn: ["--sso-session", session.name] }),
      cause,
    },
  );
}
