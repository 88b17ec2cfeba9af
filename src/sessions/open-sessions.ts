/** Composition: a context, the files and a command's options become what `credentials/` works with. */
import type { Context } from "../foundation/context.ts";
import { setTimeout as pause } from "node:timers/promises";
import { requestingProgram } from "../program/calling-program.ts";
import { findPinentry } from "../cli/pinentry.ts";
import type { Sts } from "../aws/sts.ts";
import type { Spin } from "../cli/spinner.ts";
import { findTerminal, withTerminalDescriptor } from "../cli/terminal.ts";
import { type PrompterResult, unavailable } from "../foundation/prompter.ts";
import type { Mfa } from "../config/profiles.ts";
import type { AwsFiles } from "../config/files.ts";
import type { StsConnection } from "../config/connection.ts";
import { createFailureCooldown } from "../state/failure-cooldown.ts";
import { createMfaCodes, type MfaCodes } from "../credentials/mfa/code-queue.ts";
import { createMfaMemory } from "../credentials/mfa/used-codes.ts";
import { runMfaProcess } from "../credentials/mfa/mfa-process.ts";
import { watchForLogout } from "../state/logout-epoch.ts";
import { inTurn, terminalTurn } from "../locks/in-turn.ts";
import { createSessionCache, type FirstRead } from "../credentials/cache/session-cache.ts";
import type { MemoryCache } from "../credentials/cache/memory-cache.ts";
import type { SessionDependencies, SsoAccess } from "../credentials/dependencies.ts";
import { resolveBaseCredentials } from "../credentials/sources/index.ts";
import { openItemIndex, type ItemIndex, type StoreName } from "../state/item-index.ts";
import type { Deadline } from "../foundation/deadline.ts";
import { chooseStore, type SecretStore, stores } from "../stores/open.ts";
import { withUnlockCooldown } from "../stores/keychain/unlock-cooldown.ts";
import type { SsoClients } from "../sso/clients.ts";
import { AwsRoleError } from "../foundation/errors.ts";

/** The store in use, opened on first use, with the rows that list its items. */
export type OpenStore = {
  readonly name: StoreName;
  readonly openStore: () => Promise<SecretStore>;
  /** Another one, or the same: a key stays in the store it was put in. */
  readonly openNamedStore: (name: StoreName) => Promise<SecretStore>;
  readonly isStoreNamed: boolean;
  readonly rows: ItemIndex;
};

/** `choice`: the options `--store` and `--no-input`, and whether a keychain may show its prompt (default: it may). @throws ERR_USAGE, ERR_STORE_UNAVAILABLE for a store that does not exist. */
export function prepareStore(
  context: Context,
  files: AwsFiles,
  choice: {
    readonly store?: string | undefined;
    readonly input: boolean;
    readonly mayPrompt?: boolean;
  },
  deadline: Deadline,
): OpenStore {
  const configured = files.profile("default")?.get("awsrole_store")?.value;
  const { name, isNamed } = chooseStore({
    flag: choice.store,
    environment: context.env["AWSROLE_STORE"],
    configured,
  });
  const opened = new Map<StoreName, Promise<SecretStore>>();
  const openNamedStore = (wanted: StoreName): Promise<SecretStore> => {
    const store =
      opened.get(wanted) ??
      openStoreByName(context, wanted, choice.input, deadline, choice.mayPrompt);
    opened.set(wanted, store);
    return store;
  };
  return {
    name,
    openStore: () => openNamedStore(name),
    openNamedStore,
    isStoreNamed: isNamed,
    rows: openItemIndex(context.stateDir),
  };
}

/** One store, whichever is in use: an item is deleted where it lies. */
export function openStoreByName(
  context: Context,
  name: StoreName,
  input: boolean,
  deadline: Deadline,
  mayPrompt?: boolean,
): Promise<SecretStore> {
  const { env, platform } = context;
  return stores[name]({
    platform,
    env,
    stateFolder: context.stateDir,
    runtimeFolder: context.runtimeDir(),
    silentAfterMs: () => deadline.remainingMs(),
    mayPrompt,
    isAttended: () => input && findTerminal(platform).kind === "prompter",
    askPassphrase: (isNew) => {
      const asked =
        asking.get(isNew) ??
        askPassphrase(context, input, deadline, isNew).finally(() => asking.delete(isNew));
      asking.set(isNew, asked);
      return asked;
    },
    unlockInTurn: (work) =>
      inTurn(
        context.runtimeDir(),
        `unlock\n${context.stateDir}`,
        "the passphrase of the file store",
        deadline,
        work,
      ),
  });
}

