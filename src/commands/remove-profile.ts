import { plural } from "../cli/output.ts";
import { confirmOnlyCopy } from "../keys/only-copy.ts";
import { printNotice } from "../cli/messages.ts";
import { defineCommand } from "../cli/command.ts";
import { deleteSection } from "../config/edit.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import { keyAccount } from "../credentials/cache/item-names.ts";
import { deleteItems, rowsOf } from "../sessions/delete-items.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { otherKeysOf } from "../keys/forget-key.ts";
import { profilesWithKey } from "../keys/key-profile.ts";
import { openPendingRotations } from "../keys/rotation-file.ts";
import { removeExports } from "../profiles/exports.ts";
import { editConfig } from "../profiles/edit-config.ts";
import { findProfile, requireName } from "../profiles/find-profile.ts";
import { findReferences } from "../profiles/references.ts";
import { reportChange } from "../profiles/change-report.ts";
import { changeOptions } from "../profiles/profile-options.ts";

export default defineCommand({
  usage: "remove-profile NAME",
  summary: "remove a profile from ~/.aws/config, with its cached sessions",
  positionals: { NAME: { describe: "the profile to remove" } },
  options: {
    ...changeOptions,
    "with-key": {
      type: "boolean",
      default: false,
      describe: "also delete its access key from the store (not in AWS)",
    },
    yes: {
      type: "boolean",
      default: false,
      describe: "with --with-key: do not ask for confirmation",
    },
  },
  examples: [{ command: "awsrole remove-profile old --dry-run", says: "preview the removal" }],
  async run(context, args) {
    const name = requireName("remove-profile", args.positionals["NAME"]);
    const { env, platform } = context;
    const files = readAwsFiles(env, platform);
    const accessKeyId = files.profile(name)?.get("awsrole_access_key_id")?.value;
    const marks = openPendingRotations(context.stateDir);
    // What cannot be listed is told before anything is changed.
    const rows = await rowsOf(context).list();
    const keyIds =
      args["with-key"] && accessKeyId !== undefined
        ? [accessKeyId, ...(await otherKeysOf(accessKeyId, files.config, rowsOf(context), marks))]
        : [];
    const kept = keyIds.filter((id) => rows.some(({ account }) => account === keyAccount(id)));
    if (kept.length > 0 && !args.yes && !args["dry-run"])
      await confirmOnlyCopy(context, args.input, {
        profile: name,
        accessKeyIds: kept,
        command: "remove-profile --with-key",
      });
    const change = await editConfig(context, {
      action: `remove-profile ${name}`,
      dryRun: args["dry-run"],
      edit: (latest) => {
        const { id } = findProfile(latest, name);
        if (!args.force) assertUnreferenced(latest, name);
        if (args["with-key"] && !args.force) assertKeyUnshared(latest, name, accessKeyId);
        return deleteSection(latest.config, id);
      },
      review: ({ credentials }) =>
        credentials
          .find("profile", name)
          .map(
            ({ start }) =>
              `[${name}] in ${credentials.file}:${credentials.lineAt(start)} is still there: AWS tools read the profile from it`,
          ),
    });
    const sessions = rows.filter(
      (row) => row.profile === name && row.kind !== "key" && row.kind !== "seed",
    );
    const keys = rows.filter(({ account }) => keyIds.some((id) => account === keyAccount(id)));
    const deleted = keyIds.filter((id) => keys.some(({ account }) => account === keyAccount(id)));
    const trouble = args["dry-run"]
      ? undefined
      : await deleteItems(context, [...sessions, ...keys], args).then(
          () => {
            for (const id of keyIds) marks.remove(id);
          },
          (error: unknown) => error,
        );
    const count = plural(sessions.length, "cached session");
    const also = sessions.length === 0 || trouble !== undefined ? "" : `, and ${count}`;
    const comments = change.diff.match(/^-\s*[#;]/gm)?.length ?? 0;
    const withComments = comments === 0 ? "" : ` with ${plural(comments, "line")} of comments`;
    reportChange(context, args, change, {
      facts:
        trouble === undefined
          ? {
              profile: name,
              deletedSessions: sessions.length,
              deletedKeys: keys.length,
              deletedAccessKeyIds: deleted,
            }
          : { profile: name },
      done: `removed profile ${name}${withComments} from ${change.file}${also}`,
      ...(trouble === undefined
        ? {}
        : { next: `awsrole logout ${name}: its sessions are not deleted yet` }),
    });
    // The profile is gone all the same, which had to be said first.
    if (trouble !== undefined) throw trouble;
    const exported = args["dry-run"]
      ? []
      : await removeExports(context, ({ from }) => from === name);
    if (exported.length > 0 && !args.quiet)
      printNotice(context, `removed ${exported.join(", ")} from the credentials file`);
    if (accessKeyId === undefined || args.quiet || args["dry-run"]) return 0;
    const whereabouts = !args["with-key"]
      ? `its access key ${accessKeyId} stays in the store; to delete it, too: awsrole undo, then awsrole remove-profile ${name} --with-key`
      : deleted.length === 0
        ? `its access key ${accessKeyId} was not in the store`
        : `deleted here, but still active in AWS: ${deleted.join(", ")}; delete a key there with: aws iam delete-access-key --access-key-id ID`;
    printNotice(context, whereabouts);
    return 0;
  },
});

function assertUnreferenced(files: AwsFiles, name: string): void {
  const others = [files.config, files.credentials]
    .flatMap(findReferences)
    .filter((one) => one.to === name && one.profile !== name);
  if (others.length === 0) return;
  const who = [...new Set(others.map(({ profile }) => profile))];
  throw new AwsRoleError(
    "ERR_PROFILE_IN_USE",
    `profile ${name} is the source of ${who.slice(0, 5).join(", ")}${who.length > 5 ? ` and ${who.length - 5} more` : ""}`,
    { hint: "set another source for them first (awsrole edit-profile), or use --force" },
  );
}

function assertKeyUnshared(files: AwsFiles, name: string, accessKeyId: string | undefined): void {
  const users = profilesWithKey(files.config, accessKeyId ?? "").filter((one) => one !== name);
  if (users.length === 0) return;
  throw new AwsRoleError(
    "ERR_PROFILE_IN_USE",
    `the key of ${name} is also the key of ${users.join(", ")}`,
    { hint: "remove --with-key, or use --force" },
  );
}
