/** Configs that a loop writes: all pairs of ingredients, in rotating odd but legal syntax. */
import { singlesAndPairs } from "./ingredients.ts";
import type { OracleRow } from "./row.ts";

/** Ways to write the same, as AWS's specification and botocore read it alike. */
const syntaxes: readonly { readonly name: string; readonly write: (text: string) => string }[] = [
  { name: "plain", write: (text) => text },
  { name: "no spaces around =", write: (text) => text.replaceAll(" = ", "=") },
  { name: "tabs and blanks around =", write: (text) => text.replaceAll(" = ", "\t =  \t") },
  { name: "CRLF", write: (text) => text.replaceAll("\n", "\r\n") },
  {
    name: "blank lines and comments",
    write: (text) => text.replaceAll("\n", "\n\n# x = y\n; [z]\n"),
  },
  {
    name: "keys in mixed case",
    write: (text) =>
      text.replaceAll(
        /^([a-z])([a-z_]+) =/gm,
        (_, first: string, rest: string) => `${first.toUpperCase()}${rest} =`,
      ),
  },
  { name: "spaces behind values and headers", write: (text) => text.replaceAll("\n", "  \n") },
  {
    name: "unknown keys and nested blocks",
    write: (text) =>
      text.replaceAll(
        /^(\[.*\])$/gm,
        "$1\nfoo = bar\ns3 =\n  region = us-west-2\n  aws_access_key_id = AKIANESTED",
      ),
  },
];

/** Pairs of ingredients, each plain and in one other syntax. */
export function generatedConfigs(): readonly OracleRow[] {
  return singlesAndPairs().flatMap((row, index) => {
    const odd = syntaxes[1 + (index % (syntaxes.length - 1))] ?? syntaxes[0];
    return [syntaxes[0], odd].flatMap((syntax) =>
      syntax === undefined
        ? []
        : [
            {
              ...row,
              title: `pair: ${row.title}, ${syntax.name}`,
              config: syntax.write(row.config),
              ...(row.credentials === undefined
                ? {}
                : { credentials: syntax.write(row.credentials) }),
            },
          ],
    );
  });
}
