/** `exec` as people and scripts use it: what the command gets, what comes back, and who hears which signal. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createRoleHome } from "../support/role-home.ts";
import {
  type Finished,
  type Home,
  program,
  runAwsrole,
  runCommand,
} from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { noTerminal, openTerminal, type Terminal } from "../support/terminal.ts";
import { missing, titled } from "../support/installed.ts";

const serial = "arn:aws:iam::123456789012:mfa/Bob";
const awsrole = program.join(" ");
const show = [process.execPath, "-p", "JSON.stringify([process.env, process.argv.slice(1)])"];

let sts: AwsDouble;
let home: Home;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  sts = await startAwsDouble();
  sts.addRole({ arn: "arn:aws:iam::123456789012:role/other" });
  sts.addRole({ arn: "arn:aws:iam::123456789012:role/careful", requireMfa: true });
  home = createRoleHome(sts, {
    config: [
      "[profile other]",
      "region = us-east-2",
      "awsrole_role_arn = arn:aws:iam::123456789012:role/other",
      "awsrole_source_profile = bob",
      "[profile careful]",
      "awsrole_role_arn = arn:aws:iam::123456789012:role/careful",
      "awsrole_source_profile = bob",
      `awsrole_mfa_serial = ${serial}`,
      "[profile denied]",
      "awsrole_role_arn = arn:aws:iam::123456789012:role/nobody-may",
      "awsrole_source_profile = bob",
      "",
    ].join("\n"),
  });
  env = { ...home.env, AWS_DEFAULT_REGION: undefined, AWSROLE_STORE: "plaintext" };
  // Cached from here on, so that the tests below wait for node alone.
  for (const name of ["prod", "other"]) await runAwsrole(["exec", name, "--", "true"], { env });
});
afterAll(async () => {
  await sts.close();
  await home.remove();
});

const exec = (
  words: readonly string[],
  more: { env?: NodeJS.ProcessEnv; stdin?: string } = {},
): Promise<Finished> =>
  runAwsrole(["exec", "prod", "--", ...words], { ...more, env: { ...env, ...more.env } });

async function shown(
  words: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<NodeJS.ProcessEnv> {
  const { stdout, stderr } = await runAwsrole(words, { env: { ...env, ...more } });
  expect(stderr).toBe("");
  return (JSON.parse(stdout) as [NodeJS.ProcessEnv])[0];
}

describe("the command of exec", () => {
  it("has the credentials and the region, and nothing that would be used in their place", async () => {
    const child = await shown(["exec", "prod", "--", ...show], {
      AWS_PROFILE: "other",
      AWS_DEFAULT_PROFILE: "other",
      AWS_ACCESS_KEY_ID: "AKIAOLD",
      AWS_SESSION_TOKEN: "old",
      AWS_SECURITY_TOKEN: "old",
      KEPT: "as it is",
    });
    expect(child).toMatchObject({
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/),
      AWS_SECRET_ACCESS_KEY: expect.stringMatching(/./),
      AWS_SESSION_TOKEN: expect.not.stringMatching(/^old$/),
      AWS_CREDENTIAL_EXPIRATION: expect.stringMatching(/Z$/),
      AWS_REGION: "eu-west-1",
      AWS_DEFAULT_REGION: "eu-west-1",
      KEPT: "as it is",
    });
    for (const name of [
      "AWS_PROFILE",
      "AWS_DEFAULT_PROFILE",
      "AWS_SECURITY_TOKEN",
      "AWSROLE_CHAIN",
    ])
      expect(child).not.toHaveProperty(name);
  });

  it("is of the profile AWS_PROFILE names when the line names none", async () => {
    expect(await shown(["exec", "--", ...show], { AWS_PROFILE: "other" })).toMatchObject({
      AWSROLE_PROFILE: "other",
    });
  });

  it("has a session of an access key, or with --long-term the key", async () => {
    const session = await shown(["exec", "bob", "--", ...show]);
    expect(session["AWS_ACCESS_KEY_ID"]).toMatch(/^ASIA/);
    const key = await shown(["exec", "bob", "--long-term", "--", ...show], {
      AWS_SESSION_TOKEN: "old",
    });
    expect(key["AWS_ACCESS_KEY_ID"]).toBe(sts.bob.accessKeyId);
    expect(key).not.toHaveProperty("AWS_SESSION_TOKEN");
  });

  it("may be exec itself, which then knows the person's own region from the first profile's", async () => {
    const inner = await shown(["exec", "prod", "--", ...program, "exec", "other", "--", ...show]);
    expect(inner).toMatchObject({ AWS_REGION: "us-east-2", AWSROLE_PROFILE: "other" });
    const issued = sts
      .sessions()
      .find(({ accessKeyId }) => accessKeyId === inner["AWS_ACCESS_KEY_ID"]);
    expect(JSON.stringify(issued)).toContain("role/other");
  });

  it("gets every word as it is, for no shell reads it", async () => {
    const words = [
      "a b",
      "$HOME",
      "`id`",
      "*",
      '"',
      "'",
      "",
      "two\nlines",
      "\\",
      "ünï",
      "--json",
      "--",
      "--serve",
    ];
    const { stdout } = await exec([...show, "--", ...words]);
    expect((JSON.parse(stdout) as [unknown, string[]])[1]).toEqual(words);
  });

  it("reads all of stdin, and what it leaves is there for the next", async () => {
    const megabyte = `${"0123456789abcde\n".repeat(65_536)}end`;
    expect((await exec(["cat"], { stdin: megabyte })).stdout).toBe(megabyte);
    const line = ["sh", "-c", `${awsrole} exec prod -- head -c 0; cat`];
    expect((await runCommand(line, { env, stdin: megabyte })).stdout).toBe(megabyte);
  });

  it("may ask awsrole for any profile, its own too", async () => {
    const { code, stdout } = await exec([...program, "credential-process", "--profile", "prod"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\{"Version":1,/);
  });

  it("below a profile's own credential_process cannot lead back to that profile", async () => {
    writeFileSync(
      join(home.path, "config-loop"),
      `${readFileSync(home.configFile, "utf8")}\n[profile loop]\ncredential_process = ${awsrole} exec prod -- ${awsrole} credential-process --profile loop\n`,
    );
    const { code, stderr } = await runAwsrole(["whoami", "loop"], {
      env: { ...env, AWS_CONFIG_FILE: join(home.path, "config-loop") },
    });
    expect(code).toBe(1);
    // Seen beforehand, or by the program at the end of the line.
    expect(stderr).toMatch(/circular source_profile|credential_process returned no credentials/);
  });
});

describe("exec ends with", () => {
  it("the command's own code", async () => {
    const command = 'console.log("out"); console.error("err"); process.exitCode = 7';
    expect(await exec([process.execPath, "-e", command])).toEqual({
      code: 7,
      signal: null,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  it("128 and the number of the signal that ended the command, whichever", async () => {
    const signals = [
      "HUP",
      "INT",
      "QUIT",
      "ILL",
      "ABRT",
      "FPE",
      "KILL",
      "SEGV",
      "PIPE",
      "ALRM",
      "TERM",
      "USR1",
      "USR2",
    ];
    const lines = signals.map(
      (name) => `(ulimit -c 0; ${awsrole} exec prod -- sh -c 'kill -${name} $$'; echo ${name} $?)`,
    );
    const { stdout } = await runCommand(["sh", "-c", lines.join("\n")], { env });
    expect(stdout.trim().split("\n")).toEqual(
      signals.map((name) => `${name} ${128 + constants.signals[`SIG${name}` as NodeJS.Signals]}`),
    );
  });

  it("127 when there is no such command, 126 when it cannot be executed", async () => {
    const script = join(home.path, "no-interpreter");
    writeFileSync(script, `#!${join(home.path, "no-such-program")}\n`, { mode: 0o755 });
    expect(await exec(["nonesuch"])).toMatchObject({
      code: 127,
      stderr: expect.stringMatching(
        /^awsrole: exec: nonesuch was not found\nawsrole: hint: searched on PATH/,
      ),
    });
    expect(await exec([script])).toMatchObject({
      code: 127,
      stderr: expect.stringContaining("its first line names an interpreter that does not exist"),
    });
    expect(await exec([home.configFile])).toMatchObject({
      code: 126,
      stderr: `awsrole: exec: ${home.configFile} cannot be executed: permission denied\n`,
    });
    expect(await exec([home.path])).toMatchObject({ code: 126 });
    // Then the system's own path counts.
    expect(await exec(["nonesuch"], { env: { PATH: undefined } })).toMatchObject({ code: 127 });
    expect(await exec(["true"], { env: { PATH: undefined } })).toMatchObject({ code: 0 });
    const folder = join(home.path, "folder");
    mkdirSync(folder);
    writeFileSync(join(folder, "no-program"), "", { mode: 0o644 });
    const PATH = `${folder}:${process.env["PATH"]}`;
    expect(await exec(["no-program"], { env: { PATH } })).toMatchObject({ code: 126 });
    mkdirSync(join(folder, "no-file"));
    expect(await exec(["no-file"], { env: { PATH } })).toMatchObject({ code: 127 });
    // Then execvp says "permission denied" of whatever it does not find (not to root, who may enter).
    chmodSync(folder, 0);
    const nowhere = await exec(["nonesuch"], { env: { PATH } });
    chmodSync(folder, 0o700);
    expect(nowhere).toMatchObject({
      code: 127,
      stderr: expect.stringContaining("nonesuch was not found"),
    });
  });

  it("125 when awsrole failed, whatever the reason; the command is not run", async () => {
    const touched = join(home.path, "touched");
    const fail = (name: string, more: NodeJS.ProcessEnv = {}): Promise<Finished> =>
      runAwsrole(["exec", name, "--", "touch", touched], { env: { ...env, ...more } });
    expect(await fail("nope")).toMatchObject({
      code: 125,
      stderr: expect.stringContaining("nope not found"),
    });
    expect(await fail("denied")).toMatchObject({ code: 125 });
    expect(await fail("careful")).toMatchObject({
      code: 125,
      stderr: expect.stringContaining("needs an MFA code"),
    });
    expect(await fail("prod", { AWSROLE_STORE: "nonsense" })).toMatchObject({ code: 125 });
    expect(existsSync(touched)).toBe(false);
  });

  it("2 when the command line is wrong, with the line as it should be", async () => {
    const { code, stdout, stderr } = await runAwsrole(["exec", "prod", "sh", "-c", "exit 5"], {
      env,
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(
      "awsrole: exec: put -- before the command\nawsrole: hint: awsrole exec prod -- sh -c 'exit 5'\n",
    );
  });

  it("says nothing in JSON because the command has a --json", async () => {
    expect(
      await runAwsrole(["exec", "nope", "--", "aws", "--json", "--debug"], { env }),
    ).toMatchObject({
      stdout: "",
      stderr: expect.not.stringContaining("debug"),
    });
  });
});

/** Starts `awsrole exec` without a terminal, as a service manager does; `line()` waits for the next line of the command. */
function start(words: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const [file = "", ...rest] = program;
  const child = spawn(file, [...rest, "exec", ...words], {
    env: { ...env, ...more },
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = child.stdout.setEncoding("utf8").iterator();
  started.push(child.pid ?? 0);
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  let text = "";
  return {
    child,
    ended,
    line: async (): Promise<string> => {
      while (!text.includes("\n")) {
        const { value, done } = (await lines.next()) as { value: string; done?: boolean };
        if (done === true) throw new Error("the command has ended");
        text += value;
      }
      const line = text.slice(0, text.indexOf("\n"));
      text = text.slice(line.length + 1);
      return line;
    },
  };
}

/** Process groups of their own. */
const started: number[] = [];

describe("a signal that is sent to awsrole", () => {
  afterEach(() => {
    for (const group of started.splice(0)) {
      try {
        process.kill(-group, "SIGKILL");
      } catch {
        // All of it has ended.
      }
    }
  });

  it("reaches the command, once, and awsrole ends when the command does", async () => {
    const signals = ["HUP", "INT", "QUIT", "USR1", "USR2", "ALRM", "CONT", "TERM"] as const;
    const traps = signals.map((name) => `trap 'echo ${name}' ${name}`).join("; ");
    const { child, ended, line } = start([
      "prod",
      "--",
      "sh",
      "-c",
      `${traps}; trap 'echo TERM; exit 9' TERM; echo ready; while :; do sleep 0.02; done`,
    ]);
    expect(await line()).toBe("ready");
    for (const name of signals) {
      child.kill(`SIG${name}`);
      expect(await line()).toBe(name);
    }
    expect(await ended).toEqual([9, null]);
  });

  it("wakes a command that was stopped alone", async () => {
    const { child, line } = start([
      "prod",
      "--",
      "sh",
      "-c",
      "echo ready; kill -STOP $$; echo awake",
    ]);
    expect(await line()).toBe("ready");
    const woken = line();
    const again = setInterval(() => child.kill("SIGCONT"), 100);
    expect(await woken).toBe("awake");
    clearInterval(again);
  });

  it("reaches all the commands of --each that run, and no further one is started", async () => {
    const script = `[ $AWSROLE_PROFILE = first ] && exit; trap 'sleep 0.1; echo got it; exit 9' TERM; echo ready; while :; do sleep 0.02; done`;
    const names = ["first", ...Array.from({ length: 6 }, (_, index) => `next-${index}`)];
    const config = join(home.path, "each-config");
    const role = "arn:aws:iam::123456789012:role/other";
    const sections = names.map(
      (name) => `[profile ${name}]\nrole_arn = ${role}\nsource_profile = bob\n`,
    );
    writeFileSync(config, sections.join(""));
    const { child, ended, line } = start(["--each", "*t*", "--", "sh", "-c", script], {
      AWS_CONFIG_FILE: config,
    });
    const four = [await line(), await line(), await line(), await line()];
    expect(four).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/: ready$/)));
    child.kill("SIGTERM");
    const ends = [await line(), await line(), await line(), await line()];
    expect(ends.map((text) => text.replace("got it", "ready")).toSorted()).toEqual(four.toSorted());
    expect(await ended).toEqual([128 + constants.signals.SIGTERM, null]);
    await expect(line()).rejects.toThrow("the command has ended");
  });

  it("ends awsrole alone while it still fetches", async () => {
    sts.behave({ hang: "headers" });
    const { child, ended } = start(["prod", "--", "echo", "ran"], { AWSROLE_STORE: "none" });
    const calls = sts.requests.length;
    while (sts.requests.length === calls) await pause(20);
    child.kill("SIGTERM");
    expect(await ended).toEqual([null, "SIGTERM"]);
    sts.behave({});
  });
});

