/**
 * The machine interface: one line on stdout, or an empty stdout and an error. Nothing on stderr on success.
 * The cache hit is answered before this module is loaded (`cache-hit.ts`).
 */
import type { Context } from "../foundation/context.ts";
import {
  commonOptions,
  defineCommand,
  fetchOptions,
  type OptionTable,
  spellOption,
} from "../cli/command.ts";
import { assertPrivateOutput } from "../cli/output.ts";
import { findTerminal } from "../cli/terminal.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import {
  deviceOfChain,
  type Hop,
  profilesOf,
  resolveChain,
  type SsoHop,
} from "../credentials/chain.ts";
import { formatCredentialProcessOutput } from "../credentials/process-output.ts";
import type { FirstRead } from "../credentials/cache/session-cache.ts";
import { deadlineFromProcessStart, deadlineMs } from "../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { noteDeadline } from "../foundation/opened-file.ts";
import { getAndLog } from "../sessions/audit-log.ts";
import { findPrompter, openSessions } from "../sessions/open-sessions.ts";
import { prepareStore, tokenPlaces } from "../sessions/open-store.ts";

const usage = "credential-process --profile NAME [options]";

const options = {
  profile: { type: "string", completes: "profiles", describe: "the profile" },
  store: commonOptions.store,
  input: commonOptions.input,
  ...fetchOptions,
  debug: commonOptions.debug,
} as const satisfies OptionTable;

/** For help, the docs, and lines with an option before the command: programs come in at `cache-miss.ts`, without yargs. */
export default defineCommand({
  usage,
  summary: "print credentials for an SDK (used in ~/.aws/config)",
  description:
    "Prints the credentials of a profile as one line of credential_process JSON: from the cache " +
    "while they are fresh, otherwise from AWS. It ignores AWS_PROFILE. On failure it prints only an error to stderr.",
  options,
  examples: [
    {
      command: "credential_process = /usr/local/bin/awsrole credential-process --profile prod",
      says: "the line in ~/.aws/config, as add-profile writes it",
    },
    {
      command: "awsrole credential-process --profile prod --debug > /dev/null",
      says: "debug why an SDK gets no credentials, without showing secrets",
    },
  ],
  isForPrograms: true,
  run: (context, args) =>
    printCredentials(context, {
      profile: requireProfileOption(args.profile),
      store: args.store,
      mfaCode: args["mfa-code"],
      input: args.input,
      forceRefresh: args["force-refresh"],
    }),
});

/** What a line of credential-process asks for. */
export type CredentialProcessArguments = {
  readonly profile: string;
  readonly store: string | undefined;
  readonly mfaCode: string | undefined;
  readonly input: boolean;
  readonly forceRefresh: boolean;
};

/**
 * Prints the credentials of one profile; AWS_PROFILE is ignored. `words`: those behind `credential-process`.
 * @throws ERR_USAGE, ERR_CONFIG_…, ERR_PROFILE_…, and what `getCredentials` throws.
 */
export async function credentialProcess(
  context: Context,
  words: readonly string[],
  firstRead?: FirstRead,
): Promise<number> {
  return printCredentials(context, parseArguments(words), firstRead);
}

