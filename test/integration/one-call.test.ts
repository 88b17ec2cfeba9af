/** Sessions for one call: narrowed, of a role without a profile, for every profile that matches, with a least life, or in a shell. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import {
  type Finished,
  type Home,
  program,
  runAwsrole,
  runCommand,
} from "../support/run-awsrole.ts";
import { sendSigned } from "../support/signed-request.ts";
import type { Keys } from "../support/sts-client.ts";
import { noTerminal, openTerminal, type Terminal } from "../support/terminal.ts";

const role = "arn:aws:iam::123456789012:role/example-role";

let sts: AwsDouble;
let home: Home;
beforeEach(async () => {
  sts = await startAwsDouble();
  for (const name of ["limited", "tagged"])
    sts.addRole({ arn: `arn:aws:iam::123456789012:role/${name}` });
  home = createRoleHome(sts, {
    config: [
      "[profile limited]",
      "awsrole_role_arn = arn:aws:iam::123456789012:role/limited",
      "awsrole_source_profile = bob",
      "awsrole_policy_arns = arn:aws:iam::aws:policy/IAMReadOnlyAccess",
      "[profile tagged]",
      "role_arn = arn:aws:iam::123456789012:role/tagged",
      "source_profile = bob",
      "awsrole_tags = team=blue,cost=1",
      "[sso-session acme]",
      "sso_start_url = https://acme.awsapps.com/start",
      "sso_region = eu-west-1",
      "[profile sso-ops]",
      "sso_session = acme",
      "sso_account_id = 123456789012",
      "sso_role_name = Developer",
      "[profile pdenied]",
      "role_arn = arn:aws:iam::123456789012:role/nobody-may",
      "source_profile = bob",
      "",
    ].join("\n"),
  });
});
afterEach(async () => {
  await sts.close();
  await home.remove();
});

const exec = (words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  runAwsrole(["exec", ...words], {
    env: { ...home.env, AWSROLE_STORE: "plaintext", ...env },
  });
const assumed = () => sts.callsOf("AssumeRole").map(({ params }) => params);

describe("a narrowed session", () => {
  it("is asked for with the policy, is kept under its own key, and leaves the profile's own alone", async () => {
    expect(await exec(["prod", "--", "true"])).toMatchObject({ code: 0 });
    const readOnly = ["prod", "--read-only", "--", "printenv", "AWS_ACCESS_KEY_ID"];
    const [first, again] = [await exec(readOnly), await exec(readOnly)];
    expect(first.stdout).toBe(again.stdout);
    expect((await exec(["prod", "--", "printenv", "AWS_ACCESS_KEY_ID"])).stdout).not.toBe(
      first.stdout,
    );
    expect(assumed().map((params) => params["PolicyArns.member.1.arn"])).toEqual([
      undefined,
      "arn:aws:iam::aws:policy/ReadOnlyAccess",
    ]);
  });

  it("takes policies by ARN and from a file, byte for byte, and tags that replace the profile's", async () => {
    const policy = '{ "Version": "2012-10-17",\n  "Statement": [] }\n';
    writeFileSync(join(home.path, "policy.json"), policy);
    const arns = [
      "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
      "arn:aws:iam::123456789012:policy/own",
    ];
    const words = ["tagged", ...arns.flatMap((arn) => ["--policy-arn", arn])];
    const finished = await runCommand(
      [
        ...program,
        "exec",
        ...words,
        "--policy-file",
        "policy.json",
        "--tag",
        "team=red",
        "--tag",
        "new=x",
        "--",
        "true",
      ],
      { env: { ...home.env, AWSROLE_STORE: "none" }, cwd: home.path },
    );
    expect(finished).toMatchObject({ code: 0 });
    expect(assumed()[0]).toMatchObject({
      Policy: policy,
      "PolicyArns.member.1.arn": arns[0],
      "PolicyArns.member.2.arn": arns[1],
      "Tags.member.1.Key": "cost",
      "Tags.member.2.Key": "team",
      "Tags.member.2.Value": "red",
      "Tags.member.3.Key": "new",
    });
  });

  const sessionOf = async (words: readonly string[]): Promise<Keys> => {
    const script = `JSON.stringify([process.env.AWS_ACCESS_KEY_ID, process.env.AWS_SECRET_ACCESS_KEY, process.env.AWS_SESSION_TOKEN])`;
    const { stdout, stderr } = await exec([...words, "--", process.execPath, "-p", script]);
    expect(stdout, stderr).toMatch(/^\[/);
    const [accessKeyId = "", secretAccessKey = "", sessionToken = ""] = JSON.parse(
      stdout,
    ) as string[];
    return { accessKeyId, secretAccessKey, sessionToken };
  };
  const may = async (keys: Keys): Promise<readonly boolean[]> => {
    const headers = { "x-amz-security-token": keys.sessionToken ?? "" };
    const asked = ["GetUser", "ListAccessKeys", "CreateAccessKey"].map((Action) =>
      sendSigned(
        sts,
        { Action, Version: "2010-05-08", UserName: "Bob" },
        { keys, service: "iam", headers },
      ),
    );
    return (await Promise.all(asked)).map(({ status }) => status !== 403);
  };

  it("may do what its policies allow and do not deny, where the profile's own session may do all", async () => {
    const document = (...statements: readonly object[]): string =>
      JSON.stringify({ Version: "2012-10-17", Statement: statements });
    const policy = join(home.path, "policy.json");
    writeFileSync(
      policy,
      document(
        { Effect: "Allow", Action: "iam:*", Resource: "*" },
        { Effect: "Deny", Action: "iam:Create*", Resource: "*" },
        { Effect: "Deny", Action: "iam:ListAccessKeys", Resource: "*" },
      ),
    );
    expect(await may(await sessionOf(["prod"]))).toEqual([true, true, true]);
    expect(await may(await sessionOf(["prod", "--read-only"]))).toEqual([true, true, false]);
    expect(await may(await sessionOf(["prod", "--policy-file", policy]))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each([
    ["no JSON", "Version: 2012-10-17", /awsrole_policy_file \S+ is not JSON\n.*at most 2048/],
    ["longer than 2048", JSON.stringify(" ".repeat(2048)), /is longer than 2048 characters\n/],
    [
      "of other characters",
      '{"Sid":"\u{1F511}"}',
      /a character that AWS takes in no session policy: /,
    ],
  ])("is not asked for with a policy that is %s", async (_, text, message) => {
    const file = join(home.path, "policy.json");
    writeFileSync(file, text);
    expect(await exec(["prod", "--policy-file", file, "--", "true"])).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(message),
    });
    expect(sts.callsOf("AssumeRole")).toEqual([]);
  });

  it("is refused in AWS's own words where the policy is none, or is too large once it is packed", async () => {
    const file = join(home.path, "policy.json");
    writeFileSync(file, '["no policy"]');
    const malformed = await exec(["prod", "--policy-file", file, "--", "true"]);
    expect(malformed).toMatchObject({ code: 125, stdout: "" });
    expect(malformed.stderr).toBe(
      `awsrole: STS refused AssumeRole of ${role}: MalformedPolicyDocumentException: Syntax errors in policy.\nawsrole: hint: correct the policy document\n`,
    );
    writeFileSync(file, `{"Statement":"${"x".repeat(2000)}"}`);
    const arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    const packed = await exec(["prod", "--policy-file", file, "--policy-arn", arn, "--", "true"]);
    expect(packed).toMatchObject({ code: 125, stdout: "" });
    expect(packed.stderr).toBe(
      `awsrole: STS refused AssumeRole of ${role}: PackedPolicyTooLargeException: Packed policy consumes 101% of allotted space, please use smaller policy.\n` +
        "awsrole: hint: shorten the policy, or use fewer tags and policy ARNs\n",
    );
  });

  it("is of the role's partition", async () => {
    const arn = "arn:aws-cn:iam::123456789012:role/cn";
    sts.addRole({ arn });
    await exec(["--role-arn", arn, "--source-profile", "bob", "--read-only", "--", "true"]);
    expect(assumed()[0]?.["PolicyArns.member.1.arn"]).toBe(
      "arn:aws-cn:iam::aws:policy/ReadOnlyAccess",
    );
  });

  it.each([
    [
      ["bob", "--read-only"],
      125,
      /profile bob is not a role profile.*\n.*add-profile NAME --role-arn ARN --source-profile bob/,
    ],
    [
      ["sso-ops", "--read-only"],
      125,
      /profile sso-ops is not a role profile.*\n.*add-profile NAME --role-arn ARN --source-profile sso-ops/,
    ],
    [
      ["limited", "--read-only"],
      125,
      /profile limited already has a session policy; another would widen/,
    ],
    [["limited", "--policy-arn", role.replace("role/", "policy/")], 125, /would widen/],
    [
      ["prod", "--read-only", "--policy-file", "x"],
      2,
      /--read-only cannot be combined with another policy/,
    ],
    [["prod", "--policy-arn", "x"], 2, /--policy-arn: x is not valid/],
    [["prod", "--policy-file", "/missing"], 125, /awsrole_policy_file \/missing does not exist/],
    [["prod", "--tag", "x"], 2, /tags are written key=value/],
    [["--role-arn", role], 2, /--role-arn and --source-profile go together/],
    [
      ["prod", "--role-arn", role, "--source-profile", "bob"],
      2,
      /both a profile \(prod\) and --role-arn/,
    ],
    [["--role-arn", "x", "--source-profile", "bob"], 2, /--role-arn: x is not valid/],
    [["--role-arn", role, "--source-profile", "nobody"], 125, /nobody/],
    [["prod", "--min-life", "soon"], 2, /invalid value "soon" for --min-life\n.*45m/],
    [["prod", "--min-life", "13h"], 2, /invalid value "13h" for --min-life/],
    [["prod", "--serve", "--min-life", "1h"], 2, /--serve cannot be combined with --min-life/],
    [["--each", "x-*"], 125, /no profile matches x-\*/],
    [["prod", "--each", "p*"], 2, /--each cannot be combined with NAME/],
  ] as const)("or another wrong use is refused: %j", async (words, code, message) => {
    const refused = await exec([...words, "--", "true"]);
    expect(refused).toMatchObject({ stdout: "", stderr: expect.stringMatching(message), code });
    expect(sts.callsOf("AssumeRole")).toEqual([]);
  });
});

