/** The interface every secret store has (keytar's shape), the table of stores, and which one is used. */
import type { Environment } from "../foundation/environment.ts";
import { closestMatch } from "../foundation/edit-distance.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import type { StoreName } from "../state/item-index.ts";
import type { PassphraseQuestion } from "./file/passphrase.ts";

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

/** What opening a store may need. */
export type StoreOptions = {
  readonly platform: NodeJS.Platform;
  readonly env: Environment;
  /** Where stores of files live, and a folder that ends with the login session. */
  readonly stateFolder: string;
  readonly runtimeFolder: string | undefined;
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
};

/** The stores by name; each is loaded when it is opened. */
export const stores: Readonly<Record<StoreName, (options: StoreOptions) => Promise<SecretStore>>> =
  {
    keychain: async (options) => (await import("./keychain/index.ts")).createOsKeychain(options),
    file: async ({ env, stateFolder, runtimeFolder, askPassphrase: ask, unlockInTurn }) => {
      const [{ createFileStore }, { findPassphrase, readKeyFile }] = await Promise.all([
        import("./file/index.ts"),
        import("./file/passphrase.ts"),
      ]);
      return createFileStore({
        stateFolder,
        // Elsewhere (/tmp) the key would outlast the login session.
        runtimeFolder: isBelow(runtimeFolder, env["XDG_RUNTIME_DIR"]) ? runtimeFolder : undefined,
        passphrase: (question) => findPassphrase({ env, ask }, question),
        keyFile: () => readKeyFile(env),
        ...(unlockInTurn === undefined ? {} : { unlockInTurn }),
      });
    },
    plaintext: async ({ stateFolder }) =>
      (await import("./plaintext.ts")).createPlaintextStore(stateFolder),
    none: async () => ({
      name: "none",
      get: async () => undefined,
      set: async () => {},
      delete: async () => false,
    }),
  };

function isBelow(folder: string | undefined, parent: string | undefined): boolean {
  return folder !== undefined && Boolean(parent) && folder.startsWith(`${parent}/`);
}

/** The store in use: `--store`, else AWSROLE_STORE, else `awsrole_store` in `[default]`, else the keychain. @throws ERR_USAGE, ERR_STORE_UNAVAILABLE. */
export function chooseStore(choices: {
  flag?: string | undefined;
  environment?: string | undefined;
  configured?: () => string | undefined;
}): {
  name: StoreName;
  isNamed: boolean;
} {
  const [name, origin] =
    choices.flag !== undefined
      ? [choices.flag, "--store"]
      : choices.environment
        ? [choices.environment, "AWSROLE_STORE"]
        : [choices.configured?.(), "awsrole_store in [default]"];
  if (name === undefined || (name === "" && origin !== "--store"))
    return { name: "keychain", isNamed: false };
  if (Object.hasOwn(stores, name)) return { name: name as StoreName, isNamed: true };
  const guess = closestMatch(name, Object.keys(stores));
  throw new AwsRoleError(
    origin === "--store" ? "ERR_USAGE" : "ERR_STORE_UNAVAILABLE",
    `${origin}: unknown store ${name === "" ? '""' : name}`,
    {
      hint:
        guess === undefined
          ? `stores are ${Object.keys(stores).join(", ")}`
          : `did you mean ${guess}?`,
    },
  );
}
