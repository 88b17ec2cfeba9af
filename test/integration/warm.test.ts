/** `warm`, `list --prompt` and `log`: credentials fetched ahead, shown in a prompt, and on record. */
import { titled } from "../support/installed.ts";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRoleHome } from "../support/role-home.ts";
import {
  type Finished,
  type Home,
  notNode,
  privateMode,
  program,
  runAwsrole,
} from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { noTerminal, openTerminal } from "../support/terminal.ts";

let sts: AwsDouble;
let home: Home;
const state = (): string => join(home.path, "state", "awsrole");
beforeEach(async () => {
  sts = await startAwsDouble();
  const role = (name: string, ...more: string[]): string =>
    [
      `[profile ${name}]`,
      `awsrole_role_arn = ${sts.role.arn}`,
      "awsrole_source_profile = bob",
      `awsrole_role_session_name = ${name}-session`,
      ...more,
    ].join("\n");
  const device = `awsrole_mfa_serial = ${sts.bob.mfaSerial}`;
  home = createRoleHome(sts, {
    config: [
      role("free"),
      role("coded-1", device),
      role("coded-2", device),
      role("long", device, "awsrole_duration_seconds = 7200"),
    ].join("\n"),
  });
});
afterEach(async () => {
  await sts.close();
  await home.remove();
});
const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...home.env,
  AWSROLE_STORE: "plaintext",
  ...more,
});
const run = (words: string, more?: NodeJS.ProcessEnv): Promise<Finished> =>
  runAwsrole(words.split(" "), { env: environment(more) });

