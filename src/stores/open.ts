/** The interface every secret store has (keytar's shape), the table of stores, and which one is used. */
import type { Environment } from "../foundation/environment.ts";
import { closestMatch } from "../foundation/edit-distance.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { type StoreKind, storeKind, type StoreName } from "../state/item-index.ts";
import type { PassphraseQuestion } from "./file/passphrase.ts";
import type { AtTerminal } from "./pass/gpg.ts";

/**
 * Named secrets. An account is ASCII `[A-Za-z0-9_./=@+:-]{1,200}`; a secret is text of up to 20 KB.
 * Absent is `undefined` / `false`; a store that cannot answer throws `AwsRoleError`:
 * ERR_STORE_UNAVAILABLE (not on this machine), ERR_STORE_LOCKED (locked or denied), ERR_STORE_TIMEOUT (no answer in time),
 * ERR_STORE_TOO_LARGE, ERR_STORE_FAILED (anything else).
 */
export interface SecretStore {
  readonly name: StoreName;
  /**
   * True where an item that is overwritten keeps its old access list, and overwriting needs the right to read it (macOS): what is worth
   * nothing any more is better deleted, which needs no right, and stored again.
   */
  readonly keepsAccessList?: boolean;
  /** Whether new items can be kept, without keeping one. @throws what `set` would. Absent where nothing can be said ahead. */
  check?(): Promise<void>;
  get(account: string): Promise<string | undefined>;
  set(account: string, secret: string): Promise<void>;
  /** True when something was there. */
  delete(account: string): Promise<boolean>;
}

/** True for the account of a long-term key or an MFA seed, which no weak store takes (`credentials/cache/item-names.ts` names accounts). */
export function isKeyAccount(account: string): boolean {
  return /^(?:key|seed)\//.test(account);
}

/** False for the stores that are for temporary credentials only. */
export function keepsKeys(name: StoreName): boolean {
  return name !== "none" && name !== "plaintext";
}

/** What opening a store may need. */
export type StoreOptions = {
  readonly platform: NodeJS.Platform;
  readonly env: Environment;
  /** Where stores of files live, and a folder that ends with the login session. */
  readonly stateFolder: string;
  readonly runtimeFolder: string | undefined;
  readonly homeFolder: string;
  /** How long a store may stay silent, in milliseconds; asked at every call. */
  readonly silentAfterMs: () => number;
  /** Whether the keychain may show a prompt of its own. Default: true. */
  readonly mayPrompt?: boolean | undefined;
  /** Whether a person is there, for whom the keychain may make what it lacks. */
  readonly isAttended?: () => boolean;
  /** Asks a person for the file store's passphrase. @throws ERR_STORE_LOCKED where no prompter is available. */
  readonly askPassphrase: (question: PassphraseQuestion) => Promise<string>;
  /** Runs `work` while no other process unlocks the file store. */
  readonly unlockInTurn?: <T>(work: () => Promise<T>) => Promise<T>;
  /** Lets another program, which asks by itself, ask a person; undefined with `--no-input`. */
  readonly atTerminal: AtTerminal | undefined;
};

type Open = (options: StoreOptions, name: StoreName) => Promise<SecretStore>;

/** The stores by kind; each is loaded when it is opened. */
const stores: Readonly<Record<StoreKind, Open>> = {
  keychain: async (options, name) =>
    (await import("./keychain/index.ts")).createOsKeychain({
      ...options,
      collection: collectionOf(name),
    }),
  file: async ({ env, stateFolder, runtimeFolder, askPassphrase: ask, unlockInTurn }) => {
    const [{ createFileStore }, { findPassphrase }, { readKeyFile }, { keptIn }] =
      await Promise.all([
        import("./file/index.ts"),
        import("./file/passphrase.ts"),
        import("./file/key-file.ts"),
        import("./file/kept-keys.ts"),
      ]);
    return createFileStore({
      stateFolder,
      runtimeFolder: keptIn(env, () => runtimeFolder),
      passphrase: (question) => findPassphrase({ env, ask }, question),
      keyFile: () => readKeyFile(env),
      ...(unlockInTurn === undefined ? {} : { unlockInTurn }),
    });
  },
  pass: async ({ atTerminal, mayPrompt = true, ...options }) =>
    (await import("./pass/index.ts")).createPassStore({
      ...options,
      mayPrompt: mayPrompt && atTerminal !== undefined,
      atTerminal: atTerminal ?? ((work) => work(undefined)),
    }),
  plaintext: async ({ stateFolder }) =>
    (await import("./plaintext.ts")).createPlaintextStore(stateFolder),
  none: async () => ({
    name: "none",
    get: async () => undefined,
    set: async () => {},
    delete: async () => false,
  }),
};

/** What a store may be called, for completion and messages: a collection has any name. */
export const storeNames: readonly StoreKind[] = Object.keys(stores) as StoreKind[];

/** Opens the store of this name. @throws ERR_STORE_UNAVAILABLE for one that this system cannot have. */
export function openStore(name: StoreName, options: StoreOptions): Promise<SecretStore> {
  return stores[storeKind(name)](options, name);
}

/** The store that a person names; undefined for what is none. `keychain:` wants a collection behind it, of up to 100 characters that can be shown. */
export function parseStoreName(text: string): StoreName | undefined {
  if (Object.hasOwn(stores, text)) return text as StoreKind;
  return /^keychain:[^\p{C}]{1,100}$/u.test(text) ? (text as StoreName) : undefined;
}

/** The collection of the Secret Service that a name means. */
function collectionOf(name: StoreName): string | undefined {
  return name.startsWith("keychain:") ? name.slice("keychain:".length) : undefined;
}

/** The store in use: `--store`, else AWSROLE_STORE, else `awsrole_store` in `[default]`, else the keychain. @throws ERR_USAGE, ERR_STORE_UNAVAILABLE. */
export function chooseStore(choices: {
  flag?: string | undefined;
  environment?: string | undefined;
  configured?: () => string | undefined;
}): {
  name: StoreName;
  isNamed: boolean;
  /** What names it, for people; undefined where nothing does. */
  origin: string | undefined;
} {
  const [name, origin] =
    choices.flag !== undefined
      ? [choices.flag, "--store"]
      : choices.environment
        ? [choices.environment, "AWSROLE_STORE"]
        : [choices.configured?.(), "awsrole_store in [default]"];
  if (name === undefined || (name === "" && origin !== "--store"))
    return { name: "keychain", isNamed: false, origin: undefined };
  const known = parseStoreName(name);
  if (known !== undefined) return { name: known, isNamed: true, origin };
  const guess = closestMatch(name, storeNames);
  throw new AwsRoleError(
    origin === "--store" ? "ERR_USAGE" : "ERR_STORE_UNAVAILABLE",
    `${origin}: unknown store ${name === "" ? '""' : name}`,
    {
      hint: guess === undefined ? `stores are ${storeNames.join(", ")}` : `did you mean ${guess}?`,
    },
  );
}
