/** The text of a token, as AWS's tools and older ones leave it in ~/.aws/sso/cache. */
import { describe, expect, it } from "vitest";
import { formatToken, newerToken, parseToken, type SsoSession } from "../../../src/sso/token.ts";

const session: SsoSession = {
  name: "acme",
  startUrl: "https://acme.awsapps.com/start",
  region: "eu-west-1",
  isNative: () => true,
};
const text = {
  startUrl: "https://acme.awsapps.com/start",
  region: "eu-west-1",
  accessToken: "access",
  expiresAt: "2026-03-01T10:00:00Z",
  clientId: "id",
  clientSecret: "secret",
  registrationExpiresAt: "2026-05-01T10:00:00Z",
  refreshToken: "refresh",
};
const without = (key: keyof typeof text): Record<string, unknown> =>
  Object.fromEntries(Object.entries(text).filter(([name]) => name !== key));

describe("a token's text", () => {
  it("is read whole, and what else is in it is kept", () => {
    const token = parseToken({ ...text, extra: 1 }, session);
    expect(token).toMatchObject({
      accessToken: "access",
      expiresAt: new Date("2026-03-01T10:00:00Z"),
      refreshToken: "refresh",
      client: { clientId: "id", clientSecret: "secret", expiresAt: new Date("2026-05-01T10:00Z") },
    });
    if (token === undefined) throw new Error("no token");
    expect(formatToken(session, token, token.raw)).toEqual({ ...text, extra: 1 });
  });

  it.each([
    ["no accessToken", without("accessToken")],
    ["an empty accessToken", { ...text, accessToken: "" }],
    ["no expiresAt", without("expiresAt")],
    ["an expiresAt that is no time", { ...text, expiresAt: "tomorrow" }],
    ["an expiresAt that is a number", { ...text, expiresAt: 1_772_359_200 }],
    ["another portal's start URL", { ...text, startUrl: "https://other.awsapps.com/start" }],
  ])("is none with %s", (_, raw) => {
    expect(parseToken(raw, session)).toBeUndefined();
  });

  it.each([
    ["the older form of the time", { ...text, expiresAt: "2026-03-01T10:00:00UTC" }],
    ["no startUrl", without("startUrl")],
    ["its start URL with a fragment", { ...text, startUrl: "https://acme.awsapps.com/start/#/" }],
  ])("is one with %s", (_, raw) => {
    expect(parseToken(raw, session)?.expiresAt).toEqual(new Date("2026-03-01T10:00:00Z"));
  });

  it.each(["clientId", "clientSecret", "registrationExpiresAt"] as const)(
    "cannot be refreshed without %s",
    (key) => {
      expect(parseToken(without(key), session)).not.toHaveProperty("client");
    },
  );

  it("loses the refresh token that its refresh did not give again", () => {
    const token = parseToken(without("refreshToken"), session);
    if (token === undefined) throw new Error("no token");
    expect(formatToken(session, token, text)).not.toHaveProperty("refreshToken");
  });

  it("counts, of two, when it lasts longer, then when it can be refreshed", () => {
    const short = parseToken({ ...text, expiresAt: "2026-03-01T09:00:00Z" }, session);
    const long = parseToken(text, session);
    const plain = parseToken(without("refreshToken"), session);
    expect([newerToken(short, long), newerToken(long, short)]).toEqual([long, long]);
    expect([newerToken(plain, long), newerToken(long, plain)]).toEqual([long, long]);
    expect([newerToken(undefined, long), newerToken(long, undefined)]).toEqual([long, long]);
  });
});