/** Stores that are opened at the same time share one question. */
const asking = new Map<boolean, Promise<string>>();

async function askPassphrase(
  { platform, runtimeDir }: Context,
  input: boolean,
  deadline: Deadline,
  isNew: boolean,
): Promise<string> {
  const found = input ? findTerminal(platform) : unavailable("--no-input forbids asking");
  if (found.kind === "unavailable") throw passphraseNeeded(found.reason);
  const { prompter } = found;
  const ask = async (question: string): Promise<string> => {
    const answer = await prompter.ask({
      question,
      isSecret: true,
      timeoutMs: deadline.remainingMs(),
    });
    if (answer.kind === "answer") return answer.text;
    if (answer.kind === "lost") throw passphraseNeeded(answer.reason);
    throw new AwsRoleError("ERR_STORE_LOCKED", "the file store's passphrase was not given", {
      hint: "try again, or name a file with it in AWSROLE_PASSPHRASE_FILE",
    });
  };
  // Codes are asked for at the same terminal.
  return inTurn(
    runtimeDir(),
    terminalTurn(prompter.terminal),
    "an answer at this terminal",
    deadline,
    async () => {
      const passphrase = await ask(
        isNew ? "New passphrase for the file store: " : "Passphrase of the file store: ",
      );
      if (!isNew || (await ask("The same again: ")) === passphrase) return passphrase;
      throw new AwsRoleError("ERR_STORE_LOCKED", "the two passphrases differ", {
        hint: "try again",
      });
    },
  );
}

function passphraseNeeded(reason: string): AwsRoleError {
  return new AwsRoleError(
    "ERR_STORE_LOCKED",
    `the file store needs its passphrase, but ${reason}`,
    {
      hint: "run an awsrole command in a terminal once, or name a file with it in AWSROLE_PASSPHRASE_FILE",
    },
  );
}

export type SessionOptions = {
  readonly store: OpenStore;
  readonly deadline: Deadline;
  readonly forceRefresh?: boolean;
  readonly firstRead?: FirstRead | undefined;
  /** The profile that was asked for. */
  readonly profile: string;
  /** All profiles of its chain, for children that resolve one of them again; absent: it alone. */
  readonly profiles?: readonly string[];
  /** `--mfa-code`, and whether a person may be asked. */
  readonly mfaCode: string | undefined;
  readonly input: boolean;
  /** True where a program asks, not a person: then the question says which. */
  readonly isForProgram?: boolean;
  readonly notice: (text: string) => void;
  /** Shows a person that AWS is being asked. */
  readonly spin?: Spin | undefined;
  /** Of a process that serves for long. */
  readonly memory?: MemoryCache;
};

/** What `getCredentials` needs, of the process that runs. Nothing is opened before it is used. */
export function openSessions(context: Context, options: SessionOptions): SessionDependencies {
  const { deadline, forceRefresh = false, firstRead, notice, memory } = options;
  const { env, platform, clock, homeFolder } = context;
  const store = withCooldown(context, options);
  const stored = createSessionCache({
    ...store,
    clock,
    firstRead,
    watchForLogout: () => watchForLogout(context.stateDir),
  });
  const cache = memory?.before(stored) ?? stored;
  return {
    cache,
    failures: createFailureCooldown(context.stateDir, clock),
    clock,
    deadline,
    runtimeDir: context.runtimeDir(),
    forceRefresh,
    openSts: async (connection: StsConnection) => {
      const sts = (await import("../aws/sts.ts")).createSts(connection, deadline);
      return options.spin === undefined ? sts : spinning(sts, options.spin);
    },
    resolveBaseCredentials: (base) =>
      resolveBaseCredentials(base, {
        env,
        platform,
        homeFolder,
        now: () => clock.now(),
        deadline,
        runtimeDir: context.runtimeDir(),
        keys: {
          rows: store.rows,
          openStore: (name) => {
            // Asked a second time, a locked keychain would raise its prompt a second time.
            const trouble = name === store.name ? cache.trouble() : undefined;
            return trouble === undefined ? store.openNamedStore(name) : Promise.reject(trouble);
          },
        },
        openSignin: async (connection) =>
          (await openSsoClients()).createSignin(connection, deadline),
      }),
    sso: openSso(context, options),
    codes: openCodes(context, options),
    notice,
  };
}