describe("a session name from a template", () => {
  it("reaches AWS with the signer and the profile filled in, is cached, and is kept by release", async () => {
    const named = ["named", "--role-arn", role, "--source-profile", "bob", "--role-session-name"];
    const add = (name: string): Promise<Finished> =>
      runAwsrole(["add-profile", ...named, name, "--force"], { env: home.env });
    expect(await add("{iam-user}.{nobody}")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/\{iam-user\}, \{host\} and \{profile\}/),
    });
    expect(await add("{iam-user}.{profile}")).toMatchObject({ code: 0 });
    for (const _ of [1, 2]) expect(await exec(["named", "--", "true"])).toMatchObject({ code: 0 });
    expect(assumed().map(({ RoleSessionName }) => RoleSessionName)).toEqual(["Bob.named"]);
    await runAwsrole(["release", "named"], { env: home.env });
    const config = readFileSync(home.configFile, "utf8");
    expect(config).toContain("\nawsrole_role_session_name = {iam-user}.{profile}\n");
    expect(config).toContain(`\nrole_arn = ${role}\n`);
  });
});

describe("a role without a profile", () => {
  it("is assumed with the credentials of the profile named, and cached", async () => {
    const words = [
      "--role-arn",
      role,
      "--source-profile",
      "bob",
      "--",
      "printenv",
      "AWS_ACCESS_KEY_ID",
    ];
    const [first, again] = [await exec(words), await exec(words, { AWS_PROFILE: "prod" })];
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ASIA/) });
    expect(again.stdout).toBe(first.stdout);
    expect(assumed().length).toBe(1);
  });
});

