/** `store status` and `store use`, with every store there is: gpg, a real keychain with a second collection, files. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { type GpgHome, gpgSkipReason, makeGpgHome } from "../support/gpg-home.ts";
import { titled } from "../support/installed.ts";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, program, runAwsrole } from "../support/run-awsrole.ts";
import { noTerminal, openTerminal, type Terminal } from "../support/terminal.ts";

let sts: AwsDouble;
let home: Home;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  sts = await startAwsDouble();
});
afterAll(() => sts?.close());
beforeEach(() => {
  home = createRoleHome(sts);
  const passphrase = join(home.path, "passphrase");
  writeFileSync(passphrase, "a passphrase\n", { mode: 0o600 });
  env = { ...home.env, AWSROLE_PASSPHRASE_FILE: passphrase };
  return () => home.remove();
});

const run = (words: string, more: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  runAwsrole(words.split(" "), { env: { ...env, ...more } });
async function must(words: string, more: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stdout, stderr } = await run(words, more);
  expect(code, stderr).toBe(0);
  return stdout;
}
const ask = "credential-process --profile prod";
const statusOf = async (more: NodeJS.ProcessEnv = {}): Promise<Status> =>
  JSON.parse(await must("store --json", more)) as Status;
type Status = {
  readonly inUse: string;
  readonly origin: string;
  readonly stores: readonly { readonly store: string; readonly state: string }[];
};

describe("store use", () => {
  it("tries the store, writes the setting to [default], says what lies elsewhere, and can be undone", async () => {
    await must(ask, { AWSROLE_STORE: "plaintext" });
    const before = readFileSync(home.configFile, "utf8");
    const preview = await must("store use file --dry-run");
    expect(preview).toContain("+awsrole_store = file\n");
    expect(readFileSync(home.configFile, "utf8")).toBe(before);
    expect(await must("store use file")).toBe(
      `the store is file from now on: awsrole_store in [default] of ${home.configFile}\nnext: awsrole store move file (1 item in other stores)\n`,
    );
    expect(readFileSync(home.configFile, "utf8")).toBe(
      `${before.trimEnd()}\n\n[default]\nawsrole_store = file\n`,
    );
    expect(await statusOf()).toMatchObject({ inUse: "file", origin: "awsrole_store in [default]" });
    await must(ask);
    expect(await must("store")).toMatch(/^file +available +1 session$/m);
    expect(await must("store use plaintext")).toContain("the store is plaintext from now on");
    expect(await must("store use plaintext")).toMatch(/^nothing to change\n/);
    await must("undo");
    await must("undo");
    expect(readFileSync(home.configFile, "utf8")).toBe(before);
  });

  it("writes nothing where the store cannot be used", async () => {
    const before = readFileSync(home.configFile, "utf8");
    for (const [name, message] of [
      ["keychain", "there is no keychain here (no Secret Service on the session's D-Bus)"],
      ["keychain:work", "there is no keychain here (no Secret Service on the session's D-Bus)"],
      ["pass", "there is no password store: /nowhere/.gpg-id cannot be read"],
      ["file", "the file store is locked: the passphrase has fewer than 12 characters"],
    ] as const) {
      if (name === "pass" && gpgSkipReason() !== undefined) continue;
      writeFileSync(join(home.path, "short"), "short\n", { mode: 0o600 });
      const { code, stderr } = await run(`store use ${name}`, {
        DBUS_SESSION_BUS_ADDRESS: "disabled:",
        PASSWORD_STORE_DIR: "/nowhere",
        AWSROLE_PASSPHRASE_FILE: join(home.path, "short"),
      });
      expect(stderr.split("\n")[0]).toBe(`awsrole: ${message}`);
      expect(code).toBe(name === "file" ? 3 : 1);
    }
    expect(readFileSync(home.configFile, "utf8")).toBe(before);
  });

  it("says that a variable takes precedence", async () => {
    const { code, stderr } = await run("store use plaintext", { AWSROLE_STORE: "none" });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        "awsrole: warning: AWSROLE_STORE is set to none, which takes precedence over the config\n",
    });
  });

  it.each([
    ["store use", "store: TO is missing"],
    ["store use cloud", "store: unknown store cloud"],
    ["store use keychain:", "store: unknown store keychain:"],
    ["store status file", 'store status: unexpected argument "file"'],
    ["store mvoe", "store: unknown action mvoe"],
  ])("%s is a wrong command line", async (words, message) => {
    const { code, stderr } = await run(words);
    expect({ code, line: stderr.split("\n")[0] }).toEqual({ code: 2, line: `awsrole: ${message}` });
  });
});

describe("store status", () => {
  it("says which store is in use and why, whether each can be opened, and what is in it", async () => {
    await must(ask, { AWSROLE_STORE: "file" });
    await must(ask, { AWSROLE_STORE: "plaintext" });
    const { code, stdout, stderr } = await run("store status", {
      AWSROLE_STORE: "none",
      AWSROLE_PASSPHRASE_FILE: undefined,
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^store in use: none \(set by AWSROLE_STORE\)\n\nSTORE +STATE +ITEMS\n/);
    expect(stdout).toMatch(/^none +available +none$/m);
    expect(stdout).toMatch(/^file +locked +1 session$/m);
    expect(stdout).toMatch(/^plaintext +available +1 session$/m);
    expect(stderr).toMatch(/^awsrole: warning: file: the file store needs its passphrase, but /);
  });

  it("names each reason for the store in use", async () => {
    const bus = { DBUS_SESSION_BUS_ADDRESS: "disabled:" };
    expect(await statusOf(bus)).toMatchObject({
      inUse: "keychain",
      origin: "default",
      stores: [
        {
          store: "keychain",
          inUse: true,
          state: "unavailable",
          items: { total: 0, accessKeys: 0 },
          error: { code: "ERR_STORE_UNAVAILABLE" },
        },
      ],
    });
    expect(JSON.parse(await must("store status --store none --json"))).toMatchObject({
      inUse: "none",
      origin: "--store",
    });
  });

  it("fails for a store that does not exist", async () => {
    const { code, stderr } = await run("store", { AWSROLE_STORE: "plaintxt" });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        "awsrole: AWSROLE_STORE: unknown store plaintxt\nawsrole: hint: did you mean plaintext?\n",
    });
  });
});

const noGpg = gpgSkipReason();
describe.skipIf(noGpg !== undefined)(titled("the store pass", noGpg), () => {
  let gpg: GpgHome;
  beforeAll(() => void (gpg = makeGpgHome("correct horse")));
  afterAll(() => gpg?.remove());
  const inPass = (): NodeJS.ProcessEnv => ({
    GNUPGHOME: gpg.env["GNUPGHOME"],
    PASSWORD_STORE_DIR: gpg.passwordStore,
    DBUS_SESSION_BUS_ADDRESS: "disabled:",
    DISPLAY: undefined,
  });

  // Before the home is looked through for what still runs.
  afterEach(() => gpg?.stopAgent());

  it("keeps a session and a key, is locked without its passphrase, and says so with exit code 3", async () => {
    gpg.setPinentry({ passphrase: "correct horse" });
    await must("store use pass", inPass());
    await must("add-key bob --from-credentials-file --quiet", inPass());
    const calls = sts.callsOf("AssumeRole").length;
    await must(ask, inPass());
    await must(ask, inPass());
    expect(sts.callsOf("AssumeRole").length).toBe(calls + 1);
    expect(await statusOf(inPass())).toMatchObject({
      inUse: "pass",
      stores: [{ store: "pass", state: "available", items: { accessKeys: 1, sessions: 1 } }],
    });
    gpg.setPinentry("dismisses");
    expect(await statusOf(inPass())).toMatchObject({ stores: [{ state: "locked" }] });
    expect(gpg.prompts()).toBe(0);
    const refused = await run(ask, inPass());
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 3, stdout: "" });
    expect(refused.stderr).toMatch(
      /^awsrole: the pass store is locked: gpg did not get the passphrase of its key\nawsrole: hint: /,
    );
    // A program that asks every few seconds shows no second prompt.
    expect((await run(ask, inPass())).code).toBe(3);
    expect(gpg.prompts()).toBe(1);
    gpg.setPinentry({ passphrase: "correct horse" });
    await must("logout --all", inPass());
    await must("store move file", inPass());
    expect(await must("store status --store file", inPass())).toMatch(
      /^file +available +1 access key$/m,
    );
  });
});

describe.skipIf(noTerminal !== undefined)(titled("at a terminal", noTerminal), () => {
  let terminal: Terminal | undefined;
  afterEach(() => terminal?.close());

  it.skipIf(noGpg !== undefined)(
    titled("gpg asks there, though GPG_TTY is not set, and a try leaves nothing behind", noGpg),
    async () => {
      const gpg = makeGpgHome("correct horse");
      try {
        gpg.setPinentry("asks at the terminal");
        const { GNUPGHOME, PASSWORD_STORE_DIR } = gpg.env;
        terminal = openTerminal({ ...env, GNUPGHOME, PASSWORD_STORE_DIR, GPG_TTY: undefined });
        terminal.enter(`${program.join(" ")} store use pass`);
        await terminal.waitFor(/Please enter the passphrase/);
        terminal.enter("correct horse");
        await terminal.waitFor(/the store is pass from now on/);
        const folder = join(home.path, "state", "awsrole");
        expect(readdirSync(join(folder, "pass"))).toEqual([".gpg-id"]);
        expect(readdirSync(join(folder, "items"))).toEqual([]);
      } finally {
        gpg.stopAgent();
        gpg.remove();
      }
    },
  );

  it("add-mfa asks for a seed that is not shown", async () => {
    const serial = "arn:aws:iam::123456789012:mfa/Bob";
    const config = readFileSync(home.configFile, "utf8");
    writeFileSync(home.configFile, `${config}\nawsrole_mfa_serial = ${serial}\n`);
    terminal = openTerminal({ ...env, AWSROLE_STORE: "file" });
    terminal.enter(`${program.join(" ")} add-mfa prod`);
    await terminal.waitFor(/Seed of the MFA device, or its otpauth URL \(not shown\):/);
    terminal.enter("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
    await terminal.waitFor(/the seed of \S+ is in the file store/);
    expect(terminal.screen()).not.toContain("JBSWY3DP");
  });
});

const noKeychain = keychainSkipReason();
describe.skipIf(noKeychain !== undefined)(titled("the keychain", noKeychain), () => {
  let keychain: KeychainDaemon;
  beforeAll(async () => {
    keychain = await startKeychainDaemon();
  });
  afterAll(() => keychain?.stop());
  const bus = (): NodeJS.ProcessEnv => ({
    DBUS_SESSION_BUS_ADDRESS: keychain.env["DBUS_SESSION_BUS_ADDRESS"],
  });

  it("that hangs is reported within seconds", async () => {
    await must(ask, bus());
    keychain.hang();
    const before = Date.now();
    try {
      expect(await statusOf(bus())).toMatchObject({ stores: [{ state: "not responding" }] });
    } finally {
      keychain.resume();
    }
    expect(Date.now() - before).toBeLessThan(10_000);
    expect(await statusOf(bus())).toMatchObject({ stores: [{ state: "available" }] });
    await must("logout --all", bus());
  });

  it("keeps what is stored in a named collection apart from the default one, and is named where it is missing", async () => {
    const missing = await run("store use keychain:work", bus());
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toMatch(
      /^awsrole: the keychain has no collection "work" \(there is ".+"\)\nawsrole: hint: create it /,
    );
    await keychain.createCollection("work");
    await must("store use keychain:work", bus());
    expect(readFileSync(home.configFile, "utf8")).toContain("awsrole_store = keychain:work\n");
    await must(ask, bus());
    expect(await keychain.itemsOf("work")).toBe(1);
    const calls = sts.callsOf("AssumeRole").length;
    await must(ask, bus());
    expect(sts.callsOf("AssumeRole").length).toBe(calls);
    await must(ask, { ...bus(), AWSROLE_STORE: "keychain" });
    expect(sts.callsOf("AssumeRole").length).toBe(calls + 1);
    expect(await keychain.itemsOf("work")).toBe(1);
    expect(await must("store", bus())).toMatch(/^keychain:work +available +1 session$/m);
    await must("store move keychain:work", bus());
    await must("logout --all", bus());
    expect(await keychain.itemsOf("work")).toBe(0);
  });
});
