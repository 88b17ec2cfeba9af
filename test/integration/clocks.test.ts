/** Clocks that are wrong, stepped, stopped or reset, and sessions that end before their time, seen from the program's outside. */
import { appendFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRoleHome } from "../support/role-home.ts";
import { titled } from "../support/installed.ts";
import { clockSkipReason } from "../support/moved-clock.ts";
import { type Finished, type Home, runAwsrole } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

const hours = 3600;

let sts: AwsDouble;
let home: Home;
beforeEach(async () => {
  sts = await startAwsDouble();
  home = createRoleHome(sts, {
    config: [
      "[profile outer]",
      "awsrole_role_arn = arn:aws:iam::123456789012:role/example-role",
      "awsrole_source_profile = prod",
    ].join("\n"),
  });
});
afterEach(async () => {
  await sts.close();
  await home.remove();
});

/** How many sessions one run gets from STS, `wall` and `uptime` seconds after the start by those two clocks. */
async function sessionsAt(wall: number, uptime: number, profile = "prod"): Promise<number> {
  const before = sts.sessions().length;
  const finished = await ask(wall, uptime, profile);
  expect(finished).toMatchObject({ code: 0, stderr: "" });
  return sts.sessions().length - before;
}

function ask(
  wall = 0,
  uptime = 0,
  profile = "prod",
  more: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  return runAwsrole(["credential-process", "--profile", profile], {
    env: { ...home.env, AWSROLE_STORE: "plaintext", ...more },
    clockOffsetSeconds: { wall, uptime },
  });
}

describe.skipIf(clockSkipReason !== undefined)(titled("a clock", clockSkipReason), () => {
  it.each([3 * hours, -3 * hours])(
    "that is wrong by %i s all the time changes nothing",
    async (wrong) => {
      expect(await sessionsAt(wrong, 0)).toBe(1);
      expect(await sessionsAt(wrong + 0.6 * hours, 0.6 * hours)).toBe(0);
      sts.clock.advance(0.8 * hours * 1000);
      expect(await sessionsAt(wrong + 0.8 * hours, 0.8 * hours)).toBe(1);
    },
  );

  it("that is wrong is put right whatever the SDK would find in the environment and in another profile", async () => {
    appendFileSync(home.configFile, "\n[profile other]\ndisable_clock_skew_correction = true\n");
    const hostile = [{ AWS_PROFILE: "other" }, { AWS_DISABLE_CLOCK_SKEW_CORRECTION: "true" }];
    for (const [index, env] of hostile.entries())
      expect(await ask((3 + 3 * index) * hours, 0, "prod", env)).toMatchObject({
        code: 0,
        stderr: "",
      });
  });

  it("that is set forward after the fetch: the session counts as older than it is", async () => {
    expect(await sessionsAt(0, 0)).toBe(1);
    expect(await sessionsAt(3 * hours, 60)).toBe(1);
  });

  it("that is set back after the fetch: the uptime counts", async () => {
    expect(await sessionsAt(0, 0)).toBe(1);
    expect(await sessionsAt(-3 * hours, 0.5 * hours)).toBe(0);
    sts.clock.advance(0.9 * hours * 1000);
    expect(await sessionsAt(-3 * hours, 0.9 * hours)).toBe(1);
  });

  it("on a machine that slept: both clocks have gone on", async () => {
    expect(await sessionsAt(0, 0)).toBe(1);
    sts.clock.advance(2 * hours * 1000);
    expect(await sessionsAt(2 * hours, 2 * hours)).toBe(1);
  });

  it("on a machine that was restarted: the wall clock counts", async () => {
    expect(await sessionsAt(0, 1e6)).toBe(1);
    expect(await sessionsAt(0.5 * hours, 0)).toBe(0);
    sts.clock.advance(hours * 1000);
    expect(await sessionsAt(hours, 0)).toBe(1);
  });
});

describe("a session that AWS ends before its time", () => {
  it("is renewed when it should sign the next hop, and nobody notices", async () => {
    expect(await sessionsAt(0, 0, "outer")).toBe(2);
    const [inner] = sts.sessions();
    sts.expireSession(inner?.accessKeyId ?? "");
    await runAwsrole(["logout", "outer", "--quiet"], {
      env: { ...home.env, AWSROLE_STORE: "plaintext" },
    });
    expect(await sessionsAt(0, 0, "outer")).toBe(2);
    expect(await sessionsAt(0, 0, "prod")).toBe(0);
  });
});
