import { describe, expect, it } from "vitest";
import { globPattern } from "../../../../src/foundation/glob.ts";

describe("a glob", () => {
  it.each([
    ["prod-*", "prod-eu", true],
    ["prod-*", "my-prod-eu", false],
    ["*PROD*", "my-prod-eu", true],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["*", "", true],
    ["a.c", "abc", false],
    ["a*b*c", "a-b-b-c", true],
  ])("%s is like %s: %s", (glob, text, isLike) => {
    expect(globPattern(glob).test(text)).toBe(isLike);
  });

  it("with hundreds of stars is decided at once", () => {
    expect(globPattern(`${"*a".repeat(300)}x`).test("a".repeat(400))).toBe(false);
  });
});
