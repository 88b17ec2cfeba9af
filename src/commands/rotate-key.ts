import { formatUntil } from "../cli/times.ts";
import { printDone, printError, printNotice } from "../cli/messages.ts";
import { printJson } from "../cli/output.ts";
import type { Context } from "../foundation/context.ts";
import { setTimeout as pause } from "node:timers/promises";
import { confirm } from "../cli/confirm.ts";
import { defineCommand, fetchOptions } from "../cli/command.ts";
import { readAwsFiles } from "../config/files.ts";
import { connectionFor } from "../config/connection.ts";
import { resolveChain } from "../credentials/chain.ts";
import { getCredentials } from "../credentials/get-credentials.ts";
import { withLock } from "../locks/single-flight.ts";
import { storeOfKey } from "../credentials/sources/keychain-key.ts";
import { deadlineFromNow } from "../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { createKeyStore } from "../keys/key-store.ts";
import { keyIdOf, switchKey } from "../keys/key-profile.ts";
import { type Finished, finishRotation, rotateKey, type Rotation } from "../keys/rotation.ts";
import { openPendingRotations } from "../keys/rotation-file.ts";
import { verifyKey } from "../keys/verify-key.ts";
import { openSessions } from "../sessions/open-sessions.ts";
import { prepareStore } from "../sessions/open-store.ts";
import { editConfig } from "../profiles/edit-config.ts";
import { findProfile, requireName } from "../profiles/find-profile.ts";

/** Time for a code, for IAM's delay with new keys, and for the calls. */
const totalMs = 180_000;

export default defineCommand({
  usage: "rotate-key [NAME]",
  summary: "rotate a profile's access key",
  description:
    "Creates and stores a new access key, waits until it is active, switches every profile with the old key to it, and deactivates the old key. " +
    "Once everything works, --finish deletes the old key. If interrupted, run it again.",
  positionals: { NAME: { describe: "profile of the key" } },
  options: {
    finish: {
      type: "boolean",
      default: false,
      describe: "delete the old key, after confirmation",
    },
    yes: { type: "boolean", default: false, describe: "do not ask for confirmation" },
    "older-than": {
      type: "string",
      value: "DAYS",
      describe: "only if the key is older (90d); without NAME every key in a store that is",
    },
    "mfa-code": fetchOptions["mfa-code"],
  },
  examples: [
    { command: "awsrole rotate-key bob", says: "create a new key and deactivate the old one" },
    {
      command: "awsrole rotate-key bob --finish --yes",
      says: "delete the old key, some days later",
    },
    { command: "awsrole rotate-key --older-than 90d", says: "every key that is due" },
  ],
  async run(context, args) {
    const olderThan = args["older-than"];
    const name = args.positionals["NAME"];
    if (olderThan === undefined) {
      requireName("rotate-key", name);
      return rotate(context, name ?? "", args);
    }
    if (args.finish)
      throw new AwsRoleError("ERR_USAGE", "--older-than cannot be combined with --finish", {
        hint: "usage: awsrole rotate-key [NAME] --older-than 90d",
      });
    const days = parseDays(olderThan);
    return rotateAll(context, name === undefined ? keyProfiles(context) : [name], days, args);
  },
});

type RotateArguments = Arguments & {
  readonly yes: boolean;
  readonly finish: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
};

/** One profile's rotation; `olderThanDays`: only of an older key. 0. @throws what forbids it. */
function rotate(
  context: Context,
  name: string,
  args: RotateArguments,
  olderThanDays?: number,
): Promise<number> {
  const say = (text: string): void => {
    if (!args.quiet) printNotice(context, text);
  };
  const print = (facts: Readonly<Record<string, unknown>>, text: string): void => {
    if (args.json) printJson(context, facts);
    else if (!args.quiet) for (const line of text.split("\n")) printDone(context, line);
  };
  return withLock(
    { dir: context.runtimeDir(), key: `rotate-key ${rotationOf(context, name)}`, waitMs: 1000 },
    async () => {
      const rotation = await prepare(context, name, args, say);
      const days = olderThanDays === undefined ? undefined : await ageInDays(context, rotation);
      if (olderThanDays !== undefined && days !== undefined && days <= olderThanDays) {
        const { currentId } = rotation;
        print(
          { profile: name, accessKeyId: currentId, days, how: "young enough" },
          `${name} keeps the key ${currentId}: it is ${days} days old`,
        );
      } else if (args.finish) {
        const { oldAccessKeyId, lastUse } = await finishRotation(rotation, (old) =>
          agreeToDelete(context, args, name, old),
        );
        print(
          { profile: name, deleted: oldAccessKeyId, lastUsedAt: lastUse?.at, lastUse },
          `deleted the old key ${oldAccessKeyId}`,
        );
      } else {
        const rotated = await rotateKey(rotation);
        print(
          { profile: name, ...rotated },
          `${name} has the key ${rotated.newAccessKeyId}${rotated.how === "already rotated" ? " already" : ""}; the old one, ${rotated.oldAccessKeyId}, is inactive\n` +
            `once everything works, delete the old key with: awsrole rotate-key ${name} --finish`,
        );
      }
      return 0;
    },
  );
}

/** One after the other; a key that cannot be rotated does not keep the others from it. With `--json` a line for each. */
async function rotateAll(
  context: Context,
  names: readonly string[],
  days: number,
  args: RotateArguments,
): Promise<number> {
  let code = 0;
  for (const name of names) {
    try {
      await rotate(context, name, args, days);
    } catch (error) {
      if (!isAwsRoleError(error) || error.code === "ERR_INTERRUPTED") throw error;
      if (names.length === 1) throw error;
      printError(context, { message: `${name}: ${error.message}`, hint: error.hint });
      code = 1;
    }
  }
  return code;
}

