import { describe, expect, it } from "vitest";
import {
  decodeSeed,
  encodeSeed,
  parseSeed,
  totpCode,
} from "../../../../src/credentials/mfa/totp.ts";

/** RFC 6238, appendix B: the seed "12345678901234567890". */
const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

describe("a code", () => {
  it.each([
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_111_111_111, "050471"],
    [1_234_567_890, "005924"],
    [2_000_000_000, "279037"],
    [20_000_000_000, "353130"],
  ])("at %i s is that of RFC 6238", (seconds, code) => {
    expect(totpCode(seed, new Date(seconds * 1000))).toBe(code);
  });
});

describe("a seed", () => {
  it.each([
    ["as AWS shows it", seed],
    ["in groups, in lower case", ` ${seed.toLowerCase().replaceAll(/(.{4})/g, "$1 ")}\n`],
    ["with dashes and padding", `${seed.replaceAll(/(.{8})/g, "$1-")}======`],
    [
      "in an otpauth URL",
      `otpauth://totp/Amazon%20Web%20Services:Bob@corp?secret=${seed}&issuer=AWS`,
    ],
    [
      "in a full one",
      `otpauth://totp/x?algorithm=sha-1&digits=6&period=30&secret=${seed.toLowerCase()}`,
    ],
  ])("is taken %s", (_, text) => {
    expect(parseSeed(text)).toBe(seed);
  });

  it.each([
    ["", "there is no seed"],
    ["123456", "that is a code, not the seed"],
    ["hunter1-hunter1-hunter1", "that is not base32"],
    ["GEZDGNBVGY3TQOJ", "that seed is too short (15 characters)"],
    [`otpauth://hotp/x?secret=${seed}`, "a device of another kind (hotp)"],
    [`otpauth://${seed}/x`, "a device of another kind (not totp)"],
    ["otpauth://totp/x?issuer=AWS", "the otpauth URL has no secret"],
    ["otpauth://totp/x?secret=", "the otpauth URL has no secret"],
    [`otpauth://totp/x?secret=${seed}&secret=${seed}`, "the otpauth URL has no secret"],
    [`otpauth://totp/x?secret=${seed}&algorithm=SHA256`, "another algorithm than AWS takes"],
    [`otpauth://totp/x?secret=${seed}&digits=8`, "another digits than AWS takes"],
    [`otpauth://totp/x?secret=${seed}&period=60`, "another period than AWS takes"],
    ["otpauth://totp/x?secret=not!base32not!base32", "that is not base32"],
    [`otpauth-migration://offline?data=${seed}`, "an export of several devices"],
    [`https://example.com/?secret=${seed}`, "that is not an otpauth URL"],
    [`otpauth:${seed}`, "that is a device of another kind (not totp)"],
  ])("is refused without showing it: %s", (text, message) => {
    let caught: unknown;
    try {
      parseSeed(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: "ERR_USAGE" });
    const shown = `${(caught as Error).message} ${(caught as { hint: string }).hint}`;
    expect(shown).toContain(message);
    expect(shown).not.toContain(seed);
    expect(shown).not.toContain("hunter1");
  });

  it("is kept for one device, and is not believed where it is damaged or of another", () => {
    const item = encodeSeed("arn:1", seed);
    expect(decodeSeed(item, "arn:1")).toBe(seed);
    expect(decodeSeed(item, "arn:2")).toBeUndefined();
    expect(decodeSeed(item.replace("GEZD", "GEZA"), "arn:1")).toBeUndefined();
  });
});
