/** Processes that are killed while they write a token (before every change to the disk with AWSROLE_TEST_LONG): none is lost, and the next call works. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { titled } from "../support/installed.ts";
import { type Finished, notNode } from "../support/run-awsrole.ts";
import { createSsoHome, ssoConfig, type SsoHome } from "../support/sso-home.ts";

const faults = fileURLToPath(new URL("../support/file-faults.cjs", import.meta.url));
const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
const timeout = 300_000;

const managed = ssoConfig.replaceAll(/^sso_(?=session|account|role)/gm, "awsrole_sso_");
const native = `${managed}[profile other]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Admin\n`;

let aws: AwsDouble;
let home: SsoHome;
beforeEach(async () => {
  aws = await startAwsDouble();
  home = createSsoHome(aws, managed);
  aws.identityCenter.settings.deviceIntervalSeconds = 1;
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

const words = ["credential-process", "--profile", "reader", "--store", "plaintext"];
const run = (env: NodeJS.ProcessEnv = {}) => home.run([...words, "--force-refresh"], { env });
const hasRow = (): boolean =>
  existsSync(join(home.path, "state/awsrole/items")) &&
  readdirSync(join(home.path, "state/awsrole/items"))
    // What a killed process left half-written is no row, and goes at a later fetch.
    .filter((name) => name.endsWith(".json"))
    .some((name) =>
      readFileSync(join(home.path, "state/awsrole/items", name), "utf8").includes('"sign-in"'),
    );

async function login(env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const running = home.run(["login", "corp", "--use-device-code", "--store", "plaintext"], { env });
  let isOver = false;
  void running.then(() => (isOver = true));
  await vi.waitFor(() => {
    const [code] = aws.identityCenter.pendingUserCodes();
    if (code === undefined && !isOver) throw new Error("no code yet");
    if (code !== undefined) aws.identityCenter.decideDevice(code);
  }, 20_000);
  return running;
}

/** `work` is killed before its 1st, 2nd, … change, with `prepare` before each, until it ends by itself; how often it was. */
async function killAtEach(
  step: number,
  work: (env: NodeJS.ProcessEnv) => Promise<Finished>,
  { prepare, check }: { prepare: () => void; check: () => Promise<void> },
): Promise<number> {
  for (let at = 1, kills = 0; ; at += isLong ? 1 : step) {
    prepare();
    const killed = await work({
      NODE_OPTIONS: `--require ${faults}`,
      TEST_FAULT: "kill",
      TEST_FAULT_AT: String(at),
      TEST_FAULT_FOLDERS: `${dirname(home.tokenFile)}:${join(home.path, "state")}`,
    });
    if (killed.signal === null) {
      expect(killed).toMatchObject({ code: 0 });
      return kills;
    }
    kills += 1;
    await check();
  }
}

describe.skipIf(notNode !== undefined)(titled("a process that is killed", notNode), () => {
  it(
    "while it refreshes the token in AWS's file: that is whole, and can be refreshed",
    { timeout },
    async () => {
      aws.identityCenter.settings.rotatesRefreshTokens = false;
      writeFileSync(home.configFile, native);
      const kills = await killAtEach(5, run, {
        prepare: () => void home.signIn(3),
        check: async () => {
          const { refreshToken = "" } = home.readToken();
          expect(aws.identityCenter.isRefreshTokenGood(refreshToken)).toBe(true);
          expect(await run()).toMatchObject({ code: 0, stderr: "" });
        },
      });
      expect(kills).toBeGreaterThan(isLong ? 6 : 0);
    },
  );

  it(
    "after AWS has ended the old refresh token: the old access token serves until its end",
    { timeout },
    async () => {
      writeFileSync(home.configFile, native);
      await killAtEach(5, run, {
        prepare: () => void home.signIn(3),
        check: async () => expect(await run()).toMatchObject({ code: 0, stderr: "" }),
      });
    },
  );

  it(
    "while a token moves between AWS's file and the store: it is in one of them, and is used",
    { timeout },
    async () => {
      expect(await login()).toMatchObject({ code: 0 });
      for (const config of [native, managed]) {
        const other = config === native ? managed : native;
        const kills = await killAtEach(5, run, {
          prepare: () => writeFileSync(home.configFile, config),
          check: async () => {
            expect(await run()).toMatchObject({ code: 0, stderr: "" });
            expect([hasRow(), existsSync(home.tokenFile)]).toEqual(
              config === managed ? [true, false] : [false, true],
            );
            writeFileSync(home.configFile, other);
            expect(await run()).toMatchObject({ code: 0, stderr: "" });
          },
        });
        expect(kills).toBeGreaterThan(isLong ? 6 : 0);
      }
      // Moved only: nobody had to sign in, and the refresh token was not spent.
      expect(
        aws.callsOf("CreateToken").filter(({ errorCode }) => errorCode === undefined),
      ).toHaveLength(1);
    },
  );

  it.skipIf(!isLong)(
    "while it keeps the first token: the next sign-in works, and nothing of the first is left over",
    { timeout },
    async () => {
      await killAtEach(1, login, {
        prepare: () => {},
        check: async () => {
          expect(await login()).toMatchObject({ code: 0 });
          expect(await run()).toMatchObject({ code: 0, stderr: "" });
          expect(await home.run(["logout", "corp", "--store", "plaintext"])).toMatchObject({
            code: 0,
          });
          expect(hasRow()).toBe(false);
        },
      });
    },
  );
});
