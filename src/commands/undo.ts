import { printJson } from "../cli/output.ts";
import type { Context } from "../foundation/context.ts";
import { defineCommand } from "../cli/command.ts";
import { printTable } from "../cli/table.ts";
import { formatUntil } from "../cli/times.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import { keyAccount } from "../credentials/cache/item-names.ts";
import { printNotice } from "../cli/messages.ts";
import { profilesWithKey } from "../keys/key-profile.ts";
import { rememberedEdits, undoLastEdit } from "../profiles/edit-config.ts";
import { reportChange } from "../profiles/change-report.ts";
import { writeOptions } from "../profiles/profile-options.ts";
import { rowsOf } from "../sessions/delete-items.ts";
import type { IndexEntry } from "../state/item-index.ts";

export default defineCommand({
  usage: "undo",
  summary: "undo awsrole's last change to ~/.aws/config",
  description:
    "Reverts awsrole's last change to the AWS files. Only the last ten changes can be undone, one by one, and only while nothing else has changed the file. Keys and sessions " +
    "stay in their store; awsrole lists those that are left.",
  options: {
    "dry-run": writeOptions["dry-run"],
    list: { type: "boolean", default: false, describe: "list the changes that can be undone" },
  },
  examples: [
    { command: "awsrole undo --list", says: "list the changes that can be undone" },
    { command: "awsrole undo --dry-run", says: "preview what would be reverted" },
  ],
  async run(context, args) {
    if (args.list) return list(context, args);
    const before = readAwsFiles(context.env, context.platform);
    const { action, change } = await undoLastEdit(context, args["dry-run"]);
    const left = args["dry-run"] ? [] : await leftBehind(context, before);
    reportChange(context, args, change, {
      facts: { action, undoable: false, left: left.map(({ facts }) => facts) },
      done: `Reverted: ${action}`,
    });
    if (!args.quiet) for (const { text } of left) printNotice(context, text);
    return 0;
  },
});

async function list(
  context: Context,
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
): Promise<number> {
  const edits = await rememberedEdits(context);
  if (json) {
    printJson(context, {
      changes: edits.map(({ action, at, isUndoable }) => ({
        action,
        at: at.toISOString(),
        undoable: isUndoable,
      })),
    });
  } else if (!quiet) {
    context.stdout(
      edits.length === 0
        ? "No changes to undo\n"
        : printTable(
            ["WHEN", "CHANGE", "UNDO"],
            edits.map(({ action, at, isUndoable }) => [
              formatUntil(at, context.clock.now()),
              action,
              isUndoable ? "yes" : "no: the file has changed since then",
            ]),
          ),
    );
  }
  return 0;
}

type Left = { readonly facts: Readonly<Record<string, unknown>>; readonly text: string };

/** What stays in a store though the profile that it was for is gone now. */
async function leftBehind(context: Context, before: AwsFiles): Promise<readonly Left[]> {
  const after = readAwsFiles(context.env, context.platform);
  const isGone = ({ account, kind, profile }: IndexEntry): boolean => {
    if (kind !== "key")
      return before.profileNames().includes(profile) && !after.profileNames().includes(profile);
    const id = account.slice(keyAccount("").length);
    return (
      profilesWithKey(before.config, id).length > 0 &&
      profilesWithKey(after.config, id).length === 0
    );
  };
  return (await rowsOf(context).list()).filter(isGone).map(({ account, kind, profile, store }) => {
    if (kind === "seed")
      return {
        facts: { kind, profile, store },
        text: `the MFA seed of ${profile} is still in the ${store} store; to delete it: put the profile back, then awsrole add-mfa ${profile} --remove`,
      };
    const isKey = kind === "key";
    const accessKeyId = isKey ? account.slice(keyAccount("").length) : undefined;
    return {
      facts: { kind: isKey ? "key" : "session", profile, store, accessKeyId },
      text: isKey
        ? `the access key ${accessKeyId} of ${profile} is still in the ${store} store; to delete it: awsrole remove-key ${profile}`
        : `a cached session of ${profile} is still in the ${store} store: awsrole logout --all deletes all`,
    };
  });
}
