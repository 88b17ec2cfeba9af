import { describe, expect, it } from "vitest";
import { hasPendingNativeCall } from "../../../../src/stores/keychain/native-calls.ts";
import { nativeItems } from "../../../../src/stores/keychain/native.ts";
import type { Keyring, KeyringEntry } from "../../../../src/stores/keychain/native-keyring.ts";

describe("items of the native library", () => {
  it("loads the library at the first call, not before, and once", async () => {
    let loads = 0;
    const items = nativeItems("awsrole", () => {
      loads++;
      return keyringOf({ getSecret: async () => null });
    });
    expect(loads).toBe(0);
    await items.get("a");
    await items.get("b");
    expect(loads).toBe(1);
  });

  it("hands over bytes, and reads null as absent", async () => {
    const asked: unknown[] = [];
    let stored: ArrayLike<number> | null = null;
    const entry: KeyringEntry = {
      getSecret: async () => stored,
      setSecret: async (bytes) => void (stored = [...bytes]),
      deleteCredential: async () => stored !== null,
    };
    const items = nativeItems("awsrole", () => keyringOf(entry, asked));
    expect(await items.get("a")).toBeUndefined();
    expect(await items.delete("a")).toBe(false);
    await items.set("a", Uint8Array.of(0, 255, 1));
    expect(await items.get("a")).toEqual(Buffer.of(0, 255, 1));
    expect(await items.delete("a")).toBe(true);
    expect(new Set(asked)).toEqual(new Set(["awsrole a"]));
  });

  it("knows while a call is under way, and forgets one that failed", async () => {
    let answer: (value: null) => void = () => {};
    const waiting = nativeItems("awsrole", () =>
      keyringOf({ getSecret: () => new Promise((resolve) => (answer = resolve)) }),
    ).get("a");
    expect(hasPendingNativeCall()).toBe(true);
    answer(null);
    await waiting;
    expect(hasPendingNativeCall()).toBe(false);
    const broken = nativeItems("awsrole", () => {
      throw new Error("Cannot find native binding");
    });
    await expect(broken.get("a")).rejects.toThrow("Cannot find native binding");
    expect(hasPendingNativeCall()).toBe(false);
  });
});

function keyringOf(entry: Partial<KeyringEntry>, asked: unknown[] = []): Keyring {
  function AsyncEntry(service: string, account: string) {
    asked.push(`${service} ${account}`);
    return entry;
  }
  // A function that returns an object serves as a constructor.
  return { AsyncEntry } as unknown as Keyring;
}
