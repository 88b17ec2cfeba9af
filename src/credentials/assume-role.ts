/** One session from STS: the call that a hop stands for, signed by the hop below it, with a person's code where it needs one. */
import type { Credentials } from "../aws/credentials.ts";
import type { Clock } from "../foundation/clock.ts";
import { readFile } from "node:fs/promises";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import type { AssumeRoleRequest, IssuedSession } from "../aws/sts.ts";
import type { CachedSession } from "./cache/session.ts";
import {
  deviceOfCall,
  mfaImpossible,
  type RoleHop,
  type SessionHop,
  type UserSessionHop,
} from "./chain.ts";
import { sessionSignedSeconds } from "./mfa/plan.ts";
import type { Obtained, obtain, SessionDependencies } from "./get-credentials.ts";

/** Fetches anew; `obtainSigner` is `obtain`, for the hop below. @throws what `obtain` throws. */
export async function fetchSession(
  hop: SessionHop,
  deps: SessionDependencies,
  obtainSigner: typeof obtain,
): Promise<CachedSession> {
  if (hop.kind === "sso") return sessionFrom(await deps.sso.fetch(hop), hop.request, deps.clock);
  if (
    hop.kind === "role" &&
    hop.signer.kind === "leaf" &&
    hop.signer.source.kind === "web-identity"
  ) {
    return assumeRoleWithWebIdentity(hop, hop.signer.source.tokenFile, deps);
  }
  const device = deviceOfCall(hop);
  // Before anything slow: whoever cannot get a code should hear so at once.
  if (device !== undefined) await deps.codes.assertCodeObtainable(device);
  const signer = await obtainSigner(hop.signer, "sign", deps);
  if (hop.kind === "user-session") return fetchUserSession(hop, signer.credentials, deps);
  try {
    return await assumeRole(hop, signer.credentials, deps);
  } catch (error) {
    if (!wantsNewSigner(error, hop, signer)) throw error;
    const renewed = await renewSigner(hop, deps, obtainSigner, error);
    return assumeRole(hop, renewed.credentials, deps);
  }
}

/**
 * A signer from the cache may have ended before its time (its key was deleted, or it expired on the way). And a role may demand a
 * code younger than the shared session's (`aws:MultiFactorAuthAge`): AWS says so by denying.
 */
function wantsNewSigner(error: unknown, { signer: hop }: RoleHop, signer: Obtained): boolean {
  if (signer.how !== "cached" || !isAwsRoleError(error)) return false;
  const isProvenByCode = hop.kind === "user-session" && hop.mfa !== undefined;
  return (
    error.code === "ERR_AWS_SESSION_ENDED" || (isProvenByCode && error.code === "ERR_AWS_DENIED")
  );
}

/** @throws the refusal itself where nobody can give another code. */
async function renewSigner(
  hop: RoleHop,
  deps: SessionDependencies,
  obtainSigner: typeof obtain,
  refusal: unknown,
): Promise<Obtained> {
  try {
    return await obtainSigner(hop.signer, "sign anew", deps);
  } catch (error) {
    if (isAwsRoleError(error) && error.code === "ERR_MFA_NEEDED") throw refusal;
    throw error;
  }
}

async function fetchUserSession(
  hop: UserSessionHop,
  key: Credentials,
  deps: SessionDependencies,
): Promise<CachedSession> {
  if (hop.mfa !== undefined && key.sessionToken !== undefined) throw temporaryKey(hop.profileName);
  const sts = await deps.openSts(hop.connection);
  const { durationSeconds, mfa } = hop;
  const issued =
    mfa === undefined
      ? await sts.getSessionToken(key, { durationSeconds })
      : await deps.codes.spend(mfa, (tokenCode) =>
          sts.getSessionToken(key, { durationSeconds, serialNumber: mfa.serial, tokenCode }),
        );
  return sessionFrom(issued, hop.request, deps.clock);
}

