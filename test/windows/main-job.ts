/**
 * The main job on Windows, with the package as npm installed it, through `awsrole.cmd`, or with the stand-alone program; by cmd.exe, with Credential Manager. The double of AWS runs on this
 * machine, whose loopback the world shares. Run by scripts/test-windows.sh, which makes the world; ends with 1 at the first thing that is not as it should be.
 */
import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { startAwsDouble } from "../support/aws-double.ts";

const root = process.env["AWSROLE_WINDOWS_ROOT"] ?? "";
const drive = join(root, "prefix", "drive_c");
const folder = join(drive, "main-job");
const home = join(folder, "home");
/** `C:\standalone`, where the stand-alone program is tried; else npm's folder, which is on PATH. */
const standAloneFolder = process.env["AWSROLE_WINDOWS_STANDALONE"];
const program =
  standAloneFolder === undefined
    ? String.raw`C:\users\root\AppData\Roaming\npm\awsrole.cmd`
    : String.raw`${standAloneFolder}\awsrole.exe`;

const aws = await startAwsDouble();
rmSync(folder, { recursive: true, force: true });
mkdirSync(join(home, ".aws"), { recursive: true });
writeFileSync(
  join(home, ".aws", "credentials"),
  `[bob]\r\naws_access_key_id = ${aws.bob.accessKeyId}\r\naws_secret_access_key = ${aws.bob.secretAccessKey}\r\n`,
);

const variables: Readonly<Record<string, string>> = {
  USERPROFILE: String.raw`C:\main-job\home`,
  LOCALAPPDATA: String.raw`C:\main-job\home\AppData\Local`,
  AWS_ENDPOINT_URL_STS: aws.urls.sts,
  AWS_DEFAULT_REGION: "eu-west-1",
  AWS_EC2_METADATA_DISABLED: "true",
  ...(standAloneFolder === undefined ? {} : { PATH: `${standAloneFolder};%PATH%` }),
};

type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs lines of a batch file in `C:\main-job`. Standard streams are files: a Unix pipe is none to node under Wine. */
async function cmd(
  lines: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const settings = Object.entries({ ...variables, ...env }).map(
    ([name, value]) => `set ${name}=${value}`,
  );
  writeFileSync(join(folder, "run.bat"), ["@echo off", ...settings, ...lines, ""].join("\r\n"));
  // Not synchronously: the double answers from this process.
  const child = spawn(
    join(root, "world"),
    [
      "bash",
      "-c",
      String.raw`cd /prefix/drive_c/main-job && exec wine cmd /d /c 'C:\main-job\run.bat' </dev/null >/out.txt 2>/err.txt`,
    ],
    { stdio: "inherit" },
  );
  const [status] = (await once(child, "exit")) as [number | null];
  const read = (name: string): string =>
    readFileSync(join(root, name), "utf8").replaceAll("\r\n", "\n");
  return { code: status, stdout: read("out.txt"), stderr: read("err.txt") };
}
const awsrole = (line: string, env?: Readonly<Record<string, string>>): Promise<Finished> =>
  cmd([`call awsrole ${line}`], env);
const assumed = (): number => aws.callsOf("AssumeRole").length;
const addToConfig = (text: string): void => {
  const file = join(home, ".aws", "config");
  writeFileSync(file, `${existsSync(file) ? readFileSync(file, "utf8") : ""}${text}`);
};

/** The access list of a folder in SDDL, as Wine has it: of its Unix mode, so what a folder hands down does not show. */
async function accessList(windowsPath: string): Promise<string> {
  const saved = await cmd([`icacls ${windowsPath} /save C:\\main-job\\list.txt`]);
  assert.equal(saved.code, 0, saved.stderr);
  return readFileSync(join(folder, "list.txt"), "utf16le").split("\r\n")[1] ?? "";
}

async function check(what: string, work: () => Promise<void>): Promise<void> {
  await work();
  console.log(`ok  ${what}`);
}

