import { defineCommand } from "../cli/command.ts";
import type { Document, Settings } from "../config/document.ts";
import { deleteKey, setKey } from "../config/edit.ts";
import type { AwsFiles } from "../config/files.ts";
import { isManaged, plainRoleKeys } from "../config/profiles.ts";
import {
  credentialProcessLine,
  findProgram,
  type Program,
  runningProgram,
} from "../program/program-path.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { assertNotShadowed, reviewProfile } from "../profiles/preflight.ts";
import { editConfig } from "../profiles/edit-config.ts";
import { findProfile, requireName } from "../profiles/find-profile.ts";
import { reportChange } from "../profiles/change-report.ts";
import {
  keyOfOption,
  type KeyValue,
  readRoleOptions,
  roleOptions,
  sourceOptions,
  writeOptions,
} from "../profiles/profile-options.ts";

export default defineCommand({
  usage: "edit-profile NAME",
  summary: "change settings of a role profile",
  description:
    "Changes only the settings that are given. An empty value (--external-id '') removes the setting.",
  positionals: { NAME: { describe: "the profile to change" } },
  options: { ...roleOptions, ...writeOptions },
  examples: [
    {
      command: "awsrole edit-profile prod --duration-seconds 7200",
      says: "use sessions of two hours",
    },
    { command: "awsrole edit-profile prod --external-id ''", says: "remove the external ID" },
  ],
  async run(context, args) {
    const name = requireName("edit-profile", args.positionals["NAME"]);
    const settings = readRoleOptions(args, process.cwd());
    if (settings.length === 0 && args.command === undefined) {
      throw new AwsRoleError("ERR_USAGE", "edit-profile: no settings given", {
        hint: "awsrole edit-profile --help lists the settings",
      });
    }
    const program = (): Program =>
      findProgram(runningProgram(context.env, context.platform), args.command);
    const change = await editConfig(context, {
      action: `edit-profile ${name}`,
      dryRun: args["dry-run"],
      edit: (files) => editProfile(files, name, settings, args.command !== undefined, program),
      review: (files) => reviewProfile(files, name, context.env),
    });
    reportChange(context, args, change, {
      facts: { profile: name },
      done: `changed profile ${name} in ${change.file}`,
    });
    return 0;
  },
});

function editProfile(
  files: AwsFiles,
  name: string,
  changes: readonly KeyValue[],
  isProgramChosen: boolean,
  program: () => Program,
): Document {
  const { id, settings } = findProfile(files, name);
  const isStandard = settings.has("role_arn");
  let edited = files.config;
  for (const [managedKey, value] of withoutOtherSources(changes)) {
    const key = isStandard ? standardKey(managedKey, settings) : managedKey;
    edited = value === "" ? deleteKey(edited, id, key) : setKey(edited, id, key, value);
  }
  if (isStandard) {
    if (!isProgramChosen) return edited;
    throw new AwsRoleError(
      "ERR_PROFILE_INVALID",
      `profile ${name} is a standard role profile, which runs no program`,
      { hint: `awsrole adopt ${name} lets awsrole provide its credentials` },
    );
  }
  const becomesOurs = changes.some(([key, value]) => key === "awsrole_role_arn" && value !== "");
  if (!isManaged(settings) && !becomesOurs) {
    if (!isProgramChosen) return edited;
    throw new AwsRoleError(
      "ERR_PROFILE_INVALID",
      `profile ${name} is not managed by awsrole, so it has no credential_process line of awsrole`,
      { hint: "remove --command" },
    );
  }
  assertNotShadowed(files, name);
  if (settings.has("credential_process") && !isProgramChosen) return edited;
  return setKey(edited, id, "credential_process", credentialProcessLine(program(), name));
}

/** A role has one source: naming one takes the others out. */
function withoutOtherSources(changes: readonly KeyValue[]): readonly KeyValue[] {
  const sources = sourceOptions.map((option) => keyOfOption[option]);
  const named = changes.filter(([key, value]) => sources.includes(key) && value !== "");
  if (named.length === 0) return changes;
  const others = sources.filter((key) => !changes.some(([changed]) => changed === key));
  return [...changes, ...others.map((key): KeyValue => [key, ""])];
}

/** In a standard profile AWS's own settings are written plain; a setting stays under the name it has. */
function standardKey(managedKey: string, settings: Settings): string {
  const plain = managedKey.replace(/^awsrole_/, "");
  return plainRoleKeys.includes(plain) && !settings.has(managedKey) ? plain : managedKey;
}
