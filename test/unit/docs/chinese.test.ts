/** The Chinese pages show the commands and files of the English ones. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..", "..");
const read = (page: string): string => readFileSync(join(root, page), "utf8");
const blocksOf = (page: string): string[] =>
  [...read(page).matchAll(/^```[a-z]*\n.*?^```$/gms)].map(([block]) => block);
/** Of headings that are a message: the message, which is the same in every language. */
const messagesOf = (page: string): string[] =>
  [...read(page).matchAll(/^### (`.*)$/gm)].map(([, heading = ""]) => heading);

describe("the Chinese pages", () => {
  it.for([
    ["README.zh-TW.md", "README.md"],
    ["docs/zh-TW/tutorial.md", "docs/tutorial.md"],
  ])("%s has the code blocks of %s, in their order", ([chinese = "", english = ""]) => {
    expect(blocksOf(chinese)).toEqual(blocksOf(english));
  });

  it("docs/zh-TW/troubleshooting.md has no block and no message that the English page has not", () => {
    const english = "docs/troubleshooting.md";
    const chinese = "docs/zh-TW/troubleshooting.md";
    expect(messagesOf(chinese).length).toBeGreaterThan(8);
    expect(blocksOf(chinese).filter((block) => !blocksOf(english).includes(block))).toEqual([]);
    expect(messagesOf(chinese).filter((text) => !messagesOf(english).includes(text))).toEqual([]);
  });

  it.for(["README.zh-TW.md", "docs/zh-TW/tutorial.md", "docs/zh-TW/walkthrough.md"])(
    "%s says once that its word for a profile is another than AWS's",
    (page) => {
      expect(read(page).match(/描述檔/g)).toHaveLength(1);
    },
  );
});
