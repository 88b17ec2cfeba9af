/**
 * The line grammar of `~/.aws/config` and `~/.aws/credentials` (the cross-SDK specification; docs.aws.amazon.com,
 * sdkref/latest/guide/file-format.html, and the SDKs' common test cases). A line is, in this order:
 *
 * - empty: only spaces and tabs;
 * - a comment: begins with `#` or `;`;
 * - a section header: begins with `[`. Cut at the first `#` or `;`, trimmed, it must end in `]`;
 * - a continuation: begins with a space or tab, and belongs to the property above it, through blank lines and comments;
 * - else a property: split at the first `=`, both sides trimmed, the key lower-cased. A `#` or `;` after a space or tab
 *   begins a comment. Nothing is quoted or escaped.
 *
 * A continuation of a property with a value is trimmed, comment marks and all, and joined with a line feed. Under a property without a
 * value every continuation is a sub-property, `k = v`. A continuation without a property above it is an error.
 *
 * One mercy beyond the specification (the AWS CLI reads it so): an indented line that begins with `#` or `;` is a
 * comment wherever it would be an error.
 *
 * Text here is the file's bytes read as latin1: every offset is a byte offset, every byte survives, and V8 keeps one
 * byte per character. Keys and values are decoded as UTF-8 when they are read. Places are offsets, since counting lines
 * would cost more than everything else together (measured: 5,000 profiles, 40 of 50 ms).
 */

/** A property, with its sub-properties. Offsets are into the text of the document. */
export type Entry = {
  /** Lower-cased. When it is not a name (`isName`), no tool reads the property. */
  readonly key: string;
  /** Decoded; continuation lines joined with `\n`, so a nested block has `"\nk = v\nk2 = v2"`. */
  readonly value: string;
  /** Start of the property's line. */
  readonly start: number;
  /** After the line end of the property's first line. */
  readonly firstLineEnd: number;
  /** After the last indented line that belongs to it; `firstLineEnd` if there is none. */
  readonly end: number;
  /** Sub-properties in the order written; undefined when there is no nested block. */
  readonly nested: readonly SubEntry[] | undefined;
};

/** A line of a nested block. */
export type SubEntry = Pick<Entry, "key" | "value" | "start"> & { readonly nested?: undefined };

/** Something wrong with a line. An error fails the reader of its section; a warning is only reported. */
export type LineProblem = {
  /** Start of the line. */
  readonly start: number;
  readonly severity: "error" | "warning";
  readonly what: string;
  readonly hint: string;
};

/** What is between two section headers. */
export type Body = {
  readonly entries: readonly Entry[];
  readonly problems: readonly LineProblem[];
  /** After the last indented comment before the first property, else the start of the body. */
  readonly headEnd: number;
};

/**
 * Reads the lines from `start` to `end`. With `section: false` (the lines before the first header) every property is an
 * error.
 */
export function readBody(
  text: string,
  { start, end, section }: { start: number; end: number; section: boolean },
): Body {
  const entries: Entry[] = [];
  const problems: LineProblem[] = [];
  const problem = (
    severity: LineProblem["severity"],
    at: number,
    [what, hint]: Explanation,
  ): void => {
    problems.push({ start: at, severity, what, hint });
  };
  let headEnd = start;
  let current: OpenEntry | undefined;

  for (let at = start, next = start; at < end; at = next) {
    next = nextLine(text, at, end);
    const line = text.slice(at, lineStop(text, at, next));
    const content = trimSpaces(line);
    const comment = isComment(content);
    if (content === "" || (comment && isComment(line))) continue;
    if (isSpace(line.charCodeAt(0))) {
      if (current !== undefined) {
        current.end = next;
        continueEntry(current, content, at, (severity, why) => problem(severity, at, why));
      } else if (comment) {
        if (entries.length === 0) headEnd = next;
        problem("warning", at, INDENTED_COMMENT);
      } else problem("error", at, section ? STRAY_CONTINUATION : NO_SECTION);
      continue;
    }
    const property = readProperty(line);
    current = undefined;
    if (!section) problem("error", at, NO_SECTION);
    else if (property === undefined) problem("error", at, NO_EQUALS);
    else if (property.key === "") problem("error", at, NO_KEY);
    else {
      const key = asciiLowerCase(property.key);
      const value = decodeUtf8(property.value);
      if (value === undefined) problem("error", at, NOT_UTF8);
      else if (!isName(key)) problem("warning", at, ODD_KEY);
      current = {
        key,
        value: value ?? "",
        start: at,
        firstLineEnd: next,
        end: next,
        nested: undefined,
        parent: property.value === "",
      };
      entries.push(current);
    }
  }
  return { entries, problems, headEnd };
}

type OpenEntry = {
  -readonly [K in keyof Entry]: K extends "nested" ? SubEntry[] | undefined : Entry[K];
} & { readonly parent: boolean };

