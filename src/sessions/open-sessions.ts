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
import { createSessionCache, type FirstRead } from "../credentials/cache/session-cache.ts";
import type { MemoryCache } from "../credentials/cache/memory-cache.ts";
import type { SessionDependencies, SsoAccess } from "../credentials/dependencies.ts";
import { resolveBaseCredentials } from "../credentials/sources/index.ts";
import { type StoreKind, storeKind, type StoreName } from "../state/item-index.ts";
import { type Deadline, deadlineFromNow, deadlineMs } from "../foundation/deadline.ts";
import type { SecretStore } from "../stores/open.ts";
import { type OpenStore, prepareStore, tokenPlaces } from "./open-store.ts";
import { withUnlockCooldown } from "../stores/keychain/unlock-cooldown.ts";
import type { SsoClients } from "../sso/clients.ts";
import type { TokenPlaces } from "../sso/token-store.ts";

export type SessionOptions = {
  readonly files: AwsFiles;
  /** `--store`, or the store that is open already. */
  readonly store: string | OpenStore | undefined;
  /** Default: as long as a person is waited for. */
  readonly deadline?: Deadline;
  readonly forceRefresh?: boolean;
  readonly firstRead?: FirstRead | undefined;
  /** The profile that was asked for. */
  readonly profile: string;
  /** All profiles of its chain, for children that resolve one of them again; absent: it alone. */
  readonly profiles?: readonly string[];
  /** `--mfa-code` */
  readonly mfaCode?: string | undefined;
  /** Whether a person may be asked. */
  readonly input: boolean;
  /** True where a program asks, not a person: then the question says which. */
  readonly isForProgram?: boolean;
  /** Takes what a person should know; default: it is not shown. */
  readonly notice?: (text: string) => void;
  /** Shows a person that AWS is being asked. */
  readonly spin?: Spin | undefined;
  /** Of a process that serves for long. */
  readonly memory?: MemoryCache;
};

/** What `getCredentials` needs, of the process that runs. Nothing is opened before it is used. */
export function openSessions(context: Context, options: SessionOptions): SessionDependencies {
  const { forceRefresh = false, firstRead, memory, input } = options;
  const { deadline = deadlineFromNow(deadlineMs.attended), notice = () => {} } = options;
  const { env, platform, clock, homeFolder } = context;
  const store = withCooldown(
    context,
    typeof options.store === "object"
      ? options.store
      : prepareStore(context, { ...options, store: options.store, deadline }),
    input,
  );
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
    runSamlProcess: async ({ command }, profileName) => {
      const { runSamlProcess } = await import("../credentials/sources/saml-process.ts");
      return withTerminalDescriptor(platform, (terminal, lost) =>
        runSamlProcess({
          profileName,
          command,
          platform,
          env,
          inFlight: options.profiles ?? [options.profile],
          deadline,
          terminal: input ? terminal : undefined,
          lost,
        }),
      );
    },
    sso: openSso(context, { ...options, deadline, places: tokenPlaces(context, store) }),
    codes: openCodes(context, { ...options, deadline }, store),
    notice,
  };
}

type WithDeadline = SessionOptions & { readonly deadline: Deadline };

function openSso(
  { clock, runtimeDir }: Context,
  { deadline, spin, places }: WithDeadline & { readonly places: TokenPlaces },
): SsoAccess {
  const deps = {
    places,
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

/** Stores whose own program may ask a person, in a window. */
const mayShowPrompt: ReadonlySet<StoreKind> = new Set(["keychain", "pass"]);

/** The same store, which callers without a terminal do not ask again right after it refused. */
function withCooldown(
  { platform, stateDir }: Context,
  store: OpenStore,
  input: boolean,
): OpenStore {
  const openNamedStore = async (name: StoreName): Promise<SecretStore> => {
    const opened = await store.openNamedStore(name);
    if (!mayShowPrompt.has(storeKind(name))) return opened;
    const isAttended = (): boolean => input && findTerminal(platform).kind === "prompter";
    return withUnlockCooldown(opened, stateDir, isAttended);
  };
  return { ...store, openNamedStore, openStore: () => openNamedStore(store.name) };
}

/** Only while AWS is asked: what is asked of a person has the terminal to itself. */
function spinning(sts: Sts, spin: Spin): Sts {
  return {
    assumeRole: (...words) => spin(sts.assumeRole(...words)),
    assumeRoleWithSaml: (...words) => spin(sts.assumeRoleWithSaml(...words)),
    assumeRoleWithWebIdentity: (...words) => spin(sts.assumeRoleWithWebIdentity(...words)),
    getSessionToken: (...words) => spin(sts.getSessionToken(...words)),
    getFederationToken: (...words) => spin(sts.getFederationToken(...words)),
    getCallerIdentity: (...words) => spin(sts.getCallerIdentity(...words)),
  };
}

function openCodes(context: Context, options: WithDeadline, store: OpenStore): MfaCodes {
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
    computeCode: async (serial) => {
      const { codeOfDevice } = await import("../credentials/mfa/stored-seed.ts");
      return codeOfDevice(serial, clock.now(), {
        rows: store.rows,
        openStore: store.openNamedStore,
      });
    },
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
  if (!input) return unavailable("prompting is disabled by --no-input");
  const terminal = findTerminal(platform);
  if (terminal.kind === "prompter" || prompt === "terminal") return terminal;
  const window = findPinentry(platform, env);
  return window.kind === "prompter"
    ? window
    : unavailable(`${terminal.reason}, and ${window.reason}`);
}
