/** Characters that cannot be seen, copied from web pages into the config: shown, named, and led to what takes them out. */
import { afterEach, expect, it } from "vitest";
import { createHome, type Home } from "../support/run-awsrole.ts";
import { runInProcess } from "../support/run-in-process.ts";

const arn = "arn:aws:iam::123456789012:role/example-role";
const fixed = "awsrole doctor --fix takes it out";
let home: Home | undefined;
afterEach(async () => home?.remove());

it.for([
  [`role_arn =\u00a0${arn}`, `role_arn = \\u{a0}${arn} is not valid`, fixed],
  [`role_arn = ${arn}\u200b`, `role_arn = ${arn}\\u{200b} is not valid`, fixed],
  [`role_arn = \ufeff${arn}`, `role_arn = \\u{feff}${arn} is not valid`, fixed],
  [`role_arn = ${arn.replace("34", "3\u00ad4")}`, "3\\u{ad}4", fixed],
  [
    `role_arn = ${arn.replace("/", "/\u00a0")}`,
    "role/\\u{a0}example",
    "write the line again by hand",
  ],
  [`role_arn\u00a0= ${arn}`, "a key with a character that cannot be seen: role_arn\\u{a0}", fixed],
  [
    `\u200brole_arn = ${arn}`,
    "a key with a character that cannot be seen: \\u{200b}role_arn",
    fixed,
  ],
] as const)("names the character in %j", async ([line, message, hint]) => {
  home = createHome({
    config: `[profile dev]\n${line}\nsource_profile = base\n[profile base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = planted-secret\n`,
  });
  const { stderr, code } = await runInProcess(["credential-process", "--profile", "dev"], home.env);
  expect(stderr).toContain(message);
  expect(stderr).toContain("a character that cannot be seen");
  expect(stderr).toMatch(new RegExp(`awsrole: hint: .*${hint}\\n`));
  expect(code).toBe(1);
});