/** Takes an indented line into the property above it; `content` is the line without the spaces around it. */
function continueEntry(
  entry: OpenEntry,
  content: string,
  start: number,
  problem: (severity: LineProblem["severity"], why: Explanation) => void,
): void {
  const decoded = decodeUtf8(content);
  if (decoded === undefined) return problem("error", NOT_UTF8);
  if (entry.parent) {
    const sub = readProperty(decoded);
    const comment = isComment(content);
    if (comment) problem("warning", INDENTED_COMMENT);
    else if (sub === undefined) return problem("error", NO_EQUALS_NESTED);
    else if (sub.key === "") return problem("error", NO_KEY);
    else (entry.nested ??= []).push({ key: asciiLowerCase(sub.key), value: sub.value, start });
    // Other SDKs keep the text of a commented-out sub-property, and stumble over any other comment here.
    if (sub === undefined || sub.key === "") return;
  }
  entry.value += `\n${decoded}`;
}

/** What is between the brackets. `prefix` is `""` when the name has none. */
export type Header = { readonly prefix: string; readonly name: string; readonly broken: boolean };

/**
 * Reads a header line (without its line end). A line that lacks its `]` is `broken`; its prefix and name are then what was
 * probably meant, so that a look-up of that section reports this line instead of "not found".
 */
export function readHeader(line: string): Header {
  const comment = line.search(/[#;]/);
  const content = trimSpaces(comment === -1 ? line : line.slice(0, comment));
  const broken = !content.endsWith("]");
  const close = broken ? content.indexOf("]") : content.length - 1;
  const inner = trimSpaces(content.slice(1, close === -1 ? undefined : close));
  const space = inner.search(/[ \t]/);
  return space === -1
    ? { prefix: "", name: inner, broken }
    : { prefix: inner.slice(0, space), name: trimSpaces(inner.slice(space)), broken };
}

/** True for a name of a section or property that every SDK takes: `[A-Za-z0-9_./%@:+-]+`. */
export function isName(name: string): boolean {
  return /^[\w./%@:+-]+$/.test(name);
}

/**
 * The key and value of a property line (without its line end), still latin1; undefined without an `=`. The line is cut
 * at its comment first, so a `=` inside the comment does not count.
 */
export function readProperty(line: string): { key: string; value: string } | undefined {
  const comment = line.search(/[ \t][#;]/);
  const content = comment === -1 ? line : line.slice(0, comment);
  const equals = content.indexOf("=");
  if (equals === -1) return undefined;
  return {
    key: trimSpaces(content.slice(0, equals)),
    value: trimSpaces(content.slice(equals + 1)),
  };
}

/** The offset after the line that begins at `at`, at most `end`. */
export function nextLine(text: string, at: number, end: number): number {
  const newline = text.indexOf("\n", at);
  return newline === -1 || newline >= end ? end : newline + 1;
}

/** Where the content of the line from `at` to `next` stops: before its `\n`, and any `\r` before that. */
export function lineStop(text: string, at: number, next: number): number {
  let stop = next;
  if (stop > at && text.charCodeAt(stop - 1) === LF) stop--;
  while (stop > at && text.charCodeAt(stop - 1) === CR) stop--;
  return stop;
}

/** The lines of a text, without `\n` and any `\r` before it. */
export function splitLines(text: string): string[] {
  const lines = text.split("\n");
  const last = lines.length - 1;
  return lines.map((line, at) =>
    at === last ? line : line.slice(0, lineStop(line, 0, line.length)),
  );
}

/** Only spaces and tabs are space here: `String.prototype.trim` would also take the last byte of `à` for one. */
export function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** The UTF-8 text in these latin1-read bytes; undefined if it is not UTF-8. */
export function decodeUtf8(bytes: string): string | undefined {
  // eslint-disable-next-line no-control-regex
  if (/^[\0-\x7f]*$/.test(bytes)) return bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(bytes, "latin1"),
    );
  } catch {
    return undefined;
  }
}

/** True for a line that begins with a comment mark. */
export function isComment(line: string): boolean {
  return line.startsWith("#") || line.startsWith(";");
}

const LF = 10;
const CR = 13;

type Explanation = readonly [what: string, hint: string];
const NO_SECTION: Explanation = [
  "setting outside any section",
  "put a header such as [default] or [profile NAME] above it, or begin the line with #",
];
const STRAY_CONTINUATION: Explanation = [
  "an indented line has no setting above it to continue",
  "remove the spaces at its beginning",
];
const NO_EQUALS: Explanation = [
  'a line without "="',
  "write it as key = value, or begin it with #",
];
const NO_EQUALS_NESTED: Explanation = [
  'a line without "=" in a nested block',
  "write it as key = value, or remove the line",
];
const NO_KEY: Explanation = ['nothing before "="', "write it as key = value, or begin it with #"];
const NOT_UTF8: Explanation = ["the line is not valid UTF-8", "save the file as UTF-8"];
/** The note on a key that no tool reads. */
export const ODD_KEY: Explanation = [
  "a key with characters that AWS does not allow; it is ignored",
  "use letters, digits, - and _",
];
/** Told of a comment that SDKs other than the AWS CLI stumble over. */
export const INDENTED_COMMENT: Explanation = [
  "an indented comment, which some SDKs report as an error",
  "remove the spaces at its beginning",
];

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}

function asciiLowerCase(key: string): string {
  return key.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
