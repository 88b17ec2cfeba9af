/**
 * Sessions that a long-running process remembers by itself, in front of the cache: so that an endpoint asks the keychain on a
 * renewal only, and works where nothing is stored. The rules of the cache hold: an item answers exactly its request, and a logout
 * empties it, in any process.
 */
import type { Clock } from "../../foundation/clock.ts";
import { type CachedSession, freshSeconds, remainingSeconds, usableSeconds } from "./session.ts";
import type { SessionCache, SessionKey } from "./session-cache.ts";

export type MemoryCache = {
  /** The same cache, which remembers what is read and written through it, and asks the store only when that is no longer fresh. */
  before(cache: SessionCache): SessionCache;
  /** What may still be delivered of this key, without the store. */
  recall(key: SessionKey): CachedSession | undefined;
};

/** `watchForLogout`: from `logout-epoch.ts`. */
export function createMemoryCache(clock: Clock, watchForLogout: () => () => boolean): MemoryCache {
  const items = new Map<
    string,
    { readonly session: CachedSession; readonly hasLoggedOut: () => boolean }
  >();
  const recall = ({ account, request }: SessionKey): CachedSession | undefined => {
    const item = items.get(account);
    if (item === undefined) return undefined;
    const isGood =
      item.session.request === request &&
      remainingSeconds(item.session, clock) >= usableSeconds &&
      !item.hasLoggedOut();
    if (!isGood) items.delete(account);
    return isGood ? item.session : undefined;
  };
  return {
    recall,
    before: (cache) => {
      /** From before an account's session was looked for, and so from before any fetch of it. */
      const watches = new Map<string, () => boolean>();
      const remember = ({ account }: SessionKey, session: CachedSession): void => {
        items.set(account, { session, hasLoggedOut: watches.get(account) ?? watchForLogout() });
      };
      return {
        ...cache,
        async read(key) {
          const known = recall(key);
          if (known !== undefined && remainingSeconds(known, clock) >= freshSeconds(known))
            return known;
          watches.set(key.account, watchForLogout());
          const stored = await cache.read(key);
          // Another process may have renewed it; where nothing is stored, an old one is better than none.
          const isStoredBetter =
            stored !== undefined &&
            (known === undefined ||
              remainingSeconds(stored, clock) > remainingSeconds(known, clock));
          if (isStoredBetter) remember(key, stored);
          return isStoredBetter ? stored : known;
        },
        async write(key, session) {
          remember(key, session);
          await cache.write(key, session);
        },
      };
    },
  };
}
