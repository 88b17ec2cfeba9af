/** What works with what: the page is that of the measurements. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { clientsPage } from "../../../scripts/clients-page.ts";
import measured from "../../../scripts/measure-programs/measured.json" with { type: "json" };
import { programs } from "../../../scripts/measure-programs/programs.ts";
import { rows } from "../../../scripts/measure-programs/rows.ts";
import { programRows, programsPage } from "../../../scripts/programs-page.ts";

const read = (page: string): string =>
  readFileSync(join(import.meta.dirname, "../../../docs/reference", page), "utf8");
/** Tables without the padding that the formatter adds. */
const unpadded = (page: string): string =>
  page.replaceAll(/^\|.*\|$/gm, (row) => row.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---"));

it.for([
  ["programs.md", programsPage],
  ["clients.md", clientsPage],
] as const)("%s is what `npm run docs` writes", ([page, write]) => {
  expect(unpadded(read(page)), "run `npm run docs`").toBe(unpadded(write()));
});

it("has a row for forty programs or more, none twice", () => {
  const names = rows.map(({ name }) => name);
  expect(names.length).toBeGreaterThanOrEqual(40);
  expect(new Set(names).size).toBe(names.length);
});

it("has a row for every program that is run, and for every one that was", () => {
  const names = rows.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(programs.map(({ name }) => name)));
  expect(names).toEqual(expect.arrayContaining(Object.keys(measured)));
});

it("has a release and the day it was run for every program", () => {
  for (const { name, version, date } of programRows()) {
    expect(version, name).toMatch(/\d/);
    expect(date, name).toMatch(/^\d{4}-\d\d-\d\d$/);
  }
});
