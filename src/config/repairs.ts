/**
 * Repairs of lines that awsrole cannot read, or that other tools read differently. Each takes a document and returns another, changes nothing that
 * any tool reads the right way already, and does nothing when it is made again.
 */
import { invisible, noWidth } from "../foundation/text.ts";
import { type Document, parseDocument } from "./document.ts";
import { decodeUtf8, isComment, readProperty, splitLines, trimSpaces } from "./grammar.ts";
import { oddHeaders } from "./odd-headers.ts";

/** The document with other text in its lines, which keep their number and their line ends. */
function editLines(document: Document, edit: (lines: string[]) => void): Document {
  const whole = document.text.split("\n");
  const lines = splitLines(document.text);
  const ends = lines.map(
    (line, at) => `${whole[at]?.slice(line.length)}${at < lines.length - 1 ? "\n" : ""}`,
  );
  edit(lines);
  return parseDocument(lines.map((line, at) => line + (ends[at] ?? "")).join(""), document);
}

/**
 * Indented settings straight below a header, which have no setting above to continue, moved to the beginning of their lines: by as much as the least
 * indented of them, so that nested settings stay nested. So is the header where it is indented.
 */
export function outdentSettings(document: Document): Document {
  const headers = new Set(
    oddHeaders(document)
      .filter(({ form }) => form === "indented")
      .map(({ line }) => line - 1),
  );
  return editLines(document, (lines) => {
    for (const [at, line] of lines.entries()) {
      if (!headers.has(at) && !/^(?:\xef\xbb\xbf)?\[/.test(line)) continue;
      if (headers.has(at)) lines[at] = line.replace(/^[ \t]+/, "");
      const block = indentedBelow(lines, at, headers);
      const depth = Math.min(...block.map((one) => indentOf(lines[one] ?? "")));
      for (const one of block) lines[one] = (lines[one] ?? "").slice(depth);
    }
  });
}

/** The indented lines (without the blank ones) straight below line `at`; none if one of them could not be a setting. */
export function indentedBelow(
  lines: readonly string[],
  at: number,
  headers: ReadonlySet<number> = new Set(),
): number[] {
  const block: number[] = [];
  for (let next = at + 1; next < lines.length && !headers.has(next); next += 1) {
    const line = lines[next] ?? "";
    if (trimSpaces(line) === "" || isComment(line)) continue;
    if (indentOf(line) === 0) break;
    block.push(next);
  }
  const areSettings = block.every((one) => {
    const content = trimSpaces(lines[one] ?? "");
    return isComment(content) || /^[\w-]+[ \t]*=/.test(content);
  });
  const hasSetting = block.some((one) => !isComment(trimSpaces(lines[one] ?? "")));
  return areSettings && hasSetting ? block : [];
}

function indentOf(line: string): number {
  return /^[ \t]*/.exec(line)?.[0].length ?? 0;
}

/** The header line `found` in the form that every tool reads; nothing where that line is not there any more. */
export function replaceHeader(document: Document, found: string, plain: string): Document {
  return editLines(document, (lines) => {
    const mark = (lines[0] ?? "").startsWith("\xef\xbb\xbf") ? "\xef\xbb\xbf" : "";
    const at = lines.findIndex((line) => line === found || line === mark + found);
    if (at !== -1)
      lines[at] = (at === 0 ? mark : "") + Buffer.from(plain, "utf8").toString("latin1");
  });
}

/** Characters that cannot be seen, taken from both ends of every key and value, and those without a width from within; comments keep theirs. */
export function removeInvisible(document: Document): Document {
  return editLines(document, (lines) => {
    for (const [at, line] of lines.entries()) lines[at] = withoutInvisible(line);
  });
}

/** The line (latin1, as in a document) without the characters that can be taken away; the same where it is no setting. */
export function withoutInvisible(line: string): string {
  const text = decodeUtf8(line);
  if (text === undefined || !invisible.test(text)) return line;
  const comment = text.search(/[ \t][#;]/);
  const [written, behind] =
    comment === -1 ? [text, ""] : [text.slice(0, comment), text.slice(comment)];
  const property = readProperty(written);
  if (property === undefined || /^\s*[#;[]/.test(written)) return line;
  const shown = written.replaceAll(noWidth, "");
  const equals = shown.indexOf("=");
  const key = withoutOddEnd(withoutOddStart(shown.slice(0, equals), ""), " ");
  const value = withoutOddEnd(withoutOddStart(shown.slice(equals + 1), " "), "");
  const repaired = `${key}=${value}`;
  return Buffer.from(repaired + behind, "utf8").toString("latin1");
}

const oddSpace = /[^\S \t]/;

/** The text with `plain` in place of the space that it begins with, where that is not all spaces and tabs. Not by one expression, which took minutes for a long line. */
function withoutOddStart(text: string, plain: string): string {
  const rest = text.trimStart();
  return oddSpace.test(text.slice(0, text.length - rest.length)) ? plain + rest : text;
}

function withoutOddEnd(text: string, plain: string): string {
  const rest = text.trimEnd();
  return oddSpace.test(text.slice(rest.length)) ? rest + plain : text;
}

/** The comment behind a value on a line of its own, above it. `found` is the line as it was; nothing where it is not there any more. */
export function moveComment(document: Document, found: string): Document {
  const lines = document.text.split("\n");
  const index = lines.findIndex((line) => line.replace(/\r$/, "") === found);
  if (index === -1) return document;
  const end = (lines[index] ?? "").endsWith("\r") ? "\r" : "";
  const comment = found.search(/[ \t][#;]/);
  const [value, text] = [found.slice(0, comment).trimEnd(), trimSpaces(found.slice(comment))];
  lines.splice(index, 1, `${text}${end}`, `${value}${end}`);
  return parseDocument(lines.join("\n"), document);
}

/** The name of the setting in the line `found` in small letters; nothing where that line is not there any more. */
export function writeKeySmall(document: Document, found: string): Document {
  return editLines(document, (lines) => {
    for (const [at, line] of lines.entries())
      if (line === found) lines[at] = line.replace(/^[^=]*/, (key) => key.toLowerCase());
  });
}
