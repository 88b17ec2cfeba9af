/** Role profiles of the credentials file, an old and common form: their settings belong in the config file, where awsrole and every tool can change them. */
import type { Document, Settings } from "../config/document.ts";
import { addSection, deleteSection, setKey } from "../config/edit.ts";
import { type AwsFiles, combineDocuments } from "../config/files.ts";
import { secretKeys } from "../config/secret-keys.ts";
import { AwsRoleError } from "../foundation/errors.ts";

/** What `[NAME]` of the credentials file says, where it is a role. Throws ERR_CONFIG_SYNTAX. */
export function roleInCredentials(files: AwsFiles, name: string): Settings | undefined {
  const settings = files.credentialsProfile(name);
  return settings?.has("role_arn") === true ? settings : undefined;
}

/**
 * Both files with the role of `[NAME]` in the config file. Throws ERR_CONFIG_CONFLICT for a section that has a key too (one of the two is not meant),
 * and where the config file says otherwise; ERR_USAGE for a value that cannot be written.
 */
export function withRoleMoved(files: AwsFiles, name: string, role: Settings): AwsFiles {
  const { credentials } = files;
  const place = `[${name}] in ${credentials.file}`;
  const own = files.configProfile(name);
  const key = [...role.keys()].find((one) => secretKeys.has(one) || one === "aws_access_key_id");
  if (key !== undefined)
    throw conflict(
      `${place} has both a role and an access key (${key})`,
      "give the key a section of another name, and make that the source_profile of the role",
    );
  for (const [setting, { value }] of role) {
    const other = own?.get(setting)?.value;
    if (other !== undefined && other !== value)
      throw conflict(
        `${setting} has one value in ${place} and another in ${files.config.file}`,
        "remove the one that is not meant",
      );
  }
  const id = { kind: "profile", name } as const;
  const keys = [...role].map(([setting, { value }]) => [setting, value] as const);
  const config: Document =
    own === undefined
      ? addSection(files.config, id, keys)
      : keys.reduce((edited, [setting, value]) => setKey(edited, id, setting, value), files.config);
  return combineDocuments(config, deleteSection(credentials, id));
}

function conflict(message: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_CONFIG_CONFLICT", message, { hint });
}
