/**
 * The store "file": encrypted with a passphrase or a key file, for machines without a keychain.
 *
 * - `store.json` says how the store's key is found (header.ts); each item is a file of its own, sealed with that key (seal.ts).
 * - The opened key may be kept until the login session ends (kept-keys.ts).
 * - A passphrase is asked for, and its key derived, by one process at a time: the others find the key that was kept meanwhile.
 * - A session that does not decrypt reads as absent, because it can be fetched again; a long-term key is reported as damaged.
 */
import { AwsRoleError } from "../../foundation/errors.ts";
import { damagedItem } from "../item-text.ts";
import { isKeyAccount, type SecretStore } from "../open.ts";
import { type Header, keyFileHeader, newHeader, type OpenHeader, openHeader } from "./header.ts";
import { openKeptKeys } from "./kept-keys.ts";
import type { Passphrase, PassphraseQuestion } from "./passphrase.ts";
import type { PrivateFolder } from "./private-files.ts";
import {
  findKnownKey,
  headerFile,
  itemFileOf,
  openStoreFolder,
  readHeader,
  readItem,
} from "./reader.ts";
import { seal } from "./seal.ts";

export type FileStoreOptions = {
  readonly stateFolder: string;
  /** A private folder that ends with the login session; undefined: the passphrase is needed every time. */
  readonly runtimeFolder: string | undefined;
  /** The passphrase, asked when it is needed. @throws ERR_STORE_LOCKED when there is none to be had. */
  readonly passphrase: (question: PassphraseQuestion) => Promise<Passphrase>;
  /** The 32 bytes of AWSROLE_KEY_FILE; undefined where it is not set. @throws ERR_STORE_FAILED. */
  readonly keyFile?: () => Buffer | undefined;
  /** Runs `work` while no other process unlocks this store. */
  readonly unlockInTurn?: <T>(work: () => Promise<T>) => Promise<T>;
};

/** The least length of a new store's passphrase, in characters. */
export const MIN_PASSPHRASE_LENGTH = 12;

/** How often a person may type it. */
const TRIES = 3;

/** Files below `stateFolder`/file. Errors: ERR_STORE_LOCKED (no or wrong passphrase), ERR_STORE_UNAVAILABLE (made by a newer node), ERR_STORE_FAILED. */
export function createFileStore(options: FileStoreOptions): SecretStore {
  const folder = openStoreFolder(options.stateFolder);
  let opened: Promise<Buffer> | undefined;
  const storeKey = async (): Promise<Buffer> => {
    const known = await opened?.catch(() => undefined);
    if (known !== undefined) return known;
    opened = openStore(folder, options);
    return opened;
  };
  return {
    name: "file",
    async get(account) {
      const item = await readItem(folder, account, storeKey);
      if (item === undefined) return undefined;
      if (item.secret === undefined && isKeyAccount(account)) throw damagedItem(account, "file");
      return item.secret;
    },
    async set(account, secret) {
      await folder.write(itemFileOf(account), seal(await storeKey(), account, secret));
    },
    delete: (account) => folder.remove(itemFileOf(account)),
  };
}

/** The store's key; a store that does not exist is made. */
async function openStore(folder: PrivateFolder, options: FileStoreOptions): Promise<Buffer> {
  const { runtimeFolder, keyFile = () => undefined, unlockInTurn = (work) => work() } = options;
  const kept = openKeptKeys(runtimeFolder);
  const known = () => findKnownKey(folder, { runtimeFolder: () => runtimeFolder, keyFile });
  const { key } = await known();
  if (key !== undefined) return key;
  return unlockInTurn(async () => {
    // Another process may have made or unlocked the store while we waited.
    const now = await known();
    if (now.key !== undefined) return now.key;
    const unlocked = await unlock(now.header, options);
    if (now.header === undefined) {
      const isMade = await folder.create(headerFile, textOf(unlocked.header));
      // At the same moment, by a process that could not wait for its turn.
      if (!isMade) return openStore(folder, { ...options, unlockInTurn: (work) => work() });
    } else if (unlocked.header !== now.header) {
      // What costs more to guess is worth having, but the store is open without it.
      await folder.write(headerFile, textOf(unlocked.header)).catch(() => {});
    }
    if (unlocked.header.kdf !== "none")
      await kept.keep((await readHeader(folder)) ?? unlocked.header, unlocked.key);
    return unlocked.key;
  });
}

function textOf(header: Header): string {
  return `${JSON.stringify(header)}\n`;
}

async function unlock(
  header: Header | undefined,
  { passphrase, keyFile }: FileStoreOptions,
): Promise<OpenHeader> {
  const fileKey = header === undefined ? keyFile?.() : undefined;
  if (fileKey !== undefined) return keyFileHeader(fileKey);
  const isNew = header === undefined;
  let problem: string | undefined;
  for (let left = TRIES - 1; ; left -= 1) {
    const { text, isTyped } = await passphrase({ isNew, problem });
    if (isNew && text.length < MIN_PASSPHRASE_LENGTH)
      problem = `the passphrase has fewer than ${MIN_PASSPHRASE_LENGTH} characters`;
    else {
      const opened = isNew ? await newHeader(text) : await openHeader(header, text);
      if (opened !== undefined) return opened;
      problem = "the passphrase is wrong";
    }
    if (!isTyped || left === 0)
      throw new AwsRoleError("ERR_STORE_LOCKED", `the file store is locked: ${problem}`, {
        hint: isTyped
          ? "run the command again, or name a file with the passphrase in AWSROLE_PASSPHRASE_FILE"
          : "see AWSROLE_PASSPHRASE_FILE or AWSROLE_PASSPHRASE_FD",
      });
  }
}
