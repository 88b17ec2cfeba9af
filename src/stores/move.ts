/**
 * Moving stored items to another store (`store move`). Whatever interrupts it, every item is where its row says, and nowhere unlisted:
 *
 * 1. the row names the new store beside the old one; 2. the item is written there and read back; 3. the row names them the other way
 * round: from here on the new one counts; 4. the item leaves the old store; 5. the row forgets it.
 *
 * Run again it goes on: an item whose row names several stores is moved from the first of them that has it.
 */
import {
  withStores,
  type IndexEntry,
  type ItemIndex,
  storesOf,
  type StoreName,
} from "../state/item-index.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { isKeyAccount, keepsKeys, type SecretStore } from "./open.ts";

/** What became of the items, by their rows. */
export type Moved = {
  readonly moved: readonly IndexEntry[];
  /** What stays where it is, and why. */
  readonly failed: readonly { readonly row: IndexEntry; readonly error: AwsRoleError }[];
};

/** The rows whose items have to be moved for all of them to be in `to`. */
export function rowsToMove(rows: readonly IndexEntry[], to: StoreName): readonly IndexEntry[] {
  return rows.filter((row) => row.store !== to || row.alsoIn !== undefined);
}

/** @throws ERR_STORE_UNAVAILABLE for keys and a store that must not have them; then nothing has been moved. */
export function assertMovable(rows: readonly IndexEntry[], to: StoreName): void {
  const keys = rows.filter(({ account }) => isKeyAccount(account));
  if (keys.length === 0 || keepsKeys(to)) return;
  throw new AwsRoleError(
    "ERR_STORE_UNAVAILABLE",
    `the store ${to} is for temporary credentials only, and there ${keys.length === 1 ? "is an access key" : `are ${keys.length} access keys`} to move`,
    {
      hint: "move to the keychain, file or pass store, or delete the keys first (awsrole remove-key)",
    },
  );
}

/** Moves one after the other; a failure of one leaves it where it was, and the others go on. */
export async function moveItems(
  listed: readonly IndexEntry[],
  to: StoreName,
  open: (name: StoreName) => Promise<SecretStore>,
  rows: ItemIndex,
): Promise<Moved> {
  const moved: IndexEntry[] = [];
  const failed: { row: IndexEntry; error: AwsRoleError }[] = [];
  for (const row of listed) {
    try {
      await moveItem(row, to, open, rows);
      moved.push(row);
    } catch (error) {
      failed.push({ row, error: isAwsRoleError(error) ? error : rowNotWritten(error) });
    }
  }
  return { moved, failed };
}

async function moveItem(
  row: IndexEntry,
  to: StoreName,
  open: (name: StoreName) => Promise<SecretStore>,
  rows: ItemIndex,
): Promise<void> {
  const { account } = row;
  const holders = storesOf(row);
  const others = holders.filter((name) => name !== to);
  const deleteFrom = async (names: readonly StoreName[]): Promise<void> => {
    for (const name of names) await (await open(name)).delete(account);
  };
  if (row.store !== to) {
    const target = await open(to);
    const secret = await firstOf(holders, open, account);
    // A session that is lost is fetched again. A key is not: what cannot be read may be damaged, or its store's header may come back.
    if (secret === undefined && isKeyAccount(account)) throw unreadableKey(row.store);
    if (secret === undefined) {
      await deleteFrom(holders);
      return rows.remove(account);
    }
    await rows.put(withStores(row, [...others, to]));
    await setOrTakeBack(target, account, secret, () => rows.put(row));
    if ((await target.get(account)) !== secret) throw notKept(to);
    await rows.put(withStores(row, [to, ...others]));
  }
  await deleteFrom(others);
  await rows.put(withStores(row, [to]));
}

/** @throws ERR_STORE_UNAVAILABLE and others, when the store does not answer or has no place for items: before any row names it. */
export async function tryStore(store: SecretStore): Promise<void> {
  await store.get("move/probe");
  await store.check?.();
}

/** Stores an item whose row is written; `takeBack` undoes the row where the store took nothing. @throws what `set` does. */
export async function setOrTakeBack(
  store: SecretStore,
  account: string,
  secret: string,
  takeBack: () => Promise<void>,
): Promise<void> {
  try {
    await store.set(account, secret);
  } catch (error) {
    // What cannot be asked may have it: it stays listed.
    const isAbsent = await store.get(account).then(
      (found) => found === undefined,
      (failure: unknown) => isAwsRoleError(failure) && failure.code === "ERR_STORE_UNAVAILABLE",
    );
    if (isAbsent) await takeBack();
    throw error;
  }
}

async function firstOf(
  holders: readonly StoreName[],
  open: (name: StoreName) => Promise<SecretStore>,
  account: string,
): Promise<string | undefined> {
  for (const name of holders) {
    const secret = await (await open(name)).get(account);
    if (secret !== undefined) return secret;
  }
  return undefined;
}

function unreadableKey(store: StoreName): AwsRoleError {
  return new AwsRoleError("ERR_STORE_FAILED", `the ${store} store does not return it`, {
    hint: "it stays listed; remove it with awsrole remove-key",
  });
}

function rowNotWritten(cause: unknown): AwsRoleError {
  return new AwsRoleError("ERR_STORE_FAILED", "the state folder cannot be written", {
    hint: "check its permissions and the free disk space; set AWSROLE_STATE_DIR to another folder",
    cause,
  });
}

/** The error for what a store took and does not give back. */
export function notKept(to: StoreName): AwsRoleError {
  return new AwsRoleError(
    "ERR_STORE_FAILED",
    `the ${to} store accepted it, but does not return it`,
    { hint: "it stays in the old store; check the stores with awsrole doctor" },
  );
}
