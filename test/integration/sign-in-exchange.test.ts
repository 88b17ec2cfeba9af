/** One sign-in for all: AWS's own programs use what `login` wrote, and awsrole what they wrote, refreshed by either. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { startAwsFront } from "../support/aws-front.ts";
import { installDebianAwsCli, noDebianAwsCli } from "../support/debian-aws-cli.ts";
import { missing, titled } from "../support/installed.ts";
import { runCommand } from "../support/run-awsrole.ts";
import { createSsoHome, type SsoHome } from "../support/sso-home.ts";

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;

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

async function approve(): Promise<void> {
  await vi.waitFor(() => {
    const [code] = aws.identityCenter.pendingUserCodes();
    if (code === undefined) throw new Error("no code yet");
    aws.identityCenter.decideDevice(code);
  }, 30_000);
}
async function login(): Promise<void> {
  const running = home.run(["login", "corp", "--use-device-code"]);
  await approve();
  expect(await running).toMatchObject({ code: 0 });
}
const ours = () => home.run(["credential-process", "--profile", "reader"]);
const tokenCalls = () => aws.callsOf("CreateToken").length;
/** Makes the token seem to end in so many minutes. */
const endIn = (minutes: number): void => {
  const expiresAt = new Date(Date.now() + minutes * 60_000).toISOString().replace(/\.\d+/, "");
  home.writeToken({ ...home.readToken(), expiresAt });
};

/** The SDK gets credentials of the SSO profile, once as the token is, once after refreshing it; and awsrole goes on with what the SDK has written. */
async function exchange(command: readonly string[], minutesLeft = 3): Promise<void> {
  const ask = async (): Promise<void> => {
    const { stdout, stderr } = await runCommand([...command, "reader"], {
      env: home.env,
      stdin: "0\n",
    });
    const key = stdout.trim();
    expect(
      aws.sessions().map(({ accessKeyId }) => accessKeyId),
      stderr,
    ).toContain(key);
  };
  await login();
  const first = home.readToken();
  await ask();
  expect(home.readToken()).toEqual(first);
  endIn(minutesLeft);
  const before = tokenCalls();
  await ask();
  expect(tokenCalls()).toBe(before + 1);
  const refreshed = home.readToken();
  expect(refreshed["accessToken"]).not.toBe(first["accessToken"]);
  expect(await ours()).toMatchObject({ code: 0, stderr: "" });
  expect(tokenCalls()).toBe(before + 1);
  endIn(3);
  expect(await ours()).toMatchObject({ code: 0, stderr: "" });
  expect(tokenCalls()).toBe(before + 2);
  expect(aws.identityCenter.isRefreshTokenGood(home.readToken()["refreshToken"] ?? "")).toBe(true);
  await ask();
  expect(tokenCalls()).toBe(before + 2);
}

const noBotocore = missing("python3", ["-c", "import botocore"]);
it.skipIf(noBotocore !== undefined)(titled("with boto3", noBotocore), () =>
  exchange(["python3", here("../support/botocore-over-time.py")]),
);

it("with the JS SDK", () => exchange([process.execPath, here("../support/js-sdk-over-time.mjs")]));

const noGo = isLong
  ? missing("go", ["version"])
  : "AWSROLE_TEST_LONG is not set: its SDK is fetched and built first";
describe.skipIf(noGo !== undefined)(titled("with the Go SDK", noGo), () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "awsrole-go-"));
    const build = ["build", "-o", join(folder, "client"), "."];
    execFileSync("go", build, { cwd: here("../support/go-sdk-over-time"), stdio: "pipe" });
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // It refreshes a token only when that has ended.
  it("the same", () => exchange([join(folder, "client")], -1));
});

describe.skipIf(noDebianAwsCli !== undefined)(
  titled("with Debian's AWS CLI", noDebianAwsCli),
  () => {
    let cli: string;
    beforeAll(() => {
      cli = installDebianAwsCli();
    }, 300_000);

    it("signs in by a code for both, and awsrole for it", { timeout: 180_000 }, async () => {
      const front = await startAwsFront(aws, home.path);
      try {
        // It knows no AWS_ENDPOINT_URL: to it the double is AWS.
        const env = {
          ...home.env,
          ...Object.fromEntries(Object.keys(aws.env).map((name) => [name, undefined])),
          ...front.env,
          AWS_PAGER: "",
        };
        const run = (...words: string[]) => runCommand([cli, ...words], { env });
        expect((await run("--version")).stdout).toMatch(/^aws-cli\/2\./);
        const child = spawn(cli, ["sso", "login", "--profile", "reader", "--no-browser"], { env });
        let said = "";
        child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
        child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
        const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
        await approve();
        expect(await ended, said).toBe(0);
        expect(existsSync(home.tokenFile)).toBe(true);
        const written = readFileSync(home.tokenFile, "utf8");
        expect(await ours()).toMatchObject({ code: 0, stderr: "" });
        expect((await home.run(["list"])).stderr).toMatch(/corp: signed in until /);
        expect(readFileSync(home.tokenFile, "utf8")).toBe(written);
        expect(await home.run(["logout", "corp"])).toMatchObject({ code: 0 });
        expect((await run("sts", "get-caller-identity", "--profile", "reader")).code).not.toBe(0);
        await login();
        const identity = await run(
          "sts",
          "get-caller-identity",
          "--profile",
          "reader",
          "--output",
          "json",
        );
        expect(identity.stderr).toBe("");
        expect(identity.stdout).toContain("assumed-role/AWSReservedSSO_Reader");
        // What the CLI itself refreshed, awsrole takes over.
        endIn(10);
        const before = tokenCalls();
        rmSync(join(home.path, ".aws/cli"), { recursive: true, force: true });
        expect((await run("sts", "get-caller-identity", "--profile", "reader")).code).toBe(0);
        expect(tokenCalls()).toBe(before + 1);
        expect(await ours()).toMatchObject({ code: 0, stderr: "" });
        expect(tokenCalls()).toBe(before + 1);
      } finally {
        front.close();
      }
    });
  },
);
