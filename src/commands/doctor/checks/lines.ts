/** Lines that look right and are read differently, or by no tool: headers, indented settings, comments behind values, characters that cannot be seen. */
import { bodyOf, type Document, type Section } from "../../../config/document.ts";
import {
  decodeUtf8,
  type Entry,
  lineStop,
  nextLine,
  readBody,
  splitLines,
  trimSpaces,
} from "../../../config/grammar.ts";
import { type OddForm, type OddHeader, oddForms, oddHeaders } from "../../../config/odd-headers.ts";
import {
  indentedBelow,
  moveComment,
  outdentSettings,
  removeInvisible,
  replaceHeader,
  withoutInvisible,
} from "../../../config/repairs.ts";
import { escapeControls, invisible } from "../../../foundation/text.ts";
import type { AutoFix, Check, Facts, Finding } from "../finding.ts";

/** Every check of lines. */
export const checkLines: Check = (facts) =>
  [facts.files.config, facts.files.credentials].flatMap((document) => [
    ...headers(document),
    ...indentedSettings(document),
    ...settingLines(facts, document),
  ]);

/** The lines (counted from 1) that have a finding here, so that nothing else is said of them. */
export function linesTold(document: Document): ReadonlySet<number> {
  const lines = splitLines(document.text);
  const odd = oddHeaders(document);
  const indented = new Set(
    odd.filter(({ form }) => form === "indented").map(({ line }) => line - 1),
  );
  const heads = [...document.headers.map((start) => document.lineAt(start) - 1), ...indented];
  const keys = document
    .sections()
    .flatMap((section) =>
      readBody(document.text, bodyOf(section)).entries.flatMap(({ key, start }) =>
        invisible.test(decodeUtf8(key) ?? "") ? [document.lineAt(start)] : [],
      ),
    );
  // To awsrole what is below a header that it does not read belongs to the section above.
  const read = new Set(document.headers.map((at) => document.lineAt(at)));
  const stops = new Set([...heads.map((at) => at + 1), ...odd.map(({ line }) => line)]);
  const below = odd.flatMap(({ line }) => {
    const found: number[] = [];
    for (let at = line + 1; !read.has(line) && at <= lines.length && !stops.has(at); at += 1)
      found.push(at);
    return found;
  });
  return new Set([
    ...odd.map(({ line }) => line),
    ...below,
    ...heads.flatMap((at) => indentedBelow(lines, at, indented).map((one) => one + 1)),
    ...keys,
  ]);
}

/** Only the config file is edited; of the credentials file no copy is made, not even of a line. */
function fixIn(document: Document, edit: (config: Document) => Document): { autoFix?: AutoFix } {
  return document.kind === "config" ? { autoFix: { edit } } : {};
}

/** What is meant is a guess, or there is a comment to move. */
const byHand: ReadonlySet<OddForm> = new Set(["characters", "mistyped", "bracket"]);

