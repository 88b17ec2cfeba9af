/**
 * One AWS file, held losslessly: its bytes (as latin1 text), where its sections stand, and what they say.
 *
 * - Parsing reads nothing yet. Who asks for one section has its name searched for; the other sections are passed over unread, so that
 *   one profile of thousands costs little more than one of five. All headers, and line numbers, are found when all are wanted.
 * - In the config file a section is `[default]`, `[profile NAME]`, or has another prefix (`sso-session`, `services`, …);
 *   in the credentials file it is `[NAME]`. A section whose name SDKs do not accept is kept, and not read.
 * - `[profile default]` replaces `[default]`, wherever the two stand. Sections of the same name are read as one, and of a
 *   key that is there twice the last one counts.
 * - A bad line fails only those who read its section. One before the first section fails edits of the file, and reads of a section that is not
 *   there (files.ts): it may be the reason.
 */
import { AwsRoleError } from "../foundation/errors.ts";
import {
  decodeUtf8,
  type Entry,
  isName,
  type LineProblem,
  lineStop,
  nextLine,
  readBody,
  readHeader,
  type SubEntry,
} from "./grammar.ts";

export type FileKind = "config" | "credentials";

/** The bytes of a file, and where its sections stand in them. Never changed: an edit makes a new one. */
export type Document = {
  /** The path as it shall stand in messages. */
  readonly file: string;
  readonly kind: FileKind;
  /** The bytes, one character each; `Buffer.from(text, "latin1")` gives them back. */
  readonly text: string;
  /** Where the header lines begin. */
  readonly headers: readonly number[];
  /** Every section, in the order of the file. */
  sections(): readonly Section[];
  /** The sections of that kind and name that count, in the order of the file. */
  find(kind: string, name: string): readonly Section[];
  /** The number of the line that an offset is in, counted from 1. */
  readonly lineAt: (offset: number) => number;
};

/** A section as it is in the file. Offsets are into `Document.text`. */
export type Section = {
  /** `profile`, `sso-session`, `services`, another prefix; `""` for what no SDK reads. */
  readonly kind: string;
  readonly name: string;
  /** The header line lacks its `]`. Kind and name are then what was probably meant. */
  readonly broken: boolean;
  /** `[default]` in a config file, which `[profile default]` replaces. */
  readonly bareDefault: boolean;
  readonly start: number;
  /** After the header's line end. */
  readonly bodyStart: number;
  /** Where the next header begins, or the end of the file. */
  readonly end: number;
};

/** One key's value and where it was written. */
export type Setting = {
  /** Decoded. A nested block's text is `"\nk = v\nk2 = v2"`. */
  readonly value: string;
  readonly file: string;
  /** Counted from 1, and counted only when asked for. */
  readonly line: number;
  /** The sub-properties of a nested block such as `s3 =`. */
  readonly nested?: ReadonlyMap<string, Setting>;
};

/** Lower-cased key → setting. A Map, so that a key may be named `__proto__`. */
export type Settings = ReadonlyMap<string, Setting>;

/** Something wrong with a file, for a person to fix. Errors fail those who read the section; warnings do not. */
export type Problem = Omit<LineProblem, "start"> & {
  readonly file: string;
  readonly line: number;
};

/** Takes the bytes of a file as latin1 text. Never throws: what is wrong shows when it is read. */
export function parseDocument(
  text: string,
  { file, kind }: { file: string; kind: FileKind },
): Document {
  let headers: number[] | undefined;
  let sections: Section[] | undefined;
  let byName: Map<string, Section[]> | undefined;
  let lineStarts: number[] | undefined;
  const found = new Map<string, readonly Section[]>();
  const allHeaders = (): number[] => (headers ??= findHeaders(text));
  const readAt = (index: number): Section =>
    readSectionHeader(text, kind, allHeaders()[index] ?? 0, allHeaders()[index + 1] ?? text.length);
  return {
    file,
    kind,
    text,
    get headers() {
      return allHeaders();
    },
    sections: () => (sections ??= allHeaders().map((_, index) => readAt(index))),
    find: (kindWanted, name) => {
      const id = `${kindWanted} ${name}`;
      // A caller that has listed the sections will ask for many of them. One that asks for one pays for one.
      if (sections !== undefined) {
        byName ??= groupByName(sections);
        return byName.get(id) ?? [];
      }
      const known = found.get(id);
      if (known !== undefined) return known;
      const candidates = headersWith(text, allHeaders(), name).map(readAt);
      const those = groupByName(candidates).get(id) ?? [];
      found.set(id, those);
      return those;
    },
    lineAt: (offset) => countStartsUpTo((lineStarts ??= findLineStarts(text)), offset),
  };
}

