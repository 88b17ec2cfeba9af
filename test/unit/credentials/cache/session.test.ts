import { describe, expect, it } from "vitest";
import { appendChecksum } from "../../../../src/credentials/cache/checksum.ts";
import {
  type CachedSession,
  decodeSession,
  encodeSession,
  freshSeconds,
  remainingSeconds,
} from "../../../../src/credentials/cache/session.ts";

const fetchedAt = new Date("2026-11-24T00:00:00Z");
const session: CachedSession = {
  request: '{"v":1}',
  credentials: {
    accessKeyId: "ASIA",
    secretAccessKey: "s",
    sessionToken: "t",
    expiresAt: new Date("2026-11-24T01:00:00Z"),
    accountId: "123456789012",
  },
  lifetimeSeconds: 3600,
  fetchedAt,
  fetchedAtUptimeSeconds: 1000,
};
const after = (wallSeconds: number, uptimeSeconds: number) => ({
  now: () => new Date(fetchedAt.getTime() + wallSeconds * 1000),
  uptimeSeconds: () => 1000 + uptimeSeconds,
});

describe("the remaining life of a session", () => {
  it("is the granted lifetime minus the time that has passed", () => {
    expect(remainingSeconds(session, after(600, 600))).toBe(3000);
  });
  it("does not depend on what the local clock thinks of the expiration: three hours wrong, both ways", () => {
    for (const wrong of [-3, 3]) {
      const shifted = { ...session, fetchedAt: new Date(fetchedAt.getTime() + wrong * 3_600_000) };
      const clock = {
        now: () => new Date(shifted.fetchedAt.getTime() + 600_000),
        uptimeSeconds: () => 1600,
      };
      expect(remainingSeconds(shifted, clock)).toBe(3000);
    }
  });
  it("follows the uptime when the clock was set back, and the wall clock when it was set forward", () => {
    expect(remainingSeconds(session, after(-10_000, 600))).toBe(3000);
    expect(remainingSeconds(session, after(10_000, 600))).toBe(-6400);
  });
  it("counts a suspension, which the uptime includes", () => {
    expect(remainingSeconds(session, after(0, 4000))).toBe(-400);
  });
  it("follows the wall clock after a reboot", () => {
    expect(remainingSeconds(session, after(600, -990))).toBe(3000);
  });
});

describe("freshness", () => {
  it("is 960 s for sessions of half an hour and more, however late the answer came, 330 s for shorter ones", () => {
    expect(
      [900, 1789, 1794, 43_200].map((lifetimeSeconds) =>
        freshSeconds({ ...session, lifetimeSeconds }),
      ),
    ).toEqual([330, 330, 960, 960]);
  });
});

describe("the stored item", () => {
  it("comes back as it was", () => {
    expect(decodeSession(encodeSession(session), session.request)).toEqual(session);
  });
  it("answers no other request", () => {
    expect(decodeSession(encodeSession(session), '{"v":1,"role":"x"}')).toBeUndefined();
  });
  it("is a miss when truncated anywhere", () => {
    const text = encodeSession(session);
    for (let length = 0; length < text.length; length += 1)
      expect(decodeSession(text.slice(0, length), session.request)).toBeUndefined();
  });
  it("is a miss when any bit of it is flipped", () => {
    const bytes = Buffer.from(encodeSession(session));
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeSession(changed.toString(), session.request), `bit ${bit}`).toBeUndefined();
      expect(decodeSession(changed.toString("latin1"), session.request)).toBeUndefined();
    }
  });
  const damage: readonly (readonly [string, unknown])[] = [
    ["v", 2],
    ["accessKeyId", ""],
    ["secretAccessKey", 7],
    ["sessionToken", null],
    ["expiration", "soon"],
    ["lifetimeSeconds", "3600"],
    ["lifetimeSeconds", 1e9],
    ["fetchedAt", null],
    ["fetchedAtUptimeSeconds", undefined],
  ];
  it.each(damage)("is a miss when %s is %j", (key, value) => {
    const item = {
      ...(JSON.parse(encodeSession(session)) as Record<string, unknown>),
      [key]: value,
    };
    expect(decodeSession(appendChecksum(JSON.stringify(item)), session.request)).toBeUndefined();
  });
});
