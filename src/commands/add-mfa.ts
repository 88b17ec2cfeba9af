import { printWarning } from "../cli/messages.ts";
import { printJson } from "../cli/output.ts";
import { findTerminal } from "../cli/terminal.ts";
import { defineCommand } from "../cli/command.ts";
import { deleteKey, setKey } from "../config/edit.ts";
import { type Settings, sectionNames } from "../config/document.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import { storedSeed } from "../config/profiles.ts";
import { type Hop, resolveChain } from "../credentials/chain.ts";
import { parseSeed } from "../credentials/mfa/totp.ts";
import { storeOfKey } from "../credentials/sources/keychain-key.ts";
import type { Context } from "../foundation/context.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { unavailable } from "../foundation/prompter.ts";
import { escapeControls } from "../foundation/text.ts";
import { answerMs, readStandardInput } from "../keys/read-key.ts";
import { hasOnePassphrase } from "../keys/separate-factors.ts";
import { putSeed, removeSeed } from "../keys/seed-store.ts";
import { editConfig } from "../profiles/edit-config.ts";
import { findProfile, requireName } from "../profiles/find-profile.ts";
import { type OpenStore, prepareStore } from "../sessions/open-store.ts";

const seedKey = "awsrole_mfa_seed";

export default defineCommand({
  usage: "add-mfa NAME",
  summary: "keep the seed of an MFA device, so that no code has to be typed",
  description:
    "Keeps the seed (TOTP secret) of the profile's virtual MFA device in the store and computes its codes from then on. The seed is asked for and not shown, or read from " +
    "standard input: an otpauth URL, or the key that AWS shows beside the QR code. It makes one factor of two: what can read your store and your key can then do alone " +
    "what MFA was to prevent.",
  positionals: { NAME: { describe: "a profile with awsrole_mfa_serial" } },
  options: {
    remove: {
      type: "boolean",
      default: false,
      describe: "delete the seed, and ask for codes again",
    },
    yes: {
      type: "boolean",
      default: false,
      describe: "even into a file or pass store that has the access key too",
    },
  },
  examples: [
    { command: "awsrole add-mfa bob", says: "asks for the seed" },
    { command: "awsrole add-mfa bob --remove", says: "type the codes yourself again" },
  ],
  async run(context, args) {
    const name = requireName("add-mfa", args.positionals["NAME"]);
    const files = readAwsFiles(context.env, context.platform);
    const profile = findProfile(files, name);
    const serial = serialOf(name, profile);
    const store = prepareStore(context, { ...args, files });
    if (args.remove) return remove(context, args, { name, serial, files, store });
    assertNoProcess(name, profile);
    if (!args.yes) await assertTwoPlaces(files, name, store, context);
    const seed = await readSeed(context, name, args.input);
    await edit(context, `add-mfa ${name}`, name, storedSeed, true);
    const opened = await store.openStore();
    await putSeed(opened, store.rows, { serial, seed, profile: name });
    const { file } = await edit(context, `add-mfa ${name}`, name, storedSeed);
    printWarning(
      context,
      `the codes of ${serial} are computed here from now on: whatever reads the ${opened.name} store and the access key has both factors`,
    );
    if (args.json) printJson(context, { profile: name, serial, store: opened.name, file });
    else if (!args.quiet)
      context.stdout(
        escapeControls(
          `the seed of ${serial} is in the ${opened.name} store, for profile ${name}; awsrole whoami ${name} --force-refresh tries it`,
        ) + "\n",
      );
    return 0;
  },
});

function serialOf(name: string, { settings }: { readonly settings: Settings }): string {
  const serial = (settings.get("awsrole_mfa_serial") ?? settings.get("mfa_serial"))?.value;
  if (serial !== undefined && serial !== "") return serial;
  throw new AwsRoleError("ERR_PROFILE_INVALID", `profile ${name} has no MFA device of its own`, {
    hint: `awsrole edit-profile ${name} --mfa-serial ARN names one; a key profile's device is that of its roles, too`,
  });
}

