/** Values of any size that tell whether they are whole: a mixture of two, or a piece of one, is recognized. */
import { createHash } from "node:crypto";

/** A value of `length` characters (at least 30); the same `seed` and length always give the same value. */
export function selfCheckingValue(seed: string, length: number): string {
  const start = `${seed}:${length}:`;
  return start + randomText(seed, length - start.length);
}

/** True for exactly what `selfCheckingValue` made. */
export function isWholeValue(value: string): boolean {
  const [seed = "", length = ""] = value.split(":", 2);
  return value.length === Number(length) && value === selfCheckingValue(seed, Number(length));
}

/** Base64 text that does not compress below three quarters, as key material does not. */
function randomText(seed: string, length: number): string {
  let text = "";
  for (let i = 0; text.length < length; i++)
    text += createHash("sha512").update(`${seed} ${i}`).digest("base64url");
  return text.slice(0, length);
}
