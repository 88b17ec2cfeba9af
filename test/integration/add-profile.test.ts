import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHome, type Home, program, runAwsrole } from "../support/run-awsrole.ts";
import { type Output, runInProcess } from "../support/run-in-process.ts";

const roleArn = "arn:aws:iam::123456789012:role/example-role";

describe("add-profile", () => {
  let home: Home;
  beforeEach(() => {
    home = createHome({
      credentials:
        "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI\n",
    });
  });
  afterEach(() => home.remove());

  const add = (...words: string[]): Promise<Output> =>
    runInProcess(["add-profile", ...words], home.env);
  const config = (): string => readFileSync(home.configFile, "utf8");

  it("writes the managed profile, private, and says what to try next", async () => {
    const words = [
      "add-profile",
      "prod",
      "--role-arn",
      roleArn,
      "--source-profile",
      "bob",
      "--role-session-name",
      "AWSCLI-Session",
      "--duration-seconds",
      "3600",
      "--region",
      "eu-west-1",
    ];
    const { code, stdout } = await runAwsrole(words, { env: home.env });
    expect(code).toBe(0);
    expect(stdout).toBe(
      `added profile prod to ${home.configFile}\nnext: aws sts get-caller-identity --profile prod\n`,
    );
    expect(config()).toBe(
      [
        "[profile prod]",
        `credential_process = ${program.join(" ")} credential-process --profile prod`,
        "region = eu-west-1",
        `awsrole_role_arn = ${roleArn}`,
        "awsrole_source_profile = bob",
        "awsrole_role_session_name = AWSCLI-Session",
        "awsrole_duration_seconds = 3600",
        "",
      ].join("\n"),
    );
    if (process.platform !== "win32") expect(statSync(home.configFile).mode & 0o777).toBe(0o600);
  });

  it.each([
    [
      "its source's",
      "[profile bob]\nregion = us-west-2\n[default]\nregion = eu-west-1\n",
      {},
      "us-west-2",
    ],
    [
      "that of [default]",
      "[default]\nregion = eu-west-1\n",
      { AWS_REGION: "eu-west-3" },
      "eu-west-1",
    ],
    ["the environment's", "", { AWS_REGION: "eu-west-3" }, "eu-west-3"],
    ["none, with a warning,", "", {}, undefined],
  ])("writes %s region where none is given", async (_, before, more, region) => {
    writeFileSync(home.configFile, before);
    const words = ["add-profile", "prod", "--role-arn", roleArn, "--source-profile", "bob"];
    const { stderr } = await runInProcess(words, { ...home.env, ...more });
    const [, written] = /\[profile prod\]\n.*\n(?:region = (.*)\n)?/.exec(config()) ?? [];
    expect(written).toBe(region);
    expect(stderr.includes("the profile has no region")).toBe(region === undefined);
  });

  it("leaves every other byte of the file alone", async () => {
    const before = "# mine\r\n[default]\r\nregion   = eu-west-1 # here\r\n\r\n; end";
    writeFileSync(home.configFile, before);
    await add("prod", "--role-arn", roleArn, "--source-profile", "bob");
    expect(config().startsWith(before)).toBe(true);
    expect(config().slice(before.length)).toMatch(/^\r\n\r\n\[profile prod\]\r\n[^\n]*\r\n/);
    expect(config().endsWith("awsrole_source_profile = bob")).toBe(true);
  });

  it("changes nothing with --dry-run and shows a unified diff", async () => {
    const { code, stdout } = await add(
      "prod",
      "--role-arn",
      roleArn,
      "--source-profile",
      "bob",
      "--dry-run",
    );
    expect(code).toBe(0);
    expect(stdout).toContain(`+++ ${home.configFile}`);
    expect(stdout).toContain(`+awsrole_role_arn = ${roleArn}`);
    expect(existsSync(home.configFile)).toBe(false);
  });

  it("says it all in JSON", async () => {
    const { stdout } = await add(
      "prod",
      "--role-arn",
      roleArn,
      "--source-profile",
      "nobody",
      "--tag",
      "a=1",
      "--tag",
      "b=2",
      "--policy-arn",
      "arn:aws:iam::aws:policy/ReadOnlyAccess",
      "--region",
      "eu-west-1",
      "--json",
    );
    expect(JSON.parse(stdout)).toMatchObject({
      profile: "prod",
      file: home.configFile,
      changed: true,
      dryRun: false,
      undoable: true,
      settings: {
        awsrole_role_arn: roleArn,
        awsrole_source_profile: "nobody",
        awsrole_tags: "a=1,b=2",
        awsrole_policy_arns: "arn:aws:iam::aws:policy/ReadOnlyAccess",
      },
      warnings: expect.arrayContaining([
        expect.stringContaining("source profile nobody, which does not exist"),
      ]) as unknown,
    });
  });

  it("refuses a profile that exists, unless it is to be replaced", async () => {
    await add("prod", "--role-arn", roleArn, "--source-profile", "bob", "--region", "eu-west-1");
    const before = config();
    const again = ["prod", "--role-arn", `${roleArn}2`, "--source-profile", "bob"];
    const refused = await add(...again);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`profile prod already exists: ${home.configFile}:1`);
    expect(config()).toBe(before);
    expect((await add(...again, "--force")).code).toBe(0);
    expect(config()).toContain(`awsrole_role_arn = ${roleArn}2\n`);
    expect(config().match(/\[profile prod\]/g)).toHaveLength(1);
  });

  it("refuses a name that has keys in the credentials file, which SDKs would use instead", async () => {
    const { code, stderr } = await add("bob", "--role-arn", roleArn, "--source-profile", "eve");
    expect(code).toBe(1);
    expect(stderr).toContain(
      `[bob] has aws_access_key_id in the credentials file (${home.credentialsFile}:2)`,
    );
    expect(existsSync(home.configFile)).toBe(false);
  });

  it("refuses a profile that would be its own source, and writes nothing", async () => {
    const { code, stderr } = await add("prod", "--role-arn", roleArn, "--source-profile", "prod");
    expect(code).toBe(1);
    expect(stderr).toContain("circular source_profile: prod -> prod");
    expect(existsSync(home.configFile)).toBe(false);
  });

  const good = ["--role-arn", roleArn, "--source-profile", "bob"];
  it.each<[what: string, words: string[]]>([
    ["no role", ["prod", "--source-profile", "bob"]],
    ["no source", ["prod", "--role-arn", roleArn]],
    ["two sources", ["prod", ...good, "--credential-source", "Environment"]],
    ["no name", good],
    ["an empty external id", ["prod", ...good, "--external-id", ""]],
    ["an empty policy", ["prod", ...good, "--policy-arn", ""]],
    ["a policy that is no ARN", ["prod", ...good, "--policy-arn", "ReadOnlyAccess"]],
    ["a name with a line break", ["a\n[profile evil]", ...good]],
    ["a name with a bracket", ["a]", ...good]],
    ["a name with a space", ["a b", ...good]],
    ["a name with a hash", ["a#b", ...good]],
    ["a name with an escape sequence", ["a\u001B[31m", ...good]],
    ["a name that turns the writing direction", ["a\u202Eb", ...good]],
    ["a name that is an option", ["prod", "--role-arn", roleArn, "--source-profile", "-x"]],
    ["a source with a line break", ["prod", "--role-arn", roleArn, "--source-profile", "a\nb = c"]],
    ["a malformed ARN", ["prod", "--role-arn", "arn:aws:iam::1:role/x", "--source-profile", "bob"]],
    ["an ARN with a line break", ["prod", "--role-arn", `${roleArn}\nx=y`, ...good.slice(2)]],
    ["a session name with a space", ["prod", ...good, "--role-session-name", "a b"]],
    ["a duration below 900", ["prod", ...good, "--duration-seconds", "899"]],
    ["a duration above 43200", ["prod", ...good, "--duration-seconds", "43201"]],
    ["a duration that is no number", ["prod", ...good, "--duration-seconds", "1h"]],
    ["an external id with a comment", ["prod", ...good, "--external-id", "a #b"]],
    ["a command with a comment mark", ["prod", ...good, "--mfa-process", "x; rm -rf /"]],
    ["a command with a line break", ["prod", ...good, "--mfa-process", "x\ncredential_process=y"]],
    ["a command in quotes", ["prod", ...good, "--mfa-process", '"x"']],
    ["a command with a leading space", ["prod", ...good, "--mfa-process", " x"]],
    ["a region that is a host", ["prod", ...good, "--region", "evil.example/"]],
    ["a tag without a value", ["prod", ...good, "--tag", "a"]],
    ["two tags in one", ["prod", ...good, "--tag", "a=1,b=2", "--tag", "c=3"]],
    ["a tag twice", ["prod", ...good, "--tag", "a=1", "--tag", "A=2"]],
    ["an option twice", ["prod", ...good, "--region", "eu-west-1", "--region", "us-east-1"]],
    ["a program by its bare name", ["prod", ...good, "--command", "awsrole"]],
    ["a program that is not there", ["prod", ...good, "--command", "/nowhere/awsrole"]],
  ])("refuses %s as a wrong command line, and writes nothing", async (_what, words) => {
    const { code, stdout, stderr } = await add(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^awsrole: \S/);
    // oxlint-disable-next-line no-control-regex -- what must not reach the terminal
    expect(stderr).not.toMatch(/[\u001B\u202E]/);
    expect(existsSync(home.configFile)).toBe(false);
    expect(existsSync(join(home.path, "state"))).toBe(false);
  });
});
