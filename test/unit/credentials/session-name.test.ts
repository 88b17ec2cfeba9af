import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import {
  defaultSessionName,
  expandSessionName,
  wantsSigner,
  withSigner,
} from "../../../src/credentials/session-name.ts";

const host = (hostname().split(".")[0] ?? "").replaceAll(/[^\w+=,.@-]/g, "-");

describe("a session name", () => {
  it("is taken as it is without a place to fill in", () => {
    expect(expandSessionName("AWSCLI-Session", "prod")).toBe("AWSCLI-Session");
  });

  it("has the OS user, the host and the profile filled in, fitted to AWS's characters", () => {
    expect(expandSessionName("{user}", "prod")).toBe(defaultSessionName());
    expect(expandSessionName("{host}+{host}", "prod")).toBe(`${host}+${host}`);
    expect(expandSessionName("x={profile}", "team/prod:eu%é")).toBe("x=team-prod-eu--");
  });

  it("keeps the signer's place until the signer is known", () => {
    const name = expandSessionName("{iam-user}.{profile}", "prod");
    expect(name).toBe("{iam-user}.prod");
    expect([wantsSigner(name), wantsSigner("prod")]).toEqual([true, false]);
    for (const [arn, expected] of [
      ["arn:aws:iam::123456789012:user/staff/Bob", "Bob.prod"],
      ["arn:aws:sts::123456789012:assumed-role/R/me@corp", "me@corp.prod"],
      ["arn:aws:iam::123456789012:root", "root.prod"],
    ] as const)
      expect(withSigner(name, arn, "prod")).toBe(expected);
  });

  it("that becomes longer than 64 characters, or shorter than two, is refused with what it became", () => {
    const long = "p".repeat(60);
    expect(() => expandSessionName("awsrole-{profile}", long)).toThrow(
      `profile ${long}: the session name awsrole-{profile} becomes awsrole-${long} (length 68)`,
    );
    expect(expandSessionName("abc-{profile}", long)).toHaveLength(64);
    expect(() => expandSessionName("{profile}", "p")).toThrow("(length 1)");
    expect(() =>
      withSigner("{iam-user}-{iam-user}", `arn:aws:iam::1:user/${"u".repeat(32)}`, "prod"),
    ).toThrow("(length 65)");
  });
});
