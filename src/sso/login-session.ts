/**
 * Sessions of `aws login`: credentials of a console identity for 15 minutes at a time, renewed for up to 12 hours.
 *
 * They are in AWS's own cache (~/.aws/login/cache/SHA256.json, or AWS_LOGIN_CACHE_DIRECTORY), which is all that the SDKs read, so awsrole renews them
 * there, by one process at a time. Every request carries a proof (DPoP, RFC 9449) by the key in that file.
 */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { answerOf } from "../aws/error-hints.ts";
import { isRegion, type StsConnection } from "../config/connection.ts";
import { type Credentials, formatExpiration } from "../aws/credentials.ts";
import { withLock } from "../locks/single-flight.ts";
import { errorCode, hasErrorCode } from "../foundation/errno.ts";
import { isNetworkPath } from "../foundation/named-file.ts";
import { describeOpenStep, openSteps } from "../foundation/path-owner.ts";
import type { Deadline } from "../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { readAwsCacheFile, writeAwsCacheFile } from "./aws-cache-file.ts";
import type { IssuedLogin, Signin } from "./signin.ts";

/** A login session as AWS keeps it. */
export type LoginToken = {
  readonly credentials: Credentials & { readonly sessionToken: string; readonly expiresAt: Date };
  readonly clientId: string;
  /** Good for one refresh. */
  readonly refreshToken: string;
  /** PEM of an EC P-256 key. */
  readonly dpopKey: string;
  /** Where it was begun, and so is renewed; absent in older files. */
  readonly signInRegion?: string;
  /** The whole text, for what else is in it. */
  readonly raw: Readonly<Record<string, unknown>>;
};

export type LoginDependencies = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeFolder: string;
  readonly now: () => Date;
  readonly deadline: Deadline;
  readonly runtimeDir: string | undefined;
  readonly openSignin: (connection: StsConnection) => Promise<Signin>;
};

const refreshBelowMs = 6 * 60_000;

/**
 * The session's credentials, renewed where they are about to end.
 * @throws ERR_LOGIN_NEEDED, ERR_AWS_DENIED, ERR_AWS_THROTTLED, ERR_AWS_UNAVAILABLE, ERR_NETWORK, ERR_DEADLINE.
 */
export async function loginCredentials(
  profileName: string,
  loginSession: string,
  connection: StsConnection,
  deps: LoginDependencies,
): Promise<Credentials> {
  const file = loginFile(loginSession, deps);
  const read = async (): Promise<LoginToken> => {
    const token = parseLoginToken(await readAwsCacheFile(file));
    if (token === undefined)
      throw loginNeeded(profileName, loginSession, "does not exist", undefined);
    return token;
  };
  const isDue = ({ credentials }: LoginToken): boolean =>
    credentials.expiresAt.getTime() - deps.now().getTime() <= refreshBelowMs;
  const token = await read();
  if (!isDue(token)) return token.credentials;
  return withLock(
    { dir: deps.runtimeDir, key: `login ${loginSession}`, waitMs: deps.deadline.remainingMs() },
    async () => {
      const current = await read();
      if (!isDue(current)) return current.credentials;
      try {
        return (await renew(file, current, connection, deps)).credentials;
      } catch (error) {
        // An SDK may have been faster.
        const { credentials } = await read();
        if (credentials.expiresAt > deps.now()) return credentials;
        throw explain(error, profileName, loginSession);
      }
    },
  );
}

/**
 * Where AWS's tools keep it. @throws ERR_SOURCE_UNAVAILABLE where AWS_LOGIN_CACHE_DIRECTORY names a folder on the network, or one in which another
 * user could read a session or put one of their own.
 */
export function loginFile(
  loginSession: string,
  { env, homeFolder }: Pick<LoginDependencies, "env" | "homeFolder">,
): string {
  const named = env["AWS_LOGIN_CACHE_DIRECTORY"];
  if (named) assertOwnFolder(named);
  const folder = named || join(homeFolder, ".aws", "login", "cache");
  return join(folder, `${createHash("sha256").update(loginSession).digest("hex")}.json`);
}

function assertOwnFolder(folder: string): void {
  const problem = isNetworkPath(folder)
    ? "is on the network"
    : process.platform === "win32"
      ? undefined
      : whoElse(resolve(folder));
  if (problem === undefined) return;
  throw new AwsRoleError(
    "ERR_SOURCE_UNAVAILABLE",
    `AWS_LOGIN_CACHE_DIRECTORY = ${folder} ${problem}`,
    { hint: "name a folder that only you can use, or unset the variable" },
  );
}

