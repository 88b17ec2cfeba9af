/** Sign-ins that a program's request starts, and the offer in people's commands: in a real terminal, with a browser that is a script. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { titled } from "../support/installed.ts";
import { program, runAwsrole } from "../support/run-awsrole.ts";
import { createSsoHome, ssoConfig, type SsoHome } from "../support/sso-home.ts";
import { noTerminal, openTerminal, type Terminal } from "../support/terminal.ts";

const awsrole = program.join(" ");
const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
const reason =
  noTerminal ??
  (process.platform === "linux" ? undefined : "the browser cannot be replaced by a script");
const managed = `${ssoConfig.replaceAll(/^sso_(?=session|account|role)/gm, "awsrole_sso_")}[profile auto]
awsrole_sso_session = corp
awsrole_sso_account_id = 123456789012
awsrole_sso_role_name = Reader
awsrole_sso_login = auto
`;

let aws: AwsDouble;
let home: SsoHome;
let visits: string;

beforeEach(async () => {
  aws = await startAwsDouble();
  home = createSsoHome(aws, managed);
  visits = join(home.path, "visits");
  const browser = join(home.path, "xdg-open");
  const visit = `${process.execPath} -e 'fetch(process.argv[1]).then(r=>r.text())' "$1"`;
  writeFileSync(browser, `#!/bin/sh\necho visit >> ${visits}\nsleep 1\n${visit}\n`);
  chmodSync(browser, 0o755);
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

const windows = (): number =>
  existsSync(visits) ? readFileSync(visits, "utf8").trim().split("\n").length : 0;
const actions = () => aws.requests.map(({ action }) => action);
const environment = (): NodeJS.ProcessEnv => ({
  ...home.env,
  AWSROLE_STORE: "plaintext",
  DISPLAY: ":0",
  BROWSER: join(home.path, "xdg-open"),
  PATH: `${home.path}:${process.env["PATH"]}`,
});

describe.skipIf(reason !== undefined)(titled("with a person at the terminal", reason), () => {
  let terminal: Terminal;
  beforeEach(() => {
    terminal = openTerminal(environment());
  });
  afterEach(() => terminal.close());
  const ask = (profile: string) => `${awsrole} credential-process --profile ${profile}`;

  it("many programs at once open one window, make one token, and all get credentials", async () => {
    const count = isLong ? 50 : 8;
    // In a shell without job control they all stay in the foreground, as a program's children do.
    terminal.enter(
      `sh -c 'umask 077; for n in $(seq ${count}); do ${ask("auto")} > ${home.path}/out.$n 2> ${home.path}/err.$n & done; wait'; echo all-done`,
    );
    await terminal.waitFor(/^all-done/m, 25_000);
    for (let n = 1; n <= count; n += 1) {
      expect(readFileSync(join(home.path, `err.${n}`), "utf8")).toBe("");
      expect(readFileSync(join(home.path, `out.${n}`), "utf8")).toContain('"Version":1');
    }
    expect(windows()).toBe(1);
    expect(actions().filter((one) => one === "CreateToken")).toHaveLength(1);
  });

  it("a refusal is remembered: the next program opens no window", async () => {
    aws.identityCenter.settings.person = "denies";
    terminal.enter(`${ask("auto")}; echo code-$?; ${ask("auto")}; echo code-$?-again`);
    await terminal.waitFor(/code-3-again/, 25_000);
    expect(terminal.screen()).toMatch(/code-3\s/);
    expect(terminal.screen()).toContain("the sign-in to corp was refused");
    expect(windows()).toBe(1);
  });

  it.skipIf(!isLong)(
    "a person who takes longer than the program may wait: exit 3 after 55 s, and the sign-in continues",
    { timeout: 120_000 },
    async () => {
      aws.identityCenter.settings.person = "leaves";
      const started = Date.now();
      terminal.enter(`${ask("auto")}; echo code-$?`);
      await terminal.waitFor(/code-3/, 70_000);
      expect(Date.now() - started).toBeGreaterThan(45_000);
      expect(terminal.screen()).toContain("finish signing in in the browser, then try again");
      // The person goes on in the window that is still open.
      aws.identityCenter.settings.person = "approves";
      const authorize = aws.callsOf("Authorize")[0];
      await fetch(`${aws.urls["sso-oidc"]}${authorize?.target}`);
      terminal.enter(`umask 077; ${ask("auto")} > ${home.path}/out; echo code-$?-again`);
      await terminal.waitFor(/code-0-again/, 25_000);
      expect(windows()).toBe(1);
    },
  );

  it("a profile without awsrole_sso_login: exit 3 at once, no window, no request", async () => {
    terminal.enter(`${ask("reader")}; echo code-$?`);
    await terminal.waitFor(/code-3/, 25_000);
    expect(terminal.screen()).toContain("run: awsrole login corp");
    expect([windows(), actions()]).toEqual([0, []]);
  });

  it("a person's command offers to sign in, and goes on", async () => {
    terminal.enter(`${awsrole} whoami reader; echo code-$?`);
    await terminal.waitFor(/Sign in to corp now\?/, 25_000);
    terminal.press("Enter");
    await terminal.waitFor(/code-0/, 25_000);
    expect(terminal.screen()).toContain("assumed-role/AWSReservedSSO_Reader");
    expect(windows()).toBe(1);
  });

  it("No is an answer: exit 3, no window, and none is opened for a program right after", async () => {
    terminal.enter(`${awsrole} whoami reader; echo code-$?`);
    await terminal.waitFor(/Sign in to corp now\?/, 25_000);
    terminal.press("Down");
    terminal.press("Enter");
    await terminal.waitFor(/code-3/, 25_000);
    terminal.enter(`${ask("auto")}; echo code-$?-again`);
    await terminal.waitFor(/code-3-again/, 25_000);
    expect([windows(), actions()]).toEqual([0, []]);
  });
});

describe.skipIf(reason !== undefined)(titled("add-profile in a terminal", reason), () => {
  it("chooses session, account and role from lists, and signs in where that is needed", async () => {
    const terminal = openTerminal(environment());
    try {
      terminal.enter(`${awsrole} add-profile mine; echo code-$?`);
      await terminal.waitFor(/What is the profile for/, 25_000);
      terminal.press("Enter");
      await terminal.waitFor(/Session of IAM Identity Center/, 25_000);
      terminal.press("Enter");
      await terminal.waitFor(/Sign in to corp now/, 25_000);
      terminal.press("Enter");
      await terminal.waitFor(/What is the profile for[^]*What is the profile for/, 25_000);
      terminal.press("Enter");
      await terminal.waitFor(/(?:Session of IAM Identity Center[^]*){2}/, 25_000);
      terminal.press("Enter");
      await terminal.waitFor(/◆ {2}Role/, 25_000);
      terminal.enter("adm");
      await terminal.waitFor(/code-0/, 25_000);
      expect(readFileSync(home.configFile, "utf8")).toMatch(
        /\[profile mine\]\ncredential_process = .*\nregion = eu-west-1\nawsrole_sso_session = corp\nawsrole_sso_account_id = 123456789012\nawsrole_sso_account_name = Account 123456789012\nawsrole_sso_role_name = Admin\n$/,
      );
    } finally {
      terminal.close();
    }
  });
});

describe.skipIf(reason !== undefined)(titled("login from nothing", reason), () => {
  let terminal: Terminal;
  beforeEach(() => {
    writeFileSync(home.configFile, "# mine\n");
    terminal = openTerminal(environment());
  });
  afterEach(() => terminal.close());
  const answer = async (question: RegExp, text: string): Promise<void> => {
    await terminal.waitFor(question, 25_000);
    terminal.enter(text);
  };

  it("asks for start URL, region, name, account and role, and ends in a profile that works", async () => {
    aws.identityCenter.addAccount({
      accountId: "222222222222",
      accountName: "Acme Dev",
      roleNames: ["Admin"],
    });
    terminal.enter(`${awsrole} login; echo code-$?`);
    await answer(/Start URL/, "http://example.awsapps.com/start");
    await terminal.waitFor(/does not begin with https/, 25_000);
    for (let n = 0; n < 40; n += 1) terminal.press("BSpace");
    terminal.enter("example.awsapps.com/start#/");
    await answer(/Region of IAM Identity Center/, "eu-west-1");
    await answer(/Session name/, "");
    await answer(/Account/, "dev");
    await answer(/Profile name/, "");
    await terminal.waitFor(/code-0/, 25_000);
    const config = readFileSync(home.configFile, "utf8");
    expect(config).toMatch(
      /^# mine\n\n\[sso-session example\]\nsso_start_url = https:\/\/example.awsapps.com\/start\nsso_region = eu-west-1\nsso_registration_scopes = sso:account:access\n\n\[profile acme-dev-admin\]\ncredential_process = .*\nregion = eu-west-1\nawsrole_sso_session = example\nawsrole_sso_account_id = 222222222222\nawsrole_sso_account_name = Acme Dev\nawsrole_sso_role_name = Admin\n$/,
    );
    const { stdout } = await runAwsrole(["credential-process", "--profile", "acme-dev-admin"], {
      env: environment(),
    });
    expect(JSON.parse(stdout)).toMatchObject({ AccountId: "222222222222" });
  });

  it("denied in the browser: exit 1, and the config is as it was", async () => {
    aws.identityCenter.settings.person = "denies";
    terminal.enter(`${awsrole} login; echo code-$?`);
    await answer(/Start URL/, "https://example.awsapps.com/start");
    await answer(/Region of IAM Identity Center/, "eu-west-1");
    await answer(/Session name/, "corp");
    await terminal.waitFor(/code-1/, 25_000);
    expect(terminal.screen()).toContain("the sign-in was denied in the browser");
    expect(readFileSync(home.configFile, "utf8")).toBe("# mine\n");
  });

  it("Ctrl-C at a question: exit 130, and the config is as it was", async () => {
    terminal.enter(`${awsrole} login; echo code-$?`);
    await terminal.waitFor(/Start URL/, 25_000);
    terminal.press("C-c");
    await terminal.waitFor(/code-130/, 25_000);
    expect(readFileSync(home.configFile, "utf8")).toBe("# mine\n");
  });
});

it("login without a network: exit 1, and nothing is kept", async () => {
  const finished = await runAwsrole(["login", "corp", "--use-device-code"], {
    env: { ...environment(), AWS_ENDPOINT_URL_SSO_OIDC: "http://127.0.0.1:9" },
  });
  expect(finished).toMatchObject({ code: 1, stdout: "" });
  expect(finished.stderr).toMatch(/IAM Identity Center|127\.0\.0\.1:9/);
});

it("login with nothing configured and without a terminal: exit 1, and where to run it", async () => {
  writeFileSync(home.configFile, "");
  const finished = await runAwsrole(["login"], { env: environment() });
  expect(finished).toMatchObject({ code: 1, stdout: "" });
  expect(finished.stderr).toContain("run awsrole login in a terminal");
});

it("without a person many programs at once fail with exit 3: no window, no request", async () => {
  const all = await Promise.all(
    Array.from({ length: isLong ? 50 : 8 }, () =>
      runAwsrole(["credential-process", "--profile", "auto"], { env: environment() }),
    ),
  );
  expect(new Set(all.map(({ code, stdout }) => `${code} ${stdout}`))).toEqual(new Set(["3 "]));
  expect([windows(), actions()]).toEqual([0, []]);
});

it("awsrole_sso_login has one value", async () => {
  writeFileSync(home.configFile, managed.replace("= auto", "= always"));
  const finished = await home.run(["credential-process", "--profile", "auto"]);
  expect(finished).toMatchObject({ code: 1, stdout: "" });
  expect(finished.stderr).toContain("awsrole_sso_login = always is not valid");
});
