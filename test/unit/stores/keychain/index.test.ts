import { describe, expect, it, vi } from "vitest";
import type { AwsRoleError } from "../../../../src/foundation/errors.ts";
import {
  CONNECTION_LOST,
  DBusError,
  ITEM_VANISHED,
  NO_COLLECTION,
  NO_REPLY,
  PROMPT_DISMISSED,
} from "../../../../src/stores/keychain/dbus/error.ts";
import { createOsKeychain } from "../../../../src/stores/keychain/index.ts";
import { createFakeItems } from "../../../support/fake-items.ts";
import { describeSecretStore } from "../../../support/secret-store-contract.ts";

const ACCOUNT = "session/v1/prod/x";

describeSecretStore("the keychain, over items in memory", () => ({
  store: createOsKeychain({ platform: "darwin", items: createFakeItems() }),
}));

describeSecretStore("the keychain of Windows, over items in memory", () => ({
  store: createOsKeychain({ platform: "win32", items: createFakeItems() }),
}));

describe("the OS keychain", () => {
  it("overwrites in place: a set never deletes", async () => {
    const items = createFakeItems();
    const store = createOsKeychain({ platform: "linux", items });
    await store.set(ACCOUNT, "one");
    await store.set(ACCOUNT, "two");
    expect(items.calls).toEqual([`set ${ACCOUNT}`, `set ${ACCOUNT}`]);
  });

  it.each([
    ...ERRORS_OF_THE_SECRET_SERVICE(),
    ...ERRORS_OF_THE_LIBRARY("darwin"),
    ...ERRORS_OF_THE_LIBRARY("win32"),
  ])("reads as $code on $platform: $error", async ({ platform, error, code }) => {
    const items = createFakeItems(() => {
      throw error;
    });
    const store = createOsKeychain({ platform, items });
    const calls = [
      () => store.get(ACCOUNT),
      () => store.set(ACCOUNT, "s3cret"),
      () => store.delete(ACCOUNT),
    ];
    for (const call of calls) {
      const thrown = await call().catch((reason: unknown) => reason);
      expect(thrown).toMatchObject({ name: "AwsRoleError", code, cause: error });
      expect(thrown).toMatchObject({ message: expect.stringMatching(/^[a-z][^\n]*[^.\n]$/) });
      expect(JSON.stringify(thrown)).not.toContain("s3cret");
    }
  });

  it("asks again for an item that vanishes, up to three times; then it is absent for a read, and a failure for a write or a deletion", async () => {
    const twice = createFakeItems((_, n) => failOn(n <= 2, ITEM_VANISHED));
    twice.stored.set(ACCOUNT, Buffer.from("there"));
    expect(await createOsKeychain({ items: twice }).get(ACCOUNT)).toBe("there");

    const always = createFakeItems(() => failOn(true, ITEM_VANISHED));
    const store = createOsKeychain({ items: always });
    expect(await store.get(ACCOUNT)).toBeUndefined();
    expect(always.calls).toHaveLength(3);
    await expect(store.delete(ACCOUNT)).rejects.toMatchObject({ code: "ERR_STORE_FAILED" });
    await expect(store.set(ACCOUNT, "x")).rejects.toMatchObject({
      code: "ERR_STORE_FAILED",
      hint: "try again",
    });
  });

  it.each([NO_REPLY, "org.freedesktop.Secret.Error.NoSession"])(
    "asks again after %s, up to three times, and then says that it failed: nothing is absent",
    async (name) => {
      const twice = createFakeItems((_, n) => failOn(n <= 2, name));
      twice.stored.set(ACCOUNT, Buffer.from("there"));
      expect(await createOsKeychain({ items: twice }).get(ACCOUNT)).toBe("there");

      const always = createFakeItems(() => failOn(true, name));
      const store = createOsKeychain({ items: always });
      await expect(store.get(ACCOUNT)).rejects.toMatchObject({ code: "ERR_STORE_FAILED" });
      expect(always.calls).toHaveLength(3);
      await expect(store.delete(ACCOUNT)).rejects.toMatchObject({ code: "ERR_STORE_FAILED" });
    },
  );

  it("says on macOS how a locked keychain is unlocked over SSH, and how a missing one is found", async () => {
    const refusing = (text: string) =>
      createOsKeychain({
        platform: "darwin",
        items: createFakeItems(() => {
          throw new Error(text);
        }),
      }).get(ACCOUNT);
    await expect(
      refusing("Platform failure: User interaction is not allowed."),
    ).rejects.toMatchObject({ hint: expect.stringContaining("security unlock-keychain") });
    await expect(
      refusing("Couldn't access platform storage: The specified keychain could not be found."),
    ).rejects.toMatchObject({
      message: "there is no keychain here (this user has no default keychain)",
      hint: expect.stringMatching(/^security default-keychain /),
    });
  });

  describe("when the keychain is silent", () => {
    it("gives up, shows no second prompt, and works again once it has been answered", async () => {
      let answer = () => {};
      const prompt = new Promise<void>((resolve) => (answer = resolve));
      const items = createFakeItems((call, n) =>
        call === `get ${ACCOUNT}` && n === 1 ? prompt : undefined,
      );
      const store = createOsKeychain({ items, silentAfterMs: () => 30 });
      await expect(store.get(ACCOUNT)).rejects.toMatchObject({ code: "ERR_STORE_TIMEOUT" });
      await expect(store.set("session/v1/other/x", "x")).rejects.toMatchObject({
        code: "ERR_STORE_TIMEOUT",
      });
      expect(items.calls).toEqual([`get ${ACCOUNT}`]);
      answer();
      await new Promise((resolve) => setImmediate(resolve));
      await store.set(ACCOUNT, "x");
      expect(await store.get(ACCOUNT)).toBe("x");
    });

    it("asks at every call how long it may wait", async () => {
      let left = 1000;
      const items = createFakeItems((_, n) => (n === 2 ? new Promise(() => {}) : undefined));
      const store = createOsKeychain({ items, silentAfterMs: () => left });
      await store.get(ACCOUNT);
      left = 5;
      await expect(store.get(ACCOUNT)).rejects.toMatchObject({ code: "ERR_STORE_TIMEOUT" });
    });
  });

  it("counts every attempt against one limit", async () => {
    vi.useFakeTimers();
    const clock = vi.spyOn(process, "uptime").mockImplementation(() => Date.now() / 1000);
    try {
      const items = createFakeItems(async (_, n) => {
        await new Promise((resolve) => setTimeout(resolve, n === 1 ? 150 : 60_000));
        failOn(true, NO_REPLY);
      });
      const store = createOsKeychain({ items, silentAfterMs: () => 200 });
      let outcome: unknown = "waits";
      store.get(ACCOUNT).catch(({ code }: AwsRoleError) => (outcome = code));
      await vi.advanceTimersByTimeAsync(190);
      expect(items.calls).toHaveLength(2);
      expect(outcome).toBe("waits");
      await vi.advanceTimersByTimeAsync(20);
      expect(outcome).toBe("ERR_STORE_TIMEOUT");
    } finally {
      clock.mockRestore();
      vi.useRealTimers();
    }
  });

  it("gives Windows no item above its limit", async () => {
    const items = createFakeItems();
    const store = createOsKeychain({ platform: "win32", items });
    await store.set(ACCOUNT, crypto.getRandomValues(Buffer.alloc(9000)).toString("base64"));
    expect(items.stored.size).toBeGreaterThan(1);
    expect(Math.max(...[...items.stored.values()].map((bytes) => bytes.length))).toBe(2560);
  });
});

