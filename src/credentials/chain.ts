/**
 * The chain: from a profile down to the identity that signs the first call. No network, no child process.
 *
 * Every role in it knows its *request*: the canonical text of all that changes the resulting session, with the request or identity
 * of its signer inside. Equal text, equal session; this is the cache key, and it is stored in the item and compared.
 */
import { readSessionPolicy } from "./session-policy.ts";
import { userSessionSeconds } from "../config/aws-limits.ts";
import { bodyOf } from "../config/document.ts";
import { decodeUtf8, readBody } from "../config/grammar.ts";
import { invisible } from "../foundation/text.ts";
import type { Environment } from "../foundation/environment.ts";
import { closestMatch } from "../foundation/edit-distance.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import type { AwsFiles } from "../config/files.ts";
import { resolveInstanceMetadata } from "../config/instance-metadata.ts";
import type { SsoRole } from "../config/sso.ts";
import {
  type Mfa,
  type Profile,
  type Role,
  type RoleProfile,
  readProfile,
} from "../config/profiles.ts";
import {
  type ConnectionInput,
  partitionOf,
  resolveConnection,
  type Service,
  type StsConnection,
} from "../config/connection.ts";
import { mfaAccount, sessionAccount } from "./cache/item-names.ts";
import { createBaseCredentials, type BaseCredentials } from "./base-credentials.ts";
import { type MfaPlan, planMfa, type SignerLife } from "./mfa/plan.ts";
import { defaultSessionName, expandSessionName, wantsSigner } from "./session-name.ts";

/** A role to be assumed: one AssumeRole call, signed by `signer`; or AssumeRoleWithWebIdentity or AssumeRoleWithSAML, with its proof. */
export type RoleHop = {
  readonly kind: "role";
  readonly profile: RoleProfile;
  /** `sessionName` is empty where the SAML assertion names the session. */
  readonly role: Role & { readonly sessionName: string };
  /** The policy file's content. */
  readonly policy: string | undefined;
  readonly mfaPlan: MfaPlan;
  readonly connection: StsConnection;
  readonly signer: Hop;
  readonly request: string;
};

/** A session of the user itself: one GetSessionToken call, signed by a long-term key, with a code where `mfa` is set. */
export type UserSessionHop = {
  readonly kind: "user-session";
  /** The profile that says so: a role's, or the key's own. */
  readonly profileName: string;
  readonly mfa: Mfa | undefined;
  readonly durationSeconds: number;
  readonly connection: StsConnection;
  readonly signer: BaseCredentials;
  readonly request: string;
};

/** A role of IAM Identity Center: one GetRoleCredentials call, with the token of a sign-in. */
export type SsoHop = {
  readonly kind: "sso";
  readonly profileName: string;
  readonly sso: SsoRole;
  /** The ways to its two services: the portal (role credentials) and OIDC (tokens). */
  readonly portal: StsConnection;
  readonly oidc: StsConnection;
  readonly request: string;
};

/** A hop whose session STS makes, signed by another. */
export type StsHop = RoleHop | UserSessionHop;

/** A hop whose credentials are a session of ours, and so can be kept. */
export type SessionHop = StsHop | SsoHop;

export type Hop = SessionHop | BaseCredentials;

/**
 * The chain of the profile NAME.
 * @throws ERR_PROFILE_NOT_FOUND, ERR_PROFILE_INVALID, ERR_PROFILE_CYCLE (with the path), ERR_CONFIG_*.
 */
export function resolveChain(files: AwsFiles, name: string, env: Environment): Hop {
  const hop = resolveProfile(files, readProfile(files, name), env, [name]);
  assertNoCycle(hop, env);
  const isKeyWithDevice = hop.kind === "base" && deviceOf(hop) !== undefined;
  return isKeyWithDevice ? withUserSession(files, hop, env) : hop;
}

/** Fails when a program that awsrole itself started, to resolve one of these profiles, asks for it in turn. */
function assertNoCycle(hop: Hop, env: Environment): void {
  const inFlight = (env["AWSROLE_CHAIN"] ?? "").split(",").filter((name) => name !== "");
  const again = profilesOf(hop).find((name) => inFlight.includes(name));
  if (again !== undefined) throw cyclicProfiles(inFlight, again);
}

/** A command of the profiles `inFlight` asks awsrole for one of them. */
export function cyclicProfiles(inFlight: readonly string[], again: string): AwsRoleError {
  return new AwsRoleError(
    "ERR_PROFILE_CYCLE",
    `circular source_profile: ${[...inFlight, "(a command of it)", again].join(" -> ")}`,
    {
      hint: `its credential_process or mfa_process asks awsrole for ${again} again; set another source`,
    },
  );
}

