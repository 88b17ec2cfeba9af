/** Asking a person for a code, with the real program in a real terminal, and with none. */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, program, runAwsrole } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { noTerminal, openTerminal, type Terminal } from "../support/terminal.ts";

const awsrole = program.join(" ");
const serial = "arn:aws:iam::123456789012:mfa/Bob";
const assumedArn = "arn:aws:sts::123456789012:assumed-role/example-role/AWSCLI-Session";
const noKeychain = keychainSkipReason();
const noAwsCli =
  spawnSync("aws", ["--version"]).status === 0 ? undefined : "the AWS CLI is not installed";
const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
const skipped = (title: string, reason: string | undefined): string =>
  reason === undefined ? title : `${title} (skipped: ${reason})`;

let sts: AwsDouble;
let home: Home;
beforeEach(async () => {
  sts = await startAwsDouble();
  sts.addRole({ arn: "arn:aws:iam::123456789012:role/example-role", requireMfa: true });
  const roles = Array.from(
    { length: 10 },
    (_, i) =>
      `[profile r${i}]\nawsrole_role_arn = arn:aws:iam::123456789012:role/r${i}\nawsrole_source_profile = bob\nawsrole_mfa_serial = ${serial}\n`,
  );
  for (let i = 0; i < 10; i += 1)
    sts.addRole({ arn: `arn:aws:iam::123456789012:role/r${i}`, requireMfa: true });
  home = createRoleHome(sts, {
    settings: [`awsrole_mfa_serial = ${serial}`],
    config: roles.join(""),
  });
});
afterEach(async () => {
  await sts.close();
  await home.remove();
});

const codesShown = (): string[] => sts.requests.flatMap(({ params }) => params["TokenCode"] ?? []);

