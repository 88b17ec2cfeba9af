/**
 * Section headers that are read by some AWS tools and not by others, or by none though it is clear what is meant. Measured with botocore,
 * JavaScript and the Go SDK:
 *
 * - quoted (`[profile "x"]`, which `aws configure set` writes for a name with a space): the AWS CLI, boto3 and JavaScript read it;
 * - spaced (`[ profile x ]`, two spaces between the words): the AWS CLI, boto3 or JavaScript do not;
 * - indented: a header at the top, else a part of the value above, by tool;
 * - capital (`[Profile x]`), invisible (a no-break space in it) and mistyped (`[profiles x]`): none;
 * - characters (`[profile x)]`): by tool;
 * - glued (`[profile x]# c`): JavaScript and Ruby do not; bracket (`[profile x] # [c]`): the AWS CLI and boto3 do not.
 */
import { closestMatch } from "../foundation/edit-distance.ts";
import { invisible } from "../foundation/text.ts";
import { type Document, parseDocument } from "./document.ts";
import { decodeUtf8, isName, trimSpaces } from "./grammar.ts";

export type OddForm =
  | "quoted"
  | "spaced"
  | "indented"
  | "capital"
  | "invisible"
  | "mistyped"
  | "characters"
  | "glued"
  | "bracket";

export type OddHeader = {
  /** `profile`, `sso-session` or `services`. */
  readonly kind: string;
  /** What is meant. */
  readonly name: string;
  readonly form: OddForm;
  /** Counted from 1. */
  readonly line: number;
  /** The line as it is in the file (latin1, as in the document), without its line end. */
  readonly text: string;
  /** The header as every tool reads it, with the comment behind it. */
  readonly plain: string;
};

/** All of them, in the order of the file. */
export function oddHeaders(document: Document): OddHeader[] {
  // A line that has a bracket before anything that could be a key, and not far from its beginning: a search without an end takes minutes in a line of megabytes.
  return [...document.text.matchAll(/^[^\w\n#;=]{0,99}\[[^\n\r]*/gm)].flatMap(
    ({ 0: line, index }) => {
      const text = index === 0 ? line.replace(/^\xef\xbb\xbf/, "") : line;
      const header = readOddHeader(text, document.kind);
      return header === undefined ? [] : [{ ...header, line: document.lineAt(index), text }];
    },
  );
}

/** The first of them that means the profile NAME. */
export function oddHeaderOf(document: Document, name: string): OddHeader | undefined {
  return oddHeaders(document).find((one) => one.kind === "profile" && one.name === name);
}

/** What is odd about it, in a sentence part. */
export const oddForms: Readonly<Record<OddForm, string>> = {
  quoted: "has quotes: only the AWS CLI, boto3 and JavaScript read it",
  spaced: "has more spaces than one: the AWS CLI, boto3 or JavaScript do not read it",
  indented: "is indented: some AWS tools take it for a part of the setting above it",
  capital: "has capitals: no AWS tool reads it",
  invisible: "has a character that cannot be seen: no AWS tool reads it as it looks",
  mistyped: "begins with a word that no AWS tool knows",
  characters: "has a name with characters that not every AWS tool reads",
  glued: "has a comment without a space before it: JavaScript and Ruby do not read it",
  bracket: "has a comment with a bracket: the AWS CLI and boto3 do not read it",
};

/** The document with the header as every tool reads it, for questions about what is below it. */
export function withPlainHeader(document: Document, { line, text, plain }: OddHeader): Document {
  const lines = document.text.split("\n");
  lines[line - 1] = (lines[line - 1] ?? "").replace(text, () =>
    Buffer.from(plain).toString("latin1"),
  );
  return parseDocument(lines.join("\n"), document);
}

const prefixes = ["profile", "sso-session", "services"] as const;

/** `[x]` for `[[x]]`, with any number of brackets from two on. */
function oneBracket(text: string): string {
  if (!text.startsWith("[[") || !text.endsWith("]")) return text;
  let [start, end] = [0, text.length];
  while (text[start] === "[") start += 1;
  while (end > start && text[end - 1] === "]") end -= 1;
  return `[${text.slice(start, end)}]`;
}

function readOddHeader(
  latin1: string,
  file: Document["kind"],
): Pick<OddHeader, "kind" | "name" | "form" | "plain"> | undefined {
  const text = decodeUtf8(latin1);
  if (text === undefined) return undefined;
  const comment = text.search(/[#;]/);
  const behind = comment === -1 ? "" : ` ${text.slice(comment)}`;
  const written = comment === -1 ? text : text.slice(0, comment);
  const isInvisible = invisible.test(written);
  const seen = written
    .replaceAll(/[\u200B-\u200F\u2060-\u206F\uFEFF\u00AD]/g, "")
    .replaceAll(/[^\S\t]/g, " ");
  const trimmed = trimSpaces(seen);
  const bare = oneBracket(trimmed);
  const content =
    file === "config" ? bare.replace(/^\[(["'])(profile .*|default)\1\]$/, "[$2]") : bare;
  if (!content.startsWith("[") || !content.endsWith("]")) return undefined;
  const inner = content.slice(1, -1);
  const words = trimSpaces(inner);
  const [, first = "", gap = "", rest = ""] = /^(\S+)([ \t]+)(.+)$/.exec(words) ?? [];
  const isDefault = words.toLowerCase() === "default";
  const isBare = file === "credentials" || isDefault;
  const prefix = isBare ? "profile" : first.toLowerCase();
  const named = isBare ? words : rest;
  const unquoted = /^(["'])(.*)\1$/.exec(named)?.[2];
  const name = isDefault ? "default" : (unquoted ?? named);
  const guess = closestMatch(prefix, prefixes);
  if (name === "" || guess === undefined) return undefined;
  // `[profile x]` in the credentials file has a note of its own.
  if (file === "credentials" && /^profile[ \t]/.test(words)) return undefined;
  const isCapital = isDefault ? words !== "default" : !isBare && first !== prefix;
  const tests: readonly (readonly [OddForm, boolean])[] = [
    ["invisible", isInvisible],
    ["indented", /^[ \t]/.test(text)],
    ["mistyped", guess !== prefix || content !== trimmed],
    ["capital", isCapital],
    ["quoted", unquoted !== undefined],
    ["characters", !isName(name)],
    ["spaced", inner !== words || (!isBare && gap !== " ")],
    ["bracket", behind.includes("]")],
    ["glued", behind !== "" && written.endsWith("]")],
  ];
  const form = tests.find(([, is]) => is)?.[0];
  if (form === undefined) return undefined;
  const plain = isBare ? `[${name}]` : `[${guess} ${name}]`;
  return { kind: guess, name, form, plain: `${plain}${behind}` };
}
