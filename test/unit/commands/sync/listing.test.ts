import { describe, expect, it } from "vitest";
import { listAccess } from "../../../../src/commands/sync/listing.ts";

describe("listing what a person may use", () => {
  it("never pauses for less than nothing on a clock that moves while it is read", async () => {
    let now = 0;
    const pauses: number[] = [];
    await listAccess(
      {
        listAccounts: () => Promise.resolve([{ id: "111111111111", name: "one", email: "" }]),
        listAccountRoles: () => Promise.resolve(["Admin"]),
      },
      {
        session: "acme",
        accessToken: "token",
        filter: { isNarrow: false, matchesAccount: () => true, matches: () => true },
        onProgress: () => undefined,
        nowMs: () => (now += 0.1),
        pause: (ms) => {
          pauses.push(ms);
          now += Math.max(0, ms);
          return Promise.resolve();
        },
      },
    );
    expect(pauses).toHaveLength(2);
    expect(Math.min(...pauses)).toBe(0);
  });
});
