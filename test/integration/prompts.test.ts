/** A question belongs to the process in front: real terminals, real shells, callers that are killed, stopped and sent to the background. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import { processesOf } from "../support/own-processes.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Home, program } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { noTerminal, openTerminal, type Terminal } from "../support/terminal.ts";

const awsrole = program.join(" ");
const serial = "arn:aws:iam::123456789012:mfa/Bob";
const passphrase = "battery staple 7";
const noProc = process.platform === "linux" ? undefined : "processes are found in /proc";
const reason =
  noTerminal ?? noProc ?? missing("bash", ["-c", "exit 0"]) ?? missing("python3", ["--version"]);
/** 0.5 s are promised; a loaded machine takes its time to start and end processes. */
const promisedMs = 500 + 1000;

describe.skipIf(reason !== undefined)(titled("a question in a terminal", reason), () => {
  let sts: AwsDouble;
  let home: Home;
  let terminal: Terminal;

  beforeEach(async () => {
    sts = await startAwsDouble();
    sts.addRole({ arn: "arn:aws:iam::123456789012:role/example-role", requireMfa: true });
    sts.addRole({ arn: "arn:aws:iam::123456789012:role/plain" });
    home = createRoleHome(sts, {
      settings: [`awsrole_mfa_serial = ${serial}`],
      config: ["plain", "p0", "p1", "p2", "p3", "p4", "p5"]
        .map(
          (name) =>
            `[profile ${name}]\nawsrole_role_arn = arn:aws:iam::123456789012:role/plain\nawsrole_source_profile = bob\nawsrole_role_session_name = ${name}\n`,
        )
        .join(""),
    });
  });
  afterEach(async () => {
    terminal.close();
    await sts.close();
    await home.remove();
  });

  /** By default in bash; `sh` leaves the terminal's modes as a program left them. */
  const open = (env: NodeJS.ProcessEnv = {}, shell = "exec bash --norc"): void => {
    terminal = openTerminal({ ...home.env, AWSROLE_STORE: "none", ...env });
    terminal.enter(shell);
  };
  const questions = {
    "an MFA code": { question: /MFA code for \S+: *$/, env: {}, profile: "prod" },
    "a passphrase": {
      question: /New passphrase for the file store \(at least 12 characters\): *$/,
      env: { AWSROLE_STORE: "file" },
      profile: "plain",
    },
  };
  const idOf = (line: RegExp): number => {
    const found = processesOf(home.path).filter(({ commandLine }) => line.test(commandLine));
    expect(found, String(line)).not.toEqual([]);
    return found[0]?.pid ?? 0;
  };
  /** How long it takes until every awsrole has ended, and what it started. */
  const untilGone = async (): Promise<number> => {
    const since = Date.now();
    while (
      processesOf(home.path).some(
        ({ commandLine }) => commandLine.startsWith(awsrole) || commandLine.includes("stty"),
      ) &&
      Date.now() - since < 10_000
    )
      await pause(20);
    return Date.now() - since;
  };
  const sameModes = async (): Promise<void> => {
    terminal.enter('clear; [ "$before" = "$(stty -g)" ] && echo same');
    await terminal.waitFor(/^same$/m);
  };
  /** A program that calls as an SDK does. */
  const caller = (): string => {
    const file = join(home.path, "caller.py");
    writeFileSync(
      file,
      "import subprocess, sys\nsubprocess.run(sys.argv[1:], capture_output=True)\n",
    );
    return `python3 ${file}`;
  };

  for (const [what, { question, env, profile }] of Object.entries(questions)) {
    const line = `${awsrole} credential-process --profile ${profile}`;
    for (const [which, called] of Object.entries({
      "its caller": line,
      "the caller behind sh -c": `sh -c '${line}; true'`,
    }))
      it(`for ${what} ends when ${which} is killed, and the next line reaches the shell`, async () => {
        open(env);
        terminal.enter("before=$(stty -g)");
        terminal.enter(`${caller()} ${called}`);
        await terminal.waitFor(question);
        process.kill(idOf(/^\S*python3/), "SIGKILL");
        await terminal.waitFor(/Killed/);
        expect(await untilGone()).toBeLessThan(promisedMs);
        terminal.enter("echo typed-$((1 + 1))");
        await terminal.waitFor(/^typed-2$/m);
        expect(sts.requests.filter(({ params }) => "TokenCode" in params)).toEqual([]);
        await sameModes();
      });

    it(`for ${what} ends when its caller is killed below a script that stays in front`, async () => {
      open(env);
      writeFileSync(join(home.path, "script.sh"), `"$@"\necho then\ncat\n`);
      terminal.enter(`sh ${join(home.path, "script.sh")} ${caller()} sh -c '${line}; true'`);
      await terminal.waitFor(question);
      process.kill(idOf(/^\S*python3/), "SIGKILL");
      await terminal.waitFor(/then/);
      expect(await untilGone()).toBeLessThan(promisedMs);
      terminal.enter("for cat");
      // Once by the terminal's echo, once by cat.
      await terminal.waitFor(/^for cat\nfor cat$/m);
      terminal.press("C-d");
    });

    it(`for ${what} ends when it is sent to the background`, async () => {
      open(env);
      terminal.enter(`before=$(stty -g); ${line}`);
      await terminal.waitFor(question);
      terminal.press("C-z");
      await terminal.waitFor(/Stopped/);
      terminal.enter("bg");
      // Without its store, a session that needs none is delivered all the same.
      await terminal.waitFor(profile === "prod" ? /background job/ : /"Version":1/);
      expect(await untilGone()).toBeLessThan(promisedMs);
      terminal.enter("echo typed-$((1 + 1))");
      await terminal.waitFor(/^typed-2$/m);
      await sameModes();
    });

    it(`for ${what} is shown again after Ctrl-Z and fg, and answered then`, async () => {
      open(env);
      terminal.enter(`before=$(stty -g); ${awsrole} whoami ${profile} --quiet; echo code=$?`);
      await terminal.waitFor(question);
      terminal.type("12");
      terminal.press("C-z");
      await terminal.waitFor(/Stopped/);
      await sameModes();
      terminal.enter("clear; fg");
      await terminal.waitFor(question);
      if (profile === "prod") terminal.enter(sts.currentCode(sts.bob));
      else {
        terminal.enter(passphrase);
        await terminal.waitFor(/Repeat passphrase: *$/);
        terminal.enter(passphrase);
      }
      await terminal.waitFor(/assumed-role/);
      expect(terminal.screen()).not.toContain(passphrase);
      await sameModes();
    });

    it(`for ${what} leaves the terminal as it was when awsrole is killed or interrupted`, async () => {
      open(env, "exec dash");
      for (const signal of ["SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"] as const) {
        terminal.enter(`clear; before=$(stty -g); ${line}`);
        await terminal.waitFor(question);
        process.kill(idOf(/credential-process/), signal);
        await untilGone();
        await sameModes();
      }
    });
  }

  it("for a passphrase keeps the terminal's own line editing and Ctrl-C, and shows nothing", async () => {
    open({ AWSROLE_STORE: "file" });
    terminal.enter(`clear; before=$(stty -g); ${awsrole} whoami plain --quiet; echo code=$?`);
    await terminal.waitFor(questions["a passphrase"].question);
    terminal.type("wrong");
    terminal.press("C-u");
    terminal.type(`${passphrase}x`);
    terminal.press("BSpace");
    terminal.press("Enter");
    await terminal.waitFor(/Repeat passphrase: *$/);
    terminal.enter(passphrase);
    await terminal.waitFor(/code=0/);
    expect(terminal.screen()).not.toMatch(/wrong|battery/);
    await sameModes();
    terminal.enter(`clear; ${awsrole} whoami plain --quiet; echo code=$?`);
    await terminal.waitFor(/Passphrase of the file store: *$/);
    terminal.press("C-c");
    await terminal.waitFor(/code=130/);
    await sameModes();
  });

  it("for a passphrase is asked once for all who wait, one question at a time", async () => {
    const runtime = mkdtempSync("/dev/shm/awsrole-test-");
    try {
      open({ AWSROLE_STORE: "file", XDG_RUNTIME_DIR: runtime });
      // Each wants another session, so that they share nothing but the store.
      const each = `sh -c '${awsrole} credential-process --profile p$0 >/dev/null'`;
      writeFileSync(
        join(home.path, "all.py"),
        `import subprocess, sys\nall = [subprocess.Popen(sys.argv[1:] + [str(n)]) for n in range(6)]\nprint("codes", [one.wait() for one in all])\n`,
      );
      terminal.enter(`clear; python3 ${join(home.path, "all.py")} ${each}`);
      await terminal.waitFor(/New passphrase for the file store \(at least 12 characters\): *$/);
      // Time for the others to ask, too.
      await pause(1500);
      terminal.enter(passphrase);
      await terminal.waitFor(/Repeat passphrase: *$/);
      terminal.enter(passphrase);
      await terminal.waitFor(/codes \[0, 0, 0, 0, 0, 0\]/);
      expect(terminal.screen().match(/passphrase for the file store/gi)).toHaveLength(1);
    } finally {
      rmSync(runtime, { recursive: true, force: true });
    }
  });
});