describe("--each", () => {
  it("runs the command for every profile that matches, labels its lines, goes on after failures, and ends with the first code", async () => {
    const script =
      'echo "$AWSROLE_PROFILE"; echo oops >&2; [ "$AWSROLE_PROFILE" = tagged ] && exit 7; exit 0';
    const { code, stdout, stderr } = await exec(["--each", "*d*", "--", "sh", "-c", script]);
    // limited, tagged, pdenied and prod.
    expect(stdout.split("\n").toSorted()).toEqual([
      "",
      "limited: limited",
      "prod: prod",
      "tagged: tagged",
    ]);
    expect(stderr).toContain("tagged: oops\n");
    expect(stderr).toMatch(/^pdenied: awsrole: .*AccessDenied/m);
    expect(stderr).toMatch(/^awsrole: failed for 2 of 4: tagged, pdenied$/m);
    expect(code).toBe(7);
  });

  it("ends with 0 when all do, and with 127 when there is no such command", async () => {
    expect(await exec(["--each", "pro*", "--quiet", "--", "true"])).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(await exec(["--each", "pro*", "--quiet", "--", "no-such-command"])).toMatchObject({
      code: 127,
      stderr: expect.stringMatching(
        /^prod: awsrole: exec: no-such-command was not found\nprod: awsrole: hint: searched on PATH.*\n$/,
      ),
    });
  });
});

