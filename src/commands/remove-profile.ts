import { defineCommand } from "../cli/command.ts";
import { escapeControls } from "../cli/text.ts";
import { deleteSection } from "../config/edit.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import type { Context } from "../context.ts";
import { keyAccount } from "../credentials/items.ts";
import { type Row, stateFolder } from "../credentials/state-folder.ts";
import { deleteItems, rowsOf } from "../delete-items.ts";
import { AwsRoleError } from "../errors.ts";
import { oldKeysOf } from "../key-manager/forget-key.ts";
import { profilesWithKey } from "../key-manager/key-profile.ts";
import { createRotationMarks } from "../key-manager/rotation-marks.ts";
import { editConfig } from "../profile-manager/edit-config.ts";
import { findProfile, requireName } from "../profile-manager/find-profile.ts";
import { findReferences } from "../profile-manager/references.ts";
import { reportChange } from "../profile-manager/report-change.ts";
import { changeOptions } from "../profile-manager/role-options.ts";

export default defineCommand({
  usage: "remove-profile NAME",
  summary: "take a profile out of ~/.aws/config, with its cached sessions",
  positionals: { NAME: { describe: "the profile to remove" } },
  options: {
    ...changeOptions,
    "with-key": {
      type: "boolean",
      default: false,
      describe: "delete its access key from the store too (not at AWS: remove-key does that)",
    },
  },
  examples: [{ command: "awsrole remove-profile old --dry-run", says: "show what would go" }],
  async run(context, args) {
    const name = requireName("remove-profile", args.positionals["NAME"]);
    let accessKeyId: string | undefined;
    const change = await editConfig(context, {
      action: `remove-profile ${name}`,
      dryRun: args["dry-run"],
      edit: (files) => {
        const { id, settings } = findProfile(files, name);
        if (!args.force) refuseReferences(files, name);
        accessKeyId = settings.get("awsrole_access_key_id")?.value;
        if (args["with-key"] && !args.force) refuseSharedKey(files, name, accessKeyId);
        return deleteSection(files.config, id);
      },
    });
    const sessions = (await rowsOf(context).list()).filter(
      (row) => row.profile === name && row.kind !== "key",
    );
    const keys = args["with-key"] ? await keyRows(context, accessKeyId) : [];
    const trouble = args["dry-run"]
      ? undefined
      : await deleteItems(context, [...sessions, ...keys], args).then(
          () => undefined,
          (error: unknown) => error,
        );
    const count = `${sessions.length} cached session${sessions.length === 1 ? "" : "s"}`;
    const also = sessions.length === 0 || trouble !== undefined ? "" : `, and ${count}`;
    reportChange(context, args, change, {
      facts:
        trouble === undefined
          ? { profile: name, deletedSessions: sessions.length, deletedKeys: keys.length }
          : { profile: name },
      done: `removed profile ${name} from ${change.file}${also}`,
      ...(trouble === undefined
        ? {}
        : { next: `awsrole logout ${name}: its sessions are still there` }),
    });
    // The profile is gone all the same, which had to be said first.
    if (trouble !== undefined) throw trouble;
    if (accessKeyId !== undefined && !args["with-key"] && !args.quiet && !args["dry-run"]) {
      context.stderr(
        `awsrole: its access key ${escapeControls(accessKeyId)} stays in the store: awsrole remove-profile --with-key deletes both\n`,
      );
    }
    return 0;
  },
});

/** The rows of the key, and of the one that it took the place of, if its rotation was not finished. */
async function keyRows(context: Context, accessKeyId: string | undefined): Promise<readonly Row[]> {
  if (accessKeyId === undefined) return [];
  const { env, platform, homeFolder } = context;
  const rows = rowsOf(context);
  const marks = createRotationMarks(stateFolder(env, platform, homeFolder));
  const { config } = readAwsFiles(env, platform);
  const ids = [accessKeyId, ...(await oldKeysOf(accessKeyId, config, rows, marks))];
  return (await rows.list()).filter(({ account }) => ids.some((id) => account === keyAccount(id)));
}

function refuseReferences(files: AwsFiles, name: string): void {
  const others = [files.config, files.credentials]
    .flatMap(findReferences)
    .filter((one) => one.to === name && one.profile !== name);
  if (others.length === 0) return;
  const who = [...new Set(others.map(({ profile }) => profile))];
  throw new AwsRoleError(
    "ERR_PROFILE_IN_USE",
    `profile ${name} is the source of ${who.slice(0, 5).join(", ")}${who.length > 5 ? ` and ${who.length - 5} more` : ""}`,
    { hint: "give them another source first (awsrole edit-profile), or use --force" },
  );
}

function refuseSharedKey(files: AwsFiles, name: string, accessKeyId: string | undefined): void {
  const users = profilesWithKey(files.config, accessKeyId ?? "").filter((one) => one !== name);
  if (users.length === 0) return;
  throw new AwsRoleError(
    "ERR_PROFILE_IN_USE",
    `the key of ${name} is also the key of ${users.join(", ")}`,
    { hint: "leave out --with-key, or use --force" },
  );
}
