/** Sign-ins that do not end as they should: what is said, and which exit code; and two people at one portal. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { titled } from "../support/installed.ts";
import { notNode, program } from "../support/run-awsrole.ts";
import { createSsoHome, ssoConfig, type SsoHome } from "../support/sso-home.ts";
import { noTerminal, openTerminal } from "../support/terminal.ts";

const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
const shortWaits = {
  NODE_OPTIONS: `--require ${fileURLToPath(new URL("../support/short-waits.cjs", import.meta.url))}`,
  TEST_PAUSE_DIVISOR: "3",
  TEST_LONG_TIMER_MS: "1500",
};

let aws: AwsDouble;
let home: SsoHome;
beforeEach(async () => {
  aws = await startAwsDouble();
  home = createSsoHome(aws);
  aws.identityCenter.settings.deviceIntervalSeconds = 1;
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

const byCode = (words: readonly string[] = ["corp"], env: NodeJS.ProcessEnv = {}) =>
  home.run(["login", ...words, "--use-device-code"], { env });
const tokenCalls = () => aws.callsOf("CreateToken");
async function approve(): Promise<void> {
  await vi.waitFor(() => {
    const [code] = aws.identityCenter.pendingUserCodes();
    if (code === undefined) throw new Error("no code yet");
    aws.identityCenter.decideDevice(code);
  }, 20_000);
}

describe("a sign-in by a code", () => {
  it("that nobody approves in time: exit 1, and nothing is kept", async () => {
    aws.identityCenter.settings.deviceCodeSeconds = 2;
    const finished = await byCode();
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toContain(
      "awsrole: the code was not approved in time\nawsrole: hint: try again; a code is valid for about ten minutes\n",
    );
    expect(tokenCalls().at(-1)?.errorCode).toBe("ExpiredTokenException");
    expect(existsSync(home.tokenFile)).toBe(false);
  });

  it.skipIf(notNode !== undefined)(
    titled("asks five seconds less often when AWS wants it slower", notNode),
    async () => {
      aws.behave({
        only: ["CreateToken"],
        times: 1,
        refuse: { status: 400, code: "SlowDownException", message: "" },
      });
      const running = byCode(["corp"], shortWaits);
      await vi.waitFor(() => expect(tokenCalls()).toHaveLength(2), 20_000);
      await approve();
      expect(await running).toMatchObject({ code: 0, stdout: "signed in to corp\n" });
      const times = tokenCalls().map(({ at }) => at.getTime());
      // Six seconds, a third of them here, and not one.
      expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(1800);
    },
  );

  it.skipIf(!isLong)("goes on through throttling and resets on the way", async () => {
    // More often than one call tries again by itself.
    aws.behave({ only: ["CreateToken"], times: 3, throttle: { status: 429 } });
    const running = byCode();
    await vi.waitFor(() => expect(tokenCalls().length).toBeGreaterThanOrEqual(3), 20_000);
    aws.behave({ only: ["CreateToken"], times: 3, reset: true });
    const { length } = tokenCalls();
    await vi.waitFor(() => expect(tokenCalls().length).toBeGreaterThan(length), 20_000);
    await approve();
    expect(await running).toMatchObject({ code: 0, stdout: "signed in to corp\n" });
  });

  it("while AWS throttles the first step: exit 1, in AWS's words", async () => {
    aws.behave({ only: ["RegisterClient"], throttle: { status: 429 } });
    const finished = await byCode();
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toContain("IAM Identity Center throttled RegisterClient");
  });

  it("without a network: exit 1, and which host was not reached", async () => {
    const finished = await byCode(["corp"], { AWS_ENDPOINT_URL_SSO_OIDC: "http://127.0.0.1:9" });
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toContain("127.0.0.1:9");
    expect(finished.stderr).toMatch(/ECONNREFUSED|refused/);
  });
});

describe.skipIf(process.platform !== "linux" || notNode !== undefined)(
  titled(
    "a sign-in in the browser",
    notNode ?? "elsewhere than on Linux the browser cannot be replaced by a script",
  ),
  () => {
    const browse = (words: readonly string[], browser: string) => {
      const file = join(home.path, "xdg-open");
      writeFileSync(file, `#!/bin/sh\n${browser}\n`);
      chmodSync(file, 0o755);
      return home.run(["login", ...words], {
        env: {
          ...shortWaits,
          BROWSER: file,
          PATH: `${home.path}:${process.env["PATH"]}`,
          DISPLAY: ":0",
          XDG_DATA_DIRS: join(home.path, "no-applications"),
          XDG_DATA_HOME: join(home.path, "no-applications"),
        },
      });
    };

    it("whose window is closed: exit 1 when the ten minutes are over", async () => {
      const finished = await browse(["corp"], "exit 0");
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toContain(
        "awsrole: the sign-in was not completed in the browser in time\nawsrole: hint: try again, or use --use-device-code\n",
      );
      expect(tokenCalls()).toEqual([]);
      expect(existsSync(home.tokenFile)).toBe(false);
    });

    it("whose code AWS does not take any more: exit 1, and nothing is kept", async () => {
      aws.behave({
        only: ["CreateToken"],
        refuse: { status: 400, code: "InvalidGrantException", message: "Invalid grant provided" },
      });
      const visit = `${process.execPath} -e 'fetch(process.argv[1]).then(r=>r.text())' "$1"`;
      const finished = await browse(["corp"], visit);
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toContain("IAM Identity Center refused CreateToken");
      expect(existsSync(home.tokenFile)).toBe(false);
    });

    it("of a console identity whose code has expired: exit 1, in AWS's words", async () => {
      writeFileSync(
        home.configFile,
        `[profile me]\nlogin_session = ${aws.bob.arn}\nregion = eu-west-1\n`,
      );
      aws.signin.settings.codeSeconds = 0;
      const visit = `${process.execPath} -e 'fetch(process.argv[1]).then(r=>r.text())' "$1"`;
      const finished = await browse(["me"], visit);
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toContain("The authorization code has expired");
      expect(existsSync(home.loginFile(aws.bob.arn))).toBe(false);
    });
  },
);

describe.skipIf(noTerminal !== undefined)(
  titled("a console identity signed in on another device", noTerminal),
  () => {
    const signIn = async (change: (text: string) => string) => {
      writeFileSync(
        home.configFile,
        `[profile me]\nlogin_session = ${aws.bob.arn}\nregion = eu-west-1\n`,
      );
      const terminal = openTerminal({ ...home.env, AWSROLE_STORE: "none" });
      try {
        terminal.enter(`${program.join(" ")} login me --use-device-code; echo code-$?`);
        const [url] = await terminal.waitFor(/http:\/\/127\S+authorize\S+/, 25_000);
        expect(new URL(url).searchParams.get("client_id")).toBe(
          "arn:aws:signin:::devtools/cross-device",
        );
        const page = await (await fetch(url)).text();
        await terminal.waitFor(/Text of the page/, 25_000);
        terminal.enter(change(page));
        await terminal.waitFor(/code-\d/, 25_000);
        return terminal.screen();
      } finally {
        terminal.close();
      }
    };

    it("by the text that its page shows, into AWS's own cache", async () => {
      const screen = await signIn((text) => text);
      expect(screen).toContain("code-0");
      expect(screen).toContain(`signed in to ${aws.bob.arn}`);
      expect(JSON.parse(readFileSync(home.loginFile(aws.bob.arn), "utf8"))).toMatchObject({
        clientId: "arn:aws:signin:::devtools/cross-device",
      });
      expect(await home.run(["whoami", "me"])).toMatchObject({ code: 0 });
    });

    it("by the text of another sign-in: exit 1, and AWS is not asked", async () => {
      const screen = await signIn((text) => {
        const answer = new URLSearchParams(Buffer.from(text, "base64").toString());
        answer.set("state", "of-another");
        return Buffer.from(answer.toString()).toString("base64");
      });
      expect(screen).toContain("code-1");
      expect(screen).toContain("this text does not belong to this sign-in");
      expect(aws.callsOf("CreateOAuth2Token")).toEqual([]);
      expect(existsSync(home.loginFile(aws.bob.arn))).toBe(false);
    });
  },
);

describe("two people at one portal", () => {
  const second = `${ssoConfig}[profile admin]\nsso_session = corp-admin\nsso_account_id = 123456789012\nsso_role_name = Reader\nregion = eu-west-1\n[sso-session corp-admin]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n`;

  it("each have a sign-in, sessions and a sign-out of their own", async () => {
    writeFileSync(home.configFile, second);
    const words = (profile: string) => ["whoami", profile, "--store", "plaintext"];
    for (const [session, userName] of [
      ["corp", "bob@example.com"],
      ["corp-admin", "bob-admin@example.com"],
    ] as const) {
      aws.identityCenter.settings.userName = userName;
      const running = byCode([session, "--store", "plaintext"]);
      await approve();
      expect(await running).toMatchObject({ code: 0, stdout: `signed in to ${session}\n` });
    }
    const arnOf = async (profile: string) => (await home.run(words(profile))).stdout;
    // Twice: fetched, then from the cache.
    for (let n = 0; n < 2; n += 1) {
      expect(await arnOf("reader")).toContain("/bob@example.com\n");
      expect(await arnOf("admin")).toContain("/bob-admin@example.com\n");
    }
    expect(aws.callsOf("GetRoleCredentials")).toHaveLength(2);
    const out = await home.run(["logout", "corp-admin", "--store", "plaintext"]);
    expect(out.stdout).toMatch(/signed out of corp-admin\ndeleted 1 cached session/);
    expect(await home.run(words("admin"))).toMatchObject({ code: 3 });
    expect(await arnOf("reader")).toContain("/bob@example.com\n");
  });
});

describe("a clock that is wrong", () => {
  it.each([
    ["two hours ahead", 7200],
    ["two hours behind", -7200],
  ])("by %s costs a refresh at most, and the credentials keep AWS's end", async (_what, wall) => {
    home.signIn(60);
    const finished = await home.run(["credential-process", "--profile", "reader"], {
      clockOffsetSeconds: { wall },
    });
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    const { Expiration } = JSON.parse(finished.stdout) as { Expiration: string };
    const minutes = (Date.parse(Expiration) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(55);
    expect(minutes).toBeLessThan(61);
    expect(tokenCalls().length).toBeLessThan(2);
  });

  it("while one signs in does not end the sign-in", async () => {
    const running = home.run(["login", "corp", "--use-device-code"], {
      clockOffsetSeconds: { wall: 7200 },
    });
    await approve();
    expect(await running).toMatchObject({ code: 0 });
    const finished = await home.run(["whoami", "reader"], { clockOffsetSeconds: { wall: 7200 } });
    expect(finished).toMatchObject({ code: 0 });
  });
});