type Reading = { platform: NodeJS.Platform; error: Error; code: string };

function ERRORS_OF_THE_SECRET_SERVICE(): Reading[] {
  const codes = {
    [CONNECTION_LOST]: "ERR_STORE_UNAVAILABLE",
    [NO_COLLECTION]: "ERR_STORE_UNAVAILABLE",
    "org.freedesktop.DBus.Error.ServiceUnknown": "ERR_STORE_UNAVAILABLE",
    [PROMPT_DISMISSED]: "ERR_STORE_LOCKED",
    "org.freedesktop.Secret.Error.IsLocked": "ERR_STORE_LOCKED",
    "org.freedesktop.DBus.Error.Spawn.ChildExited": "ERR_STORE_UNAVAILABLE",
    "org.freedesktop.DBus.Error.UnknownMethod": "ERR_STORE_FAILED",
    "org.freedesktop.DBus.Error.Failed": "ERR_STORE_FAILED",
  };
  return Object.entries(codes).map(([name, code]) => ({
    platform: "linux",
    error: new DBusError(name, "words of\nthe other side"),
    code,
  }));
}

/** Texts of `@napi-rs/keyring` 2.1.2: on Windows as seen, on macOS by the crates in it (`errors.ts` quotes them), never seen on a Mac. */
function ERRORS_OF_THE_LIBRARY(platform: "darwin" | "win32"): Reading[] {
  const onMac = (code: string): string => (platform === "darwin" ? code : "ERR_STORE_FAILED");
  const codes = {
    "Value of 'secret' is longer than the platform limit of 2560 chars": "ERR_STORE_TOO_LARGE",
    "Platform failure: User interaction is not allowed.": onMac("ERR_STORE_LOCKED"),
    "Platform failure: User canceled the operation.": onMac("ERR_STORE_LOCKED"),
    "Platform failure: Die Interaktion mit dem Benutzer ist nicht erlaubt.":
      onMac("ERR_STORE_LOCKED"),
    "Platform failure: The user name or passphrase you entered is not correct.":
      onMac("ERR_STORE_LOCKED"),
    "Platform failure: The specified item already exists in the keychain.": "ERR_STORE_FAILED",
    "Couldn't access platform storage: The specified keychain could not be found.":
      onMac("ERR_STORE_UNAVAILABLE"),
    "something new\nin two lines": "ERR_STORE_FAILED",
  };
  return Object.entries(codes).map(([text, code]) => ({ platform, error: new Error(text), code }));
}

function failOn(condition: boolean, name: string): void {
  if (condition) throw new DBusError(name, "it was there a moment ago");
}
