/**
 * Long-term keys in a secret store. A row is written before the key and removed after it, and a key counts as kept only when it has
 * been read back: unlike a session it cannot be fetched again.
 */
import { keyAccount } from "../credentials/cache/item-names.ts";
import { decodeKey, encodeKey, type LongTermKey } from "../credentials/key-item.ts";
import type { ItemIndex } from "../state/item-index.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { setOrTakeBack } from "../stores/move.ts";
import { keepsKeys, type SecretStore } from "../stores/open.ts";

/** Every function throws what the store throws. */
export type KeyStore = {
  readonly storeName: SecretStore["name"];
  /** Undefined when it is not there, or damaged. */
  get(accessKeyId: string): Promise<LongTermKey | undefined>;
  /** `profile`: whose key it is, for lists. @throws ERR_STORE_FAILED too, when what is read back differs. */
  put(key: LongTermKey, profile: string): Promise<void>;
  /** True when something was there. */
  remove(accessKeyId: string): Promise<boolean>;
};

/** Keys in `store`. @throws ERR_STORE_UNAVAILABLE for a store that must not or cannot keep them. */
export function createKeyStore(store: SecretStore, rows: ItemIndex): KeyStore {
  assertKeepsKeys(store, "access key");
  const get = async (accessKeyId: string): Promise<LongTermKey | undefined> => {
    const secret = await store.get(keyAccount(accessKeyId));
    return secret === undefined ? undefined : decodeKey(secret, accessKeyId);
  };
  return {
    storeName: store.name,
    get,
    async put(key, profile) {
      const account = keyAccount(key.accessKeyId);
      await rows.add({ account, kind: "key", store: store.name, profile });
      await setOrTakeBack(store, account, encodeKey(key), () =>
        rows.removeFrom(account, store.name),
      );
      const kept = await get(key.accessKeyId);
      if (kept?.secretAccessKey === key.secretAccessKey) return;
      throw new AwsRoleError(
        "ERR_STORE_FAILED",
        `the ${store.name} store accepted the key, but does not return it`,
        { hint: "check the store with awsrole doctor" },
      );
    },
    async remove(accessKeyId) {
      const account = keyAccount(accessKeyId);
      const wasThere = await store.delete(account);
      await rows.removeFrom(account, store.name);
      return wasThere;
    },
  };
}

/** `what`: "access key". @throws ERR_STORE_UNAVAILABLE for a store that must not or cannot keep it. */
export function assertKeepsKeys({ name }: Pick<SecretStore, "name">, what: string): void {
  if (keepsKeys(name)) return;
  throw new AwsRoleError(
    "ERR_STORE_UNAVAILABLE",
    name === "none"
      ? `the store none stores nothing, including ${what}s`
      : `the store plaintext is for temporary credentials only, not for ${what}s`,
    { hint: "use the OS keychain (--store keychain) or an encrypted file (--store file)" },
  );
}
