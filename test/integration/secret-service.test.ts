/** The Secret Service for real: gnome-keyring, with what other programs and earlier versions of awsrole keep in it. */
import { execFile } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AwsRoleError } from "../../src/foundation/errors.ts";
import { nativeItems } from "../../src/stores/keychain/native.ts";
import { type Keyring, loadKeyring } from "../../src/stores/keychain/native-keyring.ts";
import { createOsKeychain } from "../../src/stores/keychain/index.ts";
import { secretServiceItems } from "../../src/stores/keychain/secret-service.ts";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { buildSourceProgram } from "../support/bundle.ts";

const run = promisify(execFile);

/** Four hundred clients, four at a time. */
const CLIENTS = `
import { createOsKeychain } from "../../src/stores/keychain/index.ts";
let left = 400;
async function comeAndGo() {
  while (left-- > 0) await createOsKeychain().get("session/v1/nobody/x");
}
void Promise.all([comeAndGo(), comeAndGo(), comeAndGo(), comeAndGo()]);
`;
const skipReason = keychainSkipReason();

describe.skipIf(skipReason)(
  `the Secret Service${skipReason ? ` (skipped: ${skipReason})` : ""}`,
  () => {
    let daemon: KeychainDaemon;
    beforeAll(async () => {
      daemon = await startKeychainDaemon();
    });
    afterAll(() => daemon?.stop());

    it("outlives many clients that come at once", async () => {
      // Clients that begin with OpenSession, as most libraries do, end gnome-keyring-daemon 42 within the first two thousand.
      const program = await buildSourceProgram(CLIENTS);
      try {
        for (let round = 0; round < 3; round++) {
          const crowd = Array.from({ length: 4 }, () =>
            run(process.execPath, [program.path], { env: { ...daemon.env, ...program.env } }),
          );
          await Promise.all(crowd);
        }
      } finally {
        program.remove();
      }
      await createOsKeychain({ env: daemon.env }).set("session/v1/after/x", "all that");
      expect(await daemon.itemCount()).toBe(1);
    });

    it("keeps an item as others expect it: a label, a service, a username", async () => {
      await createOsKeychain({ env: daemon.env }).set("session/v1/seen/x", "whole");
      // gnome-keyring adds an attribute `xdg:schema` when it has read its own file again, which it does at any time.
      const schema = { "xdg:schema": "org.freedesktop.Secret.Generic" };
      const attributes = { service: "awsrole", username: "session/v1/seen/x" };
      const items = await daemon.items();
      expect(
        items.map((item) => ({ ...item, attributes: { ...schema, ...item.attributes } })),
      ).toContainEqual({
        label: "keyring:session/v1/seen/x@awsrole",
        attributes: { ...schema, ...attributes },
      });
      const words = ["lookup", "service", "awsrole", "username", "session/v1/seen/x"];
      expect((await run("secret-tool", words, { env: daemon.env })).stdout).toBe("whole");
    });

    it("does not take for absent what it was asking a keychain for that ended", async () => {
      const store = createOsKeychain({ env: daemon.env });
      await store.set("session/v1/asked/x", "kept");
      daemon.hang();
      const asked = store.get("session/v1/asked/x");
      const outcome = asked.catch(({ code }: AwsRoleError) => code);
      await setTimeout(100);
      await daemon.restart();
      // The bus of the tests starts nothing by itself: it depends on who is first.
      const possible = ["kept", "ERR_STORE_UNAVAILABLE", "ERR_STORE_LOCKED"];
      expect(possible).toContain(await outcome);
      expect(await store.get("session/v1/asked/x")).toBe("kept");
    });

    it("continues with a keychain that was restarted", async () => {
      const store = createOsKeychain({ env: daemon.env });
      await store.set("session/v1/restarted/x", "before");
      await daemon.restart();
      expect(await store.get("session/v1/restarted/x")).toBe("before");
      await store.set("session/v1/restarted/x", "after");
      expect(await store.get("session/v1/restarted/x")).toBe("after");
    });

    it("waits no longer at a prompt whose keychain has ended", async () => {
      const locked = await startKeychainDaemon();
      try {
        const store = createOsKeychain({ env: locked.env });
        await store.set("session/v1/locked/x", "kept");
        await locked.lock();
        await locked.ignorePrompts();
        const asked = store.get("session/v1/locked/x").catch(({ code }: AwsRoleError) => code);
        const isOpen = Promise.race([asked, setTimeout(500, "open")]);
        expect(await isOpen).toBe("open");
        await locked.restart();
        expect(await asked).toBe("ERR_STORE_LOCKED");
        expect(await store.get("session/v1/locked/x")).toBe("kept");
      } finally {
        await locked.stop();
      }
    });

    describe("with what was stored through the native library", () => {
      // libdbus reads the environment itself.
      beforeAll(() => void Object.assign(process.env, daemon.env));
      const { AsyncEntry } = skipReason ? ({} as Keyring) : loadKeyring();
      const ofLibrary = nativeItems("awsrole", () => ({ AsyncEntry: pinned(AsyncEntry) }));

      it("reads it, replaces it in place, and deletes it", async () => {
        const account = "key/AKIAIOSFODNN7EXAMPLE";
        const ours = secretServiceItems("awsrole", daemon.env);
        await ofLibrary.set(account, Buffer.from("before"));
        const count = await daemon.itemCount();
        expect(textOf(await ours.get(account))).toBe("before");
        await ours.set(account, Buffer.from("after"));
        expect(await daemon.itemCount()).toBe(count);
        expect(textOf(await ofLibrary.get(account))).toBe("after");
        expect(await ours.delete(account)).toBe(true);
        expect(await ofLibrary.get(account)).toBeUndefined();
        expect(await ofLibrary.delete(account)).toBe(false);
      });
    });
  },
);

/** Where it is left to itself the library takes the kernel's keyring when there is no bus. */
function pinned(AsyncEntry: Keyring["AsyncEntry"]): Keyring["AsyncEntry"] {
  const Entry = AsyncEntry as new (...words: unknown[]) => InstanceType<Keyring["AsyncEntry"]>;
  return class extends Entry {
    constructor(service: string, account: string) {
      super(service, account, { linux: { store: "secret-service" } });
    }
  };
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString();
}
