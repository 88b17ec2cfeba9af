/**
 * Standard role profiles and managed ones are the same lines under other keys: AWS's own role settings plain, or with the prefix `awsrole_` beside a
 * `credential_process` line. Both directions rename keys in place, so that adopting and releasing gives back the original bytes.
 */
import type { Document } from "../config/document.ts";
import { deleteKey, renameKey, setKey } from "../config/edit.ts";
import { isManaged, plainRoleKeys } from "../config/profiles.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import type { EditableProfile } from "./find-profile.ts";
import { awsroleLineProfile } from "./references.ts";

/** A standard role profile as a managed one that runs `line`. @throws ERR_PROFILE_INVALID where it is none. */
export function adopt(
  config: Document,
  name: string,
  { id, settings }: EditableProfile,
  line: string,
): Document {
  if (isManaged(settings))
    throw invalid(
      `profile ${name} is already managed by awsrole`,
      `awsrole explain ${name} shows it`,
    );
  const isSso = !settings.has("role_arn") && plainSsoKeys.some((key) => settings.has(key));
  if (isSso) requireSession(name, settings);
  else if (!settings.has("role_arn")) {
    throw invalid(
      `profile ${name} has no role_arn`,
      `create a role profile with awsrole add-profile, or store an access key with awsrole add-key ${name}`,
    );
  }
  const own = settings.get("credential_process");
  if (own !== undefined) {
    throw invalid(
      `profile ${name} has a credential_process of its own (${own.file}:${own.line})`,
      "remove that line first",
    );
  }
  let edited = config;
  for (const key of isSso ? plainSsoKeys : [...plainRoleKeys, "mfa_process"]) {
    if (settings.has(key)) edited = renameKey(edited, id, key, `awsrole_${key}`);
  }
  return setKey(edited, id, "credential_process", line);
}

/** What makes a profile a role of IAM Identity Center. */
const plainSsoKeys = ["sso_session", "sso_account_id", "sso_role_name"] as const;

/** @throws ERR_PROFILE_INVALID for a profile that no managed one can be made of. */
function requireSession(name: string, settings: EditableProfile["settings"]): void {
  const repeated = ["sso_start_url", "sso_region"].find((key) => settings.has(key));
  if (!settings.has("sso_session"))
    throw invalid(
      `profile ${name} is of the old form, without an sso_session`,
      "move its sso_start_url and sso_region to an [sso-session] section, and name that by sso_session",
    );
  if (repeated !== undefined)
    throw invalid(
      `profile ${name} repeats ${repeated}, which its [sso-session] has`,
      "remove it from the profile",
    );
  const missing = plainSsoKeys.find((key) => !settings.has(key));
  if (missing !== undefined)
    throw invalid(
      `profile ${name} has no ${missing}`,
      "add what is missing with: aws configure sso",
    );
}

/** True for a profile that `adopt --all` takes: a standard role, of IAM or of IAM Identity Center. */
export function isAdoptable({ settings }: Pick<EditableProfile, "settings">): boolean {
  return (
    !isManaged(settings) &&
    (settings.has("role_arn") || (settings.has("sso_account_id") && settings.has("sso_role_name")))
  );
}

/** Why a managed profile cannot work without awsrole; undefined when it can. */
export function whyNotReleasable({ settings }: EditableProfile): string | undefined {
  if (!isManaged(settings)) return "is not managed by awsrole";
  if (settings.has("awsrole_access_key_id"))
    return "has its access key in awsrole's store; --to-credentials-file writes it back, in plain text";
  if (settings.has("awsrole_saml_process"))
    return "is assumed with a SAML assertion, which AWS's tools have no setting for";
  return undefined;
}

/** A managed role profile as a standard one. Settings that AWS has no name for stay, prefixed: nothing else reads them. */
export function release(config: Document, { id, settings }: EditableProfile): Document {
  let edited = config;
  for (const key of [...plainRoleKeys, ...plainSsoKeys]) {
    const value = settings.get(`awsrole_${key}`)?.value;
    const isTemplate = key === "role_session_name" && value?.includes("{") === true;
    if (value !== undefined && !isTemplate) edited = renameKey(edited, id, `awsrole_${key}`, key);
  }
  if (settings.has("awsrole_mfa_process"))
    edited = renameKey(edited, id, "awsrole_mfa_process", "mfa_process");
  const line = settings.get("credential_process")?.value;
  return line !== undefined && awsroleLineProfile(line, true) !== undefined
    ? deleteKey(edited, id, "credential_process")
    : edited;
}

function invalid(message: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_PROFILE_INVALID", message, { hint });
}
