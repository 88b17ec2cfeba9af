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
import { forgetKey } from "../../../src/keys/forget-key.ts";
import type { SecretStore } from "../../../src/stores/open.ts";
import { createMemoryStore } from "../../support/memory-store.ts";

const account = "key/v1/AKIAIOSFODNN7EXAMPLE";
const row: IndexEntry = { account, kind: "key", store: "keychain", profile: "bob" };

describe("the row of an item that several stores hold", () => {
  let folder: string;
  let rows: ItemIndex;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "awsrole-rows-"));
    rows = openItemIndex(folder);
    await rows.add(row);
    await rows.add({ ...row, store: "file" });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("names all of them, the latest first, each once", async () => {
    await rows.add({ ...row, store: "file" });
    expect(await rows.list()).toEqual([{ ...row, store: "file", alsoIn: ["keychain"] }]);
    await rows.add(row);
    expect(await rows.list()).toEqual([{ ...row, store: "keychain", alsoIn: ["file"] }]);
  });

  it("stays until the last of them has let it go", async () => {
    await rows.removeFrom(account, "file");
    expect(await rows.list()).toEqual([row]);
    await rows.removeFrom(account, "keychain");
    expect(await rows.list()).toEqual([]);
    await rows.removeFrom(account, "keychain");
  });

  it("has a key deleted from all of them", async () => {
    const stores = { keychain: createMemoryStore(), file: createMemoryStore() };
    for (const store of Object.values(stores)) store.secrets.set(account, "secret");
    const openNamedStore = async (name: StoreName): Promise<SecretStore> =>
      stores[name as keyof typeof stores];
    const opener = { rows, openNamedStore } as unknown as Parameters<typeof forgetKey>[1];
    expect(await forgetKey("AKIAIOSFODNN7EXAMPLE", opener)).toBe(true);
    for (const { secrets } of Object.values(stores)) expect(secrets.size).toBe(0);
    expect(await rows.list()).toEqual([]);
  });
});
