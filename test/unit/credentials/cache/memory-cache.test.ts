import { beforeEach, describe, expect, it } from "vitest";
import type { CachedSession } from "../../../../src/credentials/cache/session.ts";
import type { SessionCache, SessionKey } from "../../../../src/credentials/cache/session-cache.ts";
import {
  createMemoryCache,
  type MemoryCache,
} from "../../../../src/credentials/cache/memory-cache.ts";

const key: SessionKey = { account: "prod", request: "r", kind: "role", profile: "prod" };
const start = new Date("2026-01-01T00:00:00Z");
let seconds: number;
let logouts: number;
let stored: CachedSession | undefined;
let reads: number;
let memory: MemoryCache;
let cache: SessionCache;

const session = (accessKeyId: string, ageSeconds = 0, request = "r"): CachedSession => ({
  request,
  credentials: {
    accessKeyId,
    secretAccessKey: "s",
    sessionToken: "t",
    expiresAt: new Date(start.getTime() + 3_600_000),
  },
  lifetimeSeconds: 3600,
  fetchedAt: new Date(start.getTime() + (seconds - ageSeconds) * 1000),
  fetchedAtUptimeSeconds: seconds - ageSeconds,
});
const idOf = (found: CachedSession | undefined): string | undefined =>
  found?.credentials.accessKeyId;

beforeEach(() => {
  [seconds, logouts, stored, reads] = [0, 0, undefined, 0];
  memory = createMemoryCache(
    { now: () => new Date(start.getTime() + seconds * 1000), uptimeSeconds: () => seconds },
    () => {
      const before = logouts;
      return () => logouts !== before;
    },
  );
  const store: SessionCache = {
    read: () => {
      reads += 1;
      return Promise.resolve(stored);
    },
    write: () => Promise.resolve(),
    removeExpired: () => Promise.resolve(),
    trouble: () => undefined,
  };
  cache = memory.before(store);
});

describe("a serving process's memory", () => {
  it("gives what was written, without the store, while it is fresh", async () => {
    await cache.read(key);
    await cache.write(key, session("A"));
    seconds = 2639;
    expect(idOf(await cache.read(key))).toBe("A");
    expect(reads).toBe(1);
  });

  it("asks the store when it is no longer fresh, and takes what lasts longer", async () => {
    await cache.write(key, session("A"));
    seconds = 2641;
    expect(idOf(await cache.read(key))).toBe("A");
    stored = session("B");
    expect(idOf(await cache.read(key))).toBe("B");
    stored = undefined;
    expect(idOf(await cache.read(key))).toBe("B");
    expect(reads).toBe(2);
  });

  it("is emptied by a logout, also by one during the fetch", async () => {
    await cache.write(key, session("A"));
    logouts += 1;
    expect(memory.recall(key)).toBeUndefined();
    await cache.read(key);
    logouts += 1;
    await cache.write(key, session("B"));
    expect(await cache.read(key)).toBeUndefined();
  });

  it("answers no other request, and nothing that is about to expire", async () => {
    await cache.write(key, session("A"));
    expect(memory.recall({ ...key, request: "another" })).toBeUndefined();
    await cache.write(key, session("A"));
    seconds = 3540;
    expect(idOf(memory.recall(key))).toBe("A");
    seconds = 3541;
    expect(memory.recall(key)).toBeUndefined();
  });
});
