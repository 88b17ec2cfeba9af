import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createSessionCache,
  type SessionKey,
} from "../../../../src/credentials/cache/session-cache.ts";
import { openItemIndex } from "../../../../src/state/item-index.ts";
import { createMemoryStore } from "../../../support/memory-store.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "awsrole-cache-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const key: SessionKey = {
  account: "session/v1/prod/x",
  request: "{}",
  kind: "role",
  profile: "prod",
};
const start = new Date("2026-01-01T00:00:00Z");

/** A cache over a keychain that writes down what is stored and deleted; `write` stores a session of an hour at `hours` from the start. */
function createWorld(keepsAccessList: boolean) {
  const calls: string[] = [];
  const store = createMemoryStore();
  let now = start;
  const cache = createSessionCache({
    openStore: async () => ({
      ...store,
      keepsAccessList,
      set: async (account, secret) => {
        calls.push("set");
        await store.set(account, secret);
      },
      delete: async (account) => {
        calls.push("delete");
        return store.delete(account);
      },
    }),
    isStoreNamed: false,
    rows: openItemIndex(folder),
    clock: { now: () => now, uptimeSeconds: () => 0 },
    watchForLogout: () => () => false,
  });
  const write = async (hours: number): Promise<void> => {
    now = new Date(start.getTime() + hours * 3_600_000);
    await cache.write(key, {
      request: key.request,
      credentials: { accessKeyId: "A", secretAccessKey: "S", sessionToken: "T", expiresAt: now },
      fetchedAt: now,
      fetchedAtUptimeSeconds: 0,
      lifetimeSeconds: 3600,
    });
  };
  return { calls, write };
}

describe("a session that is stored over an earlier one", () => {
  it("is deleted first where an item keeps its access list and the earlier one is over", async () => {
    const { calls, write } = createWorld(true);
    await write(0);
    expect(calls).toEqual(["set"]);
    await write(2);
    expect(calls).toEqual(["set", "delete", "set"]);
  });

  it("is overwritten while the earlier one is still good, for somebody may be reading it", async () => {
    const { calls, write } = createWorld(true);
    await write(0);
    await write(0.9);
    expect(calls).toEqual(["set", "set"]);
  });

  it("is overwritten where items have no access list", async () => {
    const { calls, write } = createWorld(false);
    await write(0);
    await write(2);
    expect(calls).toEqual(["set", "set"]);
  });
});
