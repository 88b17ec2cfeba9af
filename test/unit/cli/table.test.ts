import { describe, expect, it } from "vitest";
import { printTable } from "../../../src/cli/table.ts";

const header = ["PROFILE", "ROLE", "VIA"];
const rows = [
  ["prod", "123456789012 a-role-whose-name-is-too-long-for-most-terminals", "bob"],
  ["a-profile-with-a-rather-long-name-of-its-own", "", "\u001B[31mred\u202E"],
];

describe("a table", () => {
  it.each([117, 130, 400])("fits into %i columns, wrapping the longest at blanks", (columns) => {
    const lines = printTable(header, rows, columns).split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(lines[1]).toMatch(/ bob$/);
  });
  it.each([20, 40, 80, 115])("never cuts what is to be copied, in %i columns either", (columns) => {
    const text = printTable(header, rows, columns);
    for (const word of rows
      .flat()
      .join(" ")
      .split(" ")
      .filter((one) => /^[\w-]+$/.test(one)))
      expect(text).toMatch(new RegExp(`(?:^| )${word}(?: |$)`, "m"));
  });
  it("has the rest of a wrapped cell below it", () => {
    expect(printTable(["A", "B", "C"], [["a", "one two", "x y"]], 10)).toBe(
      "A  B    C\na  one  x\n   two  y\n",
    );
  });
  it("leaves out columns that are empty in every row, but the first", () => {
    expect(printTable(header, [["prod", "", "bob"]], 80)).toBe("PROFILE  VIA\nprod     bob\n");
    expect(printTable(header, [["", "", ""]], 80)).toBe("PROFILE\n\n");
  });
  it("is cut nowhere where there is no terminal", () => {
    expect(printTable(header, rows, undefined)).toContain("too-long-for-most-terminals");
  });
  it("shows control characters instead of obeying them", () => {
    // oxlint-disable-next-line no-control-regex -- what must not reach the terminal
    expect(printTable(header, rows, 400)).not.toMatch(/[\u001B\u202E]/);
  });
});
