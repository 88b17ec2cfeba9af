/** CONTRIBUTING.md, "Words": what may not appear in a text for people. The list is that of the page. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const src = join(import.meta.dirname, "..", "..", "..", "src");

/** The word, and what to write instead. */
const words: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bmend(?:s|ed|ing|able)?\b/i, "fix"],
  [/\banew\b/i, "again"],
  [/\b(?:nobody|somebody|anybody|whoever)\b/i, "the passive, or: another user, any user"],
  [/\b(?:took|taken|takes?) back\b|\btakes? it all back\b/i, "undo, revert"],
  [/\b(?:stands|stood) (?:in|there|before|a second)\b/i, "is, exists"],
  [/\bin spite of\b/i, "despite"],
  [/\bgo(?:es)? on (?:where|using)\b/i, "continues"],
  [/\bone word too many\b/i, "unexpected argument"],
  [/\bwants (?:a|the|one|--)/i, "needs, or: specify"],
  [/\bforbids asking\b/i, "prompting is disabled"],
  [/\bdocs\/[\w/-]+\.md\b/, "awsrole COMMAND --help: the package has no docs folder"],
];

/** The text literals of a module: what is not code and not a comment. */
function textsOf(source: string): readonly (readonly [text: string, line: number])[] {
  return source.split("\n").flatMap((line, index) => {
    if (/^\s*(?:\/\/|\/?\*)/.test(line)) return [];
    const code = line.replace(/\s\/\/ .*$/, "").replace(/\/\*\*.*?\*\//, "");
    const literals = code.match(/"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`?|'(?:[^'\\]|\\.)*'/g) ?? [];
    return literals.map((text) => [text, index + 1] as const);
  });
}

function wordsIn(text: string): readonly string[] {
  return words.flatMap(([pattern, instead]) => (pattern.test(text) ? [instead] : []));
}

it("no message, help text or hint has a word of the list", () => {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  const found = files.flatMap((file) =>
    textsOf(readFileSync(join(src, file), "utf8")).flatMap(([text, line]) =>
      wordsIn(text).map((instead) => `src/${file}:${line}: ${text} (write: ${instead})`),
    ),
  );
  expect(found).toEqual([]);
});

it("no page has a word that has one plain word in its place", () => {
  const root = join(src, "..");
  const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md") && !file.endsWith("moves.md"))
    .map((file) => join("docs", file));
  const found = [...pages, "README.md", "SECURITY.md"].flatMap((file) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .flatMap((line, index) =>
        // A user and a profile of that name.
        /`nobody`|(?:whoami|profile) nobody/.test(line)
          ? []
          : words
              .slice(0, 3)
              .flatMap(([pattern, instead]) =>
                pattern.test(line) ? [`${file}:${index + 1}: ${line} (write: ${instead})`] : [],
              ),
      ),
  );
  expect(found).toEqual([]);
});

it("finds such a word in a literal, and not in a comment or an identifier", () => {
  const source =
    '/** nobody */\nconst nobody = "asked anew"; // nobody\nconst other = `mend ${it}`;\n';
  expect(textsOf(source).flatMap(([text]) => wordsIn(text))).toEqual(["again", "fix"]);
});
