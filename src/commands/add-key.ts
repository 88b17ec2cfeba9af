import { printDone, printError, printWarning } from "../cli/messages.ts";
import { readGoodLines, sectionNames } from "../config/document.ts";
import { printJson } from "../cli/output.ts";
import type { Context } from "../foundation/context.ts";
import { setTimeout as pause } from "node:timers/promises";
import { defineCommand } from "../cli/command.ts";
import { type AwsFiles, combineDocuments, readAwsFiles } from "../config/files.ts";
import { realTarget, assertReplaceable } from "../config/write.ts";
import { readProfile } from "../config/profiles.ts";
import { credentialProcessLine, findProgram, runningProgram } from "../program/program-path.ts";
import { connectionFor } from "../config/connection.ts";
import { assertWritableName } from "../config/names.ts";
import type { CallerIdentity } from "../aws/sts.ts";
import type { LongTermKey } from "../credentials/key-item.ts";
import { deadlineFromNow, deadlineMs } from "../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { assertKeepsKeys, createKeyStore } from "../keys/key-store.ts";
import { assertSeparateFactors } from "../keys/separate-factors.ts";
import { keyAccount } from "../credentials/cache/item-names.ts";
import { keyIdOf, renamedKeys, withoutPlainKey, writeKeyProfile } from "../keys/key-profile.ts";
import { readKey, readKeyFromFiles } from "../keys/read-key.ts";
import { type OpenStore, prepareStore } from "../sessions/open-store.ts";
import { storeProblem } from "../stores/probe.ts";
import { assertNotShadowed } from "../profiles/preflight.ts";
import { type ConfigEdit, editConfig } from "../profiles/edit-config.ts";
import { requireName } from "../profiles/find-profile.ts";

export default defineCommand({
  usage: "add-key [NAME]",
  summary: "store an IAM user's access key in the keychain as a profile",
  description:
    "Stores an IAM user's access key in the OS keychain and creates profile NAME for it, which roles can use as their source. " +
    "The key is prompted for (input is hidden), read from standard input, or moved from the credentials file.",
  positionals: { NAME: { describe: "profile of the key" } },
  options: {
    "from-credentials-file": {
      type: "boolean",
      default: false,
      describe: "move the key of [NAME] from ~/.aws/credentials to the store",
    },
    all: {
      type: "boolean",
      default: false,
      describe: "with --from-credentials-file: every access key in the file",
    },
    yes: {
      type: "boolean",
      default: false,
      describe: "even into a file or pass store that has an MFA seed too",
    },
    command: {
      type: "string",
      value: "PATH",
      describe: "absolute path of awsrole to use in credential_process",
    },
  },
  examples: [
    { command: "awsrole add-key bob", says: "prompt for the key" },
    {
      command: "awsrole add-key bob --from-credentials-file",
      says: "move the key from the credentials file to the keychain",
    },
    {
      command: "awsrole add-key --all --from-credentials-file",
      says: "leaves no key in plain text",
    },
    {
      command: "aws iam create-access-key | awsrole add-key bob",
      says: "create a key and store it without showing the secret",
    },
  ],
  async run(context, args) {
    if (args.all) return addAll(context, args);
    const name = requireName("add-key", args.positionals["NAME"]);
    report(context, args, await addKey(context, name, args));
    return 0;
  },
});

type Arguments = {
  readonly positionals: Readonly<Record<string, string | undefined>>;
  readonly "from-credentials-file": boolean;
  readonly command: string | undefined;
  readonly store: string | undefined;
  readonly input: boolean;
  readonly yes: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
};

