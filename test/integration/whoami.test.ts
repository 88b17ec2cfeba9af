/** `whoami`: which credentials count in a shell, what they hide, and whether they are the ones that were meant. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

const roleArn = "arn:aws:iam::123456789012:role/example-role";
const sessionArn = "arn:aws:sts::123456789012:assumed-role/example-role/AWSCLI-Session";
const bobArn = "arn:aws:iam::123456789012:user/Bob";

let sts: AwsDouble;
let home: Home;
beforeAll(async () => {
  sts = await startAwsDouble();
});
afterAll(() => sts.close());
beforeEach(() => {
  home = createRoleHome(sts);
});
afterEach(() => home.remove());

const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  runAwsrole(["whoami", ...words], { env: { ...home.env, AWSROLE_STORE: "plaintext", ...env } });
async function facts(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { code, stdout, stderr } = await run([...words, "--json"], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Record<string, unknown>;
}
const bobsKeys = (): NodeJS.ProcessEnv => ({
  AWS_ACCESS_KEY_ID: sts.bob.accessKeyId,
  AWS_SECRET_ACCESS_KEY: sts.bob.secretAccessKey,
});
const endpoint = (): NodeJS.ProcessEnv => ({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: `${sts.urls.container}/v2/credentials/task`,
});

describe("whoami NAME", () => {
  it("is the profile's identity, with its chain, its role and its end", async () => {
    expect(await facts(["prod"], bobsKeys())).toEqual({
      account: "123456789012",
      arn: sessionArn,
      userId: expect.stringMatching(/:AWSCLI-Session$/),
      profile: "prod",
      chain: ["prod", "bob"],
      region: "eu-west-1",
      expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      roleArn,
      via: "the profile prod",
      shadows: [],
      notes: [],
    });
  });

  it.each([
    [roleArn, 0],
    [sessionArn, 0],
    ["arn:aws:sts::123456789012:assumed-role/example-role", 0],
    ["arn:aws:iam::123456789012:role/some/path/example-role", 0],
    ["arn:aws:iam::123456789012:role/example-role-2", 1],
    ["arn:aws:iam::210987654321:role/example-role", 1],
    ["arn:aws-cn:iam::123456789012:role/example-role", 1],
    [bobArn, 1],
  ])("--expect %s: exit code %i", async (expected, code) => {
    const finished = await run(["prod", "--expect", expected, "--quiet"]);
    expect(finished).toMatchObject({ code, stdout: "" });
    expect(finished.stderr).toMatch(
      code === 0 ? /^$/ : /^awsrole: you are [^\n]+, not [^\n]+\nawsrole: hint: /,
    );
  });
});

describe("whoami, in the order of the AWS CLI", () => {
  it("keys in the environment come first; AWS_PROFILE and the endpoint are hidden, and the JS SDK's other mind is told", async () => {
    const env = { ...bobsKeys(), AWS_PROFILE: "prod", ...endpoint() };
    expect(await facts([], env)).toMatchObject({
      arn: bobArn,
      via: "AWS_ACCESS_KEY_ID in the environment",
      shadows: ["AWS_PROFILE = prod", "AWS_CONTAINER_CREDENTIALS_FULL_URI in the environment"],
      notes: [expect.stringMatching(/^the JavaScript SDK prefers AWS_PROFILE = prod/)],
    });
    const { stdout } = await run([], env);
    expect(stdout).toMatch(/^Source {4}AWS_ACCESS_KEY_ID in the environment$/m);
    expect(stdout).toMatch(/^Hides {5}AWS_PROFILE = prod$/m);
    // Keys in the environment are no profile's, whatever AWS_PROFILE says.
    expect(stdout).not.toMatch(/^Profile /m);
    const found = await facts([], bobsKeys());
    expect(found).not.toHaveProperty("profile");
    expect(found).toMatchObject({ chain: [], shadows: [] });
  });

  it("then AWS_PROFILE, before AWS_DEFAULT_PROFILE, which some SDKs read first", async () => {
    const found = await facts([], { AWS_PROFILE: "prod", AWS_DEFAULT_PROFILE: "bob" });
    expect(found).toMatchObject({ arn: sessionArn, via: "AWS_PROFILE = prod" });
    expect(found["notes"]).toEqual([expect.stringMatching(/AWS_DEFAULT_PROFILE = bob/)]);
    expect(await facts([], { AWS_DEFAULT_PROFILE: "bob" })).toMatchObject({ arn: bobArn });
  });

  it("tells of half a pair of keys in the environment, with which the AWS CLI does nothing", async () => {
    const found = await facts([], {
      AWS_PROFILE: "prod",
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    });
    expect(found).toMatchObject({ arn: sessionArn, via: "AWS_PROFILE = prod" });
    expect(found["notes"]).toEqual([expect.stringMatching(/^boto3 and the AWS CLI refuse/)]);
  });

  it("then [default], then a container's endpoint", async () => {
    await run(["prod"]);
    expect(await facts([], endpoint())).toMatchObject({
      arn: sessionArn.replace("AWSCLI-Session", "task"),
      via: "AWS_CONTAINER_CREDENTIALS_FULL_URI in the environment",
    });
    const credentials = readFileSync(home.credentialsFile, "utf8");
    writeFileSync(home.credentialsFile, credentials.replace("[bob]", "[default]"));
    expect(await facts([], endpoint())).toMatchObject({
      arn: bobArn,
      via: "the profile [default]",
      shadows: ["AWS_CONTAINER_CREDENTIALS_FULL_URI in the environment"],
    });
  });

  it("web identity in the environment, before a profile's process", async () => {
    const token = join(home.path, "token");
    writeFileSync(token, sts.url);
    const env = { AWS_WEB_IDENTITY_TOKEN_FILE: token, AWS_ROLE_ARN: roleArn, AWS_PROFILE: "prod" };
    const finished = await run(["--json"], env);
    // The double knows no issuer: what counts is that this is what was tried.
    expect(sts.callsOf("AssumeRoleWithWebIdentity").at(-1)?.params).toMatchObject({
      RoleArn: roleArn,
    });
    expect(finished.code).toBe(1);
  });

  it("web identity in the environment, whatever its values look like in a file", async () => {
    const env = { AWS_WEB_IDENTITY_TOKEN_FILE: "/x #1/token ; y", AWS_ROLE_ARN: roleArn };
    expect((await run([], env)).stderr).toContain("the web identity token /x #1/token ; y ");
    const named = await run([], { ...env, AWS_ROLE_SESSION_NAME: "a # b" });
    expect(named.stderr).toContain("role_session_name = a # b is not valid (AWS_ROLE_SESSION_NAME");
  });

  it("says what to do when there is nothing, or a variable names a profile that is not there", async () => {
    const nothing = await run([]);
    expect(nothing).toMatchObject({ code: 1, stdout: "" });
    expect(nothing.stderr).toMatch(
      /^awsrole: no AWS credentials found in this shell[^\n]*\nawsrole: hint: specify a profile[^\n]* metadata service/,
    );
    const wrong = await run([], { AWS_PROFILE: "prdo" });
    expect(wrong.stderr).toMatch(
      /^awsrole: AWS_PROFILE names the profile prdo, which does not exist\nawsrole: hint: did you mean prod\?/,
    );
  });

  it("keys that env put there have their end beside them", async () => {
    const expiration = "2030-01-01T00:00:00Z";
    const isProd = ({ caller }: { caller: { arn: string } }): boolean => caller.arn === sessionArn;
    const { accessKeyId, secretAccessKey, sessionToken } = sts.sessions().find(isProd) ?? {};
    expect(
      await facts([], {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_SESSION_TOKEN: sessionToken,
        AWS_CREDENTIAL_EXPIRATION: expiration,
      }),
    ).toMatchObject({ arn: sessionArn, expiration });
  });
});
