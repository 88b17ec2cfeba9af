/** Where the token of a sign-in is: in AWS's file while a native profile uses the session, else in the store, and never in both. */
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { createSsoHome, ssoConfig, type SsoHome } from "../support/sso-home.ts";
import { someProgram } from "../support/run-awsrole.ts";

let aws: AwsDouble;
let home: SsoHome;

const managed = ssoConfig.replaceAll(/^sso_(?=session|account|role)/gm, "awsrole_sso_");
const native = `${managed}[profile other]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Admin\n`;

beforeEach(async () => {
  aws = await startAwsDouble();
  home = createSsoHome(aws, managed);
  aws.identityCenter.settings.deviceIntervalSeconds = 1;
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

const run = (...words: string[]) => home.run([...words, "--store", "plaintext"]);
const credentials = (...words: string[]) =>
  run("credential-process", "--profile", "reader", ...words);
const state = (): string => join(home.path, "state/awsrole");
const rows = (): string[] =>
  readdirSync(join(state(), "items")).map((name) =>
    readFileSync(join(state(), "items", name), "utf8"),
  );
const signInRow = () => rows().find((text) => text.includes('"sign-in"'));

async function login() {
  const running = run("login", "corp", "--use-device-code");
  await vi.waitFor(() => {
    const [code] = aws.identityCenter.pendingUserCodes();
    if (code === undefined) throw new Error("no code yet");
    aws.identityCenter.decideDevice(code);
  }, 20_000);
  return running;
}

describe("the token of a session that only managed profiles use", () => {
  it("is in the store, in no file of AWS's, and in no row; it is renewed there though each refresh token is good once", async () => {
    aws.identityCenter.settings.accessTokenSeconds = 200;
    expect(await login()).toMatchObject({ code: 0 });
    expect(existsSync(home.tokenFile)).toBe(false);
    expect(signInRow()).toContain('"sso-session corp"');
    for (const count of [2, 3]) {
      expect((await credentials("--force-refresh")).code).toBe(0);
      const asked = aws.requests.filter(({ action }) => action === "GetRoleCredentials");
      const tokens = aws.requests.filter(({ action }) => action === "CreateToken");
      expect(tokens.length).toBeGreaterThanOrEqual(count);
      expect(asked).toHaveLength(count - 1);
    }
    expect(existsSync(home.tokenFile)).toBe(false);
    for (const row of rows()) expect(row).not.toMatch(/accessToken|refreshToken|clientSecret/);
    // Cached sessions go, the sign-in stays.
    expect((await run("logout", "--all")).code).toBe(0);
    expect((await credentials()).code).toBe(0);
    expect((await run("logout", "corp")).stdout).toContain("signed out of corp\n");
    expect(signInRow()).toBeUndefined();
    expect(await credentials()).toMatchObject({ code: 3, stdout: "" });
  });

  it("moves to AWS's file with the first native profile, and back with the last", async () => {
    expect(await login()).toMatchObject({ code: 0 });
    writeFileSync(home.configFile, native);
    expect((await credentials("--force-refresh")).code).toBe(0);
    expect(home.readToken()).toMatchObject({ startUrl: "https://example.awsapps.com/start" });
    expect(signInRow()).toBeUndefined();
    writeFileSync(home.configFile, managed);
    expect((await credentials("--force-refresh")).code).toBe(0);
    expect(existsSync(home.tokenFile)).toBe(false);
    expect(signInRow()).toBeDefined();
  });

  it("by the AWS CLI's own sign-in is used and renewed where it is, and deleted by logout only", async () => {
    home.signIn(3);
    const before = home.readToken()["accessToken"];
    expect((await credentials()).code).toBe(0);
    expect(home.readToken()["accessToken"]).not.toBe(before);
    expect(signInRow()).toBeUndefined();
    expect((await run("logout", "corp")).code).toBe(0);
    expect(existsSync(home.tokenFile)).toBe(false);
  });

  it("of the AWS CLI counts when it is newer than the one in the store", async () => {
    expect(await login()).toMatchObject({ code: 0 });
    const token = home.signIn(600);
    expect((await credentials("--force-refresh")).code).toBe(0);
    const used = aws.requests.findLast(({ action }) => action === "GetRoleCredentials");
    expect(JSON.stringify(used)).toContain(token.accessToken);
  });

  it("is refused before anything is asked of a person where no store keeps it", async () => {
    const finished = await home.run(["login", "corp", "--use-device-code"]);
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toContain(
      "the sign-in to corp cannot be kept: the store none keeps nothing",
    );
    expect(finished.stderr).toContain("aws sso login --sso-session corp");
    expect(aws.requests).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === "win32")(
    "stays where it is when the new place cannot be written (not as root, who writes everywhere)",
    async () => {
      expect(await login()).toMatchObject({ code: 0 });
      writeFileSync(home.configFile, native);
      chmodSync(home.path, 0o500);
      expect((await credentials()).code).toBe(1);
      chmodSync(home.path, 0o700);
      expect(signInRow()).toBeDefined();
    },
  );
});

describe("logout --all --sso", () => {
  it("ends sign-ins of the old form, too, and an incomplete session keeps none from ending", async () => {
    const startUrl = "https://example.awsapps.com/start";
    const legacy = `[sso-session broken]\nsso_region = eu-west-1\n[profile old]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = Reader\n`;
    const old = createSsoHome(aws, legacy, startUrl);
    old.signIn();
    writeFileSync(old.configFile, legacy + ssoConfig);
    const finished = await old.run(["logout", "--all", "--sso"]);
    expect(finished).toMatchObject({ code: 0 });
    expect(finished.stdout).toContain(`signed out of ${startUrl}\n`);
    expect(finished.stderr).toContain("[sso-session broken] has no sso_start_url");
    expect(existsSync(old.tokenFile)).toBe(false);
    await old.remove();
  });
});

describe("until when one is signed in", () => {
  const shown = async () => ({
    list: (await home.run(["list"])).stdout,
    json: JSON.parse((await home.run(["list", "--json"])).stdout) as { signIns: unknown[] },
    explain: (await home.run(["explain", "reader"])).stdout,
    doctor: (await home.run(["doctor", "reader", "--json"])).stdout,
  });

  it("is shown without the network, of AWS's file and of the store", async () => {
    const before = await shown();
    expect(before.list).toContain("corp: not signed in");
    expect(before.explain).toContain("Sign-in    not signed in");
    expect(before.doctor).toContain('"login-expired"');
    expect(before.doctor).toContain('"awsrole login corp"');
    home.signIn(59.5);
    const inFile = await shown();
    expect(inFile.list).toMatch(/corp: signed in until .*, in 59 min \(then renewed\)/);
    expect(inFile.json.signIns).toMatchObject([{ session: "corp", signedIn: true }]);
    expect(inFile.explain).toMatch(/Sign-in {4}signed in until /);
    expect(inFile.doctor).not.toContain("login-expired");
    const { refreshToken: _, ...ended } = home.signIn(-5);
    home.writeToken(ended);
    expect((await shown()).list).toMatch(/corp: the sign-in ended: .*5 min ago/);
    expect(aws.requests).toEqual([]);
    await login();
    const { length } = aws.requests;
    expect((await shown()).list).toMatch(/corp: signed in until /);
    expect(aws.requests).toHaveLength(length);
  });

  it("is part of whoami, which says when the sign-in ended before the credentials", async () => {
    home.signIn();
    expect((await run("whoami", "reader")).stdout).toMatch(/^Sign-in {3}until /m);
    const { refreshToken: _, ...ended } = home.signIn(-5);
    home.writeToken(ended);
    const { stdout } = await run("whoami", "reader");
    expect(stdout).toContain("the sign-in has ended: run awsrole login corp");
  });
});

describe("adopt and release of SSO profiles", () => {
  const line = ["--command", someProgram];

  it("turns a native profile into a managed one and back, byte for byte", async () => {
    const before = `# mine\n${ssoConfig}`;
    writeFileSync(home.configFile, before);
    expect(await run("adopt", "reader", ...line)).toMatchObject({ code: 0 });
    const adopted = readFileSync(home.configFile, "utf8");
    expect(adopted).toContain("awsrole_sso_session = corp\nawsrole_sso_account_id = ");
    expect(adopted).toContain(
      `credential_process = ${someProgram} credential-process --profile reader\n`,
    );
    home.signIn();
    expect((await credentials()).code).toBe(0);
    writeFileSync(home.configFile, adopted.replace(someProgram, "/usr/local/bin/awsrole"));
    expect(await run("release", "reader")).toMatchObject({ code: 0 });
    expect(readFileSync(home.configFile, "utf8")).toBe(before);
  });

  it("--all takes roles and SSO profiles in one change, and says which it leaves", async () => {
    const legacy = `[profile old]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = Reader\n`;
    const role = `[profile role]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = reader\nregion = eu-west-1\n`;
    const before = ssoConfig + legacy + role;
    writeFileSync(home.configFile, before);
    const finished = await run("adopt", "--all", ...line);
    expect(finished).toMatchObject({ code: 1 });
    expect(finished.stdout).toContain("2 profiles are now managed by awsrole");
    expect(finished.stderr).toContain("old stays as it is: profile old is of the old form");
    const adopted = readFileSync(home.configFile, "utf8");
    expect(adopted).toContain("awsrole_role_arn = arn:aws:iam::123456789012:role/x");
    expect(adopted).toContain(legacy);
    expect(await run("undo")).toMatchObject({ code: 0 });
    expect(readFileSync(home.configFile, "utf8")).toBe(before);
    expect(await run("adopt")).toMatchObject({ code: 2 });
  });
});

describe("add-profile for a role of IAM Identity Center", () => {
  const role = ["--sso-account-id", "123456789012", "--sso-role-name", "Admin"];
  const add = (...words: string[]) => run("add-profile", ...words, "--command", someProgram);

  it("writes a profile of a session that is there, or of a new one, in one change", async () => {
    expect(await add("one", "--sso-session", "corp", ...role)).toMatchObject({ code: 0 });
    const before = readFileSync(home.configFile, "utf8");
    expect(before).toContain(
      `[profile one]\ncredential_process = ${someProgram} credential-process --profile one\nregion = eu-west-1\nawsrole_sso_session = corp\nawsrole_sso_account_id = 123456789012\nawsrole_sso_role_name = Admin\n`,
    );
    const url = "https://ssoins-1.portal.us-east-2.app.aws/#/";
    const made = await add("two", "--sso-session", "dept", "--sso-start-url", url, ...role);
    expect(made).toMatchObject({ code: 0 });
    expect(readFileSync(home.configFile, "utf8")).toContain(
      "[sso-session dept]\nsso_start_url = https://ssoins-1.portal.us-east-2.app.aws\nsso_region = us-east-2\n",
    );
    expect(await run("undo")).toMatchObject({ code: 0 });
    expect(readFileSync(home.configFile, "utf8")).toBe(before);
    home.signIn();
    expect((await run("credential-process", "--profile", "one")).code).toBe(0);
  });

  it.each([
    [["--sso-session", "corp"], 2, "missing: --sso-account-id ID, --sso-role-name NAME"],
    [["--sso-session", "nope", ...role], 1, "there is no [sso-session nope] section"],
    [
      ["--sso-session", "corp", ...role, "--role-arn", "arn:aws:iam::123456789012:role/x"],
      2,
      "--role-arn cannot be applied",
    ],
    [
      ["--sso-session", "corp", "--sso-account-id", "12", "--sso-role-name", "x"],
      2,
      "12 is not valid",
    ],
    [
      ["--sso-session", "corp", ...role, "--sso-region", "us-east-1"],
      1,
      "is there with other settings",
    ],
    [
      ["--sso-session", "new", ...role, "--sso-start-url", "https://acme.awsapps.com/start"],
      2,
      "missing: --sso-region",
    ],
  ])("refuses %j with exit code %i", async (words, code, message) => {
    const finished = await add("bad", ...words);
    expect(finished).toMatchObject({ code, stdout: "" });
    expect(finished.stderr).toContain(message);
  });
});