describe.skipIf(noTerminal !== undefined)(skipped("in a terminal", noTerminal), () => {
  let terminal: Terminal;
  const open = (env: NodeJS.ProcessEnv = { AWSROLE_STORE: "none" }): Terminal =>
    (terminal = openTerminal({ ...home.env, ...env }));
  afterEach(() => terminal.close());

  it.skipIf(noAwsCli !== undefined)(
    skipped("the AWS CLI, which hides our stderr, gets its role after a code", noAwsCli),
    async () => {
      open().enter("aws sts get-caller-identity --profile prod --query Arn --output text");
      await terminal.waitFor(
        new RegExp(
          `^awsrole: aws asks for credentials of profile prod\nEnter MFA code for ${serial}:`,
          "m",
        ),
      );
      terminal.enter(sts.currentCode(sts.bob));
      await terminal.waitFor(new RegExp(`^${assumedArn}$`, "m"));
    },
  );

  it("the JS SDK, which takes stdin away, gets its role after a code", async () => {
    const script = join(home.path, "sdk.cjs");
    writeFileSync(
      script,
      'const { fromIni } = require("@aws-sdk/credential-providers");\nfromIni({ profile: "prod" })().then(({ accessKeyId }) => console.log("got", accessKeyId));\n',
    );
    open().enter(`NODE_PATH=${resolve("node_modules")} ${process.execPath} ${script} 2>/dev/null`);
    await terminal.waitFor(/^awsrole: \S+ asks for credentials of profile prod\nEnter MFA code/m);
    terminal.enter(sts.currentCode(sts.bob));
    await terminal.waitFor(/^got ASIA/m);
  });

  it("a wrong code is asked for again, three times in all", async () => {
    open().enter(`${awsrole} whoami prod; echo code=$?`);
    await terminal.waitFor(/profile prod needs an MFA code\s+Enter MFA code/);
    for (const [count, code] of ["000001", "000002", "000003"].entries()) {
      await terminal.waitFor(new RegExp(`(MFA code for [^]*){${count + 1}}: *$`));
      terminal.enter(code);
    }
    await terminal.waitFor(/^code=1$/m);
    expect(codesShown()).toEqual(["000001", "000002", "000003"]);
    // The terminal wraps at words.
    expect(terminal.screen().replaceAll(/\s+/g, " ")).toContain("invalid MFA one time pass code");
  });

  it("Ctrl-C at the question ends with 130 and leaves the terminal as it was", async () => {
    open().enter(`before=$(stty -g); ${awsrole} whoami prod; echo code=$?`);
    await terminal.waitFor(/MFA code for \S+: *$/);
    terminal.press("C-c");
    await terminal.waitFor(/^code=130$/m);
    terminal.enter('[ "$before" = "$(stty -g)" ] && echo same');
    await terminal.waitFor(/^same$/m);
  });

  it("Enter alone, and the end of input, are a refusal", async () => {
    open();
    for (const key of ["Enter", "C-d"]) {
      terminal.enter(`clear; ${awsrole} whoami prod; echo code=$?`);
      await terminal.waitFor(/MFA code for \S+: *$/);
      terminal.press(key);
      await terminal.waitFor(/no\s+MFA\s+code\s+for\s+\S+\s+was\s+entered[^]*^code=1$/m);
    }
    expect(sts.requests).toHaveLength(0);
  });

  it("a job in the background is not stopped by the terminal, but told at once", async () => {
    open().enter(`set -m; ${awsrole} whoami prod & wait $!; echo code=$?`);
    await terminal.waitFor(/but\s+this\s+is\s+a\s+background\s+job[^]*^code=3$/m);
  });

  it("mfa_process may talk to the person, and its code is used", async () => {
    const script = join(home.path, "touch.sh");
    writeFileSync(script, `#!/bin/sh\necho "touch your key" >&2\nread answer\necho "$answer"\n`, {
      mode: 0o755,
    });
    writeFileSync(
      home.configFile,
      `[profile prod]\nawsrole_role_arn = arn:aws:iam::123456789012:role/example-role\nawsrole_source_profile = bob\nawsrole_mfa_serial = ${serial}\nawsrole_mfa_process = ${script}\n`,
    );
    open().enter(`${awsrole} credential-process --profile prod </dev/null 2>/dev/null | cut -c-30`);
    await terminal.waitFor(/touch your key$/m);
    terminal.enter(sts.currentCode(sts.bob));
    await terminal.waitFor(/^\{"Version":1,"AccessKeyId":"AS/m);
  });

  it.skipIf(!isLong)(
    "two long roles at once ask one after the other, and not for the same code (up to 35 s)",
    async () => {
      const long = (name: number): string =>
        `[profile long${name}]\nawsrole_role_arn = arn:aws:iam::123456789012:role/r${name}\nawsrole_source_profile = bob\nawsrole_mfa_serial = ${serial}\nawsrole_duration_seconds = 7200\n`;
      writeFileSync(home.configFile, long(1) + long(2));
      open().enter(
        `sh -c '${awsrole} whoami long1 --json & ${awsrole} whoami long2 --json & wait'; echo all done`,
      );
      await terminal.waitFor(/MFA code for \S+: *$/);
      terminal.enter(sts.currentCode(sts.bob));
      await terminal.waitFor(/the code shown now has been used[^]*MFA code for \S+: *$/);
      terminal.enter(sts.currentCode(sts.bob));
      await terminal.waitFor(/that code was already used[^]*MFA code for \S+: *$/);
      terminal.enter(sts.currentCode(sts.bob));
      await terminal.waitFor(/^all done$/m);
      expect(sts.callsOf("AssumeRole").map(({ status }) => status)).toEqual([200, 200]);
      expect(new Set(codesShown()).size).toBe(2);
    },
  );

  describe.skipIf(noKeychain !== undefined)(skipped("with the keychain", noKeychain), () => {
    let keychain: KeychainDaemon;
    beforeAll(async () => {
      keychain = await startKeychainDaemon();
    });
    afterAll(() => keychain?.stop());

    it("ten cold roles of one device, started at once, ask for one code", async () => {
      const line = Array.from(
        { length: 10 },
        (_, i) => `${awsrole} credential-process --profile r${i} >${home.path}/out${i} 2>&1 &`,
      ).join(" ");
      writeFileSync(join(home.path, "all.sh"), `umask 077\n${line}\nwait\necho all done\n`);
      open({ DBUS_SESSION_BUS_ADDRESS: keychain.env["DBUS_SESSION_BUS_ADDRESS"] });
      terminal.enter(`sh ${home.path}/all.sh; grep -l '"Version":1' ${home.path}/out* | wc -l`);
      await terminal.waitFor(/MFA code for \S+: *$/);
      terminal.enter(sts.currentCode(sts.bob));
      await terminal.waitFor(/^all done\n10$/m);
      expect(codesShown()).toHaveLength(1);
      expect(sts.callsOf("AssumeRole")).toHaveLength(10);
      expect(terminal.screen().match(/MFA code for/g)).toHaveLength(1);
    });
  });
});

describe("without a terminal", () => {
  /** In a session of its own, which has no terminal, as a daemon or an IDE would run it. */
  const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
    new Promise((done, reject) => {
      const [file = "", ...others] = [...program, ...words];
      const child = spawn(file, others, {
        env: { ...home.env, AWSROLE_STORE: "none", ...env },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child
        .once("error", reject)
        .once("close", (code, signal) => done({ code, signal, stdout, stderr }));
    });

  it("says at once what is needed and what to run, with exit code 3 and an empty stdout", async () => {
    const startedAt = performance.now();
    expect(await run(["credential-process", "--profile", "prod"])).toMatchObject({
      code: 3,
      stdout: "",
      stderr:
        `awsrole: profile prod needs an MFA code (${serial}), but there is no terminal\n` +
        "awsrole: hint: run this in a terminal, then try again: awsrole whoami prod\n",
    });
    // A second is promised; a busy machine is granted three.
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  it("takes --mfa-code", async () => {
    const code = sts.currentCode(sts.bob);
    const { stdout } = await run(["whoami", "prod", "--mfa-code", code, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ arn: assumedArn });
    expect(await run(["whoami", "prod", "--mfa-code", code])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the code of --mfa-code was already used"),
    });
  });

  it("never asks under --no-input", async () => {
    expect(await run(["whoami", "prod", "--no-input"])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("prompting is disabled by --no-input"),
    });
  });

  it.skipIf(!isLong)("ends a mfa_process that hangs with the deadline (18 s)", async () => {
    const hang = join(home.path, "hang.sh");
    writeFileSync(hang, "#!/bin/sh\nexec sleep 300\n", { mode: 0o755 });
    writeFileSync(
      home.configFile,
      `[profile prod]\nawsrole_role_arn = arn:aws:iam::123456789012:role/example-role\nawsrole_source_profile = bob\nawsrole_mfa_serial = ${serial}\nawsrole_mfa_process = ${hang}\n`,
    );
    const startedAt = performance.now();
    expect(await run(["credential-process", "--profile", "prod"])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`mfa_process ${hang} did not end in time`),
    });
    expect(performance.now() - startedAt).toBeLessThan(18_000);
  });

  it("does not take a pinentry that cannot ask for a person who refuses", async () => {
    writeFileSync(
      join(home.path, "pinentry"),
      '#!/bin/sh\ncat >/dev/null\nprintf "OK\\nERR 83918950 Inappropriate ioctl for device <Pinentry>\\n"\n',
      { mode: 0o755 },
    );
    writeFileSync(
      home.configFile,
      `[profile prod]\nawsrole_role_arn = arn:aws:iam::123456789012:role/example-role\nawsrole_source_profile = bob\nawsrole_mfa_serial = ${serial}\nawsrole_mfa_prompt = gui\n`,
    );
    const env = { DISPLAY: ":99", PATH: `${home.path}:${process.env["PATH"]}` };
    for (let time = 0; time < 2; time += 1) {
      expect(await run(["credential-process", "--profile", "prod"], env)).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(/pinentry could not ask/),
      });
    }
  });

  it("asks by a pinentry where the profile wants that, and remembers a refusal for 30 s", async () => {
    const answers = join(home.path, "pinentry");
    // Speaks just enough Assuan, logs what it is told, and cancels unless there is a code.
    writeFileSync(
      answers,
      `#!/bin/sh\necho OK\nwhile read -r line; do\n  echo "$line" >>${home.path}/log\n  case $line in\n  GETPIN) if [ -s ${home.path}/code ]; then echo "D $(cat ${home.path}/code)"; echo OK; else echo "ERR 83886179 Operation cancelled"; fi;;\n  BYE) exit 0;;\n  *) echo OK;;\n  esac\ndone\n`,
      { mode: 0o755 },
    );
    writeFileSync(
      home.configFile,
      `[profile prod]\nawsrole_role_arn = arn:aws:iam::123456789012:role/example-role\nawsrole_source_profile = bob\nawsrole_role_session_name = AWSCLI-Session\nawsrole_mfa_serial = ${serial}\nawsrole_mfa_prompt = gui\n`,
    );
    const env = { DISPLAY: ":99", PATH: `${home.path}:${process.env["PATH"]}` };
    const code = join(home.path, "code");
    writeFileSync(code, "");
    const credentialProcess = ["credential-process", "--profile", "prod"];
    expect(await run(credentialProcess, env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`no MFA code for ${serial} was entered`),
    });
    writeFileSync(code, sts.currentCode(sts.bob));
    expect(await run(credentialProcess, env)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/but it was declined \d+ s ago/),
    });
    const later = { clockOffsetSeconds: { wall: 31, uptime: 31 } };
    expect(
      await runAwsrole(credentialProcess, {
        env: { ...home.env, AWSROLE_STORE: "none", ...env },
        ...later,
      }),
    ).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(join(home.path, "log"), "utf8")).toMatch(
      /^SETDESC .* asks for credentials of profile prod%0AEnter MFA code for arn:aws:iam::123456789012:mfa\/Bob$/m,
    );
  });
});
