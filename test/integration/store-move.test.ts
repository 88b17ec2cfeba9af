/** `store move`: keys and sessions from one real store to another, with everything that uses them working before and after. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { titled } from "../support/installed.ts";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { storeKeyIn } from "../support/store-key.ts";

/** The rows, as text, by their files' names. */
function readRows({ path }: Home): Readonly<Record<string, string>> {
  const folder = join(path, "state", "awsrole", "items");
  return Object.fromEntries(
    readdirSync(folder)
      .toSorted()
      .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
}

const noKeychain = keychainSkipReason();

describe.skipIf(noKeychain !== undefined)(titled("store move", noKeychain), () => {
  let keychain: KeychainDaemon;
  let sts: AwsDouble;
  let home: Home;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    [keychain, sts] = await Promise.all([startKeychainDaemon(), startAwsDouble()]);
    home = createRoleHome(sts);
    env = {
      ...home.env,
      DBUS_SESSION_BUS_ADDRESS: keychain.env["DBUS_SESSION_BUS_ADDRESS"],
      ...storeKeyIn(home.path),
    };
    await must("add-key", "bob", "--from-credentials-file", "--quiet");
    await must("credential-process", "--profile", "prod");
  });
  afterAll(async () => {
    await keychain?.stop();
    await sts?.close();
    await home?.remove();
  });

  const run = (...words: string[]): Promise<Finished> => runAwsrole(words, { env });
  async function must(...words: string[]): Promise<Finished> {
    const finished = await run(...words);
    expect(finished.code, finished.stderr).toBe(0);
    return finished;
  }

  it("shows what it would move, and moves nothing, under --dry-run", async () => {
    const { stdout } = await must("store", "move", "file", "--dry-run");
    expect(stdout).toMatch(/^PROFILE +KIND +FROM +TO\n/);
    expect(stdout).toMatch(/^bob +access key +keychain +file$/m);
    expect(stdout).toMatch(/^prod +session +keychain +file$/m);
    expect(stdout).toMatch(/would move 2 items to the store file/);
    expect(await keychain.itemCount()).toBe(2);
  });

  it("tries the store before anything changes: one that is not there breaks nothing", async () => {
    const dead = { ...env, DBUS_SESSION_BUS_ADDRESS: "disabled:" };
    await must("store", "move", "file");
    const rows = () => readRows(home);
    const before = rows();
    const { code, stderr } = await runAwsrole(["store", "move", "keychain"], { env: dead });
    expect(code).toBe(1);
    expect(stderr).toContain("there is no keychain here");
    expect(rows()).toEqual(before);
    expect((await runAwsrole(["logout", "prod"], { env: dead })).code).toBe(0);
    await must("credential-process", "--profile", "prod", "--store", "file");
    await must("store", "move", "keychain");
  });

  it("refuses a store for temporary credentials while there are keys, and moves nothing", async () => {
    for (const to of ["plaintext", "none"]) {
      const { code, stderr } = await run("store", "move", to);
      expect(code).toBe(1);
      expect(stderr).toMatch(/is for temporary credentials only/);
    }
    expect(await keychain.itemCount()).toBe(2);
  });

  it("takes key and session along; the session needs no new call, the key signs from where it is", async () => {
    const { stdout } = await must("store", "move", "file", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ to: "file", failed: [], moved: [{}, {}] });
    expect(await keychain.itemCount()).toBe(0);
    const before = sts.callsOf("AssumeRole").length;
    await must("credential-process", "--profile", "prod", "--store", "file");
    expect(sts.callsOf("AssumeRole").length).toBe(before);
    await must("credential-process", "--profile", "prod", "--store", "file", "--force-refresh");
    expect(sts.callsOf("AssumeRole").length).toBe(before + 1);
  });

  it("brings them back, says how to use the store, and finds nothing to do the second time", async () => {
    const there = await must("store", "move", "keychain");
    expect(there.stdout).toMatch(/moved 2 items to the store keychain/);
    expect(await keychain.itemCount()).toBe(2);
    const again = await must("store", "move", "keychain");
    expect(again.stdout).toMatch(/moved 0 items/);
  });

  it("says what is wrong with the command line", async () => {
    for (const [words, line] of [
      [["store", "mvoe", "file"], /^awsrole: store: unknown action mvoe\n/],
      [["store", "move", "cloud"], /^awsrole: store: unknown store cloud\n/],
      [["store", "move"], /^awsrole: store: TO is missing\n/],
    ] as const) {
      const { code, stderr } = await run(...words);
      expect(code).toBe(2);
      expect(stderr).toMatch(line);
    }
  });
});
