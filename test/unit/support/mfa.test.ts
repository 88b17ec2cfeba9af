import { takeViolations } from "../../support/aws-double/violations.ts";
import { totpCode } from "../../support/aws-double/totp.ts";
import { assume, sessionToken, whoAmI } from "../../support/sts-client.ts";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";

let sts: AwsDouble;
beforeEach(async () => {
  sts = await startAwsDouble();
});
afterEach(() => sts.close());

describe("MFA", () => {
  const RoleArn = "arn:aws:iam::123456789012:role/guarded";
  beforeEach(() => {
    sts.addRole({ arn: RoleArn, requireMfa: true });
    // at the beginning of a step, so that none ends in the middle of a test
    sts.clock.setOffset(30_000 - (Date.now() % 30_000));
  });

  it("makes the codes of RFC 6238's test vectors", () => {
    const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    const codes = [59, 1111111109, 1234567890, 20000000000].map((seconds) =>
      totpCode(secret, new Date(seconds * 1000)),
    );
    expect(codes).toEqual(["287082", "081804", "005924", "353130"]);
  });

  it("lets a caller in with a code, once", async () => {
    const input = withCode();
    await expect(assume(sts, sts.bob, { RoleArn })).rejects.toMatchObject({ name: "AccessDenied" });
    await assume(sts, sts.bob, { RoleArn, ...input });
    await expect(assume(sts, sts.bob, { RoleArn, ...input })).rejects.toMatchObject({
      name: "AccessDenied",
      message: "MultiFactorAuthentication failed with invalid MFA one time pass code.",
    });
    sts.clock.advance(30_000);
    await assume(sts, sts.bob, { RoleArn, ...withCode() });
  });

  it("takes the code of the step just over, and none older", async () => {
    const input = withCode();
    sts.clock.advance(30_000);
    await assume(sts, sts.bob, { RoleArn, ...input });
    const late = withCode();
    sts.clock.advance(60_000);
    await expect(assume(sts, sts.bob, { RoleArn, ...late })).rejects.toThrow(
      /invalid MFA one time pass code/,
    );
  });

  it("tells a wrong device from a wrong code, and half of the two from both", async () => {
    for (const SerialNumber of [
      "arn:aws:iam::123456789012:mfa/Eve",
      "arn:aws:iam::123456789012:user/Bob",
    ]) {
      await expect(assume(sts, sts.bob, { RoleArn, ...withCode(), SerialNumber })).rejects.toThrow(
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
      );
    }
    const { SerialNumber, TokenCode } = withCode();
    for (const half of [{ SerialNumber }, { TokenCode }]) {
      await expect(assume(sts, sts.bob, { RoleArn, ...half })).rejects.toThrow(
        "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
      );
    }
    await expect(assume(sts, await assume(sts, sts.bob), withCode())).rejects.toThrow(
      /unable to validate MFA code/,
    );
  });

  it("is carried by a session of GetSessionToken that was given a code, until it is too old for the role", async () => {
    const fresh = "arn:aws:iam::123456789012:role/fresh";
    sts.addRole({ arn: fresh, maxMfaAgeSeconds: 600 });
    await expect(assume(sts, await sessionToken(sts, sts.bob), { RoleArn })).rejects.toMatchObject({
      name: "AccessDenied",
    });
    const session = await sessionToken(sts, sts.bob, withCode());
    await assume(sts, session, { RoleArn });
    await assume(sts, session, { RoleArn: fresh });
    sts.clock.advance(11 * MINUTE);
    await assume(sts, session, { RoleArn });
    await expect(assume(sts, session, { RoleArn: fresh })).rejects.toMatchObject({
      name: "AccessDenied",
    });
  });

  it("is not carried along a chain of roles", async () => {
    await expect(
      assume(sts, await assume(sts, sts.bob, withCode()), { RoleArn }),
    ).rejects.toMatchObject({
      name: "AccessDenied",
    });
  });

  function withCode() {
    return {
      SerialNumber: "arn:aws:iam::123456789012:mfa/Bob",
      TokenCode: sts.currentCode(sts.bob),
    };
  }
});

describe("GetSessionToken", () => {
  it("gives the user a session of its own, for 12 hours unless asked otherwise", async () => {
    const session = await sessionToken(sts, sts.bob);
    expect(await whoAmI(sts, session)).toBe("arn:aws:iam::123456789012:user/Bob");
    expect(
      Math.abs(session.expiration.getTime() - sts.clock.now().getTime() - 12 * HOUR),
    ).toBeLessThan(30_000);
    await expect(sessionToken(sts, sts.bob, { DurationSeconds: 129_601 })).rejects.toMatchObject({
      name: "ValidationError",
    });
    expect(takeViolations()).toHaveLength(1);
  });

  it("refuses session credentials", async () => {
    for (const session of [await sessionToken(sts, sts.bob), await assume(sts, sts.bob)]) {
      await expect(sessionToken(sts, session)).rejects.toMatchObject({
        name: "AccessDenied",
        message: "Cannot call GetSessionToken with session credentials",
      });
    }
  });
});
