import { applyPatch } from "diff";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { colourDiff, unifiedDiff } from "../../../src/profiles/diff.ts";

describe("a diff of a file on Windows", () => {
  it("names it as it is, without quotes or doubled backslashes", () => {
    const file = String.raw`C:\Users\José García\.aws\config`;
    expect(unifiedDiff(file, "a\n", "b\n").split("\n").slice(0, 2)).toEqual([
      `--- ${file}`,
      `+++ ${file}`,
    ]);
  });
});

describe("secrets in a change", () => {
  it.each(["\n", "\r\n"])("are masked in its diff", (newline) => {
    const before = ["[a]", "aws_secret_access_key = hidden", "region = x", ""].join(newline);
    const diff = unifiedDiff("f", before, before.replace("= x", "= y").replace("hidden", "other"));
    expect(diff).toContain("-aws_secret_access_key = ****");
    expect(diff).not.toMatch(/hidden|other/);
  });
});

it("masks what continues a secret above the lines that are shown, and an old key in a comment", () => {
  const lines = (region: string): string =>
    [
      "[a]",
      "aws_secret_access_key =",
      "",
      "  Hidden1",
      "",
      "",
      "",
      "",
      `region = ${region}`,
      "#aws_session_token = Hidden2",
      "",
    ].join("\n");
  for (const [before, after] of [
    [lines("x"), lines("y")],
    [lines("x"), ""],
    ["", lines("x")],
    [lines("x"), lines("x").replace("[a]", "[a]\nk = v")],
  ] as const)
    expect(unifiedDiff("f", before, after)).not.toContain("Hidden");
});

describe("a diff", () => {
  it("is one that patch applies, whatever the two files are", () => {
    const line = fc.constantFrom("[a]", "[b]", "k = 1", "k = 2", "# ü", "", "s3 =");
    const text = fc
      .tuple(fc.array(line, { maxLength: 30 }), fc.constantFrom("", "\n"))
      .map(([lines, end]) => Buffer.from(lines.join("\n") + end).toString("latin1"));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const decode = (bytes: string): string => Buffer.from(bytes, "latin1").toString();
        const diff = unifiedDiff("config", before, after);
        expect(diff === "").toBe(before === after);
        if (diff !== "") expect(applyPatch(decode(before), diff)).toBe(decode(after));
      }),
    );
  });

  it("shows three lines around a change, and one hunk for neighbours", () => {
    const lines = Array.from({ length: 30 }, (_, index) => `k${index} = 1\n`);
    const after = lines.map((line, index) => ([5, 9, 20].includes(index) ? `x${line}` : line));
    const diff = unifiedDiff("/home/x/.aws/config", lines.join(""), after.join(""));
    expect(diff.match(/^@@.*@@$/gm)).toEqual(["@@ -3,11 +3,11 @@", "@@ -18,7 +18,7 @@"]);
    expect(diff.startsWith("--- /home/x/.aws/config\n+++ /home/x/.aws/config\n@@")).toBe(true);
    expect(colourDiff(diff)).toContain("\u001B[32m+xk5 = 1\u001B[39m");
  });

  it("of thousands of changed sections takes a moment", () => {
    const section = (index: number, key: string): string => `[profile p${index}]\n${key} = x\n\n`;
    const text = (key: string): string =>
      Array.from({ length: 5000 }, (_, index) => section(index, key)).join("");
    const diff = unifiedDiff("config", text("source_profile"), text("awsrole_source_profile"));
    expect(diff.match(/^\+awsrole_source_profile/gm)).toHaveLength(5000);
  });
});