/** A profile for each key that is in a store. @throws ERR_PROFILE_NOT_FOUND for none. */
function keyProfiles({ env, platform }: Context): readonly string[] {
  const files = readAwsFiles(env, platform);
  const byKey = new Map<string, string>();
  for (const name of files.profileNames()) {
    const id = keyIdOf(files, name);
    if (id !== undefined && !files.profile(name)?.has("awsrole_role_arn") && !byKey.has(id))
      byKey.set(id, name);
  }
  if (byKey.size > 0) return [...byKey.values()];
  throw new AwsRoleError("ERR_PROFILE_NOT_FOUND", "no profile has its access key in a store", {
    hint: "awsrole add-key NAME --from-credentials-file takes a key over",
  });
}

/** Undefined where AWS does not say. */
async function ageInDays(
  context: Context,
  { iam, currentId }: Rotation,
): Promise<number | undefined> {
  const keys = await iam.listAccessKeys();
  const created = keys.find(({ accessKeyId }) => accessKeyId === currentId)?.createdAt;
  return created === undefined
    ? undefined
    : Math.floor((context.clock.now().getTime() - created.getTime()) / dayMs);
}

const dayMs = 24 * 3600 * 1000;

/** @throws ERR_USAGE. */
function parseDays(text: string): number {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  if (days !== undefined) return Number(days);
  throw new AwsRoleError("ERR_USAGE", `rotate-key: invalid value "${text}" for --older-than`, {
    hint: "a number of days: 90d",
  });
}

/**
 * What names a rotation for all who may work on it: the key that it began with. Profiles can share a key, and the profile names the new
 * key before the old one is dealt with.
 */
function rotationOf(context: Context, name: string): string {
  const current = keyIdOf(readAwsFiles(context.env, context.platform), name);
  if (current === undefined) return name;
  return openPendingRotations(context.stateDir).findByNewKey(current)?.oldAccessKeyId ?? current;
}

type Arguments = {
  readonly store: string | undefined;
  readonly input: boolean;
  readonly "mfa-code": string | undefined;
};

async function prepare(
  context: Context,
  name: string,
  args: Arguments,
  say: (text: string) => void,
): Promise<Rotation> {
  const { env, platform } = context;
  const files = readAwsFiles(env, platform);
  findProfile(files, name);
  const currentId = keyIdOf(files, name);
  const chain = resolveChain(files, name, env);
  if (currentId === undefined || chain.kind === "role") {
    throw new AwsRoleError("ERR_PROFILE_INVALID", `profile ${name} has no access key`, {
      hint: `store its key with: awsrole add-key ${name} --from-credentials-file`,
    });
  }
  const deadline = deadlineFromNow(totalMs);
  const store = prepareStore(context, { ...args, files, deadline });
  const sessions = openSessions(context, {
    files,
    store,
    deadline,
    profile: name,
    mfaCode: args["mfa-code"],
    input: args.input,
    notice: say,
  });
  const { credentials } = await getCredentials(chain, { use: "sign" }, sessions);
  const [{ createIam }, { createSts }] = await Promise.all([
    import("../aws/iam.ts"),
    import("../aws/sts.ts"),
  ]);
  const sts = createSts(connectionFor(context, files, name, "sts"), deadline);
  const { arn } = await sts.getCallerIdentity(credentials);
  return {
    profile: name,
    currentId,
    iam: createIam(connectionFor(context, files, name, "iam"), credentials, deadline),
    keys: createKeyStore(
      await store.openNamedStore(await storeOfKey(store.rows, currentId)),
      store.rows,
    ),
    marks: openPendingRotations(context.stateDir),
    verify: (key) => verifyKey(key, arn, { sts, deadline, pause }),
    switchProfiles: async (oldId, newId) => {
      await editConfig(context, {
        action: `rotate-key ${name}`,
        dryRun: false,
        notUndoable: "the old key is deactivated at AWS",
        edit: ({ config }) => switchKey(config, oldId, newId),
      });
    },
    now: () => context.clock.now(),
    say,
  };
}

/** A key that is deleted in AWS cannot be restored. @throws ERR_USAGE where no person can be asked, ERR_PERSON_REFUSED. */
async function agreeToDelete(
  context: Context,
  args: { readonly yes: boolean; readonly input: boolean; readonly quiet: boolean },
  name: string,
  { oldAccessKeyId, lastUse }: Finished,
): Promise<void> {
  const fact = `the old access key ${oldAccessKeyId} of ${name} was last used ${describeUse(context.clock.now(), lastUse)}`;
  if (args.yes) {
    if (!args.quiet) printNotice(context, fact);
    return;
  }
  await confirm(context.platform, args.input, {
    facts: [fact],
    question: `Delete ${oldAccessKeyId} in AWS and in the store?`,
    code: "ERR_USAGE",
    asks: `rotate-key --finish asks for confirmation before it deletes ${oldAccessKeyId} (last used ${describeUse(context.clock.now(), lastUse)})`,
    hint: `to delete it without confirmation, run: awsrole rotate-key ${name} --finish --yes`,
    refused: "nothing was deleted",
  });
}

function describeUse(
  now: Date,
  use: { readonly at: Date; readonly service: string; readonly region: string } | undefined,
): string {
  return use === undefined
    ? "never, according to AWS"
    : `${formatUntil(use.at, now)}, for ${use.service} in ${use.region}`;
}
