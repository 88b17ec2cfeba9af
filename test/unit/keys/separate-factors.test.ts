import { describe, expect, it } from "vitest";
import { assertSeparateFactors } from "../../../src/keys/separate-factors.ts";
import type { IndexEntry, StoreName } from "../../../src/state/item-index.ts";

const row = (kind: "key" | "seed" | "role", store: StoreName, id = "1") =>
  ({ account: `${kind}/v1/${id}`, kind, store }) satisfies Partial<IndexEntry>;
const joined = /its passphrase alone would give both factors/;

describe("an access key and an MFA seed in one store", () => {
  it.each(["file", "pass"] as const)(
    "are refused where one passphrase opens %s, whichever comes second",
    (store) => {
      for (const [first, second] of [
        ["seed", "key"],
        ["key", "seed"],
      ] as const) {
        const before = [row(first, store)];
        const after = [...before, row(second, store)];
        expect(() => assertSeparateFactors(before, after, store)).toThrow(joined);
      }
    },
  );

  it("are refused when a move brings together what was apart", () => {
    const before = [row("key", "keychain"), row("seed", "file")];
    const after = [row("key", "file"), row("seed", "file")];
    expect(() => assertSeparateFactors(before, after, "file")).toThrow(joined);
  });

  it("are moved where one passphrase opened both before", () => {
    const before = [row("key", "pass"), row("seed", "pass")];
    const after = [row("key", "file"), row("seed", "file")];
    expect(() => assertSeparateFactors(before, after, "file")).not.toThrow();
  });

  it("may be in a keychain, and a session beside either anywhere", () => {
    const both = [row("key", "keychain"), row("seed", "keychain")];
    expect(() => assertSeparateFactors([], both, "keychain")).not.toThrow();
    const sessions = [row("seed", "file"), row("role", "file")];
    expect(() => assertSeparateFactors([], sessions, "file")).not.toThrow();
  });
});
