/** Secrets that reach neither files that others can read, nor the record of an edit, nor errors; and terminals that are not moved. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import { createHome, type Home, program, runAwsrole, runCommand } from "../support/run-awsrole.ts";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";

const password = "PlantedPassword9c1e";
const oldKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYplantedKEY";
const config = (name: string): string => `[profile ${name}]
#aws_secret_access_key = ${password}-commented
# the key of last year: ${oldKey}
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/example-role
source_profile = bob
`;

let sts: AwsDouble;
let home: Home;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  sts = await startAwsDouble();
  home = createHome({
    config: `${config("old")}[profile cont]
aws_secret_access_key =
  ${password}-continued = x
region = eu-west-1
[profile next]
region = eu-west-1
[profile proc]
credential_process = /bin/false --password ${password}
[profile prod]
role_arn = arn:aws:iam::123456789012:role/example-role
source_profile = proc
[profile coded]
role_arn = arn:aws:iam::123456789012:role/example-role
source_profile = bob
mfa_serial = arn:aws:iam::123456789012:mfa/Bob
mfa_process = /bin/false --totp -b ${password}
[profile starter]
role_arn = arn:aws:iam::123456789012:role/example-role
source_profile = bob
mfa_serial = arn:aws:iam::123456789012:mfa/Bob
mfa_process = TOKEN=${password} op item get
[profile managed]
awsrole_role_arn = arn:aws:iam::123456789012:role/example-role
awsrole_source_profile = bob
awsrole_mfa_serial = arn:aws:iam::123456789012:mfa/Bob
awsrole_mfa_process = op ${password}
credential_process = /opt/awsrole credential-process --profile managed
[profile good]
role_arn = arn:aws:iam::123456789012:role/example-role
source_profile = prints
[profile prints]
credential_process = /bin/sh -c "cat $HOME/creds.json && : ${password}"
[profile ended]
credential_process = /bin/sh -c "cat $HOME/ended.json && : ${password}"
[profile late]
role_arn = arn:aws:iam::123456789012:role/example-role
source_profile = ended
[profile chatty]
credential_process = /bin/echo ${password}
[profile wordy]
role_arn = arn:aws:iam::123456789012:role/example-role
source_profile = bob
mfa_serial = arn:aws:iam::123456789012:mfa/Bob
mfa_process = /bin/echo no code ${password}
[profile lengthy]
role_arn = arn:aws:iam::123456789012:role/example-role
source_profile = bob
mfa_serial = arn:aws:iam::123456789012:mfa/Bob
mfa_process = /bin/sh -c "head -c 9000 /dev/zero | tr '\\\\0' x; : ${password}"
[profile odd]
role_arn = x
source_profile = bob
region = \u009B31m
output = dir\u202Eected
`,
    credentials: `[bob]\naws_access_key_id = ${sts.bob.accessKeyId}\naws_secret_access_key = ${sts.bob.secretAccessKey}\n`,
  });
  writeFileSync(
    join(home.path, "creds.json"),
    JSON.stringify({
      Version: 1,
      AccessKeyId: sts.bob.accessKeyId,
      SecretAccessKey: sts.bob.secretAccessKey,
    }),
    { mode: 0o600 },
  );
  writeFileSync(
    join(home.path, "ended.json"),
    JSON.stringify({
      Version: 1,
      AccessKeyId: "ASIAIOSFODNN7EXAMPLE",
      SecretAccessKey: "s",
      SessionToken: "t",
      Expiration: "2020-01-01T00:00:00Z",
    }),
    { mode: 0o600 },
  );
  env = { ...home.env, AWS_ENDPOINT_URL_STS: sts.url, AWSROLE_STORE: "plaintext" };
});
afterAll(async () => {
  await sts.close();
  await home.remove();
});

/** All that awsrole has written below its state folder, with the session's own secret left out of view. */
const state = (): string =>
  execFileSync(
    "sh",
    ["-c", 'grep -r "" "$1" 2>/dev/null || true', "sh", join(home.path, "state")],
    {
      encoding: "utf8",
    },
  );

