/** `awsrole doctor` and a real keychain: what it says of one that is well, hides behind a prompt, hangs or is not there; and that it never waits for it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { titled } from "../support/installed.ts";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { createHome, type Home, runAwsrole } from "../support/run-awsrole.ts";

const noKeychain = keychainSkipReason();

describe.skipIf(noKeychain !== undefined)(titled("doctor and the keychain", noKeychain), () => {
  let keychain: KeychainDaemon;
  let home: Home;
  beforeAll(async () => {
    keychain = await startKeychainDaemon();
    home = createHome({ config: "[default]\nregion = eu-west-1\n" });
  });
  afterAll(async () => {
    await keychain?.stop();
    await home?.remove();
  });

  const examine = async (more: NodeJS.ProcessEnv = {}) => {
    const DBUS_SESSION_BUS_ADDRESS = keychain.env["DBUS_SESSION_BUS_ADDRESS"];
    const { stdout, stderr, code } = await runAwsrole(["doctor", "--json"], {
      env: { ...home.env, DBUS_SESSION_BUS_ADDRESS, ...more },
    });
    expect(stderr).toBe("");
    const { findings } = JSON.parse(stdout) as { findings: { id: string; fix: string }[] };
    return { ids: findings.map(({ id }) => id), findings, code };
  };

  it("finds nothing in one that answers, and leaves nothing there", async () => {
    expect(await examine()).toMatchObject({ ids: [], code: 0 });
    expect(await keychain.itemCount()).toBe(0);
  });

  it("warns of one that hangs, after three seconds and not for ever", async () => {
    keychain.hang();
    try {
      expect(await examine()).toMatchObject({ ids: ["store-unusable"], code: 0 });
      // Chosen by name, it has to work.
      expect(await examine({ AWSROLE_STORE: "keychain" })).toMatchObject({
        ids: ["store-refused"],
        code: 1,
      });
    } finally {
      keychain.resume();
    }
  });

  it("warns of one that is not there, and names the remedy", async () => {
    const { ids, findings } = await examine({ DBUS_SESSION_BUS_ADDRESS: "disabled:" });
    expect(ids).toEqual(["store-unusable"]);
    expect(findings[0]?.fix).toContain("AWSROLE_STORE");
  });

  it("raises no prompt of one that is locked", async () => {
    await keychain.lock();
    await keychain.ignorePrompts();
    // A check that raised one would wait for it without end.
    expect(await examine()).toMatchObject({ ids: ["store-locked"], code: 0 });
  });
});