/** The names of all sections of that kind, once each, in the order of the file. */
export function sectionNames(document: Document, kind: string): string[] {
  const names = new Set<string>();
  for (const section of document.sections()) {
    if (section.kind === kind && !section.broken) names.add(section.name);
  }
  return [...names];
}

/**
 * What the sections of that kind and name say together; undefined if there are none. Throws ERR_CONFIG_SYNTAX, naming
 * file and line, if a line in them or one of their headers is bad.
 */
export function readSettings(document: Document, kind: string, name: string): Settings | undefined {
  return mergeSections(document, document.find(kind, name), (problems) =>
    assertNoErrors(document, problems),
  );
}

/** The same, of the good lines alone. Never throws. */
export function readGoodLines(
  document: Document,
  kind: string,
  name: string,
): Settings | undefined {
  return mergeSections(document, document.find(kind, name), () => {});
}

function mergeSections(
  document: Document,
  sections: readonly Section[],
  check: (problems: readonly LineProblem[]) => void,
): Settings | undefined {
  if (sections.length === 0) return undefined;
  const settings = new Map<string, Setting>();
  for (const section of sections) {
    check(headerProblems(document, section));
    const { entries, problems } = readBody(document.text, bodyOf(section));
    check(problems);
    for (const entry of entries) {
      if (isName(entry.key)) settings.set(entry.key, toSetting(document, entry));
    }
  }
  return settings;
}

/** Everything wrong in the file, in the order of its lines. */
export function documentProblems(document: Document): Problem[] {
  const sections = document.sections();
  const replacing = document.find("profile", "default").some((section) => !section.bareDefault);
  const problems = [
    ...preambleProblems(document),
    ...sections.flatMap((section) => [
      ...headerProblems(document, section),
      ...(replacing && section.bareDefault ? [{ start: section.start, ...REPLACED_DEFAULT }] : []),
      ...readBody(document.text, bodyOf(section)).problems,
    ]),
  ];
  return problems.map(({ start, ...problem }) => ({
    file: document.file,
    line: document.lineAt(start),
    ...problem,
  }));
}

/** Throws ERR_CONFIG_SYNTAX for the first error among the problems; warnings pass. */
export function assertNoErrors(document: Document, problems: readonly LineProblem[]): void {
  const errors = problems.filter((problem) => problem.severity === "error");
  const [first] = errors;
  if (first === undefined) return;
  const more = errors.length === 1 ? "" : ` (and ${errors.length - 1} more in the same section)`;
  throw new AwsRoleError(
    "ERR_CONFIG_SYNTAX",
    `${document.file}:${document.lineAt(first.start)}: ${first.what}${more}`,
    { hint: first.hint },
  );
}

/** The problems of the lines before the first section. */
export function preambleProblems({ text }: Document): readonly LineProblem[] {
  const start = contentStart(text);
  const end = text.startsWith("[", start) ? start : nextHeader(text, start);
  return start === end ? [] : readBody(text, { start, end, section: false }).problems;
}

/** The problems of a section's header line. */
export function headerProblems(document: Document, section: Section): readonly LineProblem[] {
  const { start } = section;
  if (section.broken) {
    const hasBareReturns = /^\[[^\]\r]*\]\r./.test(headerLine(document.text, start));
    return [{ start, ...(hasBareReturns ? BARE_RETURNS : BROKEN_HEADER) }];
  }
  if (section.kind !== "" || CLI_SECTIONS.has(section.name)) return [];
  const header = decodeUtf8(headerLine(document.text, start)) ?? "its name is not UTF-8";
  const isConfig = document.kind === "config";
  const form = isConfig ? "[profile NAME]" : "[NAME]";
  // What is forgotten most often in the one file, and carried over from it to the other.
  const meant = (
    isConfig
      ? /^\[(?!(?:profile|sso-session|services)\])([\w.@+:/%-]+)\]/
      : /^\[profile +([\w.@+:/%-]+)\]/
  ).exec(header)?.[1];
  return [
    {
      start,
      severity: "warning",
      what: `a section that no SDK reads: ${header}`,
      hint:
        meant === undefined
          ? `write ${form}, a name of letters, digits and _ - / . % @ : +`
          : `write ${form.replace("NAME", () => meant.replace(/^profile[.:_-]+(?=.)/, ""))}`,
    },
  ];
}

