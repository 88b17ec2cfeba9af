/** Every page for users is found: in the list of docs/README.md and at the side of the site. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..", "..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const pagesIn = (folder: string): string[] =>
  readdirSync(join(root, "docs", folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => name.replace(/\.md$/, ""))
    .toSorted();

it.each(["how-to", "reference", "explanation", "zh-TW"])("docs/%s is whole", (folder) => {
  const [, group = ""] =
    new RegExp(`group\\("[^"]+", "${folder}/", \\[([^]*?)\\n {6}\\]`).exec(
      read("site/.vitepress/config.js"),
    ) ?? [];
  const atTheSide = [...group.matchAll(/^ +\["([^"]+)",/gm)].map(([, name = ""]) => name);
  expect(atTheSide.toSorted()).toEqual(pagesIn(folder));
  const list = read("docs/README.md");
  const listed = pagesIn(folder).filter((name) => list.includes(`(${folder}/${name}.md`));
  expect(listed).toEqual(pagesIn(folder));
});
