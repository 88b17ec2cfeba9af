/**
 * Edits of an AWS file that change only their own lines. Each takes a document and returns another; nothing touches the disk.
 *
 * - Line ends are those of the line above; a file keeps its byte order mark and whether it ends in a newline.
 * - A comment above a section or key is not taken along when that goes: it may be a banner over several, a setting or section that is switched off,
 *   or the section's above. Within a section, from its header to a blank line behind its last key, comments go with it; not from one on that is
 *   a header.
 * - A new section is appended after one blank line (none in an empty file), and deleting a section takes one blank line
 *   above it along: adding and deleting restores the bytes.
 * - A new key is written after the last one of its section, spaced as that one is. A changed value keeps the spacing of its line; a
 *   comment behind it moves to a line above, because the AWS CLI would read it as part of the value.
 * - A section that is there several times is read as one and edited as one.
 * - An edit of a section with a bad line is refused (ERR_CONFIG_SYNTAX), as reading it is.
 */
import { AwsRoleError } from "../foundation/errors.ts";
import {
  bodyOf,
  contentStart,
  type Document,
  headerProblems,
  nextHeader,
  parseDocument,
  preambleProblems,
  assertNoErrors,
  type Section,
} from "./document.ts";
import {
  type Body,
  type Entry,
  isComment,
  lineStop,
  nextLine,
  readBody,
  trimSpaces,
} from "./grammar.ts";
import { type OddHeader, oddForms, oddHeaders } from "./odd-headers.ts";
import { assertWritableName, assertWritableValue } from "./names.ts";

/** Which section; in the credentials file only profiles. */
export type SectionId = {
  readonly kind: "profile" | "sso-session" | "services";
  readonly name: string;
};

/** A section to append, with its keys in this order. */
export type NewSection = {
  readonly id: SectionId;
  readonly settings: readonly (readonly [key: string, value: string])[];
};

/**
 * Appends a section with these keys in this order. Throws ERR_PROFILE_EXISTS if it is there already, ERR_USAGE for a value
 * that cannot be written.
 */
export function addSection(
  document: Document,
  id: SectionId,
  settings: NewSection["settings"],
): Document {
  return addSections(document, [{ id, settings }]);
}

/** Appends sections, as `addSection` would one after the other, in one pass. Their names differ. Throws as it does. */
export function addSections(document: Document, sections: readonly NewSection[]): Document {
  if (sections.length === 0) return document;
  assertNoErrors(document, preambleProblems(document));
  // Listed once, the sections are found by name without another search.
  document.sections();
  const { text } = document;
  const newline = newlineBefore(text, text.length);
  const odd = oddHeaders(document);
  const blocks = sections.map(({ id, settings }) => {
    assertWritableName(id.name);
    assertAbsent(document, id, odd);
    const lines = settings.map(([key, value]) => `${key} = ${encode(key, value)}`);
    return [headerOf(document, id), ...lines].join(newline);
  });
  const block = blocks.join(newline + newline);
  if (text.length === contentStart(text)) return withText(document, text + block + newline);
  return withText(
    document,
    text.endsWith("\n") ? text + newline + block + newline : text + newline + newline + block,
  );
}

/** Deletes the section, wherever it is, with the comments within it. Throws ERR_PROFILE_NOT_FOUND. */
export function deleteSection(document: Document, id: SectionId): Document {
  return deleteSections(document, [id]);
}

/** Deletes sections, as `deleteSection` would from the last to the first, in one pass. Throws as it does. */
export function deleteSections(document: Document, ids: readonly SectionId[]): Document {
  if (ids.length > 1) document.sections();
  const deleted = ids.flatMap((id) => {
    editable(document, id);
    const sections = everySection(document, id);
    // What is left of a bad line would belong to the section above.
    sections.forEach((section) => readEditable(document, section));
    return sections;
  });
  // From the last to the first, because neighbours may share the blank line between them. What has been edited is the text up to `at`,
  // `near` with the first header line after it, and `far`.
  const { text } = document;
  let at = text.length;
  let near = "";
  const far: string[] = [];
  const keepNear = (kept: string): void => {
    const header = kept.startsWith("[") ? 0 : nextHeader(kept, 0);
    const end = nextLine(kept, header, kept.length);
    far.push(kept.slice(end));
    near = kept.slice(0, end);
  };
  for (const { start, end } of deleted.toSorted((one, other) => other.start - one.start)) {
    if (end < at) {
      far.push(near);
      keepNear(text.slice(end, at));
      at = end;
    }
    // With the line above and the line end before that, or from the top.
    const context = lineAbove(text, start) - 2;
    const first = context < contentStart(text) ? 0 : context;
    const around = text.slice(first, at) + near;
    const { from, to } = cutOf(around, start - first);
    keepNear(around.slice(to));
    at = first + from;
  }
  return withText(document, [text.slice(0, at), near, ...far.toReversed()].join(""));
}

