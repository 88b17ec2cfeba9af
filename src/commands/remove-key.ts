import { printJson } from "../cli/output.ts";
import { defineCommand } from "../cli/command.ts";
import { escapeControls } from "../foundation/text.ts";
import { printDone } from "../cli/messages.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import type { Context } from "../foundation/context.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { keyIdOf, profilesWithKey, withoutKeyProfile } from "../keys/key-profile.ts";
import { forgetKey, otherKeysOf } from "../keys/forget-key.ts";
import { openPendingRotations } from "../keys/rotation-file.ts";
import { confirmOnlyCopy } from "../keys/only-copy.ts";
import { returnKey, withoutKeeping } from "../keys/return-key.ts";
import { keyAccount } from "../credentials/cache/item-names.ts";
import { rowsOf } from "../sessions/delete-items.ts";
import { prepareStore } from "../sessions/open-store.ts";
import { editConfig } from "../profiles/edit-config.ts";
import { findProfile, requireName } from "../profiles/find-profile.ts";
import { findReferences } from "../profiles/references.ts";

export default defineCommand({
  usage: "remove-key NAME",
  summary: "delete a profile's access key from the keychain",
  description:
    "Deletes the access key of NAME, its sessions and the profile, after confirmation: it is the only copy of the secret. If the profile was removed, deletes the key it left in the store. With --to-credentials-file the key is first " +
    "written to ~/.aws/credentials, in plain text. The key stays active in AWS until you delete it there.",
  positionals: { NAME: { describe: "profile of the key" } },
  options: {
    force: {
      type: "boolean",
      default: false,
      describe: "even if other profiles use it as their source",
    },
    "to-credentials-file": {
      type: "boolean",
      default: false,
      describe: "write the key to ~/.aws/credentials first, in plain text",
    },
    yes: { type: "boolean", default: false, describe: "do not ask for confirmation" },
  },
  examples: [
    { command: "awsrole remove-key bob --yes", says: "delete the key of bob without confirmation" },
    {
      command: "awsrole remove-key bob --to-credentials-file",
      says: "move the key back to the credentials file",
    },
  ],
  async run(context, args) {
    const name = requireName("remove-key", args.positionals["NAME"]);
    const files = readAwsFiles(context.env, context.platform);
    if (files.profile(name) === undefined) {
      const ids = await orphanedKeys(context, files, name);
      if (ids.length > 0) return removeOrphans(context, args, { name, ids, files });
    }
    const { settings } = findProfile(files, name);
    const accessKeyId = keyIdOf(files, name);
    if (accessKeyId === undefined || settings.has("awsrole_role_arn")) {
      throw new AwsRoleError("ERR_PROFILE_INVALID", `profile ${name} has no access key`, {
        hint: "run awsrole list to see your profiles",
      });
    }
    const isReturned = args["to-credentials-file"];
    // In the credentials file the key is still the source of the roles that name the profile.
    const users = [
      ...profilesWithKey(files.config, accessKeyId),
      ...(isReturned
        ? []
        : findReferences(files.config)
            .filter(({ to }) => to === name)
            .map(({ profile }) => profile)),
    ].filter((profile) => profile !== name);
    if (users.length > 0 && !args.force) {
      throw new AwsRoleError(
        "ERR_PROFILE_IN_USE",
        `the key of ${name} is the source of ${[...new Set(users)].join(", ")}`,
        { hint: "set another source for them first, or use --force" },
      );
    }
    // A store that is not there is told before anything is changed.
    const store = prepareStore(context, { ...args, files });
    const marks = openPendingRotations(context.stateDir);
    const others = await otherKeysOf(accessKeyId, files.config, store.rows, marks);
    const listed = (await store.rows.list()).map(({ account }) => account);
    const lost = (isReturned ? others : [accessKeyId, ...others]).filter((id) =>
      listed.includes(keyAccount(id)),
    );
    if (lost.length > 0 && !args.yes)
      await confirmOnlyCopy(context, args.input, {
        profile: name,
        accessKeyIds: lost,
        command: "remove-key",
      });
    if (isReturned) await returnKey(context, name, accessKeyId, store);
    // The profile first: no profile ever names a key that is gone.
    const { file } = await editConfig(context, {
      action: `remove-key ${name}`,
      dryRun: false,
      ...(isReturned ? { notUndoable: "its key is deleted from the store" } : {}),
      edit: (latest) =>
        isReturned ? withoutKeeping(latest, name) : withoutKeyProfile(latest.config, name),
    });
    const forget = async (): Promise<boolean> => {
      for (const id of others) await forgetKey(id, store);
      const wasThere = await forgetKey(accessKeyId, store);
      for (const id of [accessKeyId, ...others]) marks.remove(id);
      return wasThere;
    };
    const deleted = await forget().catch((error: unknown) => {
      if (!isAwsRoleError(error)) throw error;
      throw isReturned
        ? new AwsRoleError(
            error.code,
            `the key ${accessKeyId} of ${name} is in ${files.credentials.file}, in plain text, but it is still in the store, too: ${error.message}`,
            {
              hint: `when the store answers: awsrole add-key ${name} --from-credentials-file, then the same command again`,
              cause: error,
            },
          )
        : new AwsRoleError(
            error.code,
            `the profile ${name} is removed, but its key is still in the store: ${error.message}`,
            {
              hint: "restore the profile with awsrole undo, then run the same command again",
              cause: error,
            },
          );
    });
    if (args.json) {
      printJson(context, {
        profile: name,
        accessKeyId,
        otherAccessKeyIds: others,
        deleted,
        file,
        returned: isReturned,
      });
    } else if (!args.quiet) {
      printDone(
        context,
        isReturned
          ? `the key ${accessKeyId} of ${name} is in ${files.credentials.file} again, in plain text, and no longer in the store`
          : deleted
            ? `the key ${accessKeyId} of ${name} is deleted here; it is still active in AWS`
            : `the key ${accessKeyId} of ${name} was not in the store; its profile is removed`,
      );
      if (!isReturned)
        context.stdout(
          `delete it there with: aws iam delete-access-key --access-key-id ${escapeControls(accessKeyId)}\n`,
        );
      for (const id of others)
        context.stdout(
          escapeControls(
            `its other key ${id}, of an unfinished rotation, is deleted here too; delete it in AWS with: aws iam delete-access-key --access-key-id ${id}`,
          ) + "\n",
        );
    }
    return 0;
  },
});