function assertNoProcess(name: string, { settings }: { readonly settings: Settings }): void {
  const process = settings.get("awsrole_mfa_process") ?? settings.get("mfa_process");
  if (process === undefined) return;
  throw new AwsRoleError(
    "ERR_CONFIG_CONFLICT",
    `profile ${name} gets its codes from a program (${process.file}:${process.line})`,
    { hint: `awsrole edit-profile ${name} --mfa-process '' removes that` },
  );
}

/** @throws ERR_STORE_UNAVAILABLE where one passphrase would open both factors. */
async function assertTwoPlaces(
  files: AwsFiles,
  name: string,
  { name: storeName, rows }: OpenStore,
  { env }: Context,
): Promise<void> {
  if (!hasOnePassphrase(storeName)) return;
  const accessKeyId = keyBehind(resolveChain(files, name, env));
  if (accessKeyId === undefined || (await storeOfKey(rows, accessKeyId)) !== storeName) return;
  throw new AwsRoleError(
    "ERR_STORE_UNAVAILABLE",
    `the seed would be in the ${storeName} store beside the access key ${accessKeyId}: its passphrase alone would give both factors`,
    { hint: "--store keychain keeps it elsewhere; --yes keeps it there all the same" },
  );
}

function keyBehind(hop: Hop): string | undefined {
  if (hop.kind === "sso") return undefined;
  if (hop.kind !== "base") return keyBehind(hop.signer);
  return hop.source.kind === "keychain-key" ? hop.source.accessKeyId : undefined;
}

/** From standard input if something is there, else from the person at the terminal. @throws ERR_USAGE, ERR_PERSON_REFUSED. */
async function readSeed(context: Context, name: string, input: boolean): Promise<string> {
  if (!context.isTerminal.stdin) {
    const text = await readStandardInput();
    if (text.trim() !== "") return parseSeed(text);
  }
  const found = input
    ? findTerminal(context.platform)
    : unavailable("prompting is disabled by --no-input");
  if (found.kind === "unavailable")
    throw new AwsRoleError(
      "ERR_USAGE",
      `add-mfa: there is no seed on standard input, and ${found.reason}`,
      { hint: `pass show aws/mfa | awsrole add-mfa ${name}, or run it in a terminal` },
    );
  const question = "Seed of the MFA device, or its otpauth URL (not shown): ";
  const answer = await found.prompter.ask({ question, isSecret: true, timeoutMs: answerMs });
  if (answer.kind === "answer") return parseSeed(answer.text);
  throw new AwsRoleError("ERR_PERSON_REFUSED", "no seed was given", {});
}

function edit(
  context: Context,
  action: string,
  name: string,
  value: string | undefined,
  dryRun = false,
): ReturnType<typeof editConfig> {
  return editConfig(context, {
    action,
    dryRun,
    edit: (latest) => {
      const { id } = findProfile(latest, name);
      return value === undefined
        ? deleteKey(latest.config, id, seedKey)
        : setKey(latest.config, id, seedKey, value);
    },
    review: (latest) => {
      resolveChain(latest, name, context.env);
      return [];
    },
  });
}

async function remove(
  context: Context,
  args: { readonly json: boolean; readonly quiet: boolean },
  {
    name,
    serial,
    files,
    store,
  }: {
    readonly name: string;
    readonly serial: string;
    readonly files: AwsFiles;
    readonly store: OpenStore;
  },
): Promise<number> {
  const { file } = await edit(context, `add-mfa ${name} --remove`, name, undefined);
  const others = sectionNames(files.config, "profile").filter((one) => {
    const { settings } = findProfile(files, one);
    return one !== name && settings.has(seedKey) && serialOf(one, { settings }) === serial;
  });
  const deleted =
    others.length === 0 && (await removeSeed(store.openNamedStore, store.rows, serial));
  if (args.json) printJson(context, { profile: name, serial, deleted, file });
  else if (!args.quiet)
    context.stdout(
      escapeControls(
        others.length > 0
          ? `profile ${name} asks for codes again; the seed stays for ${others.join(", ")}`
          : `profile ${name} asks for codes again; the seed of ${serial} ${deleted ? "is deleted" : "was not in the store"}`,
      ) + "\n",
    );
  return 0;
}
