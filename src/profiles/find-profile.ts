/** The profile that a command wants to change. */
import type { SectionId } from "../config/edit.ts";
import type { Settings } from "../config/document.ts";
import { readSettings } from "../config/document.ts";
import type { AwsFiles } from "../config/files.ts";
import { profileNotFound } from "../config/profiles.ts";
import { AwsRoleError } from "../foundation/errors.ts";

export type EditableProfile = {
  readonly id: SectionId;
  /** What the config file alone says. */
  readonly settings: Settings;
};

/**
 * The profile's section in the config file. Throws ERR_PROFILE_NOT_FOUND with the nearest name, or saying that the profile
 * is in the credentials file alone, which awsrole does not edit; ERR_CONFIG_SYNTAX.
 */
export function findProfile(files: AwsFiles, name: string): EditableProfile {
  const settings = readSettings(files.config, "profile", name);
  if (settings !== undefined) return { id: { kind: "profile", name }, settings };
  const [section] = files.credentials.find("profile", name);
  if (section === undefined) throw profileNotFound(files, name);
  const { file, lineAt } = files.credentials;
  throw new AwsRoleError(
    "ERR_PROFILE_NOT_FOUND",
    `profile ${name} exists only in the credentials file (${file}:${lineAt(section.start)})`,
    {
      hint: files.credentialsProfile(name)?.has("role_arn")
        ? `awsrole edits only profiles in the config file; awsrole adopt ${name} moves the role there`
        : "awsrole edits only profiles in the config file; edit this one by hand",
    },
  );
}

/** NAME, which these commands want to be said. Throws ERR_USAGE. */
export function requireName(command: string, name: string | undefined, what = "NAME"): string {
  if (name !== undefined && name !== "") return name;
  throw new AwsRoleError("ERR_USAGE", `${command}: ${what} is missing`, {
    hint: "run awsrole list to see your profiles",
  });
}
