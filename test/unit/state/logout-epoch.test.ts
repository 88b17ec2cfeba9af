import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  markLogout,
  storeUnlessLoggedOut,
  watchForLogout,
} from "../../../src/state/logout-epoch.ts";
import { expectMode } from "../../support/file-mode.ts";

let base: string;
let state: string;
let stored: Set<string>;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "logout-"));
  state = join(base, "state", "awsrole");
  stored = new Set();
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** A fetch that has begun; `end` stores what it got. `meanwhile` happens at the named moment of storing. */
function fetchBegins() {
  const hasLoggedOut = watchForLogout(state);
  return {
    end: (meanwhile: { inStore?: () => void; afterStore?: () => void } = {}) =>
      storeUnlessLoggedOut(
        hasLoggedOut,
        async () => {
          meanwhile.inStore?.();
          stored.add("item");
          meanwhile.afterStore?.();
        },
        async () => stored.delete("item"),
      ),
  };
}

function logout(): void {
  markLogout(state);
  stored.clear();
}

describe("a fetch", () => {
  it("is cached when nobody logs out, with and without an earlier logout", async () => {
    expect(await fetchBegins().end()).toBe(true);
    logout();
    expect(await fetchBegins().end()).toBe(true);
    expect(stored.size).toBe(1);
  });

  it("is not cached when a logout comes at any moment before it is stored, the very first one too", async () => {
    for (let time = 0; time < 3; time += 1) {
      const underWay = fetchBegins();
      logout();
      expect(await underWay.end()).toBe(false);
      expect(stored.size).toBe(0);

      const storing = fetchBegins();
      expect(await storing.end({ inStore: logout })).toBe(false);
      expect(stored.size).toBe(0);

      const justStored = fetchBegins();
      expect(await justStored.end({ afterStore: logout })).toBe(false);
      expect(stored.size).toBe(0);
    }
  });

  it("does not ask the store for anything when there was a logout before", async () => {
    const underWay = fetchBegins();
    logout();
    await underWay.end({ inStore: () => expect.unreachable() });
  });

  it("is not cached when the mark was cut short by a full disk, cannot be read, or was taken away", async () => {
    logout();
    const mark = join(state, "last-logout");
    const underWay = fetchBegins();
    writeFileSync(mark, "");
    expect(await underWay.end()).toBe(false);
    expect(await fetchBegins().end()).toBe(true);
    stored.clear();
    rmSync(mark);
    mkdirSync(mark);
    expect(await fetchBegins().end()).toBe(false);
    rmSync(mark, { recursive: true });
    logout();
    const other = fetchBegins();
    rmSync(mark);
    expect(await other.end()).toBe(false);
  });

  it("makes no state folder by itself; logout makes a private one", () => {
    fetchBegins();
    expect(existsSync(state)).toBe(false);
    logout();
    expectMode(state, 0o700);
    expectMode(join(state, "last-logout"), 0o600);
  });
});
