/** An IAM user's key out of the store that it was put in, which need not be the one that sessions are kept in now. */
import type { Credentials } from "../../aws/credentials.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import type { SecretStore } from "../../stores/open.ts";
import { keyAccount } from "../cache/item-names.ts";
import { decodeKey } from "../key-item.ts";
import { type ItemIndex, storeKind, type StoreName } from "../../state/item-index.ts";

/** Where keys are found. */
export type KeyStores = {
  readonly rows: ItemIndex;
  readonly openStore: (name: StoreName) => Promise<SecretStore>;
};

/** The store that keeps a key; the keychain where nothing is known of it (another machine's state folder, a new one). */
export function storeOfKey(rows: ItemIndex, accessKeyId: string): Promise<StoreName> {
  return storeOfItem(rows, keyAccount(accessKeyId));
}

/** The same of any item that is not cached, but kept. */
export async function storeOfItem(rows: ItemIndex, account: string): Promise<StoreName> {
  const row = (await rows.list()).find((one) => one.account === account);
  return row?.store ?? "keychain";
}

/** The key. @throws ERR_SOURCE_UNAVAILABLE when it is not there, and what the store throws, with what it was asked for. */
export async function credentialsFromKeychain(
  accessKeyId: string,
  profileName: string,
  { rows, openStore }: KeyStores,
): Promise<Credentials> {
  const storeName = await storeOfKey(rows, accessKeyId);
  let secret: string | undefined;
  try {
    secret = await (await openStore(storeName)).get(keyAccount(accessKeyId));
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    throw new AwsRoleError(
      error.code,
      `profile ${profileName}: its key ${accessKeyId} cannot be read: ${error.message}`,
      { hint: hintForKey(storeName, error), cause: error },
    );
  }
  const key = secret === undefined ? undefined : decodeKey(secret, accessKeyId);
  if (key !== undefined) return key;
  throw new AwsRoleError(
    "ERR_SOURCE_UNAVAILABLE",
    secret === undefined
      ? `profile ${profileName}: its key ${accessKeyId} is not in the ${storeName} store`
      : `profile ${profileName}: key ${accessKeyId} in the ${storeName} store is damaged`,
    { hint: `awsrole add-key ${profileName} stores it` },
  );
}

/** What helps where a key cannot be read: another store for sessions does not, for the key stays where it was put. */
export function hintForKey(
  storeName: StoreName,
  { code, hint }: Pick<AwsRoleError, "code" | "hint">,
): string | undefined {
  if (storeKind(storeName) !== "keychain") return hint;
  const elsewhere =
    "to use an encrypted file instead, run awsrole store move file where the keychain is available";
  if (code === "ERR_STORE_UNAVAILABLE")
    return `set XDG_RUNTIME_DIR=/run/user/UID, or DBUS_SESSION_BUS_ADDRESS, to those of the login session with the keychain; ${elsewhere}`;
  if (code === "ERR_STORE_LOCKED")
    return `unlock the keychain (on a Mac over SSH: security unlock-keychain) and try again; ${elsewhere}`;
  if (code === "ERR_STORE_TIMEOUT") return `look for an unlock prompt on the desktop; ${elsewhere}`;
  return hint;
}