function whoElse(folder: string): string | undefined {
  try {
    const [step] = openSteps(folder);
    return step === undefined ? undefined : `is not yours alone: ${describeOpenStep(step)}`;
  } catch (error) {
    // What is missing is made by us, in what has been looked at.
    if (hasErrorCode(error, "ENOENT")) return undefined;
    return `cannot be used (${errorCode(error) ?? "unknown error"})`;
  }
}

/** The session in a text; undefined for one that is not whole. */
export function parseLoginToken(
  raw: Readonly<Record<string, unknown>> | undefined,
): LoginToken | undefined {
  if (raw === undefined) return undefined;
  const { accessToken } = raw;
  if (typeof accessToken !== "object" || accessToken === null) return undefined;
  const text = (from: object, key: string): string | undefined => {
    const value: unknown = (from as Readonly<Record<string, unknown>>)[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const accessKeyId = text(accessToken, "accessKeyId");
  const secretAccessKey = text(accessToken, "secretAccessKey");
  const sessionToken = text(accessToken, "sessionToken");
  const accountId = text(accessToken, "accountId");
  const expiresAt = new Date(text(accessToken, "expiresAt") ?? "");
  const [clientId, refreshToken, dpopKey] = ["clientId", "refreshToken", "dpopKey"].map((key) =>
    text(raw, key),
  );
  const isWhole = accessKeyId && secretAccessKey && sessionToken && accountId;
  if (!isWhole || !clientId || !refreshToken || !dpopKey || Number.isNaN(expiresAt.getTime()))
    return undefined;
  const signInRegion = text(raw, "signInRegion");
  return {
    credentials: { accessKeyId, secretAccessKey, sessionToken, accountId, expiresAt },
    clientId,
    refreshToken,
    dpopKey,
    ...(signInRegion === undefined || !isRegion(signInRegion) ? {} : { signInRegion }),
    raw,
  };
}

/** Keeps a session that was just begun, as `aws login` does. @throws ERR_STORE_FAILED. */
export async function writeLogin(
  file: string,
  loginSession: string,
  clientId: string,
  dpopKey: string,
  { credentials, refreshToken, idToken }: IssuedLogin,
): Promise<void> {
  const { expiresAt, ...keys } = credentials;
  const accountId = /^arn:[^:]+:[^:]+::(\d{12}):/.exec(loginSession)?.[1];
  await writeAwsCacheFile(file, {
    accessToken: { ...keys, accountId, expiresAt: formatExpiration(expiresAt) },
    tokenType: "aws_sigv4",
    clientId,
    refreshToken,
    idToken,
    dpopKey,
  });
}

async function renew(
  file: string,
  token: LoginToken,
  connection: StsConnection,
  { openSignin }: LoginDependencies,
): Promise<LoginToken> {
  const { clientId, refreshToken, dpopKey, signInRegion, raw } = token;
  const signin = await openSignin(
    signInRegion === undefined ? connection : { ...connection, region: signInRegion },
  );
  const issued = await signin.createToken(
    { clientId, grantType: "refresh_token", refreshToken },
    dpopKey,
  );
  const { accountId } = token.credentials;
  const credentials = { ...issued.credentials, ...(accountId === undefined ? {} : { accountId }) };
  const { expiresAt, ...keys } = credentials;
  const renewed = {
    ...raw,
    accessToken: { ...keys, expiresAt: formatExpiration(expiresAt) },
    refreshToken: issued.refreshToken,
  };
  await writeAwsCacheFile(file, renewed);
  return { ...token, credentials, refreshToken: issued.refreshToken, raw: renewed };
}

function explain(error: unknown, profileName: string, loginSession: string): unknown {
  if (!isAwsRoleError(error)) return error;
  switch (answerOf(error).code) {
    case "TOKEN_EXPIRED":
      return loginNeeded(profileName, loginSession, "has ended", error);
    case "USER_CREDENTIALS_CHANGED":
      return loginNeeded(
        profileName,
        loginSession,
        "has ended because the password was changed",
        error,
      );
    case "INSUFFICIENT_PERMISSIONS":
      return new AwsRoleError("ERR_AWS_DENIED", error.message, {
        hint: "the identity needs the policy SignInLocalDevelopmentAccess",
        cause: error,
      });
    default:
      return error;
  }
}

function loginNeeded(
  profileName: string,
  loginSession: string,
  what: string,
  cause: unknown,
): AwsRoleError {
  return new AwsRoleError("ERR_LOGIN_NEEDED", `the login session of ${loginSession} ${what}`, {
    hint: `run: awsrole login ${profileName}`,
    signIn: [profileName],
    cause,
  });
}
