/** Composition: the secret store in use, opened on first use, and the question for its passphrase. */
import { findTerminal, terminalPath } from "../cli/terminal.ts";
import type { AwsFiles } from "../config/files.ts";
import { configuredStore } from "../config/store-setting.ts";
import type { Context } from "../foundation/context.ts";
import { type Deadline, deadlineFromNow, deadlineMs } from "../foundation/deadline.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { unavailable } from "../foundation/prompter.ts";
import { inTurn, terminalTurn } from "../locks/in-turn.ts";
import { openItemIndex, type ItemIndex, type StoreName } from "../state/item-index.ts";
import { assertAccessList } from "../state/state-dir.ts";
import type { TokenPlaces } from "../sso/token-store.ts";
import type { PassphraseQuestion } from "../stores/file/passphrase.ts";
import { chooseStore, openStore, type SecretStore } from "../stores/open.ts";

/** The store in use, opened on first use, with the rows that list its items. */
export type OpenStore = {
  readonly name: StoreName;
  readonly openStore: () => Promise<SecretStore>;
  /** Another one, or the same: a key stays in the store it was put in. */
  readonly openNamedStore: (name: StoreName) => Promise<SecretStore>;
  readonly isStoreNamed: boolean;
  /** What names it: `--store`, `AWSROLE_STORE`, `awsrole_store in [default]`. */
  readonly storeOrigin: string | undefined;
  readonly rows: ItemIndex;
};

type OpenerOptions = {
  /** False with `--no-input`: no one is asked for a passphrase. */
  readonly input: boolean;
  /** Whether a keychain may show its prompt; default: it may. */
  readonly mayPrompt?: boolean;
  /** Default: as long as a person is waited for. */
  readonly deadline?: Deadline;
};

export type StoreOptions = OpenerOptions & {
  readonly files: AwsFiles;
  /** `--store` */
  readonly store?: string | undefined;
};

/** The store that option, environment and config name. @throws ERR_USAGE, ERR_STORE_UNAVAILABLE for a store that does not exist. */
export function prepareStore(context: Context, options: StoreOptions): OpenStore {
  const { name, isNamed, origin } = chooseStore({
    flag: options.store,
    environment: context.env["AWSROLE_STORE"],
    configured: () => configuredStore(options.files),
  });
  const openNamedStore = storeOpener(context, options);
  return {
    name,
    openStore: () => openNamedStore(name),
    openNamedStore,
    isStoreNamed: isNamed,
    storeOrigin: origin,
    rows: openItemIndex(context.stateDir),
  };
}

/** Where the tokens of sign-ins are kept, with this store for new ones. */
export function tokenPlaces(
  { homeFolder }: Pick<Context, "homeFolder">,
  { name, openNamedStore, rows }: OpenStore,
): TokenPlaces {
  return { homeFolder, storeName: name, openNamedStore, rows };
}

/** Opens stores by name, whichever is in use, each at most once: an item is deleted where it lies. */
export function storeOpener(
  context: Context,
  { input, mayPrompt, deadline = deadlineFromNow(deadlineMs.attended) }: OpenerOptions,
): (name: StoreName) => Promise<SecretStore> {
  const { env, platform, stateDir, homeFolder, openQuestions } = context;
  const opened = new Map<StoreName, Promise<SecretStore>>();
  const open = async (name: StoreName): Promise<SecretStore> => {
    if (name !== "none") assertAccessList(stateDir);
    return openStore(name, {
      platform,
      env,
      stateFolder: stateDir,
      homeFolder,
      runtimeFolder: context.runtimeDir(),
      silentAfterMs: () => deadline.remainingMs(),
      mayPrompt,
      isAttended: () => input && findTerminal(platform).kind === "prompter",
      // Stores that are opened at the same time share one question.
      askPassphrase: (wanted) => {
        const question = `passphrase ${JSON.stringify(wanted)}`;
        const asked =
          openQuestions.get(question) ??
          askPassphrase(context, { ...wanted, input, deadline }).finally(() =>
            openQuestions.delete(question),
          );
        openQuestions.set(question, asked);
        return asked;
      },
      unlockInTurn: (work) =>
        inTurn(
          context.runtimeDir(),
          `unlock\n${stateDir}`,
          "the passphrase of the file store",
          deadline,
          work,
        ),
      atTerminal: input ? (work) => atTerminal(context, deadline, work) : undefined,
    });
  };
  return (name) => {
    const store = opened.get(name) ?? open(name);
    opened.set(name, store);
    return store;
  };
}

/** Runs `work`, in which another program may ask the person at our terminal, whose path it is given. */
async function atTerminal<T>(
  { env, platform, runtimeDir }: Context,
  deadline: Deadline,
  work: (terminal: string | undefined) => Promise<T>,
): Promise<T> {
  const found = findTerminal(platform);
  if (found.kind === "unavailable") return work(undefined);
  const turn = terminalTurn(found.prompter.terminal);
  const path = env["GPG_TTY"] || terminalPath();
  return inTurn(runtimeDir(), turn, "an answer in this terminal", deadline, () => work(path));
}

async function askPassphrase(
  { platform, runtimeDir }: Context,
  {
    input,
    deadline,
    isNew,
    problem,
  }: PassphraseQuestion & { readonly input: boolean; readonly deadline: Deadline },
): Promise<string> {
  const found = input ? findTerminal(platform) : unavailable("prompting is disabled by --no-input");
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
    throw new AwsRoleError("ERR_STORE_LOCKED", "no passphrase for the file store was given", {
      hint: "try again, or set AWSROLE_PASSPHRASE_FILE to a file that contains it",
    });
  };
  // Codes are asked for at the same terminal.
  return inTurn(
    runtimeDir(),
    terminalTurn(prompter.terminal),
    "an answer in this terminal",
    deadline,
    async () => {
      const wanted = isNew
        ? "New passphrase for the file store (at least 12 characters): "
        : "Passphrase of the file store: ";
      const passphrase = await ask(`${sentence(problem)}${wanted}`);
      if (!isNew || (await ask("Repeat passphrase: ")) === passphrase) return passphrase;
      throw new AwsRoleError("ERR_STORE_LOCKED", "the two passphrases differ", {
        hint: "try again",
      });
    },
  );
}

function sentence(problem: string | undefined): string {
  return problem === undefined ? "" : `${problem.slice(0, 1).toUpperCase()}${problem.slice(1)}. `;
}

function passphraseNeeded(reason: string): AwsRoleError {
  return new AwsRoleError(
    "ERR_STORE_LOCKED",
    `the file store needs its passphrase, but ${reason}`,
    {
      hint: "run an awsrole command in a terminal once, or set AWSROLE_PASSPHRASE_FILE to a file that contains it",
    },
  );
}
