/**
 * IAM Identity Center in the config: `[sso-session NAME]` sections, and the profiles that are roles of one.
 *
 * - A profile with `sso_session` takes start URL and region from that section; what it says itself must be the same (botocore and Go refuse the
 *   rest too). Without `sso_session` it is of the old form, and has both itself.
 * - A managed profile has `awsrole_sso_session`, `awsrole_sso_account_id` and `awsrole_sso_role_name`.
 */
import { closestMatch } from "../foundation/edit-distance.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import type { Setting, Settings } from "./document.ts";
import type { AwsFiles } from "./files.ts";
import { findNamed, requireRule, rules } from "./role-values.ts";

/** A sign-in: a portal, and what of it is asked for. */
export type SsoSessionSettings = {
  /** Absent in the old form. */
  readonly name: string | undefined;
  readonly startUrl: string;
  /** The portal's region, with its place: it becomes part of host names. */
  readonly region: Setting;
  readonly scopes: readonly string[];
  /** The section it is written in. */
  readonly settings: Settings;
  /** True while a profile reaches it by its plain keys, as any SDK does. Asked on a miss only: it reads every profile. */
  readonly isNative: () => boolean;
};

/** A permission set's role in an account, and the sign-in that it takes. */
export type SsoRole = {
  readonly session: SsoSessionSettings;
  readonly accountId: string;
  readonly roleName: string;
};

/** What a token is asked for where the section does not say, as in the AWS CLI. */
const defaultScope = "sso:account:access";

/** `[sso-session NAME]`, whole. @throws ERR_PROFILE_INVALID, ERR_CONFIG_SYNTAX; `reader` is whose error it is. */
export function readSsoSession(
  files: AwsFiles,
  name: string,
  reader = `sso-session ${name}`,
): SsoSessionSettings {
  const settings = files.ssoSession(name);
  if (settings === undefined) {
    throw invalid(
      reader,
      `there is no [sso-session ${name}] section`,
      "awsrole login, in a terminal, creates one",
    );
  }
  const need = (key: string): Setting => {
    const found = findNamed(settings, key);
    if (found !== undefined) return found.setting;
    throw invalid(
      reader,
      `[sso-session ${name}] has no ${key}`,
      "add the missing settings with: aws configure sso-session",
    );
  };
  return {
    name,
    startUrl: requireStartUrl(reader, need("sso_start_url")),
    region: need("sso_region"),
    scopes: scopesIn(settings),
    settings,
    isNative: () => files.profileNames().some((one) => usesNatively(files, one, name)),
  };
}

/** Every `[sso-session]`, and every sign-in of the old form that a profile has, once each. `onProblem` is handed why one is left out. */
export function findSsoSessions(
  files: AwsFiles,
  onProblem: (error: AwsRoleError) => void,
): readonly SsoSessionSettings[] {
  const found = new Map<string, SsoSessionSettings>();
  const add = (read: () => SsoSessionSettings | undefined): void => {
    try {
      const session = read();
      if (session !== undefined) found.set(session.name ?? session.startUrl, session);
    } catch (error) {
      if (!isAwsRoleError(error)) throw error;
      onProblem(error);
    }
  };
  for (const name of files.ssoSessionNames()) add(() => readSsoSession(files, name));
  for (const name of files.profileNames())
    add(() => {
      const settings = files.profile(name);
      return settings?.has("sso_start_url") === true && !settings.has("sso_session")
        ? readSsoRole(files, name, settings).session
        : undefined;
    });
  return [...found.values()];
}

/** A profile with a bad line is no SDK's either. */
function usesNatively(files: AwsFiles, profile: string, session: string): boolean {
  try {
    return files.profile(profile)?.get("sso_session")?.value === session;
  } catch {
    return false;
  }
}

/** The error for a NAME that is neither a profile nor a session, with the sessions that there are. */
export function neitherProfileNorSession(files: AwsFiles, name: string): AwsRoleError {
  const sessions = files.ssoSessionNames();
  const guess = closestMatch(name, [...sessions, ...files.profileNames()]);
  return new AwsRoleError("ERR_PROFILE_NOT_FOUND", `no profile or sso-session ${name}`, {
    hint: [
      guess === undefined ? "" : `did you mean ${guess}? `,
      sessions.length === 0 ? "there is no sso-session" : `sso-sessions: ${sessions.join(", ")}`,
      "; awsrole list shows the profiles",
    ].join(""),
  });
}

