/**
 * The recordings of docs/internals/first-minutes: typed again at a real terminal, they show what they show. Without AWSROLE_TEST_LONG one of them
 * is typed; `npm run first-minutes` writes them all.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { noMachine } from "../../scripts/first-minutes/machine.ts";
import { record } from "../../scripts/first-minutes/record.ts";
import { widths, ways } from "../../scripts/first-minutes/ways.ts";
import { titled } from "../support/installed.ts";
import { notNode } from "../support/run-awsrole.ts";

const folder = join(import.meta.dirname, "..", "..", "docs", "internals", "first-minutes");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const all = ways.flatMap((way) =>
  widths.map((columns) => ({ way, columns, file: `${way.name}-${columns}.txt` })),
);
const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
const reason = noMachine() ?? notNode;

describe("the recordings", () => {
  it("are of every way in, at both widths", () => {
    expect(readdirSync(folder).toSorted()).toEqual(all.map(({ file }) => file).toSorted());
  });

  it.each(all)("$file ends with the buckets that only a session may list", ({ file, columns }) => {
    const text = read(file);
    expect(text).toMatch(
      /^\$ (?:AWS_PROFILE=prod )?aws s3 ls[^\n]*\n(?:[^$\n]*\n)*2025-03-14 09:00:00 acme-backups$/m,
    );
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    // The terminal breaks words only in what was typed, and in an address.
    const lines = text.split("\n");
    const broken = lines.filter(
      (line, at) =>
        line.length === columns &&
        /^[a-z)]/.test(lines[at + 1] ?? "") &&
        !/^(?:\$|PROFILE| {4}fix:)|%3A/.test(line),
    );
    expect(broken).toEqual([]);
  });

  it.skipIf(reason !== undefined).each(all.filter(({ file }) => isLong || file === "setup-80.txt"))(
    titled("$file is what is seen today", reason),
    async ({ way, columns, file }) => {
      expect(await record(way, columns)).toBe(read(file));
    },
  );
});