/**
 * The chain that gives a session where `hop` would give a long-term key itself: for commands that hand credentials on to a program's
 * environment. Any other chain is returned as it is.
 */
export function withUserSession(files: AwsFiles, hop: Hop, env: Environment): Hop {
  if (hop.kind !== "base" || signerLife(hop, env) !== "long-term") return hop;
  const settings = files.profile(hop.profileName) ?? new Map();
  const connection = resolveConnection({
    profile: settings,
    services: (section) => files.services(section),
    env,
  });
  return userSession(hop.profileName, hop, deviceOf(hop), connection);
}

/** The profiles a chain goes through, outermost first. */
export function profilesOf(hop: Hop): readonly string[] {
  if (hop.kind === "base" || hop.kind === "sso") return [hop.profileName];
  return hop.kind === "user-session"
    ? profilesOf(hop.signer)
    : [hop.profile.name, ...profilesOf(hop.signer)];
}

/** The item under which a hop's session is kept. A user's session belongs to its device and key, not to one of the profiles. */
export function accountOf(hop: SessionHop): string {
  switch (hop.kind) {
    case "role":
      return sessionAccount(hop.profile.name, hop.request);
    case "sso":
      return sessionAccount(hop.profileName, hop.request);
    case "user-session":
      return mfaAccount(hop.request);
  }
}

/** The device whose code goes with a hop's own call; undefined where that call takes none. */
export function deviceOfCall(hop: SessionHop): Mfa | undefined {
  if (hop.kind === "user-session") return hop.mfa;
  if (hop.kind === "sso") return undefined;
  return hop.mfaPlan.kind === "own-code" ? hop.mfaPlan.device : undefined;
}

/** The device that a chain may need a code of, wherever in it. */
export function deviceOfChain(hop: Hop): Mfa | undefined {
  return hop.kind === "base" || hop.kind === "sso"
    ? undefined
    : (deviceOfCall(hop) ?? deviceOfChain(hop.signer));
}

function resolveProfile(
  files: AwsFiles,
  profile: Profile,
  env: Environment,
  path: readonly string[],
): Hop {
  switch (profile.kind) {
    case "role":
      return resolveRole(files, profile, env, path);
    case "static":
    case "keychain-key":
    case "process":
      return createBaseCredentials(profile, path, env);
    case "sso":
      return ssoHop(files, profile, env);
    case "login": {
      const roleArn = profile.loginSession;
      const signin = connectionOf(files, profile, env, { service: "signin", roleArn });
      return createBaseCredentials({ ...profile, signin }, path, env);
    }
    case "empty":
      // First, since it is what the others miss.
      refuseUnseen(files, profile);
      refuseTokenOnly(files, profile);
      refuseSourceOnly(profile);
      throw new AwsRoleError(
        "ERR_PROFILE_INVALID",
        `profile ${profile.name} has no role_arn and no credentials`,
        {
          hint: `awsrole add-key ${profile.name} stores an access key for it; awsrole add-profile creates a role profile`,
        },
      );
  }
}

/** The way to a service by this profile's own settings. */
function connectionOf(
  files: AwsFiles,
  { settings }: Profile,
  env: Environment,
  more: Pick<ConnectionInput, "service" | "ownRegion" | "roleArn">,
): StsConnection {
  return resolveConnection({
    profile: settings,
    services: (section) => files.services(section),
    env,
    ...more,
  });
}

/** `sso_session` alone is for services that take the token itself. @throws ERR_PROFILE_INVALID. */
function refuseTokenOnly(files: AwsFiles, { name, settings }: Profile): void {
  const session = settings.get("sso_session");
  if (session === undefined || session.value === "") return;
  const isThere = files.ssoSession(session.value) !== undefined;
  throw new AwsRoleError(
    "ERR_PROFILE_INVALID",
    isThere
      ? `profile ${name} has sso_session but neither sso_account_id nor sso_role_name: it provides a bearer token, not credentials`
      : `profile ${name} has sso-session ${session.value} (${session.file}:${session.line}), which does not exist, and neither sso_account_id nor sso_role_name`,
    { hint: "add what is missing with: aws configure sso" },
  );
}

/** What aws-vault has as "the same credentials, another region" means nothing to AWS. @throws ERR_PROFILE_INVALID. */
function refuseSourceOnly({ name, settings }: Profile): void {
  const source = settings.get("source_profile") ?? settings.get("awsrole_source_profile");
  if (source === undefined || source.value === "") return;
  throw new AwsRoleError(
    "ERR_PROFILE_INVALID",
    `profile ${name} has source_profile = ${source.value} (${source.file}:${source.line}) but no role_arn, without which it means nothing`,
    {
      hint: `add role_arn; for the credentials of ${source.value} in another region use --region, or AWS_REGION with that profile`,
    },
  );
}