/** One after the other: a key that cannot be moved stays where it is, and does not keep the others from it. */
async function addAll(context: Context, args: Arguments): Promise<number> {
  if (args.positionals["NAME"] !== undefined || !args["from-credentials-file"])
    throw new AwsRoleError("ERR_USAGE", "add-key: --all goes with --from-credentials-file alone", {
      hint: "usage: awsrole add-key --all --from-credentials-file",
    });
  const { credentials } = readAwsFiles(context.env, context.platform);
  const names = sectionNames(credentials, "profile").filter((name) => {
    // One with a bad line is tried, and its error is its own.
    const settings = readGoodLines(credentials, "profile", name);
    const isSession = settings?.has("aws_session_token") || settings?.has("aws_security_token");
    return settings?.has("aws_access_key_id") === true && isSession !== true;
  });
  if (names.length === 0)
    throw new AwsRoleError(
      "ERR_PROFILE_NOT_FOUND",
      `there is no access key in ${credentials.file}`,
      {
        hint: "sessions, which have a token, stay there",
      },
    );
  const moved: Report[] = [];
  const failed: { readonly profile: string; readonly error: AwsRoleError }[] = [];
  for (const name of names) {
    try {
      moved.push(await addKey(context, name, args));
    } catch (error) {
      if (!isAwsRoleError(error) || error.code === "ERR_INTERRUPTED") throw error;
      failed.push({ profile: name, error });
    }
  }
  for (const facts of moved)
    report(context, { ...args, json: false, quiet: args.quiet || args.json }, facts);
  for (const { profile, error } of failed)
    printError(context, {
      message: `the key of ${profile} stays in the credentials file: ${error.message}`,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  if (args.json)
    printJson(context, {
      moved,
      failed: failed.map(({ profile, error: { code, message } }) => ({ profile, code, message })),
    });
  return failed.length === 0 ? 0 : 1;
}

/** Keeps the key and makes NAME its profile. @throws what forbids it; then the key is where it was. */
async function addKey(context: Context, name: string, args: Arguments): Promise<Report> {
  assertWritableName(name, context.platform);
  const isMoved = args["from-credentials-file"];
  const files = readAwsFiles(context.env, context.platform);
  const program = findProgram(runningProgram(context.env, context.platform), args.command);
  const line = credentialProcessLine(program, name);
  const alreadyMoved = isMoved ? await keptKeyOf(context, files, name, args) : undefined;
  if (!isMoved) assertNoPlainKey(files, name);
  if (!args.yes) await assertApartFromSeeds(prepareStore(context, { ...args, files }), files, name);
  // Before anybody types a secret: what forbids the profile whatever the key is.
  if (!isMoved) {
    await editConfig(context, rehearsal(files, name, line));
    await assertStoreAnswers(prepareStore(context, { ...args, files }));
  }
  const key =
    alreadyMoved ??
    (isMoved ? readKeyFromFiles(files, name) : await readKey(context, name, args.input));

  const write: ConfigEdit = {
    action: `add-key ${name}`,
    dryRun: false,
    edit: ({ config }) => writeKeyProfile(config, name, key.accessKeyId, line),
    review: ({ config, credentials }) => {
      readProfile(combineDocuments(config, plainKeyGone(credentials)), name);
      return program.warnings;
    },
  };
  const plainKeyGone = (credentials: AwsFiles["credentials"]): AwsFiles["credentials"] =>
    isMoved ? withoutPlainKey(credentials, name, key.accessKeyId) : credentials;
  // What forbids the profile is reported before anything is stored.
  await editConfig(context, { ...write, dryRun: true });
  await assertReplaceable(await realTarget(files.config.file));
  if (isMoved) await assertReplaceable(await realTarget(files.credentials.file));
  const identity = await identify(context, files, name, key);
  const store = prepareStore(context, { ...args, files });
  const keys = createKeyStore(await store.openStore(), store.rows);
  await keys.put(identity === undefined ? key : { ...key, accountId: identity.account }, name);
  const { file, warnings } = await editConfig(context, write);
  const removal = isMoved
    ? await editConfig(context, {
        ...write,
        kind: "credentials",
        edit: ({ credentials }) => plainKeyGone(credentials),
      })
    : undefined;
  return {
    profile: name,
    renamed: renamedKeys(files.profile(name)),
    accessKeyId: key.accessKeyId,
    account: identity?.account,
    arn: identity?.arn,
    verified: identity !== undefined,
    store: keys.storeName,
    file,
    // Of a move that was finished long ago nothing is left in the file.
    moved: removal !== undefined && (alreadyMoved === undefined || removal.diff !== ""),
    warnings,
  };
}

/** Before anybody types a secret, so that of a new key no id is known. @throws ERR_STORE_UNAVAILABLE where one passphrase would open both factors. */
async function assertApartFromSeeds(
  { name: store, rows }: OpenStore,
  files: AwsFiles,
  name: string,
): Promise<void> {
  const before = await rows.list();
  const account = keyAccount(keyIdOf(files, name) ?? "new");
  assertSeparateFactors(before, [...before, { account, kind: "key", store }], store);
}

/** @throws what keeps the store from taking a key. */
async function assertStoreAnswers({ name, openStore }: OpenStore): Promise<void> {
  assertKeepsKeys({ name }, "access key");
  const problem = await storeProblem(openStore);
  if (problem === undefined) return;
  const { code, message } = problem;
  throw code === "ERR_STORE_UNAVAILABLE" && name === "keychain"
    ? new AwsRoleError(code, message, {
        cause: problem,
        hint: "to keep it in an encrypted file instead, run: awsrole store use file",
      })
    : problem;
}

function rehearsal(files: AwsFiles, name: string, line: string): ConfigEdit {
  const settings = files.profile(name);
  const accessKeyId =
    keyIdOf(files, name) ?? settings?.get("aws_access_key_id")?.value ?? "AKIA0000000000000000";
  return {
    action: `add-key ${name}`,
    dryRun: true,
    edit: ({ config }) => writeKeyProfile(config, name, accessKeyId, line),
    review: ({ config, credentials }) => {
      readProfile(combineDocuments(config, credentials), name);
      return [];
    },
  };
}

/** The key of a move that was interrupted between the config and the credentials file, or that has long been done. */
async function keptKeyOf(
  context: Context,
  files: AwsFiles,
  name: string,
  args: { readonly store: string | undefined; readonly input: boolean },
): Promise<LongTermKey | undefined> {
  const accessKeyId = keyIdOf(files, name);
  if (accessKeyId === undefined || files.profile(name)?.has("aws_secret_access_key") === true)
    return undefined;
  const store = prepareStore(context, { ...args, files });
  return createKeyStore(await store.openStore(), store.rows).get(accessKeyId);
}

function assertNoPlainKey(files: AwsFiles, name: string): void {
  const plain = files.credentialsProfile(name)?.get("aws_access_key_id");
  if (plain === undefined) return assertNotShadowed(files, name);
  throw new AwsRoleError(
    "ERR_CONFIG_CONFLICT",
    `[${name}] has a key in the credentials file (${plain.file}:${plain.line}), which AWS tools would continue to use`,
    { hint: `move that key with: awsrole add-key ${name} --from-credentials-file` },
  );
}

/** Who the key belongs to; undefined where AWS cannot be reached. @throws what AWS has against the key. */
async function identify(
  context: Context,
  files: AwsFiles,
  name: string,
  key: LongTermKey,
): Promise<CallerIdentity | undefined> {
  const { createSts } = await import("../aws/sts.ts");
  const deadline = deadlineFromNow(deadlineMs.unattended);
  const sts = createSts(connectionFor(context, files, name), deadline);
  try {
    return await retryUntilConsistent(() => sts.getCallerIdentity(key), deadline);
  } catch (error) {
    const isUnreachable =
      isAwsRoleError(error) &&
      ["ERR_NETWORK", "ERR_DEADLINE", "ERR_AWS_UNAVAILABLE", "ERR_AWS_THROTTLED"].includes(
        error.code,
      );
    if (isUnreachable) return undefined;
    throw error;
  }
}

type Report = {
  readonly profile: string;
  /** Settings that are now `awsrole_` ones. */
  readonly renamed: readonly string[];
  readonly accessKeyId: string;
  readonly account: string | undefined;
  readonly arn: string | undefined;
  readonly verified: boolean;
  readonly store: string;
  readonly file: string;
  readonly moved: boolean;
  readonly warnings: readonly string[];
};

function report(
  context: Context,
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
  facts: Report,
): void {
  const { profile, renamed, accessKeyId, arn, verified, store, moved, warnings } = facts;
  const notes = [
    ...warnings,
    ...(verified ? [] : ["AWS could not be reached, so the key was not verified"]),
    ...(moved
      ? [
          `this key was stored in plain text and may be compromised; rotate it: awsrole rotate-key ${profile}`,
        ]
      : []),
  ];
  for (const note of notes) printWarning(context, note);
  if (json) printJson(context, facts);
  else if (!quiet) {
    const owner = arn === undefined ? "" : ` (${arn})`;
    printDone(
      context,
      `Stored access key ${accessKeyId}${owner} in the ${store} store; profile ${profile} now uses it`,
    );
    for (const key of renamed) printDone(context, `renamed ${key} to awsrole_${key}`);
  }
}

/** AWS says a new key's secret once, and knows the key itself only some seconds later: without waiting, the secret would be lost. */
async function retryUntilConsistent<T>(
  ask: () => Promise<T>,
  deadline: { remainingMs(): number },
): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { isEventuallyConsistent } = await import("../aws/iam-admin.ts");
      if (!isEventuallyConsistent(error) || deadline.remainingMs() < 3000) throw error;
      await pause(1000);
    }
  }
}