function openSso(
  { clock, homeFolder, runtimeDir }: Context,
  { deadline, spin }: SessionOptions,
): SsoAccess {
  const deps = {
    homeFolder,
    now: () => clock.now(),
    deadline,
    runtimeDir: runtimeDir(),
    openClients: openSsoClients,
  };
  return {
    fetch: async (hop) => {
      const { fetchSsoRole } = await import("../sso/role-credentials.ts");
      const session = fetchSsoRole(hop, deps);
      return spin === undefined ? session : spin(session);
    },
    requireSignIn: async (hop) => {
      const { requireSignIn } = await import("../sso/role-credentials.ts");
      await requireSignIn(hop, deps);
    },
  };
}

async function openSsoClients(): Promise<SsoClients> {
  return (await import("../sso/clients.ts")).ssoClients;
}

/** The same store, which callers without a terminal do not ask again right after it refused. */
function withCooldown(
  { platform, stateDir }: Context,
  { store, input }: SessionOptions,
): OpenStore {
  const openNamedStore = async (name: StoreName): Promise<SecretStore> => {
    const opened = await store.openNamedStore(name);
    if (name !== "keychain") return opened;
    const isAttended = (): boolean => input && findTerminal(platform).kind === "prompter";
    return withUnlockCooldown(opened, stateDir, isAttended);
  };
  return { ...store, openNamedStore, openStore: () => openNamedStore(store.name) };
}

/** Only while AWS is asked: what is asked of a person has the terminal to itself. */
function spinning(sts: Sts, spin: Spin): Sts {
  return {
    assumeRole: (...words) => spin(sts.assumeRole(...words)),
    assumeRoleWithWebIdentity: (...words) => spin(sts.assumeRoleWithWebIdentity(...words)),
    getSessionToken: (...words) => spin(sts.getSessionToken(...words)),
    getFederationToken: (...words) => spin(sts.getFederationToken(...words)),
    getCallerIdentity: (...words) => spin(sts.getCallerIdentity(...words)),
  };
}

function openCodes(context: Context, options: SessionOptions): MfaCodes {
  const { env, platform, clock } = context;
  const { profile, mfaCode, input, isForProgram = false, deadline } = options;
  return createMfaCodes({
    profile,
    callingProgram: () => (isForProgram ? requestingProgram(platform) : undefined),
    givenCode: mfaCode,
    findPrompter: (prompt) => findPrompter(context, input, prompt),
    runProcess: (command, until) =>
      withTerminalDescriptor(platform, (terminal, lost) =>
        runMfaProcess(command, {
          platform,
          env: {
            ...env,
            AWSROLE_CHAIN: [env["AWSROLE_CHAIN"], ...(options.profiles ?? [profile])]
              .filter(Boolean)
              .join(","),
          },
          deadline: until,
          terminal,
          lost,
        }),
      ),
    memory: createMfaMemory(context.stateDir, clock),
    now: () => clock.now(),
    pause,
    deadline,
    runtimeDir: context.runtimeDir(),
  });
}

/** What can ask for a code: the terminal, or a pinentry where the profile wants one. */
export function findPrompter(
  { platform, env }: Context,
  input: boolean,
  prompt: Mfa["prompt"],
): PrompterResult {
  if (!input) return unavailable("--no-input forbids asking");
  const terminal = findTerminal(platform);
  if (terminal.kind === "prompter" || prompt === "terminal") return terminal;
  const window = findPinentry(platform, env);
  return window.kind === "prompter"
    ? window
    : unavailable(`${terminal.reason}, and ${window.reason}`);
}