/** A key with a character that cannot be seen is another key. @throws ERR_PROFILE_INVALID. */
function refuseUnseen({ config, credentials }: AwsFiles, { name }: Profile): void {
  for (const document of [config, credentials]) {
    for (const section of document.find("profile", name)) {
      const { entries } = readBody(document.text, bodyOf(section));
      const odd = entries.find(({ key }) => invisible.test(decodeUtf8(key) ?? ""));
      if (odd === undefined) continue;
      throw new AwsRoleError(
        "ERR_PROFILE_INVALID",
        `profile ${name} has a key with a character that cannot be seen: ${decodeUtf8(odd.key)} (${document.file}:${document.lineAt(odd.start)})`,
        { hint: "awsrole doctor --fix takes it out" },
      );
    }
  }
}

function ssoHop(
  files: AwsFiles,
  profile: Extract<Profile, { kind: "sso" }>,
  env: Environment,
): SsoHop {
  const { session, accountId, roleName } = profile;
  const to = (service: Service): StsConnection =>
    connectionOf(files, profile, env, { service, ownRegion: session.region });
  const portal = to("sso");
  const request = JSON.stringify({
    v: 1,
    sso: session.name ?? session.startUrl,
    startUrl: session.startUrl,
    region: portal.region,
    accountId,
    roleName,
    endpoint: portal.endpointUrl,
    fips: portal.useFipsEndpoint || undefined,
  });
  return {
    kind: "sso",
    profileName: profile.name,
    sso: profile,
    portal,
    oidc: to("sso_oidc"),
    request,
  };
}

function resolveRole(
  files: AwsFiles,
  profile: RoleProfile,
  env: Environment,
  path: readonly string[],
): RoleHop {
  const source = resolveSigner(files, profile, env, path);
  if (source.kind === "role") assertSamePartition(profile, source.profile);
  const connection = resolveConnection({
    profile: profile.settings,
    source:
      source.kind === "role" ? source.profile.settings : files.profile(profilesOf(source)[0]!),
    askedFor: files.profile(path[0] ?? profile.name),
    services: (name) => files.services(name),
    roleArn: profile.role.arn,
    env,
  });
  const role = { ...profile.role, sessionName: sessionNameOf(profile, source) };
  const policy = readSessionPolicy(profile);
  const mfaPlan = planMfa({
    device: profile.mfa ?? (source.kind === "base" ? deviceOf(source) : undefined),
    durationSeconds: role.durationSeconds,
    signer: signerLife(source, env),
  });
  if (mfaPlan.kind === "impossible") throw mfaImpossible(profile.name, mfaPlan.why);
  const signer =
    mfaPlan.kind === "shared-session" && source.kind === "base"
      ? userSession(profile.name, source, mfaPlan.device, connection)
      : source;
  const request = JSON.stringify({
    v: 1,
    role: role.arn,
    sessionName: role.sessionName || undefined,
    durationSeconds: role.durationSeconds,
    externalId: role.externalId,
    mfa: mfaPlan.kind === "own-code" ? mfaPlan.device.serial : undefined,
    sourceIdentity: role.sourceIdentity,
    tags: role.tags.length === 0 ? undefined : role.tags.map(({ key, value }) => [key, value]),
    transitiveTagKeys: role.transitiveTagKeys.length === 0 ? undefined : role.transitiveTagKeys,
    policyArns: role.policyArns.length === 0 ? undefined : role.policyArns,
    policy,
    endpoint: connection.endpointUrl,
    fips: connection.useFipsEndpoint || undefined,
    source: signer.kind === "base" ? signer.identity : signer.request,
  });
  return { kind: "role", profile, role, policy, mfaPlan, connection, signer, request };
}

/** @throws ERR_PROFILE_INVALID for a template that cannot be filled in. */
function sessionNameOf({ name, role: { sessionName } }: RoleProfile, source: Hop): string {
  if (source.kind === "base" && source.source.kind === "saml") return "";
  if (sessionName === undefined) return defaultSessionName();
  const expanded = expandSessionName(sessionName, name);
  if (wantsSigner(expanded) && source.kind === "base" && source.source.kind === "web-identity")
    throw new AwsRoleError(
      "ERR_PROFILE_INVALID",
      `profile ${name}: {iam-user} in the session name has no value: a web identity token is no IAM user`,
      { hint: "use {user}, {host} or {profile}" },
    );
  return expanded;
}

