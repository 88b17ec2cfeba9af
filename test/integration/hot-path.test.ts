/** What programs wait for loads what is listed here and nothing else. A new line costs every caller time: measure before adding one. */
import { readdirSync, readFileSync, rmSync } from "node:fs";
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
import { storeKeyIn } from "../support/store-key.ts";
import { type Home, runAwsrole, notNode } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

const reason = notNode ?? keychainSkipReason();

describe.skipIf(reason !== undefined)(
  `a look-up in the cache${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  () => {
    let keychain: KeychainDaemon;
    let sts: AwsDouble;
    let home: Home;
    beforeAll(async () => {
      keychain = await startKeychainDaemon();
      sts = await startAwsDouble();
      home = createRoleHome(sts);
    });
    afterAll(async () => {
      await keychain?.stop();
      await sts?.close();
      await home?.remove();
    });

    /** The modules that one call loads. */
    async function modulesLoaded(
      more: readonly string[] = [],
      variables: NodeJS.ProcessEnv = {},
    ): Promise<string[]> {
      const listFile = join(home.path, "modules.json");
      const coverage = join(home.path, "coverage");
      rmSync(coverage, { recursive: true, force: true });
      const preload = fileURLToPath(new URL("../support/list-modules.cjs", import.meta.url));
      const words = ["credential-process", "--profile", "prod", ...more];
      const { code, stderr } = await runAwsrole(words, {
        env: {
          ...home.env,
          DBUS_SESSION_BUS_ADDRESS: keychain.env["DBUS_SESSION_BUS_ADDRESS"],
          NODE_OPTIONS: `--require ${preload}`,
          TEST_MODULES_FILE: listFile,
          // Of what is imported, node's module system tells nobody; of what is compiled, its coverage does.
          NODE_V8_COVERAGE: coverage,
          ...variables,
        },
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const required = JSON.parse(readFileSync(listFile, "utf8")) as string[];
      return [...new Set([...required, ...compiledFiles(coverage)])].toSorted();
    }

    it("of a session loads one bundle and what node brings: no package, no native library", async () => {
      await modulesLoaded();
      expect(await modulesLoaded()).toMatchInlineSnapshot(`
        [
          "bin/awsrole.js",
          "dist/cache-hit.cjs",
          "node:buffer",
          "node:fs",
          "node:net",
          "node:os",
          "node:path",
        ]
      `);
      expect(sts.callsOf("AssumeRole")).toHaveLength(1);
    });

    it("of a session in the file store loads one bundle more and node:crypto, and asks nothing of the keychain", async () => {
      const store = { AWSROLE_STORE: "file", ...storeKeyIn(home.path) };
      await modulesLoaded([], store);
      const calls = sts.callsOf("AssumeRole").length;
      const elsewhere = { ...store, DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere" };
      expect(await modulesLoaded([], elsewhere)).toMatchInlineSnapshot(`
        [
          "./cache-hit-file-store.cjs",
          "bin/awsrole.js",
          "dist/cache-hit-file-store.cjs",
          "dist/cache-hit.cjs",
          "node:buffer",
          "node:crypto",
          "node:fs",
          "node:fs/promises",
          "node:os",
          "node:path",
        ]
      `);
      expect(sts.callsOf("AssumeRole")).toHaveLength(calls);
    });

    it("of a session has node look up no time zone and load nothing behind a global", () => {
      const bundle = readFileSync(new URL("../../dist/cache-hit.cjs", import.meta.url), "utf8");
      expect(bundle.match(/\b(?:toISOString|toLocale\w*|Intl|performance)\b/g)).toBeNull();
    });

    it("of none loads three bundles and modules of node: no package, no command-line parser", async () => {
      const modules = await modulesLoaded(["--force-refresh"]);
      expect(modules.filter((name) => !isBuiltin(name))).toMatchInlineSnapshot(`
        [
          "./sts.cjs",
          "bin/awsrole.js",
          "dist/cache-hit.cjs",
          "dist/cache-miss.cjs",
          "dist/sts.cjs",
        ]
      `);
    });
  },
);

/** The program's files that node compiled, by the coverage in `folder`. */
function compiledFiles(folder: string): string[] {
  const root = new URL("../../", import.meta.url).href;
  return readdirSync(folder)
    .flatMap((file) => {
      const { result } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
        result: { url: string }[];
      };
      return result.map(({ url }) => url);
    })
    .filter((url) => url.startsWith(root) && !url.includes("/test/support/"))
    .map((url) => url.slice(root.length));
}
