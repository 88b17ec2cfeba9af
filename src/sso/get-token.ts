/**
 * A live access token of a session: read, and refreshed before it ends. Its rules:
 *
 * - SDKs and the AWS CLI refresh AWS's file without our lock, and a refresh token is good once: a second copy of it is dead after the first refresh.
 *   So a token is refreshed where it was found, by one process at a time, and read again before refreshing, after AWS refused to, and
 *   before a person is asked for.
 * - Files and stores are read as they are; the newer token wins.
 * - A refresh that fails (throttled, no network) costs nothing while the token is alive.
 */
import { answerOf } from "../aws/error-hints.ts";
import { withLock } from "../locks/single-flight.ts";
import type { Deadline } from "../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { readAwsCacheFile, writeAwsCacheFile } from "./aws-cache-file.ts";
import type { Oidc } from "./oidc.ts";
import {
  formatToken,
  newerToken,
  parseToken,
  type SsoSession,
  type SsoToken,
  sessionId,
  tokenFile,
} from "./token.ts";

export type TokenDependencies = {
  readonly homeFolder: string;
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
  const token = await readToken(session, deps);
  if (isGood(token, deps, rejected)) return token;
  if (!canRefresh(token, deps)) return aliveOrLoginNeeded(session, token, deps, rejected);
  return withLock(
    {
      dir: deps.runtimeDir,
      key: `sso ${sessionId(session)}`,
      waitMs: deps.deadline.remainingMs(),
    },
    async () => {
      // Another process may have refreshed it while we waited.
      const current = await readToken(session, deps);
      if (isGood(current, deps, rejected)) return current;
      if (!canRefresh(current, deps)) return aliveOrLoginNeeded(session, current, deps, rejected);
      return refresh(session, current, deps, rejected);
    },
  );
}

/** Fails where `getToken` could only fail. Reads, and asks for nothing. @throws ERR_LOGIN_NEEDED. */
export async function assertCanGetToken(
  session: SsoSession,
  deps: TokenDependencies,
): Promise<void> {
  const token = await readToken(session, deps);
  if (!canRefresh(token, deps)) aliveOrLoginNeeded(session, token, deps);
}

/** Keeps a token that was just issued where AWS's tools read it; `before`: the text that it replaces. @throws ERR_STORE_FAILED. */
export async function writeToken(
  session: SsoSession,
  token: Omit<SsoToken, "raw">,
  { homeFolder }: Pick<TokenDependencies, "homeFolder">,
  before?: SsoToken["raw"],
): Promise<SsoToken> {
  const raw = formatToken(session, token, before);
  await writeAwsCacheFile(tokenFile(homeFolder, session), raw);
  return { ...token, raw };
}

/** The session's token as it is kept now; undefined when there is none. */
export async function readToken(
  session: SsoSession,
  { homeFolder }: Pick<TokenDependencies, "homeFolder">,
): Promise<SsoToken | undefined> {
  return parseToken(await readAwsCacheFile(tokenFile(homeFolder, session)), session);
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
    return await writeToken(session, { ...issued, client }, deps, token.raw);
  } catch (error) {
    // An SDK may have been faster: then its token is the good one.
    const current = newerToken(await readToken(session, deps), token);
    if (isAlive(current, deps, rejected)) return current;
    throw isRefused(error) ? loginNeeded(session, current, error) : error;
  }
}

/** AWS takes this refresh token, or this client, no more (400, 401); anything else is no reason to sign in again. */
function isRefused(error: unknown): boolean {
  return isAwsRoleError(error) && [400, 401].includes(answerOf(error).status ?? 0);
}

type Refreshable = SsoToken & Required<Pick<SsoToken, "client" | "refreshToken">>;

function canRefresh(
  token: SsoToken | undefined,
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

/** The error for a session that nobody is signed in to any more; the hint is the command that signs in. */
export function loginNeeded(
  session: SsoSession,
  token: SsoToken | undefined,
  cause: unknown,
): AwsRoleError {
  const what = session.name === undefined ? session.startUrl : `sso-session ${session.name}`;
  return new AwsRoleError(
    "ERR_LOGIN_NEEDED",
    token === undefined ? `you are not signed in to ${what}` : `the sign-in to ${what} has ended`,
    {
      hint:
        session.name === undefined
          ? "run: awsrole login with the name of this profile"
          : `run: awsrole login ${session.name}`,
      cause,
    },
  );
}
