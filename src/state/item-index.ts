/**
 * The index of stored items: what is not secret about every item in a store, one small JSON file per item (json-file.ts).
 *
 * A row is written before its item and removed after it, so that nothing is ever in a store unlisted. Rows of different items never
 * touch each other.
 */
import { asObject } from "../foundation/json.ts";
import { itemFileName } from "./item-row.ts";
import { openStateFile, removeLeftovers, type StateFile, stateFileNames } from "./json-file.ts";

/** The kinds of stores there are. */
export type StoreKind = "keychain" | "file" | "pass" | "plaintext" | "none";

/** A store, by the name a person gives it: `keychain:work` is the collection `work` of the Secret Service. */
export type StoreName = StoreKind | `keychain:${string}`;

/** The kind of the store of this name. */
export function storeKind(name: StoreName): StoreKind {
  return name.startsWith("keychain:") ? "keychain" : (name as StoreKind);
}

/** What is known about one stored item without opening it. */
export type IndexEntry = {
  readonly account: string;
  /** `sign-in`: the token of IAM Identity Center; `seed`: an MFA device's. */
  readonly kind: "role" | "mfa" | "key" | "sign-in" | "seed";
  readonly store: StoreName;
  /** Other stores that may hold a copy: it was stored while another was in use, or a move was interrupted. */
  readonly alsoIn?: readonly StoreName[];
  readonly profile: string;
  readonly roleArn?: string;
  readonly expiresAt?: string;
  /** The request that led to the session (no secret in it), so that `explain` can say what changed since. */
  readonly request?: string;
};

/**
 * The index of stored items. Reading skips what is damaged; writing throws the file system's error; both throw ERR_STORE_FAILED for a folder
 * that is not ours alone to change.
 */
export type ItemIndex = {
  list(): Promise<readonly IndexEntry[]>;
  /** Writes the row as it is. */
  put(row: IndexEntry): Promise<void>;
  /** Writes the row of an item that is about to be stored; other stores that are known to hold one of this name stay listed. */
  add(row: IndexEntry): Promise<void>;
  remove(account: string): Promise<void>;
  /** After a deletion from one store: the row goes, unless other stores hold the item too. */
  removeFrom(account: string, store: StoreName): Promise<void>;
  /** Removes what killed processes left beside the rows. Never throws. */
  removeLeftovers(): void;
};

/** Whether the row is of a session, and that is over. A sign-in whose token has ended may still be renewed. */
export function hasExpired({ kind, expiresAt }: IndexEntry, now: Date): boolean {
  return isSession(kind) && expiresAt !== undefined && new Date(expiresAt) <= now;
}

/** True for credentials that AWS gives again whenever they are asked for. */
export function isSession(kind: IndexEntry["kind"]): boolean {
  return kind === "role" || kind === "mfa";
}

/** Every store that may hold the item of this row. */
export function storesOf({
  store,
  alsoIn = [],
}: Pick<IndexEntry, "store" | "alsoIn">): readonly StoreName[] {
  return [store, ...alsoIn];
}

/** The index kept in `stateFolder`/items. */
export function openItemIndex(stateFolder: string): ItemIndex {
  const fileOf = (name: string): StateFile<IndexEntry> =>
    openStateFile(stateFolder, `items/${name}.json`, decodeEntry);
  const rowOf = (account: string): StateFile<IndexEntry> => fileOf(itemFileName(account));
  const rows: ItemIndex = {
    async list() {
      return stateFileNames(stateFolder, "items").flatMap((name) => fileOf(name).read() ?? []);
    },
    async put(row) {
      rowOf(row.account).write(row);
    },
    async add(row) {
      const existing = rowOf(row.account).read();
      const others = existing === undefined ? [] : storesOf(existing);
      await rows.put(withStores(row, [row.store, ...others.filter((one) => one !== row.store)]));
    },
    removeLeftovers: () => removeLeftovers(stateFolder),
    async remove(account) {
      rowOf(account).remove();
    },
    async removeFrom(account, store) {
      const existing = rowOf(account).read();
      const others =
        existing === undefined ? [] : storesOf(existing).filter((one) => one !== store);
      if (existing === undefined || others.length === 0) await rows.remove(account);
      else await rows.put(withStores(existing, others));
    },
  };
  return rows;
}

/** The row of an item that these stores hold, the first of them being the one that counts. */
export function withStores(row: IndexEntry, [store, ...others]: readonly StoreName[]): IndexEntry {
  const { alsoIn: _, ...alone } = row;
  return {
    ...alone,
    ...(store === undefined ? {} : { store }),
    ...(others.length === 0 ? {} : { alsoIn: others }),
  };
}

function decodeEntry(value: unknown): IndexEntry | undefined {
  const row = asObject(value);
  if (row === undefined) return undefined;
  const isText = (key: string): boolean => typeof row[key] === "string";
  const isTextOrAbsent = (key: string): boolean => row[key] === undefined || isText(key);
  const isRow =
    isText("account") &&
    isText("kind") &&
    isText("store") &&
    isText("profile") &&
    ["roleArn", "expiresAt", "request"].every(isTextOrAbsent) &&
    (row["alsoIn"] === undefined || Array.isArray(row["alsoIn"]));
  return isRow ? (row as IndexEntry) : undefined;
}
