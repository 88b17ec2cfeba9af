import type { Keyring, KeyringEntry } from "../../src/secret-stores/native-keyring.ts";

/** One call that the fake was asked for, as `get account`. */
export type FakeKeyring = {
  load: () => Keyring;
  /** "new ACCOUNT", "get ACCOUNT", "set ACCOUNT", "delete ACCOUNT" in the order of the calls. */
  calls: string[];
  /** Arguments of the constructor. */
  options: unknown[];
  items: Map<string, Uint8Array>;
};

/**
 * A native library in memory. `before(call, n)` runs before the n-th call (from 1) of that kind; what it throws, the library
 * throws, and what it waits for, the library waits for.
 */
export function createFakeKeyring(
  before: (call: string, n: number) => Promise<void> | void = () => {},
): FakeKeyring {
  const items = new Map<string, Uint8Array>();
  const calls: string[] = [];
  const options: unknown[] = [];
  const note = (call: string) => {
    calls.push(call);
    return before(call, calls.filter((other) => other === call).length);
  };
  function AsyncEntry(service: string, account: string, option: unknown): KeyringEntry {
    options.push({ service, option });
    void note(`new ${account}`);
    const get = async () => {
      await note(`get ${account}`);
      return items.get(account);
    };
    const set = async (bytes: Uint8Array) => {
      await note(`set ${account}`);
      items.set(account, bytes);
    };
    return {
      getPassword: async () => toText(await get()),
      setPassword: (text) => set(Buffer.from(text)),
      getSecret: async () => toNumbers(await get()),
      setSecret: set,
      deleteCredential: async () => {
        await note(`delete ${account}`);
        return items.delete(account);
      },
    };
  }
  // A function that returns an object serves as a constructor.
  const keyring = { AsyncEntry } as unknown as Keyring;
  return { load: () => keyring, calls, options, items };
}

function toText(bytes: Uint8Array | undefined): string | null {
  return bytes ? Buffer.from(bytes).toString() : null;
}

function toNumbers(bytes: Uint8Array | undefined): number[] | null {
  return bytes ? [...bytes] : null;
}
