/** The calls to STS that give a session, with a person's code where one is needed. */
import type { Credentials } from "../aws/credentials.ts";
import type { Clock } from "../foundation/clock.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { namedFileProblem, readNamedFile } from "../foundation/named-file.ts";
import type { AssumeRoleRequest, IssuedSession } from "../aws/sts.ts";
import type { CachedSession } from "./cache/session.ts";
import { deviceOfCall, mfaImpossible, type RoleHop, type UserSessionHop } from "./chain.ts";
import { chainedRoleSeconds } from "../config/aws-limits.ts";
import { wantsSigner, withSigner } from "./session-name.ts";
import type { SessionDependencies } from "./dependencies.ts";

/** A session of an IAM user, with a code where its device is used. @throws what `Sts` and `MfaCodes.spend` throw, ERR_PROFILE_INVALID for a key that is temporary. */
export async function fetchUserSession(
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

/** A session of a role, signed by `signer`. @throws as `fetchUserSession`. */
export async function assumeRole(
  hop: RoleHop,
  signer: Credentials,
  deps: SessionDependencies,
): Promise<CachedSession> {
  const device = deviceOfCall(hop);
  if (device !== undefined && signer.sessionToken !== undefined)
    throw temporaryKey(hop.profile.name);
  const sts = await deps.openSts(hop.connection);
  const { profile, role } = hop;
  const roleSessionName = wantsSigner(role.sessionName)
    ? withSigner(role.sessionName, (await sts.getCallerIdentity(signer)).arn, profile.name)
    : role.sessionName;
  const request = { ...assumeRoleRequest(hop, signer, deps), roleSessionName };
  const issued =
    device === undefined
      ? await sts.assumeRole(signer, request)
      : await deps.codes.spend(device, (tokenCode) =>
          sts.assumeRole(signer, { ...request, serialNumber: device.serial, tokenCode }),
        );
  return sessionFrom(issued, hop.request, deps.clock);
}

/** STS takes 20,000 characters. */
const MAX_TOKEN_BYTES = 20_000;

/**
 * A session of a role, unsigned: the token in the file is the proof. It is read at every call, because the platform renews it.
 * @throws what `Sts` throws, ERR_SOURCE_UNAVAILABLE for a token that cannot be read.
 */
export async function assumeRoleWithWebIdentity(
  hop: RoleHop,
  tokenFile: string,
  deps: SessionDependencies,
): Promise<CachedSession> {
  let token: string;
  try {
    token = readNamedFile(tokenFile, { maxBytes: MAX_TOKEN_BYTES }).toString("utf8").trim();
  } catch (error) {
    throw new AwsRoleError(
      "ERR_SOURCE_UNAVAILABLE",
      `profile ${hop.profile.name}: the web identity token ${tokenFile} ${namedFileProblem(error)}`,
      {
        hint: "the platform that runs this program writes it; check the path",
        cause: error,
      },
    );
  }
  if (token === "") {
    throw new AwsRoleError(
      "ERR_SOURCE_UNAVAILABLE",
      `profile ${hop.profile.name}: the web identity token ${tokenFile} is empty`,
      {
        hint: "the platform that runs this program writes it; check whether it is still being written",
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
): Omit<AssumeRoleRequest, "roleSessionName"> {
  const { role } = hop;
  let { durationSeconds } = role;
  if (
    durationSeconds !== undefined &&
    durationSeconds > chainedRoleSeconds &&
    signer.sessionToken !== undefined
  ) {
    deps.notice(
      `profile ${hop.profile.name}: duration capped from ${durationSeconds} s to ${chainedRoleSeconds} s, the maximum with temporary source credentials`,
    );
    durationSeconds = chainedRoleSeconds;
  }
  return {
    roleArn: role.arn,
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
    ...(role.externalId === undefined ? {} : { externalId: role.externalId }),
    ...(role.sourceIdentity === undefined ? {} : { sourceIdentity: role.sourceIdentity }),
    ...(hop.policy === undefined ? {} : { policy: hop.policy }),
    tags: role.tags,
    transitiveTagKeys: role.transitiveTagKeys,
    policyArns: role.policyArns,
  };
}

/** The session to keep, dated by both local clocks. */
export function sessionFrom(issued: IssuedSession, request: string, clock: Clock): CachedSession {
  return {
    request,
    credentials: issued.credentials,
    lifetimeSeconds: (issued.credentials.expiresAt.getTime() - issued.issuedAt.getTime()) / 1000,
    fetchedAt: clock.now(),
    fetchedAtUptimeSeconds: clock.uptimeSeconds(),
  };
}
