/** Random AWS files as people leave them, for the property tests. */
import fc from "fast-check";
import { type Document, type FileKind, parseDocument } from "../../src/config/document.ts";

/** A document from a string as a person would type it. */
export function documentOf(text: string, kind: FileKind = "config"): Document {
  return parseDocument(Buffer.from(text).toString("latin1"), { file: kind, kind });
}

/** Names that the generated files have in plenty. */
export const names = ["a", "b", "prod", "default", "x.y", "team/prod"] as const;

const keys = ["k", "region", "Output", "s3", "role_arn"];
const space = fc.constantFrom("", "", " ", "\t", "  ");
const value = fc.constantFrom(
  "v",
  "",
  "eu-west-1",
  "a=b",
  "grüße 😂",
  'C:\\x "y"',
  "v#w",
  "[x]",
  "à",
);
const comment = fc.constantFrom("# c", "; c", "#", "#k = v", "# [profile a]", "# ü");
const blank = fc.constantFrom("", "", " ", "\t");

const property = fc
  .tuple(
    fc.constantFrom(...keys),
    space,
    space,
    value,
    fc.constantFrom("", "", "", " # c", "\t; c"),
  )
  .map(([key, before, after, text, behind]) => key + before + "=" + after + text + behind);
const continuation = fc.constantFrom(" w", "\t- w", "  x = 1", "  # c");
const nested = fc
  .tuple(
    fc.constantFrom("s3 =", "api="),
    fc.array(fc.constantFrom("  x = 1", "\ty=2 ; c", "  # c", "", "# c"), { maxLength: 4 }),
  )
  .map(([head, lines]) => [head, ...lines]);
const item = fc.oneof(
  { weight: 5, arbitrary: property.map((line) => [line]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        property.filter((line) => /=\s*[^\s#;]/.test(line)),
        blank,
        continuation,
      )
      .map(([line, gap, more]) => (gap === "" ? [line, more] : [line, gap, more])),
  },
  { weight: 1, arbitrary: nested },
  { weight: 2, arbitrary: comment.map((line) => [line]) },
  { weight: 2, arbitrary: blank.map((line) => [line]) },
);
const header = fc
  .tuple(
    fc.constantFrom("profile ", "profile ", "profile ", "sso-session ", "services ", "", "other "),
    fc.constantFrom(...names, "odd name", "ü"),
    fc.constantFrom("", "", "", " # c", ";c", "  "),
  )
  .map(([prefix, name, behind]) =>
    prefix === "profile " && name === "x.y" ? "[ profile\tx.y ]" : `[${prefix}${name}]${behind}`,
  );
const section = fc
  .tuple(
    header,
    fc.array(fc.constantFrom("  # c", ""), { maxLength: 1 }),
    fc.array(item, { maxLength: 5 }),
  )
  .map(([line, head, items]) => [line, ...head, ...items.flat()]);
const newlines = fc.oneof(
  fc.constant(["\n"]),
  fc.constant(["\r\n"]),
  fc.array(fc.constantFrom("\n", "\r\n"), { minLength: 1, maxLength: 7 }),
);

/** A file without errors: comments everywhere, both line ends, nested blocks, duplicates, odd names, with and without a newline at its end. */
export const validFile: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("", "", "\ufeff"),
    fc.array(fc.oneof(comment, blank), { maxLength: 3 }),
    fc.array(section, { maxLength: 5 }),
    newlines,
    fc.boolean(),
  )
  .map(([mark, preamble, sections, ends, final]) => {
    const lines = [...preamble, ...sections.flat()];
    const text = lines.map((line, index) => line + (ends[index % ends.length] ?? "\n")).join("");
    return mark + (final ? text : text.replace(/\r?\n$/, ""));
  });

/** `[default]` and `[profile default]`: readers differ in which of them counts. */
export function hasBothDefaults(document: Document): boolean {
  const defaults = document
    .sections()
    .filter(({ kind, name: other }) => kind === "profile" && other === "default");
  return (
    defaults.some(({ bareDefault }) => bareDefault) &&
    defaults.some(({ bareDefault }) => !bareDefault)
  );
}
