import { printNotice } from "../cli/messages.ts";
import { printJson } from "../cli/output.ts";
import type { Context } from "../foundation/context.ts";
import { setTimeout as pause } from "node:timers/promises";
import { defineCommand, fetchOptions } from "../cli/command.ts";
import { escapeControls } from "../foundation/text.ts";
import { readAwsFiles } from "../config/files.ts";
import { connectionFor } from "../config/connection.ts";
import { resolveChain } from "../credentials/chain.ts";
import { getCredentials } from "../credentials/get-credentials.ts";
import { withLock } from "../locks/single-flight.ts";
import { storeOfKey } from "../credentials/sources/keychain-key.ts";
import { deadlineFromNow } from "../foundation/deadline.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { createKeyStore } from "../keys/key-store.ts";
import { keyIdOf, switchKey } from "../keys/key-profile.ts";
import { finishRotation, rotateKey, type Rotation } from "../keys/rotation.ts";
import { openPendingRotations } from "../keys/rotation-file.ts";
import { verifyKey } from "../keys/verify-key.ts";
import { openSessions } from "../sessions/open-sessions.ts";
import { prepareStore } from "../sessions/open-store.ts";
import { editConfig } from "../profiles/edit-config.ts";
import { findProfile, requireName } from "../profiles/find-profile.ts";

/** Time for a code, for IAM's delay with new keys, and for the calls. */
const totalMs = 180_000;

export default defineCommand({
  usage: "rotate-key NAME",
  summary: "exchange a profile's access key for a new one",
  description:
    "Makes a new access key, keeps it, waits until AWS knows it, switches every profile with the old key to it, and deactivates the old one. " +
    "When nothing has broken, --finish deletes the old key. Interrupted, it goes on where it was when it is run again.",
  positionals: { NAME: { describe: "the profile of the key" } },
  options: {
    finish: {
      type: "boolean",
      default: false,
      describe: "delete the old key, after showing when it was last used",
    },
    "mfa-code": fetchOptions["mfa-code"],
  },
  examples: [
    { command: "awsrole rotate-key bob", says: "a new key; the old one is inactive" },
    { command: "awsrole rotate-key bob --finish", says: "some days later: the old one is deleted" },
  ],
  async run(context, args) {
    const name = requireName("rotate-key", args.positionals["NAME"]);
    const say = (text: string): void => {
      if (!args.quiet) printNotice(context, text);
    };
    const print = (facts: Readonly<Record<string, unknown>>, text: string): void => {
      if (args.json) printJson(context, facts);
      else if (!args.quiet) context.stdout(`${escapeControls(text, { keepLineFeeds: true })}\n`);
    };
    return withLock(
      { dir: context.runtimeDir(), key: `rotate-key ${rotationOf(context, name)}`, waitMs: 1000 },
      async () => {
        const rotation = await prepare(context, name, args, say);
        if (args.finish) {
          const { oldAccessKeyId, lastUse } = await finishRotation(rotation, (old) =>
            say(`${old.oldAccessKeyId} was last used ${describeUse(old.lastUse)}`),
          );
          print(
            { profile: name, deleted: oldAccessKeyId, lastUsedAt: lastUse?.at, lastUse },
            `the old key ${oldAccessKeyId} is deleted`,
          );
        } else {
          const rotated = await rotateKey(rotation);
          print(
            { profile: name, ...rotated },
            `${name} has the key ${rotated.newAccessKeyId}${rotated.how === "already rotated" ? " already" : ""}; the old one, ${rotated.oldAccessKeyId}, is inactive\n` +
              `next, when nothing has broken: awsrole rotate-key ${name} --finish`,
          );
        }
        return 0;
      },
    );
  },
});

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
    throw new AwsRoleError("ERR_PROFILE_INVALID", `profile ${name} is not the profile of a key`, {
      hint: `awsrole add-key ${name} --from-credentials-file takes a key over`,
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
        notUndoable: "the old key is about to be inactive at AWS",
        edit: ({ config }) => switchKey(config, oldId, newId),
      });
    },
    now: () => context.clock.now(),
    say,
  };
}

function describeUse(
  use: { readonly at: Date; readonly service: string; readonly region: string } | undefined,
): string {
  return use === undefined
    ? "never, as far as AWS knows"
    : `${use.at.toISOString().slice(0, 19)}Z for ${use.service} in ${use.region}`;
}
