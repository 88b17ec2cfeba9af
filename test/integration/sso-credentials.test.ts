/** Credentials of IAM Identity Center roles and `aws login` sessions, against the double that checks requests by AWS's models. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { privateMode } from "../support/run-awsrole.ts";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { createSsoHome, ssoAccountId, ssoConfig, type SsoHome } from "../support/sso-home.ts";

let aws: AwsDouble;
let home: SsoHome;

beforeAll(async () => {
  aws = await startAwsDouble();
});
afterAll(() => aws.close());
beforeEach(() => {
  home = createSsoHome(aws);
});
afterEach(async () => {
  aws.behave({});
  await home.remove();
});

const ask = (name = "reader", env: NodeJS.ProcessEnv = {}) =>
  home.run(["credential-process", "--profile", name], { env });
const callsSince = (start: number) => aws.requests.slice(start).map(({ action }) => action);

describe("a role of IAM Identity Center", () => {
  it("is printed with its account", async () => {
    home.signIn();
    const finished = await ask();
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(finished.stdout)).toMatchObject({ Version: 1, AccountId: ssoAccountId });
  });

  it("of a token about to end: it is refreshed first, in AWS's file, which stays private", async () => {
    const before = home.signIn(3);
    home.writeToken({ ...before, extra: "kept" } as typeof before);
    const start = aws.requests.length;
    expect(await ask()).toMatchObject({ code: 0, stderr: "" });
    expect(callsSince(start)).toEqual(["CreateToken", "GetRoleCredentials"]);
    const after = home.readToken();
    expect(after).toMatchObject({
      startUrl: before.startUrl,
      clientId: before.clientId,
      extra: "kept",
    });
    expect(after["refreshToken"]).not.toBe(before.refreshToken);
    expect(aws.identityCenter.isRefreshTokenGood(after["refreshToken"] ?? "")).toBe(true);
    expect(after["expiresAt"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(statSync(home.tokenFile).mode & 0o777).toBe(privateMode.file);
  });

  it("whose refresh token an SDK has used meanwhile: the SDK's newer token is used, nobody signs in", async () => {
    const stale = home.signIn(-1);
    const start = aws.requests.length;
    // The SDK refreshes between our reading and our asking: the double answers late.
    aws.behave({ only: ["CreateToken"], delayMs: 1500 });
    const running = ask();
    await vi.waitFor(() => expect(callsSince(start)).toContain("CreateToken"), 10_000);
    const newer = home.signIn();
    aws.identityCenter.endRefreshToken(stale.refreshToken);
    expect(await running).toMatchObject({ code: 0, stderr: "" });
    expect(home.readToken()).toMatchObject({ refreshToken: newer.refreshToken });
  });

  it("whose token AWS knows no more, though it seems alive: refreshed once, then a sign-in is needed", async () => {
    const token = home.signIn();
    aws.identityCenter.expireAccessToken(token.accessToken);
    expect(await ask()).toMatchObject({ code: 0, stderr: "" });
    home.signIn();
    aws.identityCenter.endSessions();
    const ended = await ask();
    expect(ended).toMatchObject({ code: 3, stdout: "" });
    expect(ended.stderr).toMatch(
      /^awsrole: profile reader: the sign-in to sso-session corp has expired\n/,
    );
  });

  it("without a sign-in, or with an ended one that cannot be refreshed: exit 3 at once, AWS is not asked", async () => {
    const start = aws.requests.length;
    const never = await ask();
    expect(never).toMatchObject({ code: 3, stdout: "" });
    expect(never.stderr).toMatch(
      /^awsrole: profile reader: you are not signed in to sso-session corp\n/,
    );
    const { refreshToken: _, ...token } = home.signIn(-1);
    home.writeToken(token);
    const ended = await ask();
    expect(ended).toMatchObject({ code: 3, stdout: "" });
    expect(ended.stderr).toMatch(/the sign-in to sso-session corp has expired/);
    expect(callsSince(start)).toEqual([]);
  });

  it.each([
    [429, "throttled GetRoleCredentials"],
    [500, "gave no usable response to GetRoleCredentials"],
    [503, "gave no usable response to GetRoleCredentials"],
  ])(
    "while the portal answers %i: exit 1, in AWS's words, not a request to sign in",
    async (status, words) => {
      home.signIn();
      aws.behave({
        only: ["GetRoleCredentials"],
        ...(status === 429 ? { throttle: { status } } : { serverError: status }),
      });
      const finished = await ask();
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toContain(`awsrole: profile reader: IAM Identity Center ${words}`);
      expect(finished.stderr).not.toMatch(/sign|login/);
    },
  );

  it("while the sign-in service fails: a live token is used, an ended one is exit 1", async () => {
    aws.behave({ only: ["CreateToken"], serverError: 503 });
    home.signIn(3);
    expect(await ask()).toMatchObject({ code: 0, stderr: "" });
    home.signIn(-1);
    const finished = await ask();
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toContain("IAM Identity Center gave no usable response to CreateToken");
  });

  it("that the person may not use: exit 1, and who can change that", async () => {
    home.signIn();
    writeFileSync(home.configFile, ssoConfig.replace("Reader", "Owner"));
    const finished = await ask();
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toBe(
      `awsrole: profile reader: you have no access to role Owner in account ${ssoAccountId}\n` +
        "awsrole: hint: check the account ID and the role name, or ask your administrator to assign the permission set\n",
    );
  });

  it("is cached, outlives the sign-in, and signs for other roles", async () => {
    home.signIn();
    const words = ["credential-process", "--profile", "reader", "--store", "plaintext"];
    const first = await home.run(words);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    const start = aws.requests.length;
    aws.identityCenter.endSessions();
    home.writeToken({});
    expect(await home.run(words)).toMatchObject({ code: 0, stdout: first.stdout });
    expect(callsSince(start)).toEqual([]);
  });
});

describe("a token of the old form, by start URL", () => {
  it("is found whether the URL ends in a slash or not, but never another portal's", async () => {
    await home.remove();
    const startUrl = "https://example.awsapps.com/start/";
    const config = `[profile reader]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\nsso_account_id = ${ssoAccountId}\nsso_role_name = Reader\n`;
    home = createSsoHome(aws, config, startUrl);
    const token = home.signIn();
    expect(await ask()).toMatchObject({ code: 0, stderr: "" });
    home.writeToken({ ...token, startUrl: "https://other.awsapps.com/start" });
    expect(await ask()).toMatchObject({ code: 3, stdout: "" });
  });
});

describe("a session of aws login", () => {
  const config = (session: string, more = "") =>
    `[profile corp]\n${more}login_session = ${session}\n`;
  const logIn = (minutes: number) => {
    const token = aws.signin.logIn();
    const expiresAt = new Date(Date.now() + minutes * 60_000).toISOString();
    const file = home.loginFile(aws.bob.arn);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      JSON.stringify({ ...token, accessToken: { ...token.accessToken, expiresAt } }),
    );
    writeFileSync(home.configFile, config(aws.bob.arn));
  };

  it("is renewed with a proof that AWS takes, and keeps its account", async () => {
    logIn(2);
    const finished = await ask("corp");
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(finished.stdout)).toMatchObject({ AccountId: aws.bob.accountId });
    const after = JSON.parse(readFileSync(home.loginFile(aws.bob.arn), "utf8")) as object;
    expect(after).toMatchObject({ tokenType: "aws_sigv4", idToken: expect.any(String) });
  });

  it("while AWS Sign-In fails: exit 1; after it ended there: exit 3", async () => {
    logIn(-1);
    aws.behave({ only: ["CreateOAuth2Token"], serverError: 503 });
    const failing = await ask("corp");
    expect(failing).toMatchObject({ code: 1, stdout: "" });
    expect(failing.stderr).toContain("AWS Sign-In gave no usable response to CreateOAuth2Token");
    aws.behave({ only: ["CreateOAuth2Token"], throttle: { status: 429 } });
    expect((await ask("corp")).stderr).toContain("AWS Sign-In throttled CreateOAuth2Token");
    aws.behave({});
    aws.signin.endSessions();
    const ended = await ask("corp");
    expect(ended).toMatchObject({ code: 3, stdout: "" });
    expect(ended.stderr).toMatch(/^awsrole: profile corp: the login session of \S+ has ended\n/);
  });
});
