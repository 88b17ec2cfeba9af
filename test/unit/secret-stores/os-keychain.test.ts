import { describe, expect, it } from "vitest";
import { hasPendingNativeCall } from "../../../src/secret-stores/native-calls.ts";
import { createOsKeychain } from "../../../src/secret-stores/os-keychain.ts";
import { createFakeKeyring } from "../../support/fake-keyring.ts";
import { describeSecretStore } from "../../support/secret-store-contract.ts";

const ACCOUNT = "session/v1/prod/x";

describeSecretStore("the keychain of macOS, over a fake library", () => ({
  store: createOsKeychain({ platform: "darwin", loadKeyring: createFakeKeyring().load }),
}));

describeSecretStore("the keychain of Windows, over a fake library", () => ({
  store: createOsKeychain({ platform: "win32", loadKeyring: createFakeKeyring().load }),
}));

describe("the OS keychain", () => {
  it("loads the native library at the first call, not before", async () => {
    let loads = 0;
    const fake = createFakeKeyring();
    const loadKeyring = () => {
      loads++;
      return fake.load();
    };
    const store = createOsKeychain({ loadKeyring });
    expect(loads).toBe(0);
    await store.get(ACCOUNT);
    await store.get("session/v1/other/x");
    expect(loads).toBe(1);
  });

  it("names the service and pins the Secret Service, so that nothing goes to the kernel's keyring", async () => {
    const fake = createFakeKeyring();
    await createOsKeychain({ platform: "linux", loadKeyring: fake.load }).get(ACCOUNT);
    expect(fake.options).toEqual([
      { service: "awsrole", option: { linux: { store: "secret-service" } } },
    ]);
  });

  it("opens one entry per account, and another one after an error", async () => {
    const fake = createFakeKeyring((call, n) =>
      failOn(call === `get ${ACCOUNT}` && n === 3, "Connection is closed"),
    );
    const store = createOsKeychain({ platform: "linux", loadKeyring: fake.load });
    await store.get(ACCOUNT);
    await store.get(ACCOUNT);
    await expect(store.get(ACCOUNT)).rejects.toMatchObject({ code: "ERR_STORE_FAILED" });
    await store.get(ACCOUNT);
    expect(fake.calls.filter((call) => call.startsWith("new"))).toHaveLength(2);
  });

  it("overwrites in place: a set never deletes", async () => {
    const fake = createFakeKeyring();
    const store = createOsKeychain({ platform: "linux", loadKeyring: fake.load });
    await store.set(ACCOUNT, "one");
    await store.set(ACCOUNT, "two");
    expect(fake.calls).toEqual([`new ${ACCOUNT}`, `set ${ACCOUNT}`, `set ${ACCOUNT}`]);
  });

  it.each(MESSAGES_OF_LINUX())("reads as $code: $text", async ({ text, code }) => {
    const fake = createFakeKeyring((call) => failOn(!call.startsWith("new"), text));
    const store = createOsKeychain({ platform: "linux", loadKeyring: fake.load });
    for (const call of [store.get(ACCOUNT), store.set(ACCOUNT, "s3cret"), store.delete(ACCOUNT)]) {
      const error = await call.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "AwsRoleError", code, cause: { message: text } });
      expect(error).toMatchObject({ message: expect.stringMatching(/^[a-z][^\n]*[^.\n]$/) });
      expect(JSON.stringify(error)).not.toContain("s3cret");
    }
  });

  it("reads an error of the constructor like any other", async () => {
    const noBus =
      "Platform failure: DBus error: Using X11 for dbus-daemon autolaunch was disabled at compile time, set your DBUS_SESSION_BUS_ADDRESS instead";
    const fake = createFakeKeyring((call) => failOn(call.startsWith("new"), noBus));
    const store = createOsKeychain({ platform: "linux", loadKeyring: fake.load });
    await expect(store.get(ACCOUNT)).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
    expect(hasPendingNativeCall()).toBe(false);
  });

  it("takes a missing collection for a missing keychain when it writes, for a race when it reads", async () => {
    const text =
      'Platform failure: DBus error: Object does not exist at path "/org/freedesktop/secrets/collection/login"';
    const fake = createFakeKeyring((call) => failOn(!call.startsWith("new"), text));
    const store = createOsKeychain({ platform: "linux", loadKeyring: fake.load });
    await expect(store.set(ACCOUNT, "x")).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
    expect(await store.get(ACCOUNT)).toBeUndefined();
  });

  it("takes any refusal of access on macOS for a locked keychain, on Linux for a failure", async () => {
    const fake = createFakeKeyring((call) =>
      failOn(
        !call.startsWith("new"),
        "Couldn't access platform storage: User interaction is not allowed.",
      ),
    );
    const mac = createOsKeychain({ platform: "darwin", loadKeyring: fake.load });
    await expect(mac.get(ACCOUNT)).rejects.toMatchObject({ code: "ERR_STORE_LOCKED" });
    const linux = createOsKeychain({ platform: "linux", loadKeyring: fake.load });
    await expect(linux.get(ACCOUNT)).rejects.toMatchObject({ code: "ERR_STORE_FAILED" });
  });

  it("says that the library cannot be loaded", async () => {
    const loadKeyring = () => {
      throw new Error("Cannot find native binding");
    };
    const store = createOsKeychain({ loadKeyring });
    await expect(store.get(ACCOUNT)).rejects.toMatchObject({ name: "AwsRoleError" });
  });

  describe("when an item vanishes under it", () => {
    const text =
      'Platform failure: DBus error: No such interface "org.freedesktop.Secret.Item" on object at path /x';

    it("asks again, up to three times, and then says that it is absent", async () => {
      const twice = createFakeKeyring((call, n) => failOn(call.startsWith("get") && n <= 2, text));
      twice.items.set(ACCOUNT, Buffer.from("there"));
      expect(
        await createOsKeychain({ platform: "linux", loadKeyring: twice.load }).get(ACCOUNT),
      ).toBe("there");

      const always = createFakeKeyring((call) => failOn(!call.startsWith("new"), text));
      const store = createOsKeychain({ platform: "linux", loadKeyring: always.load });
      expect(await store.get(ACCOUNT)).toBeUndefined();
      expect(always.calls.filter((call) => call.startsWith("get"))).toHaveLength(3);
      expect(await store.delete(ACCOUNT)).toBe(false);
      await expect(store.set(ACCOUNT, "x")).rejects.toMatchObject({
        code: "ERR_STORE_FAILED",
        hint: "try again",
      });
    });
  });

  describe("when the keychain is silent", () => {
    it("gives up, blocks no second thread, and works again once it has been answered", async () => {
      let answer = () => {};
      const prompt = new Promise<void>((resolve) => (answer = resolve));
      const fake = createFakeKeyring((call, n) =>
        call === `get ${ACCOUNT}` && n === 1 ? prompt : undefined,
      );
      const store = createOsKeychain({
        platform: "linux",
        loadKeyring: fake.load,
        silentAfterMs: () => 30,
      });
      await expect(store.get(ACCOUNT)).rejects.toMatchObject({ code: "ERR_STORE_TIMEOUT" });
      expect(hasPendingNativeCall()).toBe(true);
      await expect(store.set("session/v1/other/x", "x")).rejects.toMatchObject({
        code: "ERR_STORE_TIMEOUT",
      });
      expect(fake.calls).toEqual([`new ${ACCOUNT}`, `get ${ACCOUNT}`]);
      answer();
      await new Promise((resolve) => setImmediate(resolve));
      expect(hasPendingNativeCall()).toBe(false);
      await store.set(ACCOUNT, "x");
      expect(await store.get(ACCOUNT)).toBe("x");
    });

    it("asks at every call how long it may wait", async () => {
      let left = 1000;
      const fake = createFakeKeyring((call, n) =>
        n === 2 && call.startsWith("get") ? new Promise(() => {}) : undefined,
      );
      const store = createOsKeychain({
        platform: "linux",
        loadKeyring: fake.load,
        silentAfterMs: () => left,
      });
      await store.get(ACCOUNT);
      left = 5;
      await expect(store.get(ACCOUNT)).rejects.toMatchObject({ code: "ERR_STORE_TIMEOUT" });
    });
  });

  it("gives Windows bytes, never text, and no item above its limit", async () => {
    const fake = createFakeKeyring();
    const store = createOsKeychain({ platform: "win32", loadKeyring: fake.load });
    await store.set(ACCOUNT, crypto.getRandomValues(Buffer.alloc(9000)).toString("base64"));
    expect(fake.items.size).toBeGreaterThan(1);
    expect(Math.max(...[...fake.items.values()].map((bytes) => bytes.length))).toBe(2560);
  });
});

