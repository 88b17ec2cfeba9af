/**
 * Reading the store "file" without asking a person: its header, the key that a key file or the login session holds, one item. The cache hit loads this
 * much of the store.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { AwsRoleError } from "../../foundation/errors.ts";
import { damagedHeader, type Header, isKeyOf, parseHeader } from "./header.ts";
import { openKeptKeys } from "./kept-keys.ts";
import { openPrivateFolder, type PrivateFolder } from "./private-files.ts";
import { unseal } from "./seal.ts";

/** What opens the store without a question. */
export type StoreKeys = {
  /** A private folder that ends with the login session; `undefined`: no key is kept. Called only where the header asks for a passphrase. */
  readonly runtimeFolder: () => string | undefined;
  /** The 32 bytes of AWSROLE_KEY_FILE; undefined where it is not set. @throws ERR_STORE_FAILED. */
  readonly keyFile: () => Buffer | undefined;
};

/** How the store's key is found, in its folder. */
export const headerFile = "store.json";

const itemEnding = ".item";

/** The folder of the store; `isHit`: no other program may be started for it. */
export function openStoreFolder(stateFolder: string, { isHit = false } = {}): PrivateFolder {
  return openPrivateFolder(join(stateFolder, "file"), { readsAccessLists: !isHit });
}

/** The file of an account's item in that folder. */
export function itemFileOf(account: string): string {
  return `${createHash("sha256").update(account).digest("hex").slice(0, 32)}${itemEnding}`;
}

/** An account's item; undefined where there is none. Its secret is undefined where it does not decrypt. `storeKey` is asked for only where there is one. */
export async function readItem(
  folder: PrivateFolder,
  account: string,
  storeKey: () => Promise<Buffer>,
): Promise<{ readonly secret: string | undefined } | undefined> {
  const text = await folder.read(itemFileOf(account));
  return text === undefined ? undefined : { secret: unseal(await storeKey(), account, text) };
}

/** The header, undefined for a store that is not made yet, and the key where no question is needed. @throws ERR_STORE_LOCKED, ERR_STORE_FAILED. */
export async function findKnownKey(
  folder: PrivateFolder,
  keys: StoreKeys,
): Promise<{ header: Header | undefined; key: Buffer | undefined }> {
  const header = await readHeader(folder);
  if (header === undefined) return { header, key: undefined };
  const key =
    header.kdf === "none"
      ? keyOfFile(header, keys)
      : await openKeptKeys(keys.runtimeFolder()).read(header);
  return { header, key };
}

/** The header; undefined for a store that is not made yet. @throws ERR_STORE_FAILED for one that is damaged, or missing beside items. */
export async function readHeader(folder: PrivateFolder): Promise<Header | undefined> {
  const text = await folder.read(headerFile);
  if (text !== undefined) return parseHeader(text);
  // A new header would make what is there unreadable for ever.
  if ((await folder.list()).some((name) => name.endsWith(itemEnding)))
    throw damagedHeader(undefined);
  return undefined;
}

function keyOfFile(header: Header, { keyFile }: StoreKeys): Buffer {
  const key = keyFile();
  if (key === undefined)
    throw new AwsRoleError("ERR_STORE_LOCKED", "the file store is opened by a key file", {
      hint: "name it in AWSROLE_KEY_FILE",
    });
  if (isKeyOf(header, key)) return key;
  throw new AwsRoleError(
    "ERR_STORE_LOCKED",
    "the file named in AWSROLE_KEY_FILE is not the key of this file store",
    { hint: "name the key file that the store was made with" },
  );
}