/** The keys that a profile left behind: no profile names them. */
async function orphanedKeys(
  context: Context,
  { config }: AwsFiles,
  name: string,
): Promise<readonly string[]> {
  return (await rowsOf(context).list())
    .filter(({ kind, profile }) => kind === "key" && profile === name)
    .map(({ account }) => account.slice(keyAccount("").length))
    .filter((id) => profilesWithKey(config, id).length === 0);
}

const restoring =
  "awsrole undo restores the profile, if removing it was the last change of the config";

async function removeOrphans(
  context: Context,
  args: {
    readonly store: string | undefined;
    readonly json: boolean;
    readonly quiet: boolean;
    readonly yes: boolean;
    readonly input: boolean;
    readonly "to-credentials-file": boolean;
  },
  {
    name,
    ids,
    files,
  }: { readonly name: string; readonly ids: readonly string[]; readonly files: AwsFiles },
): Promise<number> {
  if (args["to-credentials-file"])
    throw new AwsRoleError(
      "ERR_PROFILE_NOT_FOUND",
      `profile ${name}, which left the key ${ids.join(", ")}, no longer exists`,
      { hint: restoring },
    );
  if (!args.yes)
    await confirmOnlyCopy(context, args.input, {
      profile: name,
      accessKeyIds: ids,
      command: "remove-key",
      keeping: restoring,
    });
  const store = prepareStore(context, { ...args, files });
  const marks = openPendingRotations(context.stateDir);
  let deleted = false;
  for (const id of ids) {
    deleted = (await forgetKey(id, store)) || deleted;
    marks.remove(id);
  }
  const [accessKeyId, ...otherAccessKeyIds] = ids;
  if (args.json)
    printJson(context, { profile: name, accessKeyId, otherAccessKeyIds, deleted, returned: false });
  else if (!args.quiet)
    for (const id of ids) {
      printDone(context, `the key ${id} of ${name} is deleted here; it is still active in AWS`);
      context.stdout(
        `delete it there with: aws iam delete-access-key --access-key-id ${escapeControls(id)}\n`,
      );
    }
  return 0;
}
