/** The file store's passphrase where people and scripts give it: a terminal, a descriptor, a file; asked once per login where there is memory to keep the key. */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Home, program, runAwsrole, runCommand } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { storeKeyIn } from "../support/store-key.ts";
import { noTerminal, openTerminal } from "../support/terminal.ts";

const passphrase = "battery staple 7";
const noMemory = existsSync("/dev/shm") ? undefined : "there is no /dev/shm";
const command = program.join(" ");
/** Each is a process: fifty are more than two processors start in time beside other tests. */
const callersAtOnce = process.env["AWSROLE_TEST_LONG"] === undefined ? 10 : 50;

describe("the passphrase of the file store", () => {
  let sts: AwsDouble;
  let home: Home;
  beforeEach(async () => {
    sts = await startAwsDouble();
    home = createRoleHome(sts);
  });
  afterEach(async () => {
    await sts.close();
    await home.remove();
  });

  it.skipIf((noTerminal ?? noMemory) !== undefined)(
    titled(
      "is typed twice for a new store, never shown, and asked once per login",
      noTerminal ?? noMemory,
    ),
    async () => {
      const runtime = mkdtempSync("/dev/shm/awsrole-test-");
      const env = { ...home.env, XDG_RUNTIME_DIR: runtime, AWSROLE_STORE: "file" };
      const terminal = openTerminal(env);
      try {
        terminal.enter(`${command} whoami prod --quiet; echo "code $?"`);
        await terminal.waitFor(/New passphrase for the file store \(at least 12 characters\):/);
        terminal.enter(passphrase);
        await terminal.waitFor(/Repeat passphrase:/);
        terminal.enter(passphrase);
        await terminal.waitFor(/code 0/);
        expect(terminal.screen()).not.toContain(passphrase);
        const later = await runAwsrole(["credential-process", "--profile", "prod"], { env });
        expect(later).toMatchObject({ code: 0, stderr: "" });
        expect(sts.callsOf("AssumeRole")).toHaveLength(1);
        // The next login: nothing in memory any more.
        rmSync(runtime, { recursive: true });
        mkdirSync(runtime, { mode: 0o700 });
        terminal.enter(`${command} whoami prod --quiet; echo "then $?"`);
        await terminal.waitFor(/Passphrase of the file store:/);
        terminal.enter("wrong");
        await terminal.waitFor(/The passphrase is wrong\. Passphrase of the file store:/);
        terminal.enter(passphrase);
        await terminal.waitFor(/then 0/);
        // Locked by hand, and typed wrong as often as awsrole asks.
        terminal.enter(`${command} store lock; ${command} store lock`);
        await terminal.waitFor(/file store is locked[^]*file store was not open/);
        terminal.enter(`clear; ${command} whoami prod --quiet; echo "last $?"`);
        await terminal.waitFor(/Passphrase of the file store:/);
        for (const question of [2, 3]) {
          terminal.enter("wrong");
          await terminal.waitFor(
            new RegExp(`(The passphrase is wrong\\.[^]*){${question - 1}}store:`),
          );
        }
        terminal.enter("wrong");
        await terminal.waitFor(/the file store is locked: the passphrase is wrong[^]*last 3/);
      } finally {
        terminal.close();
        rmSync(runtime, { recursive: true, force: true });
      }
    },
  );

  it("comes from a descriptor that the shell opens", async () => {
    const file = join(home.path, "passphrase");
    writeFileSync(file, passphrase, { mode: 0o600 });
    const env = { ...home.env, AWSROLE_STORE: "file", AWSROLE_PASSPHRASE_FD: "3" };
    for (const redirection of [`3<${file}`, `3<${file}`]) {
      const line = `${command} credential-process --profile prod ${redirection}`;
      expect(await runCommand(["sh", "-c", line], { env })).toMatchObject({ code: 0, stderr: "" });
    }
    expect(sts.callsOf("AssumeRole")).toHaveLength(1);
    const closed = await runCommand(["sh", "-c", `${command} whoami prod 3<&-`], { env });
    expect(closed.code).toBe(1);
    expect(closed.stderr).toMatch(/^awsrole: descriptor 3 cannot be read\nawsrole: hint: /);
  });

  it.skipIf(noMemory !== undefined)(
    titled(
      `is derived once for ${callersAtOnce} callers, and needed again after logout --all`,
      noMemory,
    ),
    async () => {
      const file = join(home.path, "passphrase");
      writeFileSync(file, passphrase, { mode: 0o600 });
      const runtime = mkdtempSync("/dev/shm/awsrole-test-");
      const env = { ...home.env, XDG_RUNTIME_DIR: runtime, AWSROLE_STORE: "file" };
      const withPassphrase = { ...env, AWSROLE_PASSPHRASE_FILE: file };
      const call = () =>
        runAwsrole(["credential-process", "--profile", "prod"], { env: withPassphrase });
      try {
        expect(await call()).toMatchObject({ code: 0, stderr: "" });
        expect((await runAwsrole(["store", "lock"], { env })).code).toBe(0);
        const kept = join(runtime, "awsrole", "store-keys");
        expect(readdirSync(kept)).toEqual([]);
        const callers = await Promise.all(Array.from({ length: callersAtOnce }, call));
        expect(callers.filter(({ code, stderr }) => code !== 0 || stderr !== "")).toEqual([]);
        // One derivation writes one key: a second would have replaced the file.
        expect(readdirSync(kept)).toHaveLength(1);
        expect(sts.callsOf("AssumeRole")).toHaveLength(1);
        expect((await runAwsrole(["logout", "--all"], { env })).code).toBe(0);
        expect(readdirSync(kept)).toEqual([]);
      } finally {
        rmSync(runtime, { recursive: true, force: true });
      }
    },
  );

  it("cannot take the place of a key file: doctor names a key that is behind one", async () => {
    const env = { ...home.env, AWSROLE_STORE: "none" };
    const opened = { ...env, ...storeKeyIn(home.path) };
    expect(
      await runAwsrole(["add-key", "bob", "--from-credentials-file", "--store", "file"], {
        env: opened,
      }),
    ).toMatchObject({ code: 0 });
    const unreachable = expect.objectContaining({
      id: "key-unreachable",
      profile: "bob",
      fix: "name it in AWSROLE_KEY_FILE",
    });
    const findings = async (of: NodeJS.ProcessEnv): Promise<readonly object[]> => {
      const { stdout } = await runAwsrole(["doctor", "prod", "--json"], { env: of });
      return (JSON.parse(stdout) as { findings: readonly object[] }).findings;
    };
    expect(await findings(env)).toContainEqual(unreachable);
    expect(await findings(opened)).not.toContainEqual(unreachable);
  });

  it("is not needed where AWSROLE_KEY_FILE names a key, as systemd's credentials do", async () => {
    const credentials = join(home.path, "credentials");
    mkdirSync(credentials, { mode: 0o500 });
    chmodSync(credentials, 0o700);
    const file = join(credentials, "awsrole.key");
    writeFileSync(file, randomBytes(32), { mode: 0o400 });
    const env = {
      ...home.env,
      CREDENTIALS_DIRECTORY: credentials,
      AWSROLE_STORE: "file",
      AWSROLE_KEY_FILE: file,
    };
    const words = ["credential-process", "--profile", "prod"];
    for (let call = 0; call < 2; call += 1)
      expect(await runAwsrole(words, { env })).toMatchObject({ code: 0, stderr: "" });
    expect(sts.callsOf("AssumeRole")).toHaveLength(1);
    // The cached answer opens the store by itself: a key that is not the store's, or that others can read, is refused as ever.
    const other = join(home.path, "other.key");
    writeFileSync(other, randomBytes(32), { mode: 0o600 });
    expect(await runAwsrole(words, { env: { ...env, AWSROLE_KEY_FILE: other } })).toMatchObject({
      code: 3,
      stdout: "",
      stderr: expect.stringContaining("is not the key of"),
    });
    chmodSync(file, 0o444);
    expect(await runAwsrole(words, { env })).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("can be read by others"),
    });
    chmodSync(file, 0o400);
    const without = await runAwsrole(["whoami", "prod", "--no-input"], {
      env: { ...env, AWSROLE_KEY_FILE: "" },
    });
    expect(without).toMatchObject({ code: 3, stdout: "" });
    expect(without.stderr).toBe(
      "awsrole: the file store is opened by a key file\nawsrole: hint: name it in AWSROLE_KEY_FILE\n",
    );
  });

  it("is missed where nobody can be asked: exit 3, with what to do", async () => {
    const env = { ...home.env, AWSROLE_STORE: "file" };
    const words = ["credential-process", "--profile", "prod", "--no-input"];
    // A new store would need it only to keep the session; an old one, to say what it holds.
    const fresh = await runAwsrole(words, { env });
    expect(fresh).toMatchObject({ code: 0, stderr: "" });
    // Nothing was kept, so nothing is listed, and there is nothing to delete.
    const { profiles } = JSON.parse((await runAwsrole(["list", "--json"], { env })).stdout) as {
      profiles: { cachedUntil?: string }[];
    };
    expect(profiles.map(({ cachedUntil }) => cachedUntil)).toEqual(profiles.map(() => undefined));
    const file = join(home.path, "passphrase");
    writeFileSync(file, passphrase, { mode: 0o600 });
    const withFile = { ...env, AWSROLE_PASSPHRASE_FILE: file };
    expect(await runAwsrole(words, { env: withFile })).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = await runAwsrole(words, { env });
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(
      /^awsrole: the file store needs its passphrase[^]*AWSROLE_PASSPHRASE_FILE/,
    );
  });
});
