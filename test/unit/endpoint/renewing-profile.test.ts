import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { processContext, withDirectories } from "../../../src/context.ts";
import { createMemoryCache } from "../../../src/credentials/cache/memory-cache.ts";
import {
  createRenewingProfile,
  type RenewingProfile,
  type ServeArguments,
} from "../../../src/endpoint/renewing-profile.ts";
import { createRoleHome } from "../../support/role-home.ts";
import type { Home } from "../../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";

const args: ServeArguments = {
  store: "none",
  quiet: true,
  input: true,
  "force-refresh": false,
  "mfa-code": undefined,
  "long-term": false,
};

let sts: AwsDouble;
let home: Home;
let secondsAhead: number;
let hasLoggedOut: boolean;
let prod: RenewingProfile;
beforeEach(async () => {
  sts = await startAwsDouble();
  home = createRoleHome(sts);
  secondsAhead = 0;
  hasLoggedOut = false;
  const real = processContext();
  const clock = {
    now: () => new Date(Date.now() + secondsAhead * 1000),
    uptimeSeconds: () => real.clock.uptimeSeconds() + secondsAhead,
  };
  const context = withDirectories({
    ...real,
    env: home.env,
    homeFolder: home.path,
    clock,
    stderr: () => {},
  });
  const silent = { warn: () => {}, onFetched: () => {}, onFailed: () => {} };
  const memory = createMemoryCache(clock, () => () => hasLoggedOut);
  prod = createRenewingProfile(context, "prod", args, memory, silent);
  await prod.fetchFirst(args);
});
afterEach(async () => {
  await sts.close();
  await home.remove();
});

const assumed = (): number => sts.callsOf("AssumeRole").length;
/** STS's clock stays: lifetimes count from its own time of issue, and the SDK would correct a difference by a second call. */
const move = (seconds: number): void => {
  secondsAhead = seconds;
};

/** What it does by itself, now; the fetches that follow. */
async function renewAhead(): Promise<number> {
  const before = assumed();
  prod.renewAhead();
  await vi.waitUntil(() => !prod.isFetching(), { timeout: 60_000 });
  return assumed() - before;
}

describe("a session that a program uses", () => {
  it("is renewed ahead when it is no longer fresh, once until it is asked for again", async () => {
    await prod.provide();
    expect(await renewAhead(), "still fresh").toBe(0);
    move(2700);
    expect(await renewAhead()).toBe(1);
    move(5400);
    expect(await renewAhead(), "not used since").toBe(0);
  });

  it("is renewed ahead when it has ended, as after a laptop slept", async () => {
    await prod.provide();
    move(10_000);
    expect(await renewAhead()).toBe(1);
  });

  it("is not renewed ahead after a logout, nor again and again when that fails", async () => {
    await prod.provide();
    hasLoggedOut = true;
    expect(await renewAhead()).toBe(0);
    hasLoggedOut = false;
    await prod.provide();
    sts.behave({ deny: "no" });
    move(2700);
    expect(await renewAhead()).toBe(1);
    expect(await renewAhead()).toBe(0);
  });
});

it("leaves a session that no program has used to end", async () => {
  move(2700);
  expect(await renewAhead()).toBe(0);
});
