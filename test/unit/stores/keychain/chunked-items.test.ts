import { beforeEach, describe, expect, it } from "vitest";
import { type ByteItems, spreadOverItems } from "../../../../src/stores/keychain/chunked-items.ts";
import { selfCheckingValue } from "../../../support/self-checking-value.ts";

const LIMIT = 100;
const SMALL = selfCheckingValue("small", 60);
const LARGE = selfCheckingValue("large", 400);
const OTHER = selfCheckingValue("other", 700);

describe("a secret spread over items of a limited size", () => {
  let content: Map<string, Uint8Array>;
  beforeEach(() => (content = new Map()));

  it("is one item when it fits, and no item is ever above the limit", async () => {
    const store = spreadOverItems(LIMIT, itemsIn(content));
    await store.set("a", SMALL);
    expect([...content.keys()]).toEqual(["a"]);
    await store.set("a", OTHER);
    expect(content.size).toBeGreaterThan(4);
    expect(Math.max(...[...content.values()].map((bytes) => bytes.length))).toBe(LIMIT);
  });

  it("leaves no part behind when it shrinks or goes", async () => {
    const store = spreadOverItems(LIMIT, itemsIn(content));
    for (const value of [OTHER, LARGE, OTHER, SMALL]) await store.set("a", value);
    expect([...content.keys()]).toEqual(["a"]);
    await store.set("a", OTHER);
    expect(await store.delete("a")).toBe(true);
    expect(content.size).toBe(0);
  });

  it("is refused when it is too long, and the old one stays", async () => {
    const store = spreadOverItems(LIMIT, itemsIn(content));
    await store.set("a", LARGE);
    await expect(store.set("a", selfCheckingValue("much", 3000))).rejects.toMatchObject({
      code: "ERR_STORE_TOO_LARGE",
    });
    expect(await store.get("a")).toBe(LARGE);
  });

  it("is old, new or absent whenever the writer is killed, and can be overwritten and deleted then", async () => {
    for (const [before, after] of [
      [LARGE, OTHER],
      [OTHER, LARGE],
      [OTHER, SMALL],
      [SMALL, OTHER],
    ] as const) {
      for (let killAfter = 0; killAfter < 40; killAfter++) {
        content = new Map();
        await spreadOverItems(LIMIT, itemsIn(content)).set("a", before);
        const killed = spreadOverItems(LIMIT, itemsIn(content, killAfter));
        const wasKilled = await killed.set("a", after).then(
          () => false,
          () => true,
        );
        const store = spreadOverItems(LIMIT, itemsIn(content));
        expect([before, after]).toContain(await store.get("a"));
        if (killAfter % 2) await store.set("a", LARGE);
        await store.delete("a");
        expect([...content.keys()]).toEqual([]);
        if (!wasKilled) break;
      }
    }
  });

  it("is absent when any bit of it is flipped, or a part is missing, cut or another one's", async () => {
    const store = spreadOverItems(LIMIT, itemsIn(content));
    await store.set("a", LARGE);
    const intact = new Map(content);
    for (const [name, bytes] of intact) {
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = Uint8Array.from(bytes, (byte, i) =>
          i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
        );
        content.set(name, flipped);
        expect(await store.get("a")).toBeUndefined();
      }
      content.set(name, bytes.subarray(1));
      expect(await store.get("a")).toBeUndefined();
      content.delete(name);
      expect(await store.get("a")).toBeUndefined();
      content.set(name, bytes);
    }
    expect(await store.get("a")).toBe(LARGE);
  });

  it("is absent under another name than its own", async () => {
    const store = spreadOverItems(LIMIT, itemsIn(content));
    await store.set("a", LARGE);
    for (const [name, bytes] of new Map(content)) content.set(name.replace("a", "b"), bytes);
    expect(await store.get("b")).toBeUndefined();
  });

  it("is read again when a writer replaced it meanwhile", async () => {
    const items = itemsIn(content);
    const writer = spreadOverItems(LIMIT, items);
    await writer.set("a", LARGE);
    let reads = 0;
    const disturbed: ByteItems = {
      ...items,
      get: async (account) => {
        // After the head was read, two writes: the slot that it names has other parts now.
        if (++reads === 2) for (const value of [OTHER, LARGE, OTHER]) await writer.set("a", value);
        return items.get(account);
      },
    };
    expect(await spreadOverItems(LIMIT, disturbed).get("a")).toBe(OTHER);
  });
});

/** Items in memory; after `callsLeft` changes every further one fails, as for a process that is gone. */
function itemsIn(content: Map<string, Uint8Array>, callsLeft = Infinity): ByteItems {
  const spend = () => {
    if (callsLeft-- <= 0) throw new Error("killed");
  };
  return {
    get: async (account) => content.get(account),
    set: async (account, bytes) => {
      spend();
      content.set(account, Uint8Array.from(bytes));
    },
    delete: async (account) => {
      spend();
      return content.delete(account);
    },
  };
}
