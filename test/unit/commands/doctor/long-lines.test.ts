import { describe, expect, it } from "vitest";
import { checkLines, linesTold } from "../../../../src/commands/doctor/checks/lines.ts";
import type { Facts } from "../../../../src/commands/doctor/finding.ts";
import { removeInvisible } from "../../../../src/config/repairs.ts";
import { awsroleLineProfile } from "../../../../src/profiles/references.ts";
import { awsFiles } from "../../../support/aws-files.ts";

/** A step whose time grows with the square of a line's length takes minutes or hours for these. */
const long = 500_000;

describe("a line of half a million characters", () => {
  it.each([
    ["brackets", "[".repeat(long)],
    ["brackets on both sides", `${"[".repeat(long)}x${"]".repeat(long)}y`],
    ["equals signs", "a=".repeat(long / 2)],
    ["carriage returns", "\r".repeat(long / 2)],
    ["spaces", `region = a${" ".repeat(long)}b`],
    ["no-break spaces", `region = a${"\u00a0".repeat(long)}b`],
    ["a header of spaces", `[ profile a${" ".repeat(long)}b ]`],
  ])("of %s is looked at in one pass", { timeout: 60_000 }, (_, line) => {
    const files = awsFiles(`[profile a]\n${line}\nregion = eu-west-1\n`);
    const facts = { files, names: ["a"] } as unknown as Facts;
    expect(checkLines(facts).length).toBeLessThan(10);
    expect(linesTold(files.config).size).toBeLessThan(10);
    expect(removeInvisible(files.config).text.length).toBeGreaterThan(1000);
  });

  it("behind a program's name is looked at in one pass", { timeout: 60_000 }, () => {
    expect(awsroleLineProfile(`awsrole${" ".repeat(long)}list`, true)).toBeUndefined();
    expect(
      awsroleLineProfile(`awsrole${" ".repeat(long)}credential-process --profile a`, true),
    ).toBe("a");
  });
});