function headers(document: Document): Finding[] {
  const odd = oddHeaders(document);
  const linesOf = new Map<string, number[]>();
  for (const { kind, name, line } of odd)
    linesOf.set(`${kind} ${name}`, [...(linesOf.get(`${kind} ${name}`) ?? []), line]);
  return odd.map((header): Finding => {
    const { line, form, kind, name, plain } = header;
    const text = decodeUtf8(header.text) ?? "";
    const comment = text.search(/[#;]/);
    const shown = trimSpaces(comment === -1 ? text : text.slice(0, comment));
    const twin = twinOf(document, linesOf.get(`${kind} ${name}`) ?? [], header);
    const place = {
      ...(kind === "profile" ? { profile: name } : {}),
      file: document.file,
      line,
    };
    if (twin !== undefined)
      return {
        id: "twin-section",
        ...place,
        what: `${escapeControls(shown)} and line ${twin} are one section to some AWS tools, and two to others`,
        fix: `move its lines to line ${twin} and remove this header`,
      };
    const indented = form === "indented" ? outdentSettings : undefined;
    const isFixable = !byHand.has(form) && /^[\w./%@:+-]+$/.test(name);
    return {
      id: form === "indented" ? "indented-header" : "odd-header",
      ...place,
      what: `${escapeControls(shown)} ${oddForms[form]}`,
      fix:
        form === "bracket"
          ? "write the comment on a line of its own"
          : isFixable || form === "mistyped"
            ? `write ${plain.replace(/ [#;].*$/, "")}`
            : `write [${document.kind === "credentials" ? "" : `${kind} `}NAME], a name of letters, digits and _ - / . % @ : +`,
      ...(isFixable
        ? fixIn(document, indented ?? ((config) => replaceHeader(config, header.text, plain)))
        : {}),
    };
  });
}

/** The line of another header for the same section; `others` are those of odd ones. */
function twinOf(
  document: Document,
  others: readonly number[],
  { kind, name, line }: OddHeader,
): number | undefined {
  const plain = document.find(kind, name).map(({ start }) => document.lineAt(start));
  // What every reading finds is the one to keep.
  if (plain.includes(line))
    return plain.find((other) => other !== line && (other < line || !others.includes(other)));
  return [...plain, ...others].find(
    (other) => other !== line && (other < line || plain.includes(other)),
  );
}

/** Below a header that is not indented itself, which has its finding. */
function indentedSettings(document: Document): Finding[] {
  const lines = splitLines(document.text);
  return document.sections().flatMap((section): Finding[] => {
    const at = document.lineAt(section.start) - 1;
    const [first] = indentedBelow(lines, at);
    if (first === undefined) return [];
    return [
      {
        id: "indented-setting",
        ...profileOf(section),
        file: document.file,
        line: first + 1,
        what: `the settings of ${(lines[at] ?? "").trim()} are indented`,
        fix: "remove the spaces at the beginning of these lines",
        ...fixIn(document, outdentSettings),
      },
    ];
  });
}

function profileOf({ kind, name }: Section): { profile?: string } {
  return kind === "profile" ? { profile: name } : {};
}

function settingLines({ names }: Facts, document: Document): Finding[] {
  return document.sections().flatMap((section) => {
    if (section.kind === "profile" && !names.includes(section.name)) return [];
    return readBody(document.text, bodyOf(section)).entries.flatMap((entry) =>
      [entry, ...(entry.nested ?? [])].flatMap(({ key, value, start }) => {
        const line = document.text.slice(
          start,
          lineStop(document.text, start, nextLine(document.text, start, document.text.length)),
        );
        const place = { ...profileOf(section), file: document.file, line: document.lineAt(start) };
        return [
          ...inlineComment(document, line, {
            key,
            value,
            hasNested: "firstLineEnd" in entry && isParent(entry, start),
          }).map((finding) => ({ ...finding, ...place })),
          ...invisibleIn(document, line, key).map((finding) => ({ ...finding, ...place })),
        ];
      }),
    );
  });
}

function isParent({ nested, start }: Entry, at: number): boolean {
  return nested !== undefined && start === at;
}

type Told = Pick<Finding, "id" | "what" | "fix" | "autoFix">;

/** The AWS CLI and boto3 have the comment for a part of the value. */
function inlineComment(
  document: Document,
  line: string,
  { key, value, hasNested }: { key: string; value: string; hasNested: boolean },
): Told[] {
  const written = line.slice(line.indexOf("=") + 1);
  const comment = written.search(/[ \t][#;]/);
  if (comment === -1) return [];
  const behind = written.slice(0, comment);
  const isEmpty = value === "" && !hasNested;
  // Part of a quoted word: taken apart, it is another command.
  const isQuoted = behind.split(/["']/).length % 2 === 0;
  return [
    {
      id: "inline-comment",
      what: isEmpty
        ? `${key} has a comment in place of a value`
        : `a comment after the value of ${key}`,
      fix: isEmpty
        ? "give it a value, or write the comment on a line of its own"
        : isQuoted
          ? "awsrole and most SDKs end the value there, quotes or not: write it without # and ;"
          : "move it to a line of its own, above",
      ...(isEmpty || isQuoted ? {} : fixIn(document, (config) => moveComment(config, line))),
    },
  ];
}

/** Names of files and programs may have such characters within. */
const paths = /process$|_file$|_bundle$/;

function invisibleIn(document: Document, line: string, key: string): Told[] {
  const comment = line.search(/[ \t][#;]/);
  const text = decodeUtf8(comment === -1 ? line : line.slice(0, comment)) ?? "";
  const found = invisible.exec(text)?.[0];
  if (found === undefined) return [];
  const repaired = decodeUtf8(withoutInvisible(line)) ?? "";
  const remains = invisible.test(repaired.replace(/[ \t][#;].*$/, ""));
  if (remains && repaired === decodeUtf8(line) && paths.test(key)) return [];
  return [
    {
      id: "invisible-character",
      what: `the line of ${escapeControls(decodeUtf8(key) ?? "")} has a character that cannot be seen: ${escapeControls(found)}`,
      fix: remains ? "write the line again by hand" : "remove it",
      ...(remains ? {} : fixIn(document, removeInvisible)),
    },
  ];
}
