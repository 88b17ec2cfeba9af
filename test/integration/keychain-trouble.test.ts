/** Contract §6: trouble with the keychain costs the cache, not the credentials, and the process really ends. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Home, runAwsrole } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

const noKeychain = keychainSkipReason();

describe.skipIf(noKeychain !== undefined)(
  `a keychain in trouble${noKeychain === undefined ? "" : ` (skipped: ${noKeychain})`}`,
  () => {
    let sts: AwsDouble;
    let home: Home;
    beforeAll(async () => {
      sts = await startAwsDouble();
      home = createRoleHome(sts);
    });
    afterAll(async () => {
      await sts?.close();
      await home?.remove();
    });

    let folders = 0;
    /** Each time with a state folder of its own, which remembers nothing of the time before, unless `more` names one. */
    const deliver = async (bus: string | undefined, more: NodeJS.ProcessEnv = {}) => {
      const before = sts.callsOf("AssumeRole").length;
      const started = performance.now();
      const finished = await runAwsrole(["credential-process", "--profile", "prod"], {
        env: {
          ...home.env,
          AWSROLE_STATE_DIR: join(home.path, `state-${folders++}`),
          DBUS_SESSION_BUS_ADDRESS: bus,
          ...more,
        },
      });
      return {
        ...finished,
        seconds: (performance.now() - started) / 1000,
        calls: sts.callsOf("AssumeRole").length - before,
      };
    };
    const delivered = { code: 0, stderr: "", calls: 1 };

    it("that does not exist: delivers uncached and silently", async () => {
      expect(await deliver("disabled:")).toMatchObject(delivered);
      expect(await deliver(undefined)).toMatchObject(delivered);
    });

    it("that nobody serves: delivers uncached", async () => {
      const nobody = await startKeychainDaemon({ provider: "none" });
      try {
        expect(await deliver(nobody.env["DBUS_SESSION_BUS_ADDRESS"])).toMatchObject(delivered);
      } finally {
        await nobody.stop();
      }
    });

    it("that does not exist: fails where it was chosen by name, and people's commands warn otherwise", async () => {
      const env = { ...home.env, DBUS_SESSION_BUS_ADDRESS: "disabled:" };
      const named = await runAwsrole(
        ["credential-process", "--profile", "prod", "--store", "keychain"],
        { env },
      );
      expect(named).toMatchObject({ code: 1, stdout: "" });
      expect(named.stderr).toMatch(/^awsrole: .+\nawsrole: hint: .+\n$/);
      const whoami = await runAwsrole(["whoami", "prod"], { env });
      expect(whoami.code).toBe(0);
      expect(whoami.stderr.match(/nothing is cached/g)).toHaveLength(1);
    });

    describe("with a daemon", () => {
      let keychain: KeychainDaemon;
      beforeAll(async () => {
        keychain = await startKeychainDaemon();
      });
      afterAll(() => keychain?.stop());
      const bus = (): string | undefined => keychain.env["DBUS_SESSION_BUS_ADDRESS"];

      it("that hangs: delivers within the deadline, uncached", async () => {
        keychain.hang();
        const finished = await deliver(bus());
        keychain.resume();
        expect(finished).toMatchObject(delivered);
        expect(finished.seconds).toBeLessThan(18);
      });

      it("that is locked: delivers uncached", async () => {
        await keychain.lock();
        expect(await deliver(bus())).toMatchObject(delivered);
      });

      it("whose unlock prompt nobody answers: delivers after 10 s of silence, with exit code 0 and within the deadline", async () => {
        await deliver("disabled:");
        await keychain.ignorePrompts();
        // The collection was locked by the test before, with an item of this account in it or not: reading asks for the unlocking.
        const state = { AWSROLE_STATE_DIR: join(home.path, "state-of-pollers") };
        const finished = await deliver(bus(), state);
        expect(finished).toMatchObject(delivered);
        expect(finished.seconds).toBeGreaterThan(9);
        expect(finished.seconds).toBeLessThan(18);
        // A caller that asks again at once, without a terminal, raises no second prompt and waits for none.
        const again = await deliver(bus(), state);
        expect(again).toMatchObject(delivered);
        expect(again.seconds).toBeLessThan(8);
      });
    });
  },
);
