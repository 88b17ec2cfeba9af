import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setTimeout as pause } from "node:timers/promises";
import type { Sts } from "../../../src/aws/sts.ts";
import { createFailureCooldown } from "../../../src/state/failure-cooldown.ts";
import { resolveChain, type SessionHop } from "../../../src/credentials/chain.ts";
import { createSessionCache } from "../../../src/credentials/cache/session-cache.ts";
import type { SessionDependencies } from "../../../src/credentials/dependencies.ts";
import {
  canSign,
  getCredentials,
  isFresh,
  keyOf,
} from "../../../src/credentials/get-credentials.ts";
import { decodeOutcome } from "../../../src/credentials/shared-outcome.ts";
import { runSingleFlight } from "../../../src/locks/single-flight.ts";
import { openItemIndex } from "../../../src/state/item-index.ts";
import { AwsRoleError, type ErrorCode } from "../../../src/foundation/errors.ts";
import type { SecretStore } from "../../../src/stores/open.ts";
import { awsFiles } from "../../support/aws-files.ts";
import { createMemoryStore } from "../../support/memory-store.ts";

const arn = "arn:aws:iam::123456789012:role/example-role";
const bob = "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n";
const config = `[profile prod]\nawsrole_role_arn = ${arn}\nawsrole_source_profile = mid\n[profile mid]\nrole_arn = ${arn}\nsource_profile = bob\n`;

type World = {
  deps: SessionDependencies;
  /** Seconds since the start, by every clock; `granted` is the life of the sessions that STS gives. */
  time: { seconds: number; granted: number };
  calls: string[];
  /** What STS does instead of answering. */
  failure: { error: AwsRoleError | undefined; tookSeconds?: number; afterMs?: number };
  notices: string[];
  /** What STS answers to calls that are signed with this key. */
  refuse: Map<string, AwsRoleError>;
};