/** The SSO part of a profile, of its plain keys or those with `awsrole_`. @throws ERR_PROFILE_INVALID. */
export function readSsoRole(
  files: AwsFiles,
  name: string,
  settings: Settings,
  prefix: "" | "awsrole_" = "",
): SsoRole {
  const reader = `profile ${name}`;
  refuseNarrowing(reader, settings);
  const need = (key: string): Setting => {
    const found = findNamed(settings, `${prefix}${key}`);
    if (found !== undefined) return found.setting;
    throw invalid(
      reader,
      `has no ${prefix}${key}`,
      prefix === ""
        ? "add the missing settings with: aws configure sso"
        : `awsrole edit-profile ${name} --${key.replaceAll("_", "-")} … adds it`,
    );
  };
  const sessionName =
    prefix === "" ? findNamed(settings, "sso_session")?.setting : need("sso_session");
  const session =
    sessionName === undefined
      ? {
          name: undefined,
          startUrl: requireStartUrl(reader, need("sso_start_url")),
          region: need("sso_region"),
          scopes: scopesIn(settings),
          settings,
          isNative: () => true,
        }
      : readSessionOf(files, reader, settings, sessionName);
  const accountId = need("sso_account_id");
  return {
    session,
    accountId:
      prefix === ""
        ? accountId.value
        : requireRule(
            name,
            { key: `${prefix}sso_account_id`, setting: accountId },
            rules.accountId,
          ),
    roleName: need("sso_role_name").value,
  };
}

function readSessionOf(
  files: AwsFiles,
  reader: string,
  settings: Settings,
  { value: sessionName }: Setting,
): SsoSessionSettings {
  const section = files.ssoSession(sessionName);
  for (const key of ["sso_start_url", "sso_region", "sso_registration_scopes"]) {
    const own = findNamed(settings, key)?.setting;
    const theirs = section === undefined ? undefined : findNamed(section, key)?.setting;
    if (own === undefined || section === undefined || own.value === theirs?.value) continue;
    throw theirs === undefined
      ? invalid(
          reader,
          `${key} is in the profile (${at(own)}), but [sso-session ${sessionName}] has none`,
          `move it to [sso-session ${sessionName}]`,
        )
      : invalid(
          reader,
          `${key} (${at(own)}) differs from that of [sso-session ${sessionName}] (${at(theirs)})`,
          "remove the one in the profile, or give it a session of its own",
        );
  }
  return readSsoSession(files, sessionName, reader);
}

/** GetRoleCredentials takes neither a policy nor tags: what a profile says of them could only be ignored. */
function refuseNarrowing(reader: string, settings: Settings): void {
  for (const key of [
    "policy_arns",
    "policy_file",
    "tags",
    "transitive_tag_keys",
    "source_identity",
    "role_session_name",
    "duration_seconds",
    "external_id",
    "mfa_serial",
  ]) {
    const setting = settings.get(`awsrole_${key}`);
    if (setting === undefined) continue;
    throw invalid(
      reader,
      `awsrole_${key} (${at(setting)}) cannot be applied to a role of IAM Identity Center`,
      "remove it, or move it to a role profile that has this one as its source",
    );
  }
}

function requireStartUrl(reader: string, setting: Setting): string {
  const { value } = setting;
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw invalid(
    reader,
    `sso_start_url is not a web address (${at(setting)})`,
    "it looks like https://d-1234567890.awsapps.com/start",
  );
}

function scopesIn(settings: Settings): readonly string[] {
  const scopes = (findNamed(settings, "sso_registration_scopes")?.setting.value ?? "")
    .split(",")
    .map((scope) => scope.trim())
    .filter((scope) => scope !== "");
  return scopes.length === 0 ? [defaultScope] : scopes;
}

function at(setting: Setting): string {
  return `${setting.file}:${setting.line}`;
}

function invalid(reader: string, problem: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_PROFILE_INVALID", `${reader}: ${problem}`, { hint });
}