async function printCredentials(
  context: Context,
  args: CredentialProcessArguments,
  firstRead?: FirstRead,
): Promise<number> {
  const safe = `(umask 077; awsrole credential-process --profile ${args.profile} > FILE)`;
  assertPrivateOutput(context, "credential-process", safe, { hasForce: false });
  const files = readAwsFiles(context.env, context.platform);
  const chain = resolveChain(files, args.profile, context.env);
  if (chain.kind === "base" && chain.source.kind === "static") {
    throw new AwsRoleError(
      "ERR_PROFILE_INVALID",
      `profile ${args.profile} has static keys in plain text, which awsrole does not return`,
      {
        hint: `remove its credential_process line, or move the key to the keychain: awsrole add-key ${args.profile} --from-credentials-file`,
      },
    );
  }
  const device = deviceOfChain(chain);
  const isAttended =
    (device !== undefined &&
      findPrompter(context, args.input, device.prompt).kind === "prompter") ||
    // The command may ask the person for a password.
    (endsInSaml(chain) && args.input && findTerminal(context.platform).kind === "prompter");
  const signIn = autoSignInOf(context, files, chain, args);
  const totalMs = isAttended || signIn !== undefined ? deadlineMs.attended : deadlineMs.unattended;
  const deadline = deadlineFromProcessStart(totalMs);
  noteDeadline(totalMs);
  const sessions = openSessions(context, {
    files,
    store: args.store,
    deadline,
    forceRefresh: args.forceRefresh,
    firstRead,
    profile: args.profile,
    profiles: profilesOf(chain),
    mfaCode: args.mfaCode,
    input: args.input,
    isForProgram: true,
  });
  const get = () => getAndLog(context, args.profile, chain, sessions, files);
  const { credentials, how } = await get().catch(async (error: unknown) => {
    if (signIn === undefined || !isAwsRoleError(error) || error.code !== "ERR_LOGIN_NEEDED")
      throw error;
    const { autoSignIn } = await import("../sessions/auto-sign-in.ts");
    const places = tokenPlaces(context, prepareStore(context, { ...args, files, deadline }));
    await autoSignIn(context, signIn, { deadline, places });
    return get();
  });
  context.stdout(formatCredentialProcessOutput(credentials));
  if (how === "fetched") await sessions.cache.removeExpired();
  return 0;
}

function endsInSaml(chain: Hop): boolean {
  let hop = chain;
  while (hop.kind === "role" || hop.kind === "user-session") hop = hop.signer;
  return hop.kind === "base" && hop.source.kind === "saml";
}

/** The sign-in that this chain begins with, where a program may start it: its profile says so, and a person is at the terminal. */
function autoSignInOf(
  { platform }: Context,
  files: AwsFiles,
  chain: Hop,
  { profile, input }: CredentialProcessArguments,
): SsoHop | undefined {
  let hop = chain;
  while (hop.kind === "role" || hop.kind === "user-session") hop = hop.signer;
  if (hop.kind !== "sso") return undefined;
  const isAuto = [profile, hop.profileName].some(
    (name) => files.profile(name)?.get("awsrole_sso_login")?.value === "auto",
  );
  return isAuto && input && findTerminal(platform).kind === "prompter" ? hop : undefined;
}

/** Each option of the definition at most once, with a value or without as its type demands. @throws ERR_USAGE. */
export function parseArguments(words: readonly string[]): CredentialProcessArguments {
  const given = new Map<string, string>();
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    const [, typed, attached] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (typed === undefined) throw wrong(`unexpected argument ${word}`);
    const [name, option] =
      Object.entries(options).find(
        (entry) => spellOption(...entry).split(" ")[0] === `--${typed}`,
      ) ?? [];
    if (name === undefined || option === undefined) throw wrong(`unknown option --${typed}`);
    if (given.has(name)) throw wrong(`--${typed} is given twice`);
    if (option.type === "boolean") {
      if (attached !== undefined) throw wrong(`--${typed} takes no value`);
      given.set(name, "");
    } else {
      const value = attached ?? queue.shift();
      if (value === undefined || value === "" || (attached === undefined && value.startsWith("-")))
        throw wrong(`--${typed} needs a value`);
      given.set(name, value);
    }
  }
  return {
    profile: requireProfileOption(given.get("profile")),
    store: given.get("store"),
    mfaCode: given.get("mfa-code"),
    input: !given.has("input"),
    forceRefresh: given.has("force-refresh"),
  };
}

function requireProfileOption(profile: string | undefined): string {
  if (profile === undefined) throw wrong("--profile is missing");
  return profile;
}

function wrong(problem: string): AwsRoleError {
  return new AwsRoleError("ERR_USAGE", `credential-process: ${problem}`, {
    hint: `usage: awsrole ${usage}`,
  });
}