/** Renames the section in its headers. Throws ERR_PROFILE_NOT_FOUND, ERR_PROFILE_EXISTS. */
export function renameSection(document: Document, id: SectionId, name: string): Document {
  return renameSections(document, id.kind, new Map([[id.name, name]]));
}

/** Renames sections of a kind, all at once: two may swap their names. Throws as `renameSection` does. */
export function renameSections(
  document: Document,
  kind: SectionId["kind"],
  names: ReadonlyMap<string, string>,
): Document {
  if (names.size > 1) document.sections();
  const odd = oddHeaders(document);
  const splices = [...names].flatMap(([from, to]): readonly Splice[] => {
    const id = { kind, name: from };
    const renamed = { kind, name: to };
    const sections = editable(document, id);
    if (from === to) return [];
    assertWritableName(to);
    // Free once its own section has another name.
    if ((names.get(to) ?? to) === to) assertAbsent(document, renamed, odd);
    if (everySection(document, id).length > sections.length) {
      throw new AwsRoleError(
        "ERR_CONFIG_CONFLICT",
        `${document.file} has both [default] and [profile default]`,
        {
          hint: "[default] is not read; remove one of the two first",
        },
      );
    }
    return sections.map(({ start, bodyStart }): Splice => {
      const stop = lineStop(document.text, start, bodyStart);
      const comment = document.text.slice(start, stop).search(/[#;]/);
      const moved =
        comment === -1
          ? ""
          : trimSpaces(document.text.slice(start + comment, stop)) +
            newlineBefore(document.text, start);
      return { start, end: stop, text: moved + headerOf(document, renamed) };
    });
  });
  return withText(document, splice(document.text, inOrder(splices)));
}

/** Sets a key of an existing section. Throws ERR_PROFILE_NOT_FOUND, ERR_USAGE for a value that cannot be written. */
export function setKey(document: Document, id: SectionId, key: string, value: string): Document {
  const sections = editable(document, id);
  const encoded = encode(key, value);
  const last = sections
    .flatMap(({ entries }) => entries.filter((entry) => entry.key === key))
    .at(-1);
  if (last?.value === value) return document;
  const change =
    last === undefined
      ? insertion(document.text, sections.at(-1) ?? sections[0], key, encoded)
      : replacement(document.text, last, encoded);
  return withText(document, splice(document.text, [change]));
}

/** Deletes a key with its continuation lines, wherever it is in the section; does nothing if it is not there. */
export function deleteKey(document: Document, id: SectionId, key: string): Document {
  const splices = editable(document, id).flatMap((section) =>
    section.entries
      .filter((entry) => entry.key === key)
      .map(({ start, end }): Splice => ({ start, end, text: "" })),
  );
  const edited = splice(document.text, splices);
  return withText(document, keepingFinalNewline(document.text, edited));
}

/** Renames a key wherever it is in the section; every other byte of its line stays. Throws ERR_CONFIG_CONFLICT if `name` is taken. */
export function renameKey(document: Document, id: SectionId, key: string, name: string): Document {
  const entries = editable(document, id).flatMap((section) => section.entries);
  if (name === key) return document;
  if (entries.some((entry) => entry.key === name)) {
    throw new AwsRoleError("ERR_CONFIG_CONFLICT", `${id.name} already has a key ${name}`, {
      hint: `remove ${name} or ${key} from it first`,
    });
  }
  const splices = entries
    .filter((entry) => entry.key === key)
    .map(({ start }): Splice => ({ start, end: start + key.length, text: name }));
  return withText(document, splice(document.text, splices));
}

/**
 * The same edit of many profiles, as if made of one after the other, in one pass through the file: with thousands, a new document for
 * every one of them takes minutes. `edit` is given a document of that profile alone, and changes only its keys.
 */
export function editEach(
  document: Document,
  names: readonly string[],
  edit: (document: Document, name: string) => Document,
): Document {
  assertNoErrors(document, preambleProblems(document));
  if (names.length > 1) document.sections();
  const splices: Splice[] = [];
  const others: string[] = [];
  for (const name of new Set(names)) {
    const [section, ...more] = editable(document, { kind: "profile", name });
    const text = document.text.slice(section.start, section.end);
    // What is there twice is edited as one; a header alone has no line end to go by.
    if (more.length > 0 || !text.includes("\n")) others.push(name);
    else {
      const { start, end } = section;
      splices.push({ start, end, text: edit(withText(document, text), name).text });
    }
  }
  return others.reduce(edit, withText(document, splice(document.text, inOrder(splices))));
}

type Splice = { readonly start: number; readonly end: number; readonly text: string };
type EditableSection = Section & Body;

/** The sections that count, with their lines; at least one. */
function editable(document: Document, id: SectionId): [EditableSection, ...EditableSection[]] {
  assertNoErrors(document, preambleProblems(document));
  const read = (section: Section): EditableSection => readEditable(document, section);
  const [first, ...more] = document.find(id.kind, id.name);
  if (first !== undefined) return [read(first), ...more.map(read)];
  throw new AwsRoleError(
    "ERR_PROFILE_NOT_FOUND",
    `${document.file} has no ${headerOf(document, id)}`,
  );
}

function readEditable(document: Document, section: Section): EditableSection {
  assertNoErrors(document, headerProblems(document, section));
  const body = readBody(document.text, bodyOf(section));
  assertNoErrors(document, body.problems);
  return { ...section, ...body };
}

/** Also the `[default]` that `[profile default]` replaces. */
function everySection(document: Document, id: SectionId): Section[] {
  // A section of another name is not looked at: one of thousands may be deleted.
  if (id.name !== "default") return [...document.find(id.kind, id.name)];
  return document.sections().filter(({ kind, name }) => kind === id.kind && name === id.name);
}

/** `odd`: the document's odd headers; one that some AWS tools read is the same section to them, and a second one would hide it. */
function assertAbsent(document: Document, id: SectionId, odd: readonly OddHeader[]): void {
  const [section] = document.find(id.kind, id.name);
  const twin = odd.find(
    ({ kind, name, form }) =>
      kind === id.kind && name === id.name && form !== "mistyped" && form !== "characters",
  );
  if (twin !== undefined)
    throw new AwsRoleError(
      "ERR_PROFILE_EXISTS",
      `${headerOf(document, id)} is already there, in a header that ${oddForms[twin.form]}: ${document.file}:${twin.line}`,
      { hint: "awsrole doctor --fix writes it as every tool reads it" },
    );
  if (section === undefined) return;
  assertNoErrors(document, headerProblems(document, section));
  throw new AwsRoleError(
    "ERR_PROFILE_EXISTS",
    `${headerOf(document, id)} is already there: ${document.file}:${document.lineAt(section.start)}`,
    { hint: "choose another name, or edit that one" },
  );
}

/** Of the section that begins at `start`: its lines, the comments within it, and the blank line that parted it from what is above. */
function cutOf(text: string, start: number): { readonly from: number; readonly to: number } {
  const bodyStart = nextLine(text, start, text.length);
  const end = ownEnd(text, { bodyStart, end: nextHeader(text, start) });
  if (start === contentStart(text)) {
    const next = nextLine(text, end, text.length);
    return { from: start, to: isBlank(text, end, next) ? next : end };
  }
  const above = lineAbove(text, start);
  const from = isBlank(text, above, start) ? above : start;
  // The newline to take off is the one that was put on with the blank line.
  const newline = text.startsWith("\r\n", start - 2) ? "\r\n" : "\n";
  const atEnd = end === text.length && !text.endsWith("\n");
  return { from: atEnd && text.endsWith(newline, from) ? from - newline.length : from, to: end };
}

/** After the last line that is a key of the section, continues one, or is its header. */
function lastSettingEnd(text: string, section: Pick<Section, "bodyStart" | "end">): number {
  const { entries, headEnd } = readBody(text, bodyOf(section));
  return entries.at(-1)?.end ?? headEnd;
}

function ownEnd(text: string, section: Pick<Section, "bodyStart" | "end">): number {
  const last = lastSettingEnd(text, section);
  let end = last;
  while (end < section.end && isComment(text.slice(end, end + 1))) {
    const next = nextLine(text, end, text.length);
    // A section that is switched off is not this one's.
    if (/^[#; \t]*\[.*\]/.test(text.slice(end, next))) break;
    end = next;
  }
  return end === section.end && end < text.length ? last : end;
}

/** A line for a new key, behind the last one of the section and spaced like it. */
function insertion(text: string, section: EditableSection, key: string, value: string): Splice {
  const neighbour = section.entries.at(-1);
  const at = neighbour?.end ?? section.headEnd;
  const newline = newlineBefore(text, at);
  const line = key + separatorLike(text, neighbour, key) + value;
  const ended = text.endsWith("\n", at);
  return { start: at, end: at, text: ended ? line + newline : newline + line };
}

/** The `=` of the neighbour's line with its spaces; where that is aligned to a column, to the same column. */
function separatorLike(text: string, neighbour: Entry | undefined, key: string): string {
  if (neighbour === undefined) return " = ";
  const line = text.slice(neighbour.start, lineStop(text, neighbour.start, neighbour.firstLineEnd));
  const [, before = " ", after = " "] = /^[^ \t=]+([ \t]*)=([ \t]*)/.exec(line) ?? [];
  if (before === "" && after === "") return "=";
  const column = neighbour.key.length + before.length;
  const aligned = /^ {2,}$/.test(before) && column > key.length;
  return `${aligned ? " ".repeat(column - key.length) : " "}= `;
}

/** The lines of an entry with another value. */
function replacement(text: string, entry: Entry, value: string): Splice {
  const end = lineStop(text, entry.start, entry.end);
  const line = text.slice(entry.start, lineStop(text, entry.start, entry.firstLineEnd));
  const comment = line.search(/[ \t][#;]/);
  const moved =
    comment === -1 ? "" : trimSpaces(line.slice(comment)) + newlineBefore(text, entry.start);
  const [before = ""] = /^[^=]*=[ \t]*/.exec(comment === -1 ? line : line.slice(0, comment)) ?? [];
  const space = before.endsWith(" =") ? " " : "";
  // Not every SDK lower-cases keys.
  return { start: entry.start, end, text: moved + before.toLowerCase() + space + value };
}

function headerOf(document: Document, { kind, name }: SectionId): string {
  if (document.kind === "credentials" || (kind === "profile" && name === "default"))
    return `[${name}]`;
  return `[${kind} ${name}]`;
}

/** The value's UTF-8 bytes as latin1 text, like the document's. */
function encode(key: string, value: string): string {
  assertWritableValue(key, value);
  return Buffer.from(value, "utf8").toString("latin1");
}

function withText({ file, kind }: Document, text: string): Document {
  return parseDocument(text, { file, kind });
}

function inOrder(splices: readonly Splice[]): readonly Splice[] {
  return splices.toSorted((one, other) => one.start - other.start);
}

/** `splices` are in the order of the file and do not overlap. */
function splice(text: string, splices: readonly Splice[]): string {
  let edited = "";
  let at = 0;
  for (const { start, end, text: replacing } of splices) {
    edited += text.slice(at, start) + replacing;
    at = end;
  }
  return edited + text.slice(at);
}

/** The line end that the line before `at` has; failing that the first one of the file. */
function newlineBefore(text: string, at: number): string {
  const before = at === 0 ? -1 : text.lastIndexOf("\n", at - 1);
  const newline = before === -1 ? text.indexOf("\n") : before;
  return newline > 0 && text[newline - 1] === "\r" ? "\r\n" : "\n";
}

function keepingFinalNewline(before: string, after: string): string {
  return before.endsWith("\n") ? after : after.replace(/\r?\n$/, "");
}

/** The start of the line above the one that begins at `start`. */
function lineAbove(text: string, start: number): number {
  const begin = start < 2 ? 0 : text.lastIndexOf("\n", start - 2) + 1;
  return Math.max(begin, contentStart(text));
}

function isBlank(text: string, start: number, next: number): boolean {
  return next > start && trimSpaces(text.slice(start, lineStop(text, start, next))) === "";
}
