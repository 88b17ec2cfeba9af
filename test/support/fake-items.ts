import type { ByteItems } from "../../src/stores/keychain/chunked-items.ts";

/** A keychain in memory. */
export type FakeItems = ByteItems & {
  /** "get ACCOUNT", "set ACCOUNT", "delete ACCOUNT" in the order of the calls. */
  calls: string[];
  stored: Map<string, Uint8Array>;
};

/**
 * Items in memory. `before(call, n)` runs before the n-th call (from 1) of that kind; what it throws, the keychain throws, and
 * what it waits for, the keychain waits for.
 */
export function createFakeItems(
  before: (call: string, n: number) => Promise<void> | void = () => {},
): FakeItems {
  const stored = new Map<string, Uint8Array>();
  const calls: string[] = [];
  const note = async (call: string) => {
    calls.push(call);
    await before(call, calls.filter((other) => other === call).length);
  };
  return {
    calls,
    stored,
    get: async (account) => {
      await note(`get ${account}`);
      return stored.get(account);
    },
    set: async (account, bytes) => {
      await note(`set ${account}`);
      stored.set(account, bytes);
    },
    delete: async (account) => {
      await note(`delete ${account}`);
      return stored.delete(account);
    },
  };
}