async function assumeRole(
  hop: RoleHop,
  signer: Credentials,
  deps: SessionDependencies,
): Promise<CachedSession> {
  const device = deviceOfCall(hop);
  if (device !== undefined && signer.sessionToken !== undefined)
    throw temporaryKey(hop.profile.name);
  const sts = await deps.openSts(hop.connection);
  const request = assumeRoleRequest(hop, signer, deps);
  const issued =
    device === undefined
      ? await sts.assumeRole(signer, request)
      : await deps.codes.spend(device, (tokenCode) =>
          sts.assumeRole(signer, { ...request, serialNumber: device.serial, tokenCode }),
        );
  return sessionFrom(issued, hop.request, deps.clock);
}

/** Unsigned: the token in the file is the proof. It is read at every call, because whoever provides it renews it. */
async function assumeRoleWithWebIdentity(
  hop: RoleHop,
  tokenFile: string,
  deps: SessionDependencies,
): Promise<CachedSession> {
  let token: string;
  try {
    token = (await readFile(tokenFile, "utf8")).trim();
  } catch (error) {
    throw new AwsRoleError(
      "ERR_SOURCE_UNAVAILABLE",
      `profile ${hop.profile.name}: the web identity token ${tokenFile} cannot be read`,
      {
        hint: "the platform that runs this program writes it; see whether the path is right",
        cause: error,
      },
    );
  }
  if (token === "") {
    throw new AwsRoleError(
      "ERR_SOURCE_UNAVAILABLE",
      `profile ${hop.profile.name}: the web identity token ${tokenFile} is empty`,
      {
        hint: "the platform that runs this program writes it; see whether it is still being written",
      },
    );
  }
  const sts = await deps.openSts(hop.connection);
  const { role, policy } = hop;
  const issued = await sts.assumeRoleWithWebIdentity({
    token,
    roleArn: role.arn,
    roleSessionName: role.sessionName,
    policyArns: role.policyArns,
    ...(role.durationSeconds === undefined ? {} : { durationSeconds: role.durationSeconds }),
    ...(policy === undefined ? {} : { policy }),
  });
  return sessionFrom(issued, hop.request, deps.clock);
}

/** Only a foreign program's credentials turn out to be temporary as late as this. */
function temporaryKey(profileName: string): AwsRoleError {
  return mfaImpossible(profileName, "its source turned out to give temporary credentials");
}

/** A session that is itself signed by a temporary one may last an hour at most: capped here, so that AWS need not refuse it. */
function assumeRoleRequest(
  hop: RoleHop,
  signer: Credentials,
  deps: SessionDependencies,
): AssumeRoleRequest {
  const { role } = hop;
  let { durationSeconds } = role;
  if (
    durationSeconds !== undefined &&
    durationSeconds > sessionSignedSeconds &&
    signer.sessionToken !== undefined
  ) {
    deps.notice(
      `profile ${hop.profile.name}: ${durationSeconds} s asked for, ${sessionSignedSeconds} s is the most AWS allows from a temporary source`,
    );
    durationSeconds = sessionSignedSeconds;
  }
  return {
    roleArn: role.arn,
    roleSessionName: role.sessionName,
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    ...(role.externalId === undefined ? {} : { externalId: role.externalId }),
    ...(role.sourceIdentity === undefined ? {} : { sourceIdentity: role.sourceIdentity }),
    ...(hop.policy === undefined ? {} : { policy: hop.policy }),
    tags: role.tags,
    transitiveTagKeys: role.transitiveTagKeys,
    policyArns: role.policyArns,
  };
}

function sessionFrom(issued: IssuedSession, request: string, clock: Clock): CachedSession {
  return {
    request,
    credentials: issued.credentials,
    lifetimeSeconds: (issued.credentials.expiresAt.getTime() - issued.issuedAt.getTime()) / 1000,
    fetchedAt: clock.now(),
    fetchedAtUptimeSeconds: clock.uptimeSeconds(),
  };
}
