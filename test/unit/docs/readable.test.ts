/** The docs can be read in a terminal and on a narrow screen. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..", "..");
const WIDTH = 110;

/** Wider so far. What is for maintainers (docs/internals) is not measured. */
const notYet = new Set([
  // Tables of identifiers, to look things up in.
  "docs/reference/clients.md",
  "docs/reference/commands.md",
  "docs/reference/configuration.md",
  "docs/reference/doctor.md",
  "docs/reference/json.md",
  "docs/reference/programs.md",
]);

const pages = [
  "README.md",
  "README.zh-TW.md",
  "SECURITY.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md") && !file.includes("node_modules"))
    .map((file) => join("docs", file).replaceAll("\\", "/"))
    .filter((page) => !page.includes("internals") && !notYet.has(page)),
];

it.for(pages)("%s has no line, and no row of a table, over 110 characters", (page) => {
  const wide = readFileSync(join(root, page), "utf8")
    // What a program prints is shown as it is: of these blocks only the commands are ours to break.
    .replaceAll(/^```console\n.*?^```$/gms, (block) => block.replaceAll(/^(?!\$ |```).*$/gm, ""))
    .split("\n")
    .filter((line) => line.length > WIDTH)
    // What cannot be broken: a heading, a link, a path, a name in code.
    .filter((line) => !line.startsWith("#"))
    .filter((line) => line.startsWith("|") || longestPart(line) < WIDTH - 10);
  expect(wide).toEqual([]);
});

it("leaves out no page that is narrow enough", () => {
  const narrow = [...notYet].filter((page) =>
    readFileSync(join(root, page), "utf8")
      .split("\n")
      .every((line) => line.length <= WIDTH),
  );
  expect(narrow).toEqual([]);
});

it.for(pages)("%s has no paragraph in a cell", (page) => {
  const cells = readFileSync(join(root, page), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .flatMap((line) => line.split("|"));
  expect(cells.filter((cell) => /[.;] [A-Z].*[.;] [A-Z]/.test(cell))).toEqual([]);
});

/** A fence is what the test of the commands reads; an indented block would be left out without a reason. */
it("has every command in a fence, none in an indented block", () => {
  const everywhere = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file));
  const indented = [...everywhere, "README.md", "README.zh-TW.md", "SECURITY.md", "CONTRIBUTING.md"]
    .map((page) => readFileSync(join(root, page), "utf8").replaceAll(/^( *)```.*?^\1```$/gms, ""))
    .flatMap(
      (text) =>
        text.match(/^ {4,}(?:\$ |npm |awsrole |aws |[a-z]+ctl |socat |mkdir )[^\n]*/gm) ?? [],
    );
  expect(indented).toEqual([]);
});

function longestPart(line: string): number {
  const parts = line.match(/`[^`]*`|\[[^\]]*\]\([^)]*\)|\S+/g) ?? [];
  return Math.max(...parts.map((part) => part.length));
}
