/** The cache hit loads what is listed here and nothing else. A new line costs every caller time: measure before adding one. */
import { readFileSync } from "node:fs";
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
  `the cache hit${reason === undefined ? "" : ` (skipped: ${reason})`}`,
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
      home?.remove();
    });

    it("loads one bundle, the platform's keychain library and three modules of node", async () => {
      const env = {
        ...home.env,
        DBUS_SESSION_BUS_ADDRESS: keychain.env["DBUS_SESSION_BUS_ADDRESS"],
      };
      const words = ["credential-process", "--profile", "prod"];
      expect((await runAwsrole(words, { env })).code).toBe(0);
      const listFile = join(home.path, "modules.json");
      const preload = fileURLToPath(new URL("../support/list-modules.cjs", import.meta.url));
      const hit = await runAwsrole(words, {
        env: {
          ...env,
          NODE_OPTIONS: `--require ${preload}`,
          TEST_MODULES_FILE: listFile,
          AWS_ENDPOINT_URL_STS: sts.url,
        },
      });
      expect(hit).toMatchObject({ code: 0, stderr: "" });
      expect(sts.callsOf("AssumeRole")).toHaveLength(1);
      const modules = JSON.parse(readFileSync(listFile, "utf8")) as string[];
      expect(modules.filter((name) => !name.startsWith("@napi-rs/keyring"))).toMatchInlineSnapshot(`
      [
        "bin/awsrole.js",
        "dist/answer-from-cache.cjs",
        "node:fs",
        "node:os",
        "node:path",
      ]
    `);
      expect(
        modules
          .filter((name) => name.startsWith("@napi-rs/keyring"))
          .every((name) => name.startsWith("@napi-rs/keyring-")),
      ).toBe(true);
    });
  },
);
