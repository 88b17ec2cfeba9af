/**
 * What may be written into an AWS file: only what every SDK reads back the same way, and nothing that could become a
 * second line, section or key.
 *
 * - Names: letters, digits and `_ . @ + : / -`, not beginning with `-`; `%` except on Windows, where `cmd.exe` would expand it in the command line.
 * - Values: one line of text without `#` and `;` (some SDKs cut there, others do not), not both `[` and `]` (the C++ SDK
 *   takes the line for a section), not enclosed in quotes (Go takes them off), no space at either end (all take it off).
 */
import { AwsRoleError } from "../foundation/errors.ts";

/**
 * Throws ERR_USAGE for a name of a profile or section that not every SDK could read; with a platform, also for one that its shell would
 * change in the command line.
 */
export function assertWritableName(name: string, platform?: NodeJS.Platform): void {
  const found = UNFIT_NAMES.find(
    ([pattern, , only]) => pattern.test(name) && (only === undefined || only === platform),
  );
  if (found === undefined) return;
  throw new AwsRoleError("ERR_USAGE", `the name ${show(name)} ${found[1]}`, {
    hint: "use letters, digits and _ . @ + : / - only",
  });
}

/** Throws ERR_USAGE for a value that not every SDK would read back the same, naming its key. Never shows the value. */
export function assertWritableValue(key: string, value: string): void {
  const found = UNFIT_VALUES.find(([pattern]) => pattern.test(value));
  if (found === undefined) return;
  throw new AwsRoleError("ERR_USAGE", `the value of ${key} ${found[1]}`, {
    hint: "not all AWS tools read it the same way; choose another value",
  });
}

const UNFIT_NAMES: readonly (readonly [pattern: RegExp, why: string, only?: NodeJS.Platform])[] = [
  [/^$/, "is empty"],
  [/^-/, 'begins with "-"'],
  [/[^\w.@%+:/-]/, "has a character that not all AWS tools accept"],
  [/%/, 'has a "%", which cmd.exe would expand', "win32"],
];

const UNFIT_VALUES: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/^$/, "is empty"],
  [/[\n\r\u2028\u2029\u0085]/u, "has a line break"],
  [/\p{Cc}/u, "has a control character"],
  [
    /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u,
    "has a character that changes the writing direction",
  ],
  [/\p{Surrogate}/u, "is not valid Unicode"],
  [/^[\s\ufeff]|[\s\ufeff]$/u, "begins or ends with a space"],
  [/[#;]/, 'has a "#" or ";"'],
  [/\[.*\]|\].*\[/, "has both [ and ]"],
  [/^(["']).*\1$/, "is enclosed in quotes"],
];

/** A name from a person, not endless; the code that prints the message escapes what must not be printed. */
function show(name: string): string {
  return `"${name.length > 60 ? `${name.slice(0, 60)}…` : name}"`;
}