describe("getting credentials", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "awsrole-sessions-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function createWorld({
    store = createMemoryStore(),
    lifetimeSeconds = 3600,
    isStoreNamed = false,
  }: { store?: SecretStore; lifetimeSeconds?: number; isStoreNamed?: boolean } = {}): World {
    const time = { seconds: 0, granted: lifetimeSeconds };
    const calls: string[] = [];
    const failure: World["failure"] = { error: undefined };
    const notices: string[] = [];
    const refuse: World["refuse"] = new Map();
    const start = Date.parse("2026-11-24T00:00:00Z");
    const clock = {
      now: () => new Date(start + time.seconds * 1000),
      uptimeSeconds: () => 5000 + time.seconds,
    };
    const sts = {
      assumeRole: async (
        signer: { accessKeyId: string },
        request: { durationSeconds?: number },
      ) => {
        calls.push(`${signer.accessKeyId} ${request.durationSeconds ?? ""}`.trim());
        time.seconds += failure.tookSeconds ?? 0;
        if (failure.afterMs !== undefined) await pause(failure.afterMs);
        const refusal = refuse.get(signer.accessKeyId) ?? failure.error;
        if (refusal !== undefined) throw refusal;
        const issuedAt = clock.now();
        const expiresAt = new Date(issuedAt.getTime() + time.granted * 1000);
        return {
          credentials: {
            accessKeyId: `ASIA${calls.length}`,
            secretAccessKey: "s",
            sessionToken: "t",
            expiresAt,
          },
          issuedAt,
          clockSkewSeconds: 0,
        };
      },
    } as unknown as Sts;
    const deps: SessionDependencies = {
      cache: createSessionCache({
        openStore: async () => store,
        isStoreNamed,
        rows: openItemIndex(folder),
        clock,
        watchForLogout: () => () => false,
      }),
      failures: createFailureCooldown(folder, clock),
      clock,
      deadline: { remainingMs: () => 18_000 },
      runtimeDir: undefined,
      forceRefresh: false,
      openSts: async () => sts,
      sso: { fetch: () => Promise.reject(network), requireSignIn: async () => {} },
      runSamlProcess: () => Promise.reject(new Error("no command in this test")),
      resolveBaseCredentials: async () => ({
        accessKeyId: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "secret",
      }),
      codes: {
        hasGivenCode: () => false,
        assertCodeObtainable: async () => {},
        spend: async (_mfa, use) => use("123456"),
      },
      notice: (text) => void notices.push(text),
    };
    return { deps, time, calls, failure, notices, refuse };
  }
  const chain = (extra = "") => resolveChain(awsFiles(`${config}${extra}`, bob), "prod", {});
  const network = new AwsRoleError("ERR_NETWORK", "no network");

  it("caches every hop of a chain", async () => {
    const { deps, calls } = createWorld();
    expect((await getCredentials(chain(), { use: "deliver" }, deps)).how).toBe("fetched");
    expect(calls).toEqual(["AKIAIOSFODNN7EXAMPLE", "ASIA1"]);
    expect((await getCredentials(chain(), { use: "deliver" }, deps)).how).toBe("cached");
    expect(calls).toHaveLength(2);
  });

  it.each([
    [3600, 3600 - 961, 3600 - 959],
    [43_200, 43_200 - 961, 43_200 - 959],
    [1800, 1800 - 961, 1800 - 959],
    [900, 900 - 331, 900 - 329],
  ])(
    "serves a session of %i s until %i s have passed, and renews it at %i s",
    async (lifetimeSeconds, fresh, due) => {
      const { deps, time } = createWorld({ lifetimeSeconds });
      await getCredentials(chain(), { use: "deliver" }, deps);
      time.seconds = fresh;
      expect((await getCredentials(chain(), { use: "deliver" }, deps)).how).toBe("cached");
      time.seconds = due;
      expect((await getCredentials(chain(), { use: "deliver" }, deps)).how).toBe("fetched");
    },
  );

  it("signs with an inner hop while 60 s remain, renews the outer alone", async () => {
    const { deps, time, calls } = createWorld();
    await getCredentials(chain(), { use: "deliver" }, deps);
    time.seconds = 3600 - 61;
    await getCredentials(chain(), { use: "deliver" }, deps);
    expect(calls.slice(2)).toEqual(["ASIA1"]);
  });

  it("serves the old session when renewing fails, and leaves AWS alone for 30 s", async () => {
    const { deps, time, calls, failure } = createWorld();
    await getCredentials(chain(), { use: "deliver" }, deps);
    failure.error = network;
    time.seconds = 3000;
    expect(await getCredentials(chain(), { use: "deliver" }, deps)).toMatchObject({
      how: "stale",
      trouble: { code: "ERR_NETWORK" },
    });
    const { length } = calls;
    time.seconds = 3029;
    expect(await getCredentials(chain(), { use: "deliver" }, deps)).toMatchObject({
      how: "stale",
      trouble: { code: "ERR_NETWORK" },
    });
    expect(calls).toHaveLength(length);
    time.seconds = 3031;
    await getCredentials(chain(), { use: "deliver" }, deps);
    expect(calls).toHaveLength(length + 1);
    failure.error = undefined;
    time.seconds = 3062;
    expect((await getCredentials(chain(), { use: "deliver" }, deps)).how).toBe("fetched");
  });

  it("serves nothing that has less than 60 s left", async () => {
    const { deps, time, failure } = createWorld();
    await getCredentials(chain(), { use: "deliver" }, deps);
    failure.error = network;
    time.seconds = 3541;
    await expect(getCredentials(chain(), { use: "deliver" }, deps)).rejects.toMatchObject({
      code: "ERR_NETWORK",
    });
  });

  it("serves nothing that has less than 60 s left once trying has taken its time", async () => {
    const { deps, time, failure } = createWorld();
    await getCredentials(chain(), { use: "deliver" }, deps);
    Object.assign(failure, { error: network, tookSeconds: 20 });
    time.seconds = 3530;
    await expect(getCredentials(chain(), { use: "deliver" }, deps)).rejects.toMatchObject({
      code: "ERR_NETWORK",
    });
  });

  it("forgets a failure once AWS has answered", async () => {
    const { deps, time, calls, failure } = createWorld();
    await getCredentials(chain(), { use: "deliver" }, deps);
    failure.error = network;
    time.seconds = 3000;
    expect((await getCredentials(chain(), { use: "deliver" }, deps)).how).toBe("stale");
    failure.error = undefined;
    time.granted = 340;
    time.seconds = 3005;
    await getCredentials(chain(), { use: "deliver" }, { ...deps, forceRefresh: true });
    const { length } = calls;
    // Due again, and within 30 s of the failure.
    time.seconds = 3020;
    expect((await getCredentials(chain(), { use: "deliver" }, deps)).how).toBe("fetched");
    expect(calls.length).toBeGreaterThan(length);
  });

  it("takes a limit for inside: fresh at exactly 960 s, usable at exactly 60 s", async () => {
    const { deps, time, failure } = createWorld();
    await getCredentials(chain(), { use: "deliver" }, deps);
    time.seconds = 3600 - 960;
    expect((await getCredentials(chain(), { use: "deliver" }, deps)).how).toBe("cached");
    failure.error = network;
    time.seconds = 3600 - 60;
    expect(await getCredentials(chain(), { use: "deliver" }, deps)).toMatchObject({
      how: "stale",
      remainingSeconds: 60,
    });
  });

  it("hands out no old session after Ctrl-C, and none where a new one is asked for by force", async () => {
    const { deps, time, failure } = createWorld();
    await getCredentials(chain(), { use: "deliver" }, deps);
    time.seconds = 3000;
    failure.error = new AwsRoleError("ERR_INTERRUPTED", "interrupted");
    await expect(getCredentials(chain(), { use: "deliver" }, deps)).rejects.toMatchObject({
      code: "ERR_INTERRUPTED",
    });
    failure.error = network;
    time.seconds = 100;
    await expect(
      getCredentials(chain(), { use: "deliver", forceRefresh: true }, deps),
    ).rejects.toMatchObject({ code: "ERR_NETWORK" });
  });

  it("says whether it renewed", async () => {
    const { deps, time } = createWorld();
    expect((await getCredentials(chain(), { use: "deliver" }, deps)).isRenewal).toBe(false);
    time.seconds = 3000;
    expect((await getCredentials(chain(), { use: "deliver" }, deps)).isRenewal).toBe(true);
  });

  describe("with a signer that AWS does not take any more", () => {
    const ended = new AwsRoleError("ERR_AWS_SESSION_ENDED", "the session has ended");

    it("fetches a new signer where it was a cached one, once", async () => {
      const { deps, time, calls, refuse } = createWorld();
      await getCredentials(chain(), { use: "deliver" }, deps);
      time.seconds = 3000;
      refuse.set("ASIA1", ended);
      expect((await getCredentials(chain(), { use: "deliver" }, deps)).how).toBe("fetched");
      expect(calls.slice(2)).toEqual(["ASIA1", "AKIAIOSFODNN7EXAMPLE", "ASIA4"]);
    });

    it("passes the refusal on where the signer is new, or the refusal is another", async () => {
      const { deps, time, calls, refuse } = createWorld();
      refuse.set("ASIA1", ended);
      await expect(getCredentials(chain(), { use: "deliver" }, deps)).rejects.toBe(ended);
      expect(calls).toHaveLength(2);
      const denied = new AwsRoleError("ERR_AWS_DENIED", "no");
      refuse.set("ASIA1", denied);
      time.seconds = 10;
      await expect(getCredentials(chain(), { use: "deliver" }, deps)).rejects.toBe(denied);
      expect(calls).toHaveLength(3);
    });
  });

  describe("with a sign-in", () => {
    const signIn = `[profile mid]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = Dev\n`;
    const signed = () =>
      resolveChain(
        awsFiles(
          `[profile prod]\nawsrole_role_arn = ${arn}\nawsrole_source_profile = mid\n${signIn}`,
          "",
        ),
        "prod",
        {},
      );
    const signInNeeded = new AwsRoleError("ERR_LOGIN_NEEDED", "sign in");
    const session = (time: World["time"]) => ({
      credentials: {
        accessKeyId: "ASIASSO",
        secretAccessKey: "s",
        sessionToken: "t",
        expiresAt: new Date(Date.parse("2026-11-24T00:00:00Z") + (time.seconds + 3600) * 1000),
      },
      issuedAt: new Date(Date.parse("2026-11-24T00:00:00Z") + time.seconds * 1000),
      clockSkewSeconds: 0,
    });

    it("signs with its role, and keeps that session, too", async () => {
      const { deps, time, calls } = createWorld();
      let fetched = 0;
      const sso = {
        ...deps.sso,
        fetch: async () => {
          fetched += 1;
          return session(time);
        },
      };
      for (let count = 0; count < 2; count += 1)
        await getCredentials(signed(), { use: "deliver" }, { ...deps, sso });
      expect({ fetched, calls }).toEqual({ fetched: 1, calls: ["ASIASSO"] });
    });

    it("asks nothing of AWS where a person has to sign in first, unless the kept session still signs", async () => {
      const { deps, time, calls } = createWorld();
      const sso = { fetch: async () => session(time), requireSignIn: async () => {} };
      await getCredentials(signed(), { use: "deliver" }, { ...deps, sso });
      const needed = { ...sso, requireSignIn: () => Promise.reject(signInNeeded) };
      const signedOut = { ...deps, sso: needed, runtimeDir: undefined };
      time.seconds = 3600 - 61;
      expect((await getCredentials(signed(), { use: "deliver" }, signedOut)).how).toBe("fetched");
      expect(calls).toEqual(["ASIASSO", "ASIASSO"]);
      const others = createWorld();
      await expect(
        getCredentials(signed(), { use: "deliver" }, { ...others.deps, sso: needed }),
      ).rejects.toBe(signInNeeded);
      expect(others.calls).toEqual([]);
    });
  });

  it("is listed by what it is: a role by its ARN, a user's session by its device", () => {
    const hop = chain() as SessionHop;
    expect(keyOf(hop)).toMatchObject({ kind: "role", roleArn: arn, profile: "prod" });
    const user = resolveChain(
      awsFiles(
        `[profile prod]\nawsrole_role_arn = ${arn}\nawsrole_source_profile = bob\nawsrole_mfa_serial = arn:aws:iam::123456789012:mfa/Bob\n`,
        bob,
      ),
      "prod",
      {},
    );
    if (user.kind !== "role" || user.signer.kind !== "user-session") throw new Error("no MFA");
    expect(keyOf(user.signer)).toMatchObject({ kind: "mfa" });
    expect(keyOf(user.signer)).not.toHaveProperty("roleArn");
  });

  it("is fresh for `warm` as long as it is handed out as it is, and signs until its last minute", async () => {
    const { deps, time } = createWorld();
    const hop = chain() as SessionHop;
    expect([await isFresh(hop, deps), await canSign(hop, deps)]).toEqual([false, false]);
    await getCredentials(hop, { use: "deliver" }, deps);
    for (const [seconds, fresh, signs] of [
      [3600 - 960, true, true],
      [3600 - 959, false, true],
      [3600 - 60, false, true],
      [3600 - 59, false, false],
    ] as const) {
      time.seconds = seconds;
      expect([await isFresh(hop, deps), await canSign(hop, deps)]).toEqual([fresh, signs]);
    }
  });

  describe("among several processes", () => {
    let runtime: string;
    beforeEach(() => {
      runtime = mkdtempSync(join(tmpdir(), "awsrole-run-"));
    });
    afterEach(() => rmSync(runtime, { recursive: true, force: true }));
    const single = () =>
      resolveChain(
        awsFiles(`[profile prod]\nawsrole_role_arn = ${arn}\nawsrole_source_profile = bob\n`, bob),
        "prod",
        {},
      ) as SessionHop;

    it("waits 3 s at most for another's renewal while the old session has a minute left", async () => {
      const { deps, time, calls } = createWorld();
      const coordinated = { ...deps, runtimeDir: runtime };
      await getCredentials(single(), { use: "deliver" }, coordinated);
      time.seconds = 3000;
      let release = (): void => {};
      const other = runSingleFlight({
        dir: runtime,
        key: keyOf(single()).request,
        waitMs: 0,
        encode: String,
        decode: String,
        lookAgain: undefined,
        work: async () => {
          await new Promise<void>((resolve) => (release = resolve));
          return { answer: "", share: false };
        },
      });
      await pause(200);
      const startedAt = performance.now();
      expect(await getCredentials(single(), { use: "deliver" }, coordinated)).toMatchObject({
        how: "stale",
        trouble: { code: "ERR_DEADLINE" },
      });
      const waited = performance.now() - startedAt;
      expect(waited).toBeGreaterThan(2500);
      expect(waited).toBeLessThan(5000);
      expect(calls).toHaveLength(1);
      release();
      await other;
    });

    it.each<[ErrorCode, number]>([
      ["ERR_AWS_DENIED", 1],
      ["ERR_AWS_REFUSED", 1],
      ["ERR_AWS_SESSION_ENDED", 1],
      ["ERR_AWS_THROTTLED", 1],
      ["ERR_AWS_UNAVAILABLE", 1],
      ["ERR_NETWORK", 1],
      ["ERR_CLOCK_SKEW", 1],
      ["ERR_MFA_NEEDED", 2],
      ["ERR_STORE_LOCKED", 2],
    ])("%s costs two of them %i calls", async (code, count) => {
      const { deps, calls, failure } = createWorld();
      Object.assign(failure, { error: new AwsRoleError(code, "no"), afterMs: 400 });
      const coordinated = { ...deps, runtimeDir: runtime };
      const both = [1, 2].map(() => getCredentials(single(), { use: "deliver" }, coordinated));
      for (const one of await Promise.allSettled(both))
        expect(one).toMatchObject({ status: "rejected", reason: { code } });
      expect(calls).toHaveLength(count);
    });

    it("share one session, and know who fetched it", async () => {
      const { deps, calls, failure } = createWorld();
      failure.afterMs = 400;
      // Nothing is kept: the second has it from the first alone.
      const cache = { ...deps.cache, read: async () => undefined, write: async () => {} };
      const coordinated = { ...deps, cache, runtimeDir: runtime };
      const both = await Promise.all(
        [1, 2].map(() => getCredentials(single(), { use: "deliver" }, coordinated)),
      );
      expect(both.map(({ how }) => how).toSorted()).toEqual(["fetched", "joined"]);
      expect(both[1]?.credentials).toEqual(both[0]?.credentials);
      expect(both[1]?.remainingSeconds).toBe(3600);
      expect(calls).toHaveLength(1);
    });
  });

  it("takes no answer of another process for its own that is none, or of another request", () => {
    for (const text of ["", "[]", "{}", '{"session":1}', '{"session":"{}"}', '{"error":7}'])
      expect(decodeOutcome(text, "request")).toMatchObject({
        kind: "error",
        error: { code: "ERR_INTERNAL" },
      });
  });

  it("asks for an hour at most with a temporary signer, and says so", async () => {
    const { deps, calls, notices } = createWorld();
    await getCredentials(
      resolveChain(
        awsFiles(
          config.replace(
            "awsrole_source_profile",
            "awsrole_duration_seconds = 43200\nawsrole_source_profile",
          ),
          bob,
        ),
        "prod",
        {},
      ),
      { use: "deliver" },
      deps,
    );
    expect(calls).toEqual(["AKIAIOSFODNN7EXAMPLE", "ASIA1 3600"]);
    expect(notices[0]).toMatch(/from 43200 s to 3600 s/);
  });

  describe("with a store in trouble", () => {
    const locked = new AwsRoleError("ERR_STORE_LOCKED", "the keychain is locked");
    const broken = (failing: "get" | "set", seen: string[]): SecretStore => {
      const memory = createMemoryStore();
      const fail = (name: string) => async () => {
        seen.push(name);
        throw locked;
      };
      return { ...memory, ...(failing === "get" ? { get: fail("get") } : {}), set: fail("set") };
    };

    it("delivers uncached, asks once and writes nothing after a failed read", async () => {
      const seen: string[] = [];
      const { deps } = createWorld({ store: broken("get", seen) });
      expect((await getCredentials(chain(), { use: "deliver" }, deps)).how).toBe("fetched");
      expect(seen).toEqual(["get"]);
      expect(deps.cache.trouble()).toBe(locked);
    });
    it("delivers although the session cannot be written", async () => {
      const { deps } = createWorld({ store: broken("set", []) });
      expect((await getCredentials(chain(), { use: "deliver" }, deps)).how).toBe("fetched");
      expect(deps.cache.trouble()).toBe(locked);
    });
    it("fails when the store was chosen by name", async () => {
      const { deps } = createWorld({ store: broken("get", []), isStoreNamed: true });
      await expect(getCredentials(chain(), { use: "deliver" }, deps)).rejects.toBe(locked);
    });
  });

  it("removes five expired items at a time, row after item", async () => {
    const store = createMemoryStore();
    const { deps, time } = createWorld({ store });
    for (let number = 0; number < 14; number += 1) {
      await getCredentials(
        resolveChain(
          awsFiles(config.replace("mid\n", `mid\nawsrole_external_id = x${number}\n`), bob),
          "prod",
          {},
        ),
        { use: "deliver" },
        deps,
      );
    }
    expect(await openItemIndex(folder).list()).toHaveLength(15);
    time.seconds = 4000;
    await getCredentials(chain(), { use: "deliver" }, deps);
    await deps.cache.removeExpired();
    const rows = await openItemIndex(folder).list();
    // Fifteen old ones, one of them renewed in place, and a new one; five are taken at a time.
    expect(rows).toHaveLength(11);
    for (const row of rows) expect(await store.get(row.account)).toBeDefined();
  });
});