describe("--each with 200 profiles", () => {
  it("runs a few at a time, gathers every failure in the profiles' order, and labels every line", async () => {
    const names = Array.from(
      { length: 200 },
      (_, index) => `fleet-${String(index).padStart(3, "0")}`,
    );
    // Every tenth role refuses, and every seventh command fails.
    const isRefused = (index: number): boolean => index % 10 === 4;
    const isFailing = (index: number): boolean => index % 7 === 3;
    for (const [index, name] of names.entries())
      if (!isRefused(index)) sts.addRole({ arn: `arn:aws:iam::123456789012:role/${name}` });
    const sections = names.map(
      (name) =>
        `[profile ${name}]\nrole_arn = arn:aws:iam::123456789012:role/${name}\nsource_profile = bob\n`,
    );
    appendFileSync(home.configFile, sections.join(""));
    const running = join(home.path, "running");
    mkdirSync(running);
    const failing = names.filter((_, index) => isFailing(index)).join("|");
    const script = `mkdir ${running}/$AWSROLE_PROFILE; ls ${running} | wc -l; rmdir ${running}/$AWSROLE_PROFILE; case $AWSROLE_PROFILE in ${failing}) exit 3;; esac`;
    const { code, stdout, stderr } = await exec(["--each", "fleet-*", "--", "sh", "-c", script], {
      AWSROLE_STORE: "none",
    });
    const failed = names.filter((_, index) => isRefused(index) || isFailing(index));
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/: .*/, "")).toSorted()).toEqual(
      names.filter((_, index) => !isRefused(index)),
    );
    const together = lines.map((line) => Number(line.replace(/.*: /, "")));
    expect(Math.max(...together)).toBeLessThanOrEqual(4);
    expect(stderr.match(/^awsrole: \d+ of 200: fleet-\d{3} exited with \d+$/gm)).toHaveLength(200);
    expect(stderr.match(/^fleet-\d{3}: awsrole: .*AccessDenied/gm)).toHaveLength(20);
    expect(stderr).toContain(`awsrole: failed for ${failed.length} of 200: ${failed.join(", ")}\n`);
    expect(code, "that of fleet-003").toBe(3);
  });
});

describe.each([
  ["exec", ["--", "true"]],
  ["env", ["--shell", "sh"]],
  ["console", ["--print"]],
] as const)("%s --min-life", (command, words) => {
  it("renews a session that ends sooner, keeps one that does not, and says when it ends", async () => {
    const run = (minLife: string, wall: number) =>
      runAwsrole([command, "prod", "--min-life", minLife, ...words], {
        env: {
          ...home.env,
          AWSROLE_STORE: "plaintext",
          AWS_ENDPOINT_URL_SIGNIN: sts.urls.signin,
        },
        clockOffsetSeconds: { wall, uptime: wall },
      });
    const calls = (): number => sts.callsOf("AssumeRole").length;
    const end = String.raw`awsrole: credentials of prod until (?:\d{4}-\d\d-\d\d )?\d\d:\d\d, in \d+ min`;
    const first = await run("45m", 0);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toMatch(new RegExp(`^${end}$`, "m"));
    expect((await run("45m", 600)).code).toBe(0);
    expect(calls()).toBe(1);
    sts.clock.setOffset(1_200_000);
    expect((await run("45m", 1200)).code).toBe(0);
    expect(calls()).toBe(2);
    const short = await run("2h", 1200);
    expect(short.code).toBe(0);
    expect(short.stderr).toMatch(
      new RegExp(
        `^${end}, less than --min-life 2h: the role or its source allows no longer session`,
        "m",
      ),
    );
  });
});

describe.skipIf(noTerminal !== undefined)(titled("exec at a terminal", noTerminal), () => {
  let terminal: Terminal;
  afterEach(() => terminal.close());

  it("opens the person's shell, as the profile, when there is no command", async () => {
    const { env } = home;
    terminal = openTerminal({ ...env, AWSROLE_STORE: "none", SHELL: "/bin/sh" });
    await terminal.waitFor(/[$#] *$/);
    terminal.enter(`${program.join(" ")} exec prod; echo code=$?`);
    await terminal.waitFor(/opening \/bin\/sh as prod \(credentials until/);
    terminal.enter('echo "profile:$AWSROLE_PROFILE:"; exit 4');
    await terminal.waitFor(/^profile:prod:$/m);
    await terminal.waitFor(/^code=4$/m);
  });
});
