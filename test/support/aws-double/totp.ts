import { createHmac } from "node:crypto";

/** Seconds that one code is valid for, as on every MFA device that AWS accepts. */
export const TOTP_STEP_SECONDS = 30;

/** The six digits that an authenticator holding `base32Secret` shows at `at` (RFC 6238: SHA-1, 30 s, 6 digits). */
export function totpCode(base32Secret: string, at: Date): string {
  return codeOfStep(base32Secret, stepAt(at));
}

/**
 * The step that `code` belongs to, if it is the current one, or the one just over (RFC 6238 §5.2 allows for the time the
 * code was under way); else undefined.
 */
export function stepOfCode(base32Secret: string, code: string, at: Date): number | undefined {
  const current = stepAt(at);
  return [current, current - 1].find((step) => codeOfStep(base32Secret, step) === code);
}

function stepAt(at: Date): number {
  return Math.floor(at.getTime() / 1000 / TOTP_STEP_SECONDS);
}

function codeOfStep(base32Secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac("sha1", decodeBase32(base32Secret)).update(counter).digest();
  const offset = digest.readUInt8(digest.length - 1) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

function decodeBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let bitCount = 0;
  for (const letter of text.replaceAll(/[\s=]/g, "").toUpperCase()) {
    const value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter);
    if (value < 0)
      throw new Error(`not a base32 secret: it has the character ${JSON.stringify(letter)}`);
    bits = ((bits << 5) | value) & 0xfff;
    bitCount += 5;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes.push((bits >> bitCount) & 0xff);
    }
  }
  return Buffer.from(bytes);
}
