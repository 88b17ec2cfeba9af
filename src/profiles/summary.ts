/** A profile in the few words that lists and choices have room for. It reads the files and opens no secret. */
import type { AwsFiles } from "../config/files.ts";
import { type Profile, readProfile, type RoleSource } from "../config/profiles.ts";
import { isAwsRoleError } from "../foundation/errors.ts";

/** What a profile is. */
export type ProfileSummary = {
  readonly name: string;
  readonly kind: string;
  readonly roleArn?: string;
  /** The profile whose credentials assume the role, whether or not it exists. */
  readonly sourceProfile?: string;
  /** Where the role's credentials come from, if not from a profile. */
  readonly otherSource?: string;
  /** Of a role of IAM Identity Center: its account's name or id, and the permission set. */
  readonly ssoRole?: string;
  /** Of such a role: the session's name or, without one, its start URL. */
  readonly ssoSession?: string;
  /** Of a key in a store. */
  readonly accessKeyId?: string;
  /** Why it cannot be used. */
  readonly error?: string;
};

/** The profile NAME, which exists. A profile that is wrong is one of the kind `broken`. */
export function describeProfile(files: AwsFiles, name: string): ProfileSummary {
  try {
    return { name, ...describe(readProfile(files, name)) };
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return { name, kind: "broken", error: error.message };
  }
}

/** True for kinds that bring credentials of their own, so that roles can be assumed with them. */
export function hasCredentials({ kind }: ProfileSummary): boolean {
  return kind !== kindNames.empty && kind !== "broken";
}

/** True for an IAM user's key: the only source that a role can ask for an MFA code beside. */
export function isUserKey({ kind }: ProfileSummary): boolean {
  return kind === kindNames.static || kind === kindNames["keychain-key"];
}

function describe(profile: Profile): Omit<ProfileSummary, "name"> {
  if (profile.kind === "keychain-key")
    return { kind: kindNames[profile.kind], accessKeyId: profile.accessKeyId };
  if (profile.kind === "sso") {
    const { session, accountId, roleName, settings } = profile;
    const ssoSession = session.name ?? session.startUrl;
    return {
      kind: kindNames[profile.kind],
      ssoRole: `${settings.get("awsrole_sso_account_name")?.value ?? accountId} ${roleName}`,
      ssoSession,
      otherSource: `sso: ${ssoSession}`,
    };
  }
  if (profile.kind !== "role") return { kind: kindNames[profile.kind] };
  const { managed, role, source } = profile;
  return {
    kind: managed ? "managed role" : "role",
    roleArn: role.arn,
    ...(source.kind === "profile"
      ? { sourceProfile: source.name }
      : { otherSource: sourceNames[source.kind] }),
  };
}

const kindNames: Readonly<Record<Exclude<Profile["kind"], "role">, string>> = {
  "keychain-key": "key in the store",
  static: "plain-text key",
  sso: "sso",
  login: "aws login",
  process: "process",
  empty: "settings only",
};

const sourceNames: Readonly<Record<Exclude<RoleSource["kind"], "profile">, string>> = {
  "keychain-key": "(own key)",
  "web-identity": "(web identity)",
  saml: "(SAML)",
  environment: "(environment)",
  "ec2-instance-metadata": "(EC2)",
  "ecs-container": "(ECS)",
};