try {
  await check("add-profile writes the program that runs", async () => {
    const added = await awsrole(
      "add-profile prod --role-arn arn:aws:iam::123456789012:role/example-role --source-profile bob --region eu-west-1",
    );
    assert.equal(added.code, 0, added.stderr);
    const lines = readFileSync(join(home, ".aws", "config"), "utf8").split(/\r?\n/);
    assert.ok(
      lines.includes(`credential_process = ${program} credential-process --profile prod`),
      lines.join("\n"),
    );
  });

  await check("credential-process: one call, then answers from Credential Manager", async () => {
    const first = await awsrole("credential-process --profile prod");
    const before = assumed();
    const second = await awsrole("credential-process --profile prod");
    assert.deepEqual({ code: first.code, stderr: first.stderr }, { code: 0, stderr: "" });
    assert.match(first.stdout, /^\{"Version":1,"AccessKeyId":"ASIA/);
    assert.equal(second.stdout, first.stdout);
    assert.equal(assumed(), before);
  });

  const own = /S-1-5-21-[\d-]+/.exec((await cmd(["whoami /user"])).stdout)?.[0] ?? "no SID";
  const privateList = new RegExp(`^D:(?:\\(A;OICI;FA;;;(?:SY|${own})\\)){2}$`);

  await check("every folder that awsrole makes is its user's and the system's alone", async () => {
    // What a folder inherits here lets others in, as a folder of C:\ does on Windows.
    assert.match(await accessList(String.raw`C:\main-job\home`), /;WD\)/);
    const state = String.raw`C:\main-job\home\AppData\Local\awsrole`;
    for (const made of [state, `${state}\\items`, `${state}\\run`])
      assert.match(await accessList(made), privateList, made);
  });

  const elsewhere = {
    AWSROLE_STATE_DIR: String.raw`C:\main-job\elsewhere`,
    AWSROLE_PASSPHRASE_FILE: String.raw`C:\main-job\passphrase`,
  };
  const fromFile = "credential-process --profile prod --store file";
  writeFileSync(join(folder, "passphrase"), "correct horse battery staple\r\n");

  await check("the file store's folder is private, and one that is not is refused", async () => {
    const first = await awsrole(fromFile, elsewhere);
    assert.deepEqual({ code: first.code, stderr: first.stderr }, { code: 0, stderr: "" });
    const before = assumed();
    assert.equal((await awsrole(fromFile, elsewhere)).stdout, first.stdout);
    assert.equal(assumed(), before);
    const store = String.raw`C:\main-job\elsewhere\file`;
    assert.match(await accessList(store), privateList);

    chmodSync(join(folder, "elsewhere", "file"), 0o755);
    const refused = await awsrole(fromFile, elsewhere);
    assert.match(
      refused.stderr,
      /C:\\main-job\\elsewhere\\file can be used by others: secrets are not stored there/,
    );
    assert.notEqual(refused.stdout, first.stdout);
    chmodSync(join(folder, "elsewhere", "file"), 0o700);
  });

  await check("a state folder that others can write is refused, and doctor says so", async () => {
    chmodSync(join(folder, "elsewhere"), 0o777);
    const refused = await awsrole("whoami prod --force-refresh", elsewhere);
    assert.match(
      refused.stderr,
      /the state folder C:\\main-job\\elsewhere can be changed by others/,
    );
    const { stdout } = await awsrole("doctor --json", elsewhere);
    assert.match(stdout, /"state-open"/);
    chmodSync(join(folder, "elsewhere"), 0o700);
    assert.doesNotMatch((await awsrole("doctor --json", elsewhere)).stdout, /"state-open"/);
  });

  await check(
    "a cached answer starts no icacls.exe; without it nothing else is believed",
    async () => {
      // With a key file the store "file" answers on the same short way.
      const keyed = {
        AWSROLE_STATE_DIR: String.raw`C:\main-job\keyed`,
        AWSROLE_KEY_FILE: String.raw`C:\main-job\key`,
        AWSROLE_STORE: "file",
      };
      writeFileSync(join(folder, "key"), Buffer.alloc(32, 7));
      const stored = await awsrole("credential-process --profile prod", keyed);
      assert.deepEqual({ code: stored.code, stderr: stored.stderr }, { code: 0, stderr: "" });
      const program = join(drive, "windows", "system32", "icacls.exe");
      renameSync(program, `${program}.away`);
      try {
        const before = assumed();
        const cached = await awsrole("credential-process --profile prod");
        assert.deepEqual({ code: cached.code, stderr: cached.stderr }, { code: 0, stderr: "" });
        const answered = await awsrole("credential-process --profile prod", keyed);
        assert.equal(answered.stdout, stored.stdout);
        assert.equal(assumed(), before);
        const refused = await awsrole(fromFile, elsewhere);
        assert.match(refused.stderr, /the access list of C:\\main-job\\elsewhere cannot be read/);
      } finally {
        renameSync(`${program}.away`, program);
      }
    },
  );

  await check("a batch file is a credential_process, and so is awsrole's own line", async () => {
    const { accessKeyId, secretAccessKey } = aws.bob;
    writeFileSync(
      join(folder, "foreign.cmd"),
      `@echo {"Version":1,"AccessKeyId":"${accessKeyId}","SecretAccessKey":"${secretAccessKey}"}\r\n`,
    );
    const role = "role_arn = arn:aws:iam::123456789012:role/example-role";
    addToConfig(
      String.raw`
[profile foreign]
credential_process = C:\main-job\foreign.cmd
[profile by-foreign]
${role}
source_profile = foreign
`,
    );
    const answer = await awsrole("credential-process --profile by-foreign");
    assert.deepEqual({ code: answer.code, stderr: answer.stderr }, { code: 0, stderr: "" });
    assert.match(answer.stdout, /^\{"Version":1,"AccessKeyId":"ASIA/);
  });

  await check("a program of the current folder is never one that a profile names", async () => {
    writeFileSync(join(folder, "planted.cmd"), "@echo x > C:\\main-job\\planted.txt\r\n");
    addToConfig(
      "[profile planted]\ncredential_process = planted\n[profile by-planted]\nrole_arn = arn:aws:iam::123456789012:role/example-role\nsource_profile = planted\n",
    );
    const answer = await awsrole("credential-process --profile by-planted");
    assert.equal(answer.code, 1, answer.stderr);
    assert.match(
      answer.stderr,
      /^awsrole: profile planted: credential_process returned no credentials/m,
    );
    assert.equal(existsSync(join(folder, "planted.txt")), false);
  });

  await check("exec works without the -- that PowerShell takes away, and with it", async () => {
    for (const dashes of ["", "-- "]) {
      const answer = await awsrole(`exec prod ${dashes}node -p process.env.AWS_REGION`);
      assert.deepEqual(answer, { code: 0, stdout: "eu-west-1\n", stderr: "" });
    }
  });

  await check("a file that another program keeps opening is replaced all the same", async () => {
    writeFileSync(
      join(folder, "hold.js"),
      String.raw`
const { closeSync, openSync, readdirSync } = require("node:fs");
const items = "C:\\main-job\\home\\AppData\\Local\\awsrole\\items";
const until = Date.now() + 20000;
const turn = () => {
  if (Date.now() > until) return;
  const open = readdirSync(items).map((name) => { try { return openSync(items + "\\" + name, "r"); } catch { return undefined; } });
  setTimeout(() => { for (const one of open) if (one !== undefined) closeSync(one); setTimeout(turn, 30); }, 300);
};
turn();
`,
    );
    const answer = await cmd([
      String.raw`start /b node C:\main-job\hold.js`,
      "call awsrole whoami prod --force-refresh",
    ]);
    assert.equal(answer.code, 0, answer.stderr);
    assert.doesNotMatch(answer.stderr, /nothing is cached/);
  });

  await check("without LOCALAPPDATA the runtime folder is in the user's own, too", async () => {
    rmSync(join(home, "AppData"), { recursive: true, force: true });
    const answer = await awsrole("credential-process --profile prod --force-refresh", {
      LOCALAPPDATA: "",
    });
    assert.equal(answer.code, 0, answer.stderr);
    assert.equal(existsSync(join(home, "AppData", "Local", "awsrole", "run")), true);
  });

  await check("a HOME that differs from USERPROFILE is told", async () => {
    const answer = await awsrole("doctor --json", { HOME: String.raw`C:\main-job` });
    mkdirSync(join(folder, ".aws"), { recursive: true });
    assert.match(answer.stdout, /"env-two-homes"/);
  });

  await check("logout deletes it: the next call asks AWS", async () => {
    assert.equal((await awsrole("logout --all")).code, 0);
    const before = assumed();
    assert.equal((await awsrole("credential-process --profile prod")).code, 0);
    assert.equal(assumed(), before + 1);
    assert.equal((await awsrole("logout --all")).code, 0);
  });
  console.log(`the main job on Windows, by ${program}: all ok`);
} finally {
  await aws.close();
}
