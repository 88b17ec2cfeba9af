import { defineCommand } from "../cli/command.ts";
import { escapeControls } from "../cli/text.ts";
import { deleteSection } from "../config/edit.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import type { Context } from "../context.ts";
import { keyAccount } from "../credentials/items.ts";
import { stateFolder } from "../credentials/state-folder.ts";
import { deleteItems, rowsOf } from "../delete-items.ts";
import { AwsRoleError } from "../errors.ts";
import { otherKeysOf } from "../key-manager/forget-key.ts";
import { profilesWithKey } from "../key-manager/key-profile.ts";
import { createRotationMarks, type RotationMarks } from "../key-manager/rotation-marks.ts";
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
      describe: "delete its access key from the store too (at AWS it stays)",
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
    const { env, platform, homeFolder } = context;
    const marks = createRotationMarks(stateFolder(env, platform, homeFolder));
    const keyIds =
      args["with-key"] && accessKeyId !== undefined
        ? await keysOf(context, { accessKeyId, profile: name }, marks)
        : [];
    const keys = (await rowsOf(context).list()).filter(({ account }) =>
      keyIds.some((id) => account === keyAccount(id)),
    );
    const trouble = args["dry-run"]
      ? undefined
      : await deleteItems(context, [...sessions, ...keys], args).then(
          () => {
            for (const id of keyIds) marks.remove(id);
          },
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
    if (accessKeyId === undefined || args.quiet || args["dry-run"]) return 0;
    context.stderr(
      `awsrole: ${escapeControls(
        args["with-key"]
          ? `deleted here, but still at AWS: ${keyIds.join(", ")}; aws iam delete-access-key --access-key-id deletes a key there`
          : `its access key ${accessKeyId} stays in the store: awsrole remove-profile --with-key deletes both`,
      )}\n`,
    );
    return 0;
  },
});

/** The key, and the other one of a rotation that was not finished. */
async function keysOf(
  context: Context,
  key: { readonly accessKeyId: string; readonly profile: string },
  marks: RotationMarks,
): Promise<readonly string[]> {
  const { config } = readAwsFiles(context.env, context.platform);
  return [key.accessKeyId, ...(await otherKeysOf(key, config, rowsOf(context), marks))];
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