/** AWS keeps its partitions apart: no identity of one can assume a role in another. @throws ERR_PROFILE_INVALID. */
function assertSamePartition(profile: RoleProfile, source: RoleProfile): void {
  const [wanted, found] = [partitionOf(profile.role.arn), partitionOf(source.role.arn)];
  if (wanted === found) return;
  throw new AwsRoleError(
    "ERR_PROFILE_INVALID",
    `profile ${profile.name} has a role in the partition ${wanted}, but its source ${source.name} has one in ${found}`,
    {
      hint: `roles cannot be assumed across partitions: set a source in ${wanted} for ${profile.name}, or correct the ARN`,
    },
  );
}

/** Without a device as long as AWS's own default. */
function userSession(
  profileName: string,
  signer: BaseCredentials,
  mfa: Mfa | undefined,
  connection: StsConnection,
): UserSessionHop {
  const durationSeconds = mfa?.sessionSeconds ?? userSessionSeconds.usual;
  const request = JSON.stringify({
    v: 1,
    session: "user",
    durationSeconds,
    mfa: mfa?.serial,
    endpoint: connection.endpointUrl,
    fips: connection.useFipsEndpoint || undefined,
    source: signer.identity,
  });
  return { kind: "user-session", profileName, mfa, durationSeconds, connection, signer, request };
}

/** A key profile's device is for every role that the key signs for, unless the role names one of its own. */
function deviceOf({ source }: BaseCredentials): Mfa | undefined {
  return source.kind === "keychain-key" ? source.mfa : undefined;
}

/** Whether a signer's credentials end by themselves; `unknown` for a program's. The one place where that is decided. */
export function signerLife(signer: Hop, env: Environment): SignerLife {
  if (signer.kind !== "base") return "temporary";
  switch (signer.source.kind) {
    case "keychain-key":
      return "long-term";
    case "static":
      return signer.source.sessionToken === undefined ? "long-term" : "temporary";
    case "environment":
      return env["AWS_SESSION_TOKEN"] ? "temporary" : "long-term";
    case "process":
      return "unknown";
    default:
      return "temporary";
  }
}

/** ERR_PROFILE_INVALID for a device beside a source that cannot present it. */
export function mfaImpossible(profileName: string, why: string): AwsRoleError {
  return new AwsRoleError(
    "ERR_PROFILE_INVALID",
    `profile ${profileName} has an mfa_serial, but ${why}`,
    { hint: "remove it, or set it on the profile with the long-term key" },
  );
}

function resolveSigner(
  files: AwsFiles,
  profile: RoleProfile,
  env: Environment,
  path: readonly string[],
): Hop {
  const { source } = profile;
  switch (source.kind) {
    case "profile":
      return resolveSourceProfile(files, profile, source.name, env, path);
    case "keychain-key": {
      const key = {
        kind: "keychain-key",
        name: profile.name,
        settings: profile.settings,
        accessKeyId: source.accessKeyId,
        mfa: undefined,
      } as const;
      return createBaseCredentials(key, path, env);
    }
    case "ec2-instance-metadata": {
      const address = resolveInstanceMetadata(profile.settings, env);
      return createBaseCredentials({ kind: source.kind, address }, path, env);
    }
    case "web-identity":
    case "saml":
    case "environment":
    case "ecs-container":
      return createBaseCredentials({ ...source }, path, env);
  }
}

function resolveSourceProfile(
  files: AwsFiles,
  profile: RoleProfile,
  name: string,
  env: Environment,
  path: readonly string[],
): Hop {
  // A profile that is its own source means its own keys, as in the AWS CLI.
  if (name === profile.name && !profile.managed) {
    const own = readProfile(files, name, "source");
    if (own.kind !== "role") return resolveProfile(files, own, env, path);
  }
  if (path.includes(name)) {
    throw new AwsRoleError(
      "ERR_PROFILE_CYCLE",
      `circular source_profile: ${[...path, name].join(" -> ")}`,
      {
        hint: `set a source that is not part of this loop`,
      },
    );
  }
  const source = files.profile(name) === undefined ? undefined : readProfile(files, name, "source");
  if (source === undefined) {
    const guess = closestMatch(name, files.profileNames());
    throw new AwsRoleError(
      "ERR_PROFILE_NOT_FOUND",
      `profile ${profile.name} has source profile ${name}, which does not exist`,
      {
        hint:
          guess === undefined || guess === profile.name
            ? `awsrole add-key ${name} stores an access key as that profile; or give ${profile.name} another source`
            : `did you mean ${guess}? awsrole edit-profile ${profile.name} --source-profile ${guess}`,
      },
    );
  }
  return resolveProfile(files, source, env, [...path, name]);
}