describe("what is secret, or may be", () => {
  it("is in no diff, of its own section or as context of a neighbour's", async () => {
    for (const words of [
      ["remove-profile", "old", "--dry-run"],
      ["edit-profile", "old", "--duration-seconds", "900", "--dry-run"],
      ["remove-profile", "cont", "--dry-run"],
      ["remove-profile", "next", "--dry-run"],
      ["remove-profile", "proc", "--force", "--dry-run"],
      ["rename-profile", "coded", "coded2", "--dry-run"],
      ["adopt", "coded", "--dry-run"],
      [
        "add-profile",
        "new",
        "--role-arn",
        "arn:aws:iam::123456789012:role/r",
        "--source-profile",
        "bob",
        "--mfa-process",
        `op ${password}`,
        "--mfa-serial",
        "arn:aws:iam::123456789012:mfa/Bob",
        "--dry-run",
        "--json",
      ],
    ]) {
      const { code, stdout } = await runAwsrole(words, { env });
      expect(code, words.join(" ")).toBe(0);
      expect(stdout, words.join(" ")).not.toContain(password);
      expect(stdout, words.join(" ")).not.toContain(oldKey);
      expect(stdout, words.join(" ")).toMatch(/@@/);
    }
  });

  it("is in no record for undo; what awsrole put in itself can be taken back all the same", async () => {
    const before = readFileSync(home.configFile, "utf8");
    for (const words of [
      ["remove-profile", "old"],
      ["remove-profile", "cont"],
      ["remove-profile", "proc", "--force"],
      ["edit-profile", "managed", "--mfa-process", "true"],
    ]) {
      const { code, stdout } = await runAwsrole(words, { env });
      expect({ code, stdout }, words.join(" ")).toMatchObject({ code: 0 });
      expect(stdout, words.join(" ")).toContain(
        "this change cannot be undone: it contains a secret",
      );
    }
    writeFileSync(home.configFile, before);
    const add = ["add-profile", "new", "--role-arn", "arn:aws:iam::123456789012:role/r"];
    const added = await runAwsrole(
      [
        ...add,
        "--source-profile",
        "bob",
        "--mfa-serial",
        "arn:aws:iam::123456789012:mfa/Bob",
        "--mfa-process",
        `op ${password}`,
      ],
      { env },
    );
    expect(added.code).toBe(0);
    expect(readFileSync(home.configFile, "utf8")).toContain(`op ${password}`);
    expect(state()).not.toMatch(new RegExp(`${password}|${oldKey}`));
    expect(state()).toContain("sha256:");
    expect(await runAwsrole(["undo"], { env })).toMatchObject({ code: 0 });
    expect(readFileSync(home.configFile, "utf8")).toBe(before);
  });

  it("of another program's command line only the program is named, in errors, lists and explanations", async () => {
    for (const [words, expected] of [
      [
        "credential-process --profile prod --debug",
        /credential_process returned no credentials: it failed \(exit code 1\)\n.*hint: .*awsrole config proc/,
      ],
      ["whoami coded --no-input", /mfa_process \/bin\/false failed/],
      ["whoami starter --no-input", /mfa_process TOKEN=\*{4} cannot be started/],
      ["whoami late --no-input", /credentials that expired at .*\n.*hint: .*awsrole config ended/],
      ["credential-process --profile late", /credentials that expired at/],
      ["log --last", /credentials that expired at/],
      ["whoami chatty --no-input", /./],
      ["whoami wordy --no-input", /mfa_process did not print a code of six digits/],
      ["credential-process --profile wordy", /mfa_process did not print a code of six digits/],
      ["log --last --json", /mfa_process did not print a code of six digits/],
      ["whoami lengthy --no-input", /mfa_process \/bin\/sh prints more than a code/],
      ["config", /credential_process = \/bin\/false \*{4}/],
      ["config --json", /"\/bin\/false \*{4}"/],
      ["explain prod", /./],
      ["explain prod --json", /./],
      ["explain coded", /./],
      ["doctor", /./],
      ["doctor --json", /./],
      ["list --json", /./],
      ["log --json", /./],
    ] as const) {
      const { stdout, stderr } = await runAwsrole(words.split(" "), {
        env: { ...env, AWSROLE_LOG: "on" },
      });
      expect(stdout + stderr, words).toMatch(expected);
      expect(stdout + stderr, words).not.toContain(password);
    }
    expect(state()).not.toContain(password);
  });

  it("of another program's command line a hash is kept beside the session that came of it", async () => {
    const words = ["credential-process", "--profile", "good"];
    expect(await runAwsrole(words, { env })).toMatchObject({ code: 0, stderr: "" });
    expect(await runAwsrole(words, { env })).toMatchObject({ code: 0, stderr: "" });
    expect(sts.callsOf("AssumeRole")).toHaveLength(1);
    expect(state()).not.toContain(password);
    expect(state()).toMatch(/\\?"process\\*",\\*"[0-9a-f]{64}/);
    const text = readFileSync(home.configFile, "utf8");
    writeFileSync(home.configFile, text.replace(`: ${password}"`, `: ${password}changed"`));
    expect(await runAwsrole(words, { env })).toMatchObject({ code: 0 });
    expect(sts.callsOf("AssumeRole")).toHaveLength(2);
    writeFileSync(home.configFile, text);
  });
});

const noUnix =
  process.platform === "win32" ? "files have no modes" : missing("bash", ["-c", "exit"]);

describe.skipIf(noUnix !== undefined)(titled("a file that others can read", noUnix), () => {
  const inShell = (script: string): ReturnType<typeof runCommand> =>
    runCommand(["bash", "-c", `cd "$HOME"; ${script}`, "bash", ...program], { env });

  it.each([
    ["env bob --shell dotenv", "env"],
    ["env bob --shell bash", "env"],
    ["env bob --json", "env"],
    ["serve bob --json", "serve"],
    ["console good --print", "console"],
    ["credential-process --profile good", "credential-process"],
  ])("does not get what awsrole %s prints", async (words, command) => {
    for (const prepare of [
      "umask 022; rm -f out",
      "umask 077; : > out; chmod 640 out",
      "rm -f out; mkfifo -m 644 out; cat out > copy &",
    ]) {
      const { code, stderr } = await inShell(`${prepare}\n"$@" ${words} > out`);
      expect(code, prepare).toBe(1);
      expect(stderr, prepare).toMatch(
        new RegExp(
          `^awsrole: ${command}: other users could read the secrets .*\nawsrole: hint: run \\(umask 077; awsrole ${command} `,
        ),
      );
      expect(
        readFileSync(join(home.path, prepare.includes("fifo") ? "copy" : "out"), "utf8"),
      ).not.toMatch(/SECRET|SecretAccessKey/);
      rmSync(join(home.path, "out"));
    }
    expect(sts.callsOf("GetSessionToken")).toHaveLength(0);
  });

  it("gets it with --force; a file of one's own, a pipe and /dev/null need none", async () => {
    for (const [script, mode] of [
      ['umask 022; "$@" env bob --json --long-term --force > out', 0o644],
      ['umask 077; "$@" env bob --json --long-term > out', 0o600],
      ['"$@" env bob --json --long-term | cat > out', undefined],
    ] as const) {
      expect(await inShell(script)).toMatchObject({ code: 0, stderr: "" });
      const file = join(home.path, "out");
      expect(readFileSync(file, "utf8")).toContain("AWS_SECRET_ACCESS_KEY");
      if (mode !== undefined) expect(statSync(file).mode & 0o777).toBe(mode);
      rmSync(file);
    }
    expect(await inShell('"$@" env bob --json --long-term > /dev/null')).toMatchObject({ code: 0 });
    for (const out of ["/dev/null", "out"])
      expect(
        await inShell(`umask 077; "$@" credential-process --profile good > ${out}`),
      ).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("JSON", () => {
  it("moves no cursor and reorders nothing, from a config or in an error", async () => {
    for (const words of [
      ["config", "--json"],
      ["list", "--json"],
      ["whoami", "no\u202Eboth\u009B", "--json"],
      ["explain", "odd", "--json"],
      ["doctor", "--json"],
    ]) {
      const { stdout } = await runAwsrole(words, { env });
      expect(stdout, words[0]).not.toMatch(/[\u0080-\u009F\u202A-\u202E]/);
      JSON.parse(stdout);
    }
    const { stdout } = await runAwsrole(["config", "--json"], { env });
    expect(stdout).toContain("\\u202eected");
    expect(JSON.stringify(JSON.parse(stdout))).toContain("\u202Eected");
  });
});
