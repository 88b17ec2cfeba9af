import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  openItemIndex,
  type IndexEntry,
  type ItemIndex,
  type StoreName,
} from "../../../src/state/item-index.ts";
import { AwsRoleError } from "../../../src/foundation/errors.ts";
import { moveItems, assertMovable, rowsToMove, tryStore } from "../../../src/stores/move.ts";
import type { SecretStore } from "../../../src/stores/open.ts";
import { createMemoryStore } from "../../support/memory-store.ts";

const account = "key/v1/AKIAIOSFODNN7EXAMPLE";
const row: IndexEntry = { account, kind: "key", store: "keychain", profile: "bob" };

describe("moving an item", () => {
  let folder: string;
  let stores: Record<"keychain" | "file" | "plaintext", ReturnType<typeof createMemoryStore>>;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "awsrole-move-"));
    stores = {
      keychain: createMemoryStore(),
      file: createMemoryStore(),
      plaintext: createMemoryStore(),
    };
    await openItemIndex(folder).put(row);
    stores.keychain.secrets.set(account, "secret");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A run whose process dies instead of its Nth change of anything, counted from 0. */
  async function move(to: StoreName, killAt = Number.POSITIVE_INFINITY) {
    let changes = 0;
    const change = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
      return (...args: A): Promise<R> =>
        changes++ === killAt ? new Promise<never>((_, reject) => reject(killed)) : work(...args);
    };
    const killable = (store: SecretStore): SecretStore => ({
      ...store,
      set: change((name: string, secret: string) => store.set(name, secret)),
      delete: change((name: string) => store.delete(name)),
    });
    const rows = openItemIndex(folder);
    const killableRows: ItemIndex = {
      ...rows,
      put: change((one: IndexEntry) => rows.put(one)),
      remove: change((name: string) => rows.remove(name)),
    };
    const open = async (name: StoreName): Promise<SecretStore> =>
      killable(stores[name as keyof typeof stores]);
    return moveItems(rowsToMove(await rows.list(), to), to, open, killableRows);
  }
  const killed = new Error("killed");
  const where = (): string[] =>
    Object.entries(stores).flatMap(([name, { secrets }]) => (secrets.has(account) ? [name] : []));
  /** The item is where its row says, and wherever it is, its row says so. */
  async function expectListed(): Promise<void> {
    const [listed] = await openItemIndex(folder).list();
    expect(where()).toContain(listed?.store);
    expect([listed?.store, ...(listed?.alsoIn ?? [])]).toEqual(expect.arrayContaining(where()));
  }

  it("is not said to be in a store that took nothing", async () => {
    const refuse = (): Promise<never> =>
      Promise.reject(new AwsRoleError("ERR_STORE_UNAVAILABLE", "not here"));
    const rows = openItemIndex(folder);
    const broken: SecretStore = { ...stores.file, set: refuse, get: refuse, delete: refuse };
    const open = async (name: StoreName) => (name === "file" ? broken : stores.keychain);
    const { failed } = await moveItems([row], "file", open, rows);
    expect(failed).toMatchObject([{ error: { code: "ERR_STORE_UNAVAILABLE" } }]);
    expect(await rows.list()).toEqual([row]);
    await expect(tryStore(broken)).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
    // One that may have it, because it does not answer any more, stays listed.
    const silent: SecretStore = {
      ...stores.file,
      set: refuse,
      get: () => Promise.reject(new AwsRoleError("ERR_STORE_TIMEOUT", "silent")),
    };
    await moveItems(
      [row],
      "file",
      async (name) => (name === "file" ? silent : stores.keychain),
      rows,
    );
    expect(await rows.list()).toEqual([{ ...row, alsoIn: ["file"] }]);
  });

  it("leaves it in the new store alone, and says so in its row", async () => {
    expect(await move("file")).toMatchObject({ moved: [row], failed: [] });
    expect(where()).toEqual(["file"]);
    expect(await openItemIndex(folder).list()).toEqual([{ ...row, store: "file" }]);
  });

  it.each([0, 1, 2, 3, 4])(
    "loses nothing when it is killed at its change %i, and goes on when it is run again",
    async (killAt) => {
      const { failed } = await move("file", killAt);
      expect(failed).toHaveLength(1);
      await expectListed();
      await move("file");
      expect(where()).toEqual(["file"]);
      expect(await openItemIndex(folder).list()).toEqual([{ ...row, store: "file" }]);
      expect(stores.file.secrets.get(account)).toBe("secret");
    },
  );

  it.each([0, 1, 2, 3, 4])(
    "may go elsewhere, or back, after it was killed at its change %i",
    async (killAt) => {
      for (const to of ["plaintext", "keychain"] as const) {
        await move("file", killAt);
        await move(to);
        expect(where()).toEqual([to]);
        expect(await openItemIndex(folder).list()).toEqual([{ ...row, store: to }]);
      }
    },
  );

  it("leaves it where it is when the new store does not give it back", async () => {
    stores.file.get = async () => "something else";
    const { failed } = await move("file");
    expect(failed).toMatchObject([{ row, error: { code: "ERR_STORE_FAILED" } }]);
    await expectListed();
    expect(stores.keychain.secrets.get(account)).toBe("secret");
  });

  it("forgets the row of a session that its store has lost, and keeps that of a key", async () => {
    stores.keychain.secrets.clear();
    const session: IndexEntry = { ...row, account: "session/v1/prod/x", kind: "role" };
    await openItemIndex(folder).put(session);
    expect((await move("file")).failed).toMatchObject([{ row }]);
    expect(await openItemIndex(folder).list()).toEqual([row]);
  });

  it("refuses to put an access key where only temporary credentials may be", () => {
    expect(() => assertMovable([row], "plaintext")).toThrow(/temporary credentials only/);
    expect(() => assertMovable([row], "none")).toThrow(/temporary credentials only/);
    expect(() => assertMovable([row], "file")).not.toThrow();
  });
});