/** Texts of `@napi-rs/keyring` 2.1.2 as seen. */
function MESSAGES_OF_LINUX(): { text: string; code: string }[] {
  const bus = "Platform failure: DBus error: ";
  const access = "Couldn't access platform storage: ";
  return [
    {
      text: `${bus}Failed to connect to socket /nowhere: No such file or directory`,
      code: "ERR_STORE_UNAVAILABLE",
    },
    {
      text: `${bus}The name org.freedesktop.secrets was not provided by any .service files`,
      code: "ERR_STORE_UNAVAILABLE",
    },
    { text: `${access}Secret Service: no result found`, code: "ERR_STORE_UNAVAILABLE" },
    { text: `${access}Secret Service: unlock prompt was dismissed`, code: "ERR_STORE_LOCKED" },
    {
      text: "zbus error: org.freedesktop.Secret.Error.IsLocked: Cannot get secret of a locked object",
      code: "ERR_STORE_LOCKED",
    },
    {
      text: `${bus}Did not receive a reply. Possible causes include: the remote application did not send a reply, the message bus security policy blocked the reply, the reply timeout expired, or the network connection was broken.`,
      code: "ERR_STORE_TIMEOUT",
    },
    {
      text: "Value of 'secret' is longer than the platform limit of 2560 chars",
      code: "ERR_STORE_TOO_LARGE",
    },
    { text: `${bus}Connection is closed`, code: "ERR_STORE_FAILED" },
    { text: "something new\nin two lines", code: "ERR_STORE_FAILED" },
  ];
}

function failOn(condition: boolean, text: string): void {
  if (condition) throw new Error(text);
}
