/** What programs wait for loads what is listed here and nothing else. A new line costs every caller time: measure before adding one. */
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Home, runAwsrole } from "../support/run-awsrole.ts";
import { startStsDouble, type StsDouble } from "../support/sts-double.ts";

const reason =
  process.env["AWSROLE_PROGRAM"] === undefined
    ? keychainSkipReason()
    : "the stand-alone program has no modules";

describe.skipIf(reason !== undefined)(
  `a look-up in the cache${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  () => {
    let keychain: KeychainDaemon;
    let sts: StsDouble;
    let home: Home;
    beforeAll(async () => {
      keychain = await startKeychainDaemon();
      sts = await startStsDouble();
      home = createRoleHome(sts);
    });
    afterAll(async () => {
      await keychain?.stop();
      await sts?.close();
      await home?.remove();
    });

    /** The modules that one call loads, but for the keychain's library, which has to be the platform's own package. */
    async function modulesLoaded(more: readonly string[] = []): Promise<string[]> {
      const listFile = join(home.path, "modules.json");
      const preload = fileURLToPath(new URL("../support/list-modules.cjs", import.meta.url));
      const words = ["credential-process", "--profile", "prod", ...more];
      const { code, stderr } = await runAwsrole(words, {
        env: {
          ...home.env,
          DBUS_SESSION_BUS_ADDRESS: keychain.env["DBUS_SESSION_BUS_ADDRESS"],
          NODE_OPTIONS: `--require ${preload}`,
          TEST_MODULES_FILE: listFile,
        },
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const modules = JSON.parse(readFileSync(listFile, "utf8")) as string[];
      const keyring = modules.filter((name) => name.startsWith("@napi-rs/keyring"));
      expect(keyring.filter((name) => !name.startsWith("@napi-rs/keyring-"))).toEqual([]);
      expect(keyring).not.toEqual([]);
      return modules.filter((name) => !name.startsWith("@napi-rs/keyring"));
    }

    it("of a session loads one bundle and three modules of node", async () => {
      await modulesLoaded();
      expect(await modulesLoaded()).toMatchInlineSnapshot(`
        [
          "bin/awsrole.js",
          "dist/answer-from-cache.cjs",
          "node:fs",
          "node:os",
          "node:path",
        ]
      `);
      expect(sts.callsOf("AssumeRole")).toHaveLength(1);
    });

    it("of none loads two bundles and modules of node: no package, no command-line parser", async () => {
      const modules = await modulesLoaded(["--force-refresh"]);
      expect(modules.filter((name) => !isBuiltin(name))).toMatchInlineSnapshot(`
        [
          "bin/awsrole.js",
          "dist/answer-by-fetching.cjs",
          "dist/answer-from-cache.cjs",
        ]
      `);
    });
  },
);
