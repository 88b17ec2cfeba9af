import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createSessionCache,
  type SessionKey,
} from "../../../../src/credentials/cache/session-cache.ts";
import {
  keyAccount,
  mfaAccount,
  sessionAccount,
} from "../../../../src/credentials/cache/item-names.ts";
import {
  type IndexEntry,
  type ItemIndex,
  openItemIndex,
} from "../../../../src/state/item-index.ts";
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

  it("is overwritten while the earlier one is still good, for another process may be reading it", async () => {
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

describe("housekeeping", () => {
  const ended = new Date(start.getTime() - 1000).toISOString();
  const rowOf = (account: string, more: Partial<IndexEntry> = {}): IndexEntry => ({
    account,
    kind: "role",
    store: "keychain",
    profile: "prod",
    expiresAt: ended,
    ...more,
  });

  /** A cache at `start` over these rows, each with its item; what is left of both after `removeExpired`. */
  async function clean(
    list: readonly IndexEntry[],
    onDelete: (rows: ItemIndex) => Promise<void> = async () => {},
  ): Promise<{ rows: readonly string[]; items: readonly string[] }> {
    const store = createMemoryStore();
    const rows = openItemIndex(folder);
    for (const row of list) {
      await rows.put(row);
      await store.set(row.account, "secret");
    }
    await createSessionCache({
      openStore: async () => ({
        ...store,
        delete: async (account) => {
          const wasThere = await store.delete(account);
          await onDelete(rows);
          return wasThere;
        },
      }),
      isStoreNamed: false,
      rows,
      clock: { now: () => start, uptimeSeconds: () => 0 },
      watchForLogout: () => () => false,
    }).removeExpired();
    return {
      rows: (await rows.list()).map(({ account }) => account).toSorted(),
      items: [...store.secrets.keys()].toSorted(),
    };
  }

  it("removes sessions that are over, of roles and of people, item and row", async () => {
    expect(await clean([rowOf("a"), rowOf("b", { kind: "mfa" })])).toEqual({ rows: [], items: [] });
  });

  it.each<[string, Partial<IndexEntry>]>([
    ["a session that is not over", { expiresAt: new Date(start.getTime() + 1).toISOString() }],
    ["a key, whatever its row says", { kind: "key" }],
    ["a sign-in, which may still be renewed", { kind: "sign-in" }],
    ["what is in another store", { store: "file" }],
  ])("leaves %s", async (_what, more) => {
    expect(await clean([rowOf("a"), rowOf("kept", more)])).toEqual({
      rows: ["kept"],
      items: ["kept"],
    });
  });

  it("leaves the row of a session that is stored meanwhile", async () => {
    const later = new Date(start.getTime() + 3_600_000).toISOString();
    const { rows } = await clean([rowOf("a")], (index) =>
      index.put(rowOf("a", { expiresAt: later })),
    );
    expect(rows).toEqual(["a"]);
  });

  it("does not delete what was renewed while others were cleaned up", async () => {
    const later = new Date(start.getTime() + 3_600_000).toISOString();
    const both = ["a", "b"].map((account) => rowOf(account));
    const { items } = await clean(both, async (index) => {
      for (const { account } of await index.list())
        await index.put(rowOf(account, { expiresAt: later }));
    });
    expect(items).toHaveLength(1);
  });
});

describe("the names of items", () => {
  it("show a profile's name without odd characters, cut to 40, and differ by request and by whole name", () => {
    const odd = `${"x".repeat(39)}/*y`;
    expect(sessionAccount(odd, "{}")).toMatch(new RegExp(`^session/v1/x{39}_/[0-9a-f]+$`));
    const names = [
      sessionAccount(odd, "{}"),
      sessionAccount(`${odd}z`, "{}"),
      sessionAccount(odd, "{1}"),
      mfaAccount("{}"),
      mfaAccount("{1}"),
      keyAccount("AKIAIOSFODNN7EXAMPLE"),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names.at(-1)).toBe("key/v1/AKIAIOSFODNN7EXAMPLE");
  });
});