describe.skipIf(noTerminal !== undefined)(titled("exec in a terminal", noTerminal), () => {
  let terminal: Terminal;
  const run = (command: string): string => `${awsrole} exec prod -- ${command}`;
  const open = (): void => {
    terminal = openTerminal(env);
  };
  /** At the shell's prompt: what is typed before it is there is shown in the wrong place. */
  const type = async (line: string): Promise<void> => {
    await terminal.waitFor(/[$#]$/);
    terminal.enter(line);
  };
  afterEach(() => terminal.close());

  it("Ctrl-C reaches the command once, and awsrole waits for what it does about it", async () => {
    open();
    const script = join(home.path, "on-interrupt");
    writeFileSync(
      script,
      "n=0; trap 'n=$((n+1))' INT\necho ready\nwhile [ $n = 0 ]; do sleep 0.02; done\nsleep 0.2; sleep 0.1\necho ints=$n\nexit 6\n",
    );
    await type(`${run(`sh ${script}`)}; echo code=$?`);
    await terminal.waitFor(/ready$/m);
    terminal.press("C-c");
    await terminal.waitFor(/ints=1\ncode=6$/m);
  });

  it("Ctrl-C that ends the command ends a shell's loop too", async () => {
    open();
    await type(
      `for i in 1 2 3; do ${run("sh -c 'echo ready $0; exec sleep 30' $i")}; done; echo not here`,
    );
    await terminal.waitFor(/^ready 1$/m);
    terminal.press("C-c");
    await type("echo code=$?");
    await terminal.waitFor(/^code=130$/m);
    expect(terminal.screen()).not.toMatch(/^(ready 2|not here)$/m);
  });

  it("Ctrl-C at a question of --each ends all of it", async () => {
    open();
    const config = join(home.path, "careful-config");
    const section = (name: string): string =>
      `[profile ${name}]\nrole_arn = arn:aws:iam::123456789012:role/careful\nsource_profile = bob\nmfa_serial = ${serial}\n`;
    writeFileSync(config, section("careful-1") + section("careful-2"));
    await type(
      `AWSROLE_STORE=none AWS_CONFIG_FILE=${config} ${awsrole} exec --each 'careful-*' -- echo ran`,
    );
    await terminal.waitFor(/^Enter MFA code for \S+: *$/m);
    terminal.press("C-c");
    await terminal.waitFor(/^not run for 1 of 2: careful-2$/m);
    await type("echo code=$?");
    await terminal.waitFor(/^code=130$/m);
    expect(terminal.screen()).not.toMatch(/^careful-\d: ran$/m);
  });

  it("Ctrl-Z stops both, fg goes on with both", async () => {
    open();
    await type(`${run("cat")}; echo code=$?`);
    terminal.enter("one");
    await terminal.waitFor(/^one\none$/m);
    terminal.press("C-z");
    await terminal.waitFor(/Stopped|Suspended|code=1[45]\d/);
    await type("ps -o stat=,args= | grep -v grep | grep -E 'cat$'");
    await terminal.waitFor(/^T\S* +\S.* exec prod -- cat\nT\S* +cat$/m);
    await type("fg; echo after=$?");
    await terminal.waitFor(/after=\$\?\n.* exec prod -- cat$/);
    terminal.enter("two");
    await terminal.waitFor(/^two\ntwo$/m);
    terminal.press("C-d");
    await terminal.waitFor(/^after=0$/m);
  });

  it("the command hears of a new window size", async () => {
    open();
    const script = join(home.path, "on-resize");
    writeFileSync(
      script,
      `trap 'stty size; exit 0' WINCH\necho ready\nwhile :; do sleep 0.02; done\n`,
    );
    await type(run(`sh ${script}`));
    await terminal.waitFor(/ready$/m);
    terminal.resize(100, 30);
    await terminal.waitFor(/^30 100$/m);
  });

  const noLess = missing("less");
  it.skipIf(noLess !== undefined)(
    titled("a pager works, and leaves the terminal as it was", noLess),
    async () => {
      open();
      const file = join(home.path, "long");
      writeFileSync(file, Array.from({ length: 500 }, (_, i) => `line ${i + 1}`).join("\n"));
      await type(`before=$(stty -g); ${run(`less ${file}`)}; echo code=$?`);
      await terminal.waitFor(/^line 40$/m);
      terminal.press("G");
      await terminal.waitFor(/^line 500$/m);
      terminal.press("q");
      await terminal.waitFor(/^code=0$/m);
      await type('[ "$before" = "$(stty -g)" ] && echo same');
      await terminal.waitFor(/^same$/m);
    },
  );

  const noBash = missing("bash");
  it.skipIf(noBash !== undefined)(titled("a shell has its own job control", noBash), async () => {
    open();
    await type(`${run("bash --norc")}; echo code=$?`);
    await terminal.waitFor(/bash-\S+[$#] *$/m);
    await type("sh -c 'echo begin; sleep 30'");
    await terminal.waitFor(/^begin$/m);
    terminal.press("C-c");
    await type("echo $AWSROLE_PROFILE; exit 3");
    await terminal.waitFor(/^prod\n(exit\n)?code=3$/m);
  });

  it("the endpoint of --serve is there while the command cleans up after Ctrl-C", async () => {
    open();
    const script = join(home.path, "clean-up.cjs");
    writeFileSync(
      script,
      `const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: authorization } = process.env;
      process.once("SIGINT", () =>
        setTimeout(() => require("node:http").get(url, { headers: { authorization } }, ({ statusCode }) => {
          console.log("cleaned up with", statusCode);
          process.exit(8);
        }), 100));
      setInterval(() => {}, 1000);
      console.log("ready");`,
    );
    await type(`${awsrole} exec prod --serve -- ${process.execPath} ${script}; echo code=$?`);
    await terminal.waitFor(/^ready$/m);
    terminal.press("C-c");
    await terminal.waitFor(/cleaned up with 200\ncode=8$/m);
  });

  it("the MFA code is asked for before the command is run, and not while a shell below --serve has the terminal", async ({
    skip,
  }) => {
    open();
    await type(`${awsrole} exec careful -- printenv AWSROLE_PROFILE; echo code=$?`);
    await terminal.waitFor(
      /^awsrole: profile careful needs an MFA code\nEnter MFA code for \S+: *$/m,
    );
    terminal.enter(sts.currentCode(sts.bob));
    await terminal.waitFor(/^careful\ncode=0$/m);
    skip(noBash !== undefined, noBash);
    await type(`${awsrole} exec careful --serve -- bash --norc`);
    await terminal.waitFor(/bash-\S+[$#]$/);
    for (const name of ["careful", "bob"]) await runAwsrole(["logout", name], { env });
    const ask = join(home.path, "ask.cjs");
    writeFileSync(
      ask,
      `const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: authorization } = process.env;
      require("node:http").get(url, { headers: { authorization } }, (answer) => answer.pipe(process.stdout));`,
    );
    await type(`${process.execPath} ${ask}; echo`);
    await terminal.waitFor(
      /"code":"ERR_MFA_NEEDED","message":"awsrole: [^"]*this is a background job/,
    );
  });
});