/** The range of a section's lines, for `readBody`. */
export function bodyOf(section: Pick<Section, "bodyStart" | "end">): {
  start: number;
  end: number;
  section: true;
} {
  return { start: section.bodyStart, end: section.end, section: true };
}

/** Where the first line begins: after the byte order mark, if there is one. */
export function contentStart(text: string): number {
  return text.startsWith(UTF8_BYTE_ORDER_MARK) ? UTF8_BYTE_ORDER_MARK.length : 0;
}

const UTF8_BYTE_ORDER_MARK = "\xef\xbb\xbf";

/** Sections of the AWS CLI's own config that have no prefix. */
const CLI_SECTIONS: ReadonlySet<string> = new Set(["plugins", "preview"]);

const BROKEN_HEADER = {
  severity: "error",
  what: 'a section header that does not end in "]"',
  hint: "write it as [profile NAME], with nothing but a comment after it",
} as const;

const BARE_RETURNS = {
  severity: "error",
  what: "lines that end with a carriage return (CR) alone, not with LF or CRLF",
  hint: "convert its line ends to LF in an editor",
} as const;

/** The note on a `[default]` that no tool reads. */
export const REPLACED_DEFAULT = {
  severity: "warning",
  what: "[default] is not read, because the file also has [profile default]",
  hint: "move its keys to one of the two and remove the other",
} as const;

/**
 * The indices of the headers that have `name` in their line. It is the name that is searched for, and other sections are jumped over unread:
 * with 5,000 sections work that is done for each of them is noticeable.
 */
function headersWith(text: string, headers: readonly number[], name: string): number[] {
  const found: number[] = [];
  for (let index = 0; index < headers.length; index += 1) {
    const hit = text.indexOf(name, headers[index]);
    if (hit === -1) break;
    while ((headers[index + 1] ?? Infinity) <= hit) index += 1;
    if (hit < nextLine(text, headers[index] ?? 0, text.length)) found.push(index);
  }
  return found;
}

/** Where the next header line after the line of `at` begins, or the end of the text. */
export function nextHeader(text: string, at: number): number {
  const found = text.indexOf("\n[", at);
  return found === -1 ? text.length : found + 1;
}

/** A search for `\n[` through the whole file. */
function findHeaders(text: string): number[] {
  const headers: number[] = [];
  const first = contentStart(text);
  if (text.startsWith("[", first)) headers.push(first);
  for (let at = text.indexOf("\n[", first); at !== -1; at = text.indexOf("\n[", at + 1)) {
    headers.push(at + 1);
  }
  return headers;
}

function readSectionHeader(text: string, file: FileKind, start: number, end: number): Section {
  const { prefix, name, broken } = readHeader(headerLine(text, start));
  const bareDefault = file === "config" && prefix === "" && name === "default";
  const valid = isName(name) && (file === "credentials" ? prefix === "" : prefix !== "");
  const kind = bareDefault || (valid && file === "credentials") ? "profile" : valid ? prefix : "";
  return { kind, name, broken, bareDefault, start, bodyStart: nextLine(text, start, end), end };
}

function headerLine(text: string, start: number): string {
  return text.slice(start, lineStop(text, start, nextLine(text, start, text.length)));
}

function groupByName(sections: readonly Section[]): Map<string, Section[]> {
  const groups = new Map<string, Section[]>();
  for (const section of sections) {
    const id = `${section.kind} ${section.name}`;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [section]);
    else group.push(section);
  }
  const defaults = groups.get("profile default")?.filter((section) => !section.bareDefault);
  if (defaults !== undefined && defaults.length > 0) groups.set("profile default", defaults);
  return groups;
}

function toSetting(document: Document, { value, start, nested }: Entry | SubEntry): Setting {
  const { file, lineAt } = document;
  if (nested === undefined) {
    return {
      value,
      file,
      get line() {
        return lineAt(start);
      },
    };
  }
  return {
    value,
    file,
    get line() {
      return lineAt(start);
    },
    nested: new Map(nested.map((sub) => [sub.key, toSetting(document, sub)])),
  };
}

function findLineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function countStartsUpTo(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? Infinity) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
