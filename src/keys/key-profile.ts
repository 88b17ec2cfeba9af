/** What a key profile is in the AWS files: the key's id and awsrole's line in the config, and nothing in the credentials file. */
import type { Document, Settings } from "../config/document.ts";
import { readSettings, sectionNames } from "../config/document.ts";
import { addSection, deleteKey, deleteSection, renameKey, setKey } from "../config/edit.ts";
import type { AwsFiles } from "../config/files.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { awsroleLineProfile } from "../profiles/references.ts";

const idKey = "awsrole_access_key_id";
const plainKeys = ["aws_access_key_id", "aws_secret_access_key"] as const;

/** The id of the key that a profile has in a store; undefined when it has none. */
export function keyIdOf(files: AwsFiles, name: string): string | undefined {
  return files.profile(name)?.get(idKey)?.value || undefined;
}

/**
 * The config with NAME as the profile of this key. @throws ERR_PROFILE_EXISTS for a role, or a profile with another key,
 * ERR_CONFIG_CONFLICT for one that gets its credentials elsewhere.
 */
export function writeKeyProfile(
  config: Document,
  name: string,
  accessKeyId: string,
  line: string,
): Document {
  const id = { kind: "profile", name } as const;
  const settings = readSettings(config, "profile", name);
  if (settings === undefined) {
    return addSection(config, id, [
      ["credential_process", line],
      [idKey, accessKeyId],
    ]);
  }
  assertUnused(config, name, settings, accessKeyId);
  const renamed = renamedKeys(settings).reduce(
    (edited, key) => renameKey(edited, id, key, `awsrole_${key}`),
    config,
  );
  const withoutPlain = plainKeys.reduce((edited, key) => deleteKey(edited, id, key), renamed);
  return setKey(setKey(withoutPlain, id, "credential_process", line), id, idKey, accessKeyId);
}

/**
 * Plain settings that a key profile has under another name, as `adopt` renames them: beside a key, aws-vault has the device in the user's
 * profile, where SDKs would look for a role.
 */
export function renamedKeys(settings: Settings | undefined): readonly string[] {
  return ["mfa_serial", "mfa_process"].filter(
    (key) => settings?.has(key) === true && !settings.has(`awsrole_${key}`),
  );
}

function assertUnused(
  config: Document,
  name: string,
  settings: Settings,
  accessKeyId: string,
): void {
  const at = (key: string): string => `${config.file}:${settings.get(key)?.line ?? 0}`;
  if (settings.has("awsrole_role_arn") || settings.has("role_arn")) {
    const key = settings.has("role_arn") ? "role_arn" : "awsrole_role_arn";
    throw new AwsRoleError("ERR_PROFILE_EXISTS", `profile ${name} is a role (${at(key)})`, {
      hint: `give the user's key a profile of its own, and name it as the role's source profile`,
    });
  }
  const kept = settings.get(idKey)?.value;
  if (kept !== undefined && kept !== "" && kept !== accessKeyId) {
    throw new AwsRoleError(
      "ERR_PROFILE_EXISTS",
      `profile ${name} has the key ${kept} already (${at(idKey)})`,
      { hint: `awsrole rotate-key ${name} makes a new one, awsrole remove-key ${name} forgets it` },
    );
  }
  const plain = settings.get("aws_access_key_id")?.value;
  if (plain !== undefined && plain !== accessKeyId) {
    throw new AwsRoleError(
      "ERR_CONFIG_CONFLICT",
      `profile ${name} has another key in plain text (${at("aws_access_key_id")})`,
      { hint: "remove the one that is not wanted" },
    );
  }
  const process = settings.get("credential_process")?.value;
  if (process !== undefined && awsroleLineProfile(process, kept !== undefined) !== name) {
    throw new AwsRoleError(
      "ERR_CONFIG_CONFLICT",
      `profile ${name} gets its credentials from another program (${at("credential_process")})`,
      { hint: "choose another name, or remove that line" },
    );
  }
}

/**
 * The credentials file without this key of `[NAME]`; without the section, where that was all of it.
 * @throws ERR_CONFIG_CONFLICT for another key: it may have been put there since the file was read, and stand nowhere else.
 */
export function withoutPlainKey(
  credentials: Document,
  name: string,
  accessKeyId: string,
): Document {
  const id = { kind: "profile", name } as const;
  const settings = readSettings(credentials, "profile", name);
  if (settings === undefined) return credentials;
  const plain = settings.get("aws_access_key_id");
  if (plain !== undefined && plain.value !== accessKeyId) {
    throw new AwsRoleError(
      "ERR_CONFIG_CONFLICT",
      `[${name}] has another key than ${accessKeyId} by now (${credentials.file}:${plain.line})`,
      { hint: "see which of the two is wanted, and try again" },
    );
  }
  const isAllOfIt = [...settings.keys()].every((key) => plainKeys.some((one) => one === key));
  return isAllOfIt
    ? deleteSection(credentials, id)
    : plainKeys.reduce((edited, key) => deleteKey(edited, id, key), credentials);
}

/** The config with NAME having no key: without awsrole's own lines, and without the section where they were all of it. */
export function withoutKeyProfile(config: Document, name: string): Document {
  const id = { kind: "profile", name } as const;
  const settings = readSettings(config, "profile", name);
  if (settings === undefined) return config;
  const isOurs = (key: string): boolean =>
    key.startsWith("awsrole_") || key === "credential_process";
  const keys = [...settings.keys()];
  return keys.every(isOurs)
    ? deleteSection(config, id)
    : keys.filter(isOurs).reduce((edited, key) => deleteKey(edited, id, key), config);
}

/** The config in which every profile that names the one key names the other. */
export function switchKey(config: Document, oldId: string, newId: string): Document {
  return profilesWithKey(config, oldId).reduce(
    (edited, name) => setKey(edited, { kind: "profile", name }, idKey, newId),
    config,
  );
}

/** The profiles that name this key, roles included. A section that cannot be read names none. */
export function profilesWithKey(config: Document, accessKeyId: string): readonly string[] {
  return sectionNames(config, "profile").filter((name) => {
    try {
      return readSettings(config, "profile", name)?.get(idKey)?.value === accessKeyId;
    } catch {
      return false;
    }
  });
}
