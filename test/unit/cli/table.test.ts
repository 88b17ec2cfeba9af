import { describe, expect, it } from "vitest";
import { printTable } from "../../../src/cli/table.ts";

const header = ["PROFILE", "ROLE", "VIA"];
const rows = [
  ["prod", "123456789012 a-role-whose-name-is-too-long-for-most-terminals", "bob"],
  ["a-profile-with-a-rather-long-name-of-its-own", "", "\u001B[31mred\u202E"],
];

describe("a table", () => {
  it.each([68, 80, 100, 400])("fits into %i columns, cutting the longest first", (columns) => {
    const lines = printTable(header, rows, columns).split("\n");
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(lines[1]).toMatch(/ bob$/);
  });
  it.each([20, 40, 80])("never cuts the first column, in %i columns either", (columns) => {
    const lines = printTable(header, rows, columns).split("\n");
    expect(lines[2]).toMatch(/^a-profile-with-a-rather-long-name-of-its-own( |$)/);
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