describe("warm", () => {
  it("fetches all that needs nobody, goes on after a failure, and ends with its exit code", async () => {
    const { code, stdout, stderr } = await run("warm prod free nobody coded-1 --no-input");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^prod +until [^\n]*\d\d:\d\d, in 59 min\nfree +until [^\n]*\d\d:\d\d, in 59 min\n$/,
    );
    expect(stderr).toMatch(/^awsrole: nobody: profile nobody not found/m);
    expect(stderr).toMatch(/^awsrole: coded-1: [^\n]*MFA code/m);
    const before = sts.callsOf("AssumeRole").length;
    expect(await run("credential-process --profile free")).toMatchObject({ code: 0 });
    expect(sts.callsOf("AssumeRole").length).toBe(before);
  });

  it("says before it asks how many codes it takes and whose they are; none when all is warm", async () => {
    const first = await run("warm coded-1 coded-2 long --no-input");
    expect(first.code).toBe(3);
    expect(first.stderr).toMatch(
      /^awsrole: You will be asked for 2 MFA codes:\nawsrole: {3}[^\n]+, for coded-1 and coded-2\nawsrole: {3}[^\n]+, for long \(its session /,
    );
    const code = sts.currentCode(sts.bob);
    const { stdout } = await run(`warm coded-1 coded-2 --json --mfa-code ${code}`);
    expect(JSON.parse(stdout)).toMatchObject({ codes: 1, profiles: [{}, {}] });
    expect(await run("warm coded-1 coded-2 --no-input")).toMatchObject({ code: 0, stderr: "" });
  });

  it.skipIf(noTerminal !== undefined)(
    `asks once in a terminal for all that can share a code${noTerminal ? ` (skipped: ${noTerminal})` : ""}`,
    async () => {
      const terminal = openTerminal(environment());
      try {
        terminal.enter(`${program.join(" ")} warm coded-1 coded-2 free`);
        await terminal.waitFor(/You will be asked for 1 MFA code/);
        await terminal.waitFor(/code[^\n]*: *$/i);
        terminal.enter(sts.currentCode(sts.bob));
        await terminal.waitFor(/free +until/);
        expect(terminal.screen()).toMatch(/coded-1 +until [^\n]+\n[^\n]*coded-2 +until/);
        expect(sts.callsOf("GetSessionToken")).toHaveLength(1);
      } finally {
        terminal.close();
      }
    },
  );

  it("wants names", async () => {
    expect(await run("warm")).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("list --prompt", () => {
  it("says the profile in use and its minutes, or nothing", async () => {
    const nothing = { code: 0, stdout: "", stderr: "" };
    expect(await run("list --prompt")).toMatchObject(nothing);
    expect(await run("list --prompt", { AWS_PROFILE: "prod" })).toMatchObject(nothing);
    await run("credential-process --profile prod");
    const cached = await run("list --prompt", { AWS_PROFILE: "prod" });
    expect(cached.stdout).toMatch(/^prod (?:59|60)m\n$/);
    const inTwoHours = new Date(Date.now() + 7_230_000).toISOString();
    expect(
      await run("list --prompt", {
        AWSROLE_PROFILE: "other",
        AWS_CREDENTIAL_EXPIRATION: inTwoHours,
      }),
    ).toMatchObject({ stdout: "other 120m\n" });
    expect(
      await run("list --prompt", {
        AWSROLE_PROFILE: "other",
        AWS_CREDENTIAL_EXPIRATION: "2020-01-01T00:00:00Z",
      }),
    ).toMatchObject({ stdout: "other 0m\n" });
  });

  it("is silent in trouble, and shows no escape sequences", async () => {
    writeFileSync(join(home.path, "state"), "");
    expect(await run("list --prompt", { AWS_PROFILE: "prod" })).toMatchObject({
      code: 0,
      stderr: "",
    });
    const odd = await run("list --prompt", {
      AWSROLE_PROFILE: "a\u001B[31mb",
      AWS_CREDENTIAL_EXPIRATION: new Date(Date.now() + 90_000).toISOString(),
    });
    expect(odd.stdout).toMatch(/^a\\u\{1b\}\[31mb 1m\n$/);
  });

  it.skipIf(notNode !== undefined)(
    titled("loads neither the command-line parser nor the SDK nor the keychain", notNode),
    async () => {
      const listFile = join(home.path, "modules.json");
      const preload = fileURLToPath(new URL("../support/list-modules.cjs", import.meta.url));
      await run("list --prompt", {
        AWS_PROFILE: "prod",
        NODE_OPTIONS: `--require ${preload}`,
        TEST_MODULES_FILE: listFile,
      });
      const modules = readFileSync(listFile, "utf8");
      for (const name of ["yargs", "@aws-sdk", "keyring"]) expect(modules).not.toContain(name);
    },
  );
});

describe("log", () => {
  const on = { AWSROLE_LOG: "on" };
  const recorded = async (): Promise<readonly Record<string, string>[]> =>
    (JSON.parse((await run("log --json", on)).stdout) as { deliveries: Record<string, string>[] })
      .deliveries;

  it("keeps nothing unless it is switched on, and says how", async () => {
    await run("credential-process --profile prod");
    const { code, stderr } = await run("log");
    expect(code).toBe(0);
    expect(stderr).toMatch(/set AWSROLE_LOG=on/);
  });

  it("is switched on by the config for every program, cached answers included, and off by the variable", async () => {
    appendFileSync(home.configFile, "\n[default]\nawsrole_log = on\n");
    await run("credential-process --profile prod");
    await run("credential-process --profile prod");
    await run("credential-process --profile prod", { AWSROLE_LOG: "off" });
    expect((await recorded()).map(({ result }) => result)).toEqual(["miss", "hit"]);
  });

  it("says what was handed out and how, in a file of ours alone", async () => {
    await run("credential-process --profile prod", on);
    await run("credential-process --profile prod", on);
    await run("whoami bob", on);
    await run("credential-process --profile prod --force-refresh", on);
    sts.behave({ deny: "no" });
    await run("credential-process --profile free", on);
    const lines = await recorded();
    expect(lines.map(({ profile, result, error }) => [profile, result, error])).toEqual([
      ["prod", "miss", undefined],
      ["prod", "hit", undefined],
      ["bob", "source", undefined],
      ["prod", "renewed", undefined],
      ["free", "failed", "ERR_AWS_DENIED"],
    ]);
    expect(lines[0]).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      roleArn: sts.role.arn,
      expiration: expect.stringMatching(/Z$/),
    });
    if (process.platform === "linux")
      expect(lines[0]?.["program"]).toMatch(/^(?:node|vitest|MainThread)/);
    expect(statSync(join(state(), "deliveries.jsonl")).mode & 0o777).toBe(privateMode.file);
    const { stdout } = await run("log prod", on);
    expect(stdout).toMatch(/^TIME +PROFILE +RESULT +EXPIRES +PROGRAM\n/);
    expect(stdout).not.toContain("free");
  });

  it("keeps whole lines when many write at once, stays bounded, and passes over damage", async () => {
    const file = join(state(), "deliveries.jsonl");
    await run("credential-process --profile prod", on);
    writeFileSync(file, `${"x".repeat(512 * 1024)}\n`, { flag: "a" });
    const writers = process.env["AWSROLE_TEST_LONG"] === undefined ? 20 : 50;
    await Promise.all(
      Array.from({ length: writers }, () => run("credential-process --profile prod", on)),
    );
    expect(statSync(file).size).toBeLessThan(64 * 1024);
    expect((await recorded()).length).toBe(writers + 1);
  });

  it.skipIf(process.platform === "win32")(
    "a pipe in the file's place stops neither credentials nor log (Windows has no such file)",
    async () => {
      await run("credential-process --profile prod", on);
      const file = join(state(), "deliveries.jsonl");
      rmSync(file);
      execFileSync("mkfifo", ["-m", "600", file]);
      expect(await run("credential-process --profile prod", on)).toMatchObject({ code: 0 });
      expect(await recorded()).toEqual([]);
    },
  );

  it("never writes through a link, and never keeps anybody from credentials", async () => {
    await run("credential-process --profile prod", on);
    const file = join(state(), "deliveries.jsonl");
    const elsewhere = join(home.path, "elsewhere");
    writeFileSync(elsewhere, "");
    rmSync(file);
    symlinkSync(elsewhere, file);
    expect(await run("credential-process --profile prod", on)).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(readFileSync(elsewhere, "utf8")).toBe("");
  });
});
