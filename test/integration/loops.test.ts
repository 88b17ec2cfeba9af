/** Everything that can lead back to where it came from: it ends at once, says the path, and starts a handful of processes at most. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import {
  createHome,
  type Finished,
  type Home,
  program,
  runAwsrole,
} from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

const role = "awsrole_role_arn = arn:aws:iam::123456789012:role/example-role";

let sts: AwsDouble;
let home: Home;
beforeEach(async () => {
  sts = await startAwsDouble();
  home = createHome({
    credentials: `[bob]\naws_access_key_id = ${sts.bob.accessKeyId}\naws_secret_access_key = ${sts.bob.secretAccessKey}\n`,
  });
});
afterEach(async () => {
  await sts.close();
  await home.remove();
});

/** A program that counts its runs before it does what `text` says; `awsrole` in it is the one under test. */
function script(name: string, text: string): string {
  const file = join(home.path, name);
  writeFileSync(
    file,
    `#!/bin/sh\necho . >> ${join(home.path, "runs")}\nawsrole() { ${program.join(" ")} "$@"; }\n${text}\n`,
  );
  chmodSync(file, 0o755);
  return file;
}

const runs = (): number =>
  existsSync(join(home.path, "runs"))
    ? readFileSync(join(home.path, "runs"), "utf8").length / 2
    : 0;

function environment(): NodeJS.ProcessEnv {
  const store = { AWSROLE_STORE: "none" };
  return { ...home.env, ...store, AWS_ENDPOINT_URL_STS: sts.url, AWS_REGION: "eu-west-1" };
}

function ask(config: string, profile = "p"): Promise<Finished> {
  writeFileSync(home.configFile, `${config}\n`);
  return runAwsrole(["credential-process", "--profile", profile], {
    env: environment(),
  });
}

async function expectRefused(
  finishing: Promise<Finished>,
  mostRuns: number,
  exitCode = 1,
): Promise<void> {
  const startedAt = performance.now();
  const { code, stdout, stderr } = await finishing;
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
  expect(stderr).toMatch(/^awsrole: [^\n]+\nawsrole: hint: [^\n]+\n$/);
  expect(runs()).toBeLessThanOrEqual(mostRuns);
  expect(performance.now() - startedAt, "far below any deadline").toBeLessThan(12_000);
  expect(sts.requests).toHaveLength(0);
}

describe("a source that leads back to its own profile", () => {
  it("by its process, directly", () =>
    expectRefused(
      ask(
        `[profile p]\ncredential_process = ${script("self", "awsrole credential-process --profile p")}`,
      ),
      1,
    ));

  it("by its process, through a shell in a shell", () =>
    expectRefused(
      ask(
        `[profile p]\n${role}\nawsrole_source_profile = q\n[profile q]\ncredential_process = ${script("deep", `sh -c "sh -c '${program.join(" ")} credential-process --profile p'"`)}`,
      ),
      1,
    ));

  it("by a circle of two processes", () =>
    expectRefused(
      ask(
        `[profile p]\ncredential_process = ${script("to-q", "awsrole credential-process --profile q")}\n[profile q]\ncredential_process = ${script("to-p", "awsrole credential-process --profile p")}`,
      ),
      2,
    ));

  it("by its process, through exec with another profile", async () => {
    const finished = ask(
      `[profile p]\n${role}\nawsrole_source_profile = q\n[profile q]\ncredential_process = ${script("by-exec", `awsrole exec bob --long-term -- ${program.join(" ")} credential-process --profile p`)}`,
    );
    await expectRefused(finished, 1);
  });

  it("by the program that gives its MFA codes", () =>
    expectRefused(
      ask(
        `[profile p]\n${role}\nawsrole_source_profile = bob\nawsrole_mfa_serial = ${sts.bob.mfaSerial ?? "arn:aws:iam::123456789012:mfa/Bob"}\nawsrole_mfa_process = ${script("mfa", "awsrole credential-process --profile p >/dev/null && echo 123456")}`,
      ),
      3,
      // The program failed, so a person is needed, and there is none.
      3,
    ));

  const noBoto3 = missing("python3", ["-c", "import boto3"]);
  it.skipIf(noBoto3 !== undefined)(
    titled(
      "by an SDK that a script starts with AWS_PROFILE, as Terraform's external programs do",
      noBoto3,
    ),
    () =>
      expectRefused(
        ask(
          `[profile p]\n${role}\nawsrole_source_profile = q\ncredential_process = ${program.join(" ")} credential-process --profile p\n[profile q]\ncredential_process = ${script("sdk", `AWS_PROFILE=p exec python3 -c "import boto3; boto3.client('sts').get_caller_identity()"`)}`,
        ),
        2,
      ),
  );
});

describe("what only looks like a circle works", () => {
  it("a process that asks awsrole for another profile, which has a source of its own", async () => {
    const finished = await ask(
      `[profile p]\n${role}\nawsrole_source_profile = q\n[profile q]\ncredential_process = ${script("other", "awsrole credential-process --profile r")}\n[profile r]\n${role}\nawsrole_source_profile = bob`,
    );
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(runs()).toBe(1);
    expect(sts.callsOf("AssumeRole")).toHaveLength(2);
  });

  it("a command that `exec` runs asks for the very profile that it runs with", async () => {
    writeFileSync(
      home.configFile,
      `[profile p]\n${role}\nawsrole_source_profile = bob\ncredential_process = ${program.join(" ")} credential-process --profile p\n`,
    );
    const inside = script("inside", "awsrole credential-process --profile p");
    const { code, stdout, stderr } = await runAwsrole(
      ["exec", "p", "--", ...program, "exec", "p", "--", inside],
      { env: environment() },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ Version: 1 });
  });

  it("a source whose process runs `exec` with another profile", async () => {
    const answer = `{"Version":1,"AccessKeyId":"'$AWS_ACCESS_KEY_ID'","SecretAccessKey":"'$AWS_SECRET_ACCESS_KEY'","SessionToken":"'$AWS_SESSION_TOKEN'"}`;
    const print = script("print", `echo '${answer}'`);
    const finished = await ask(
      `[profile p]\n${role}\nawsrole_source_profile = q\n[profile q]\ncredential_process = ${script("by-exec", `awsrole exec r -- ${print}`)}\n[profile r]\n${role}\nawsrole_source_profile = bob`,
    );
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(sts.callsOf("AssumeRole")).toHaveLength(2);
  });
});

describe("a credential_process that runs awsrole for another profile", () => {
  it("fails with that one's own reason and hint", async () => {
    const line = `${program.join(" ")} credential-process --profile nobody`;
    const { code, stdout, stderr } = await ask(`[profile p]\ncredential_process = ${line}`);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^awsrole: profile p: credential_process returned no credentials: profile nobody not found\nawsrole: hint: \S+ was read; run awsrole list to see your profiles\n$/,
    );
  });
});
