/**
 * Sessions in the secret store. The cache never comes between a caller and credentials: what cannot be read is a miss, what cannot
 * be written is delivered uncached, and both are told to people. After a failed read nothing is written in the same run, so that
 * a locked keychain is asked once, not twice. A store that was chosen by name must work: then failures are thrown.
 */
import type { Clock } from "../../foundation/clock.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import type { SecretStore } from "../../stores/open.ts";
import { type CachedSession, decodeSession, encodeSession } from "./session.ts";
import { storeUnlessLoggedOut } from "../../state/logout-epoch.ts";
import {
  hasExpired,
  type IndexEntry,
  type ItemIndex,
  storeKind,
  storesOf,
  type StoreName,
} from "../../state/item-index.ts";

/** Which item, and what is said about it in its row. */
export type SessionKey = {
  readonly account: string;
  readonly request: string;
  readonly kind: "role" | "mfa";
  readonly profile: string;
  readonly roleArn?: string;
};

export type SessionCache = {
  read(key: SessionKey): Promise<CachedSession | undefined>;
  write(key: SessionKey, session: CachedSession): Promise<void>;
  /** Takes up to five expired items out of the store, and removes what killed processes left beside the rows; never fails. */
  removeExpired(): Promise<void>;
  /** The first trouble with the store in this run, if any. */
  trouble(): AwsRoleError | undefined;
};

/** What the store answered before this cache existed (the cache-hit path reads first; there is one read per run). */
export type FirstRead =
  | { readonly account: string; readonly secret: string | undefined }
  | { readonly account: string; readonly error: unknown };

export type SessionCacheOptions = {
  readonly openStore: () => Promise<SecretStore>;
  /** True when the store was chosen by name: failures are errors. */
  readonly isStoreNamed: boolean;
  readonly rows: ItemIndex;
  readonly clock: Clock;
  readonly firstRead?: FirstRead | undefined;
  /** From `logout-epoch.ts`: called before a fetch, its answer tells whether there was a logout since. */
  readonly watchForLogout: () => () => boolean;
};

export function createSessionCache({
  openStore,
  isStoreNamed,
  rows,
  clock,
  firstRead,
  watchForLogout,
}: SessionCacheOptions): SessionCache {
  let trouble: AwsRoleError | undefined;
  /** Since the last read of an account, which comes before its fetch. */
  const logoutSince = new Map<string, () => boolean>();
  const note = (error: unknown): void => {
    if (!isAwsRoleError(error) || isStoreNamed) throw error;
    trouble ??= error;
  };
  const readSecret = async (account: string): Promise<string | undefined> => {
    if (firstRead?.account !== account) return (await openStore()).get(account);
    const read = firstRead;
    firstRead = undefined;
    if ("error" in read) throw read.error;
    return read.secret;
  };
  /** Whether the row tells of an earlier session of this name that has expired. */
  const isOver = async (account: string): Promise<boolean> =>
    (await rows.list()).some((row) => row.account === account && hasExpired(row, clock.now()));
  return {
    trouble: () => trouble,
    async read(key) {
      if (trouble !== undefined) return undefined;
      logoutSince.set(key.account, watchForLogout());
      try {
        const secret = await readSecret(key.account);
        return secret === undefined ? undefined : decodeSession(secret, key.request);
      } catch (error) {
        note(error);
        return undefined;
      }
    },
    async write(key, session) {
      if (trouble !== undefined) return;
      try {
        const store = await openStore();
        if (store.name === "none") return;
        await storeUnlessLoggedOut(
          logoutSince.get(key.account) ?? watchForLogout(),
          async () => {
            const isReplaced = store.keepsAccessList === true && (await isOver(key.account));
            await rows.add(rowOf(key, session, store.name));
            // It is not needed: it has expired. A key or token is never stored through here.
            if (isReplaced) await store.delete(key.account);
            try {
              await store.set(key.account, encodeSession(session));
            } catch (error) {
              if (await isWithout(store, key.account))
                await rows.removeFrom(key.account, store.name);
              throw error;
            }
          },
          async () => {
            await store.delete(key.account);
            await rows.removeFrom(key.account, store.name);
          },
        );
      } catch (error) {
        trouble ??= isAwsRoleError(error)
          ? error
          : new AwsRoleError(
              "ERR_STORE_FAILED",
              "the session could not be cached: the state folder cannot be written",
              {
                hint: "set AWSROLE_STATE_DIR to another folder",
                cause: error,
              },
            );
      }
    },
    async removeExpired() {
      rows.removeLeftovers();
      if (trouble !== undefined) return;
      try {
        const store = await openStore();
        const isExpired = (row: IndexEntry): boolean =>
          storesOf(row).includes(store.name) && hasExpired(row, clock.now());
        // A process that renews one meanwhile wrote its row first.
        const isStill = async (account: string): Promise<boolean> =>
          (await rows.list()).some((row) => row.account === account && isExpired(row));
        for (const { account } of (await rows.list()).filter(isExpired).slice(0, 5)) {
          if (!(await isStill(account))) continue;
          await store.delete(account);
          if (await isStill(account)) await rows.removeFrom(account, store.name);
        }
      } catch {
        // Housekeeping: the next miss tries again.
      }
    },
  };
}

/**
 * Whether a store that refused an item holds none: then its row would tell of a session that is not there. Files say so at once; a keychain,
 * which may ask a person again or take what it was sent when it is unlocked, is not asked, and keeps its row.
 */
async function isWithout(store: SecretStore, account: string): Promise<boolean> {
  if (storeKind(store.name) === "keychain") return false;
  try {
    return (await store.get(account)) === undefined;
  } catch {
    return false;
  }
}

/** `expiresAt` by the local clock, which is what people's lists and the housekeeping compare it with. */
function rowOf(key: SessionKey, session: CachedSession, store: StoreName): IndexEntry {
  return {
    account: key.account,
    kind: key.kind,
    store,
    profile: key.profile,
    ...(key.roleArn === undefined ? {} : { roleArn: key.roleArn }),
    expiresAt: new Date(session.fetchedAt.getTime() + session.lifetimeSeconds * 1000).toISOString(),
    request: session.request,
  };
}
