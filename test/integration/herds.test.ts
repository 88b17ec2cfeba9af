/** Many copies of the program at once, as Terraform, k9s and IDEs start them, with the real keychain and without a store. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import {
  type Finished,
  type Home,
  program,
  runAwsrole,
  runCommand,
} from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
const noKeychain = keychainSkipReason();

/** Another user of this machine, whom only root can become. */
const nobody = 65_534;
const asNobody = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
const [setpriv, ...becoming] = [...asNobody, ...program, "--version"];
const noTwoUsers =
  spawnSync(setpriv, becoming).status === 0 ? undefined : "no second user can run the program";

let keychain: KeychainDaemon | undefined;
let sts: AwsDouble;
let home: Home;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  if (noKeychain === undefined) keychain = await startKeychainDaemon();
});
afterAll(() => keychain?.stop());
beforeEach(async () => {
  sts = await startAwsDouble();
  const others = Array.from({ length: 10 }, (_, n) => [
    `[profile role-${n}]`,
    `awsrole_role_arn = ${sts.role.arn}`,
    `awsrole_role_session_name = session-${n}`,
    "awsrole_source_profile = bob",
  ]);
  home = createRoleHome(sts, { config: others.flat().join("\n") });
  env = { ...home.env, DBUS_SESSION_BUS_ADDRESS: keychain?.env["DBUS_SESSION_BUS_ADDRESS"] };
});
afterEach(async () => {
  if (noKeychain === undefined) await runAwsrole(["logout", "--all", "--quiet"], { env });
  await sts.close();
  await home.remove();
});

const call = (profile: string, ...more: string[]): Promise<Finished> =>
  runAwsrole(["credential-process", "--profile", profile, ...more], { env });

const standingBack = process.platform === "win32" ? [] : ["nice"];

/**
 * All together; every one gets a right answer, and each profile one and the same. They stand back for the STS double: AWS does not share
 * its processors with its callers, who ask again after 5 s without an answer.
 */
async function herd(count: number, profiles: number, ...more: string[]): Promise<void> {
  const results = await Promise.all(
    Array.from({ length: count }, (_, n) => {
      const profile = profiles === 1 ? "prod" : `role-${n % profiles}`;
      const words = ["credential-process", "--profile", profile, ...more];
      return runCommand([...standingBack, ...program, ...words], { env });
    }),
  );
  for (const { code, stderr } of results) expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(profiles);
}

describe.skipIf(noKeychain !== undefined)(titled("with the keychain", noKeychain), () => {
  const count = isLong ? 200 : 30;
  it(`${count} at once for one cold profile make exactly one AssumeRole`, async () => {
    sts.behave({ delayMs: 300 });
    await herd(count, 1);
    expect(sts.callsOf("AssumeRole")).toHaveLength(1);
  });

  it("50 at once for 10 profiles make exactly 10", async () => {
    sts.behave({ delayMs: 300 });
    await herd(50, 10);
    expect(sts.callsOf("AssumeRole")).toHaveLength(10);
  });

  it("a logout during a fetch: its credentials are delivered and not cached", async () => {
    sts.behave({ delayMs: 1500 });
    const fetching = call("prod");
    await requestSeen(1);
    expect(await runAwsrole(["logout", "prod"], { env })).toMatchObject({ code: 0 });
    expect(await fetching).toMatchObject({ code: 0, stderr: "" });
    expect(await keychain?.itemCount()).toBe(0);
    sts.behave({});
    expect(await call("prod")).toMatchObject({ code: 0 });
    expect(sts.callsOf("AssumeRole")).toHaveLength(2);
  });
});

describe("without a store", () => {
  it("12 at once for one profile make one AssumeRole", async () => {
    // Long enough that the last of them has started before the answer is there.
    sts.behave({ delayMs: 3000 });
    await herd(12, 1, "--store", "none");
    expect(sts.callsOf("AssumeRole")).toHaveLength(1);
  });

  it("the leader is killed in the middle of its call: the others get theirs, one more call is made", async () => {
    sts.behave({ delayMs: 1200 });
    for (let round = 0; round < (isLong ? 20 : 2); round += 1) {
      const before = sts.callsOf("AssumeRole").length;
      const leader = start("prod", "--store", "none");
      await requestSeen(before + 1);
      const others = Array.from({ length: 6 }, () => call("prod", "--store", "none"));
      await pause(400 + Math.random() * 400);
      leader.kill("SIGKILL");
      const results = await Promise.all(others);
      for (const { code, stderr } of results)
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(1);
      expect(sts.callsOf("AssumeRole").length - before).toBe(2);
    }
  });

  it("a refusal by AWS is everybody's: ten callers, one call, ten times the same words", async () => {
    sts.behave({ delayMs: 2500, deny: "not you" });
    const results = await Promise.all(
      Array.from({ length: 10 }, () => call("prod", "--store", "none")),
    );
    expect(new Set(results.map(({ stderr }) => stderr)).size).toBe(1);
    for (const { code, stdout } of results)
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(sts.callsOf("AssumeRole")).toHaveLength(1);
  });
});

describe("where no runtime folder can be had", () => {
  it("everyone works alone, and everyone gets credentials", async () => {
    const foreign = mkdtempSync(join(tmpdir(), "awsrole-foreign-"));
    mkdirSync(join(foreign, "awsrole"));
    chmodSync(join(foreign, "awsrole"), 0o777);
    try {
      const results = await Promise.all(
        Array.from({ length: 3 }, () =>
          runAwsrole(["credential-process", "--profile", "prod", "--store", "none"], {
            env: { ...env, XDG_RUNTIME_DIR: foreign },
          }),
        ),
      );
      for (const { code, stderr } of results)
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    } finally {
      rmSync(foreign, { recursive: true, force: true });
    }
  });

  it.skipIf(noTwoUsers !== undefined)(
    titled("two users never share: each makes a call of its own", noTwoUsers),
    async () => {
      const shared = mkdtempSync(join(tmpdir(), "awsrole-two-"));
      const theirHome = join(shared, "home");
      cpSync(join(home.path, ".aws"), join(theirHome, ".aws"), { recursive: true });
      execFileSync("chown", ["-R", `${nobody}`, theirHome]);
      chmodSync(shared, 0o1777);
      const words = ["credential-process", "--profile", "prod", "--store", "none"];
      const bothIn = { ...env, XDG_RUNTIME_DIR: undefined, TMPDIR: shared };
      try {
        sts.behave({ delayMs: 800 });
        const both = await Promise.all([
          runAwsrole(words, { env: bothIn }),
          runCommand([...asNobody, ...program, ...words], {
            env: { ...bothIn, HOME: theirHome, XDG_STATE_HOME: undefined },
          }),
        ]);
        for (const { code, stderr } of both)
          expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(both[0].stdout).not.toBe(both[1].stdout);
        expect(sts.callsOf("AssumeRole")).toHaveLength(2);
      } finally {
        rmSync(shared, { recursive: true, force: true });
      }
    },
  );
});

function start(profile: string, ...more: string[]): ChildProcess {
  const [file = "", ...words] = program;
  return spawn(file, [...words, "credential-process", "--profile", profile, ...more], {
    env,
    stdio: "ignore",
  });
}

async function requestSeen(count: number): Promise<void> {
  const giveUpAt = performance.now() + 120_000;
  while (sts.callsOf("AssumeRole").length < count) {
    if (performance.now() > giveUpAt) throw new Error("the request never came");
    await pause(20);
  }
}
