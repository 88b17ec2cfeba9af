/** The text of a stored item: JSON that ends with a hash of itself, so that damage in any store, the plain ones too, is noticed. */
import { shortHash } from "../../foundation/hash.ts";

/** `json` (an object with at least one member) with `check` as its last member. */
export function appendChecksum(json: string): string {
  return `${json.slice(0, -1)},"check":"${shortHash(json)}"}`;
}

const checkLength = ',"check":"0123456789abcdef"}'.length;

/**
 * The object in `text`; undefined when anything in the text has changed since `appendChecksum`. A single changed character never passes (each step
 * of the hash is one to one). This is against damage: an attacker who can write items can compute hashes too.
 */
export function parseWithChecksum(text: string): Readonly<Record<string, unknown>> | undefined {
  const json = `${text.slice(0, -checkLength)}}`;
  if (appendChecksum(json) !== text) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
