/** The two AWS files: their lines, and who may read and write them. */
import { statSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import {
  bodyOf,
  contentStart,
  type Document,
  parseDocument,
  documentProblems,
  type Problem,
  REPLACED_DEFAULT,
} from "../../../config/document.ts";
import { INDENTED_COMMENT, ODD_KEY, readBody } from "../../../config/grammar.ts";
import { commandLine } from "../../../foundation/shell-quote.ts";
import { secretKeys } from "../../../config/secret-keys.ts";
import type { FindingId } from "../rules.ts";
import type { Check, Finding, AutoFix } from "../finding.ts";

/** Every check of the files. */
export const checkFiles: Check = ({ files, platform }) => [
  ...files.problems().map((problem) => ofProblem(problem, files.config.file)),
  ...[files.config, files.credentials].flatMap((document) => [
    ...byteOrderMark(document),
    ...duplicates(document),
    ...(platform === "win32" ? [] : permissions(document)),
  ]),
];

function ofProblem({ severity, what, hint, file, line }: Problem, config: string): Finding {
  const ids: Readonly<Record<string, FindingId>> = {
    [INDENTED_COMMENT[0]]: "indented-comment",
    [ODD_KEY[0]]: "odd-key",
    [REPLACED_DEFAULT.what]: "two-defaults",
  };
  const id = severity === "error" ? "config-syntax" : (ids[what] ?? "unread-section");
  const isFixable = id === "indented-comment" && file === config;
  return { id, file, line, what, fix: hint, ...(isFixable ? { autoFix: { edit: outdent } } : {}) };
}

/** Every indented comment of the file, moved to the beginning of its line. */
function outdent(document: Document): Document {
  const wrong = new Set(
    documentProblems(document)
      .filter(({ what }) => what === INDENTED_COMMENT[0])
      .map(({ line }) => line),
  );
  const lines = document.text.split("\n");
  const text = lines
    .map((line, index) => (wrong.has(index + 1) ? line.replace(/^[ \t]+/, "") : line))
    .join("\n");
  return parseDocument(text, document);
}

/** Some editors on Windows write one; awsrole and others pass over it. */
function byteOrderMark(document: Document): Finding[] {
  const { file, kind, text } = document;
  if (contentStart(text) === 0) return [];
  const edit = (config: Document): Document =>
    parseDocument(config.text.slice(contentStart(config.text)), config);
  return [
    {
      id: "byte-order-mark",
      file,
      line: 1,
      what: "the file begins with a byte order mark, which cannot be seen",
      fix: 'save it as "UTF-8", not as "UTF-8 with BOM"',
      ...(kind === "config" ? { autoFix: { edit } } : {}),
    },
  ];
}

function duplicates(document: Document): Finding[] {
  const findings: Finding[] = [];
  const sections = new Map<string, number>();
  for (const section of document.sections()) {
    const { kind, name, start, bareDefault } = section;
    const id = `${kind} ${name} ${bareDefault}`;
    const first = sections.get(id);
    const line = document.lineAt(start);
    if (first === undefined) sections.set(id, line);
    else if (kind !== "")
      findings.push({
        id: "duplicate-section",
        file: document.file,
        line,
        what: `[${name}] begins a second time (first in line ${first})`,
        fix: "move its lines to the first one and remove this header",
      });
    const keys = new Map<string, number>();
    for (const { key, start: at } of readBody(document.text, bodyOf(section)).entries) {
      const before = keys.get(key);
      if (before !== undefined)
        findings.push({
          id: "duplicate-key",
          file: document.file,
          line: document.lineAt(at),
          what: `${key} stands a second time in [${name}] (first in line ${before})`,
          fix: "remove one of the two lines",
        });
      else keys.set(key, document.lineAt(at));
    }
  }
  return findings;
}

function permissions(document: Document): Finding[] {
  const { file } = document;
  const found = statOf(file);
  if (found === undefined || !found.isFile()) return [];
  const folder = dirname(file);
  return [
    ...ownerOf(file, found),
    ...writable(file, found),
    ...writable(folder, statOf(folder)),
    ...readable(document, found),
  ];
}

function ownerOf(file: string, { uid }: Stats): Finding[] {
  const user = process.getuid?.();
  if (uid === user || uid === 0) return [];
  return [
    {
      id: "file-owner",
      file,
      what: `${file} belongs to another user (${uid})`,
      fix:
        user === 0
          ? "run awsrole as its owner, or give the file to root"
          : `sudo chown ${user} ${file}`,
    },
  ];
}

function writable(file: string, found: Stats | undefined): Finding[] {
  // In a sticky folder others cannot replace what is ours.
  if (found === undefined || (found.mode & 0o022) === 0 || (found.mode & 0o1000) !== 0) return [];
  return [
    {
      id: "file-writable",
      file,
      what: `${file} can be written by other users`,
      fix: commandLine("chmod", "go-w", file),
      autoFix: modeOf(file, found.mode & ~0o022),
    },
  ];
}

function readable(document: Document, { mode }: Stats): Finding[] {
  if ((mode & 0o044) === 0 || !holdsSecret(document)) return [];
  const { file } = document;
  return [
    {
      id: "file-readable",
      file,
      what: `${file} has keys in it and can be read by other users`,
      fix: commandLine("chmod", "600", file),
      autoFix: modeOf(file, 0o600),
    },
  ];
}

function modeOf(file: string, mode: number): AutoFix {
  return { file, mode: mode & 0o7777 };
}

function holdsSecret(document: Document): boolean {
  return document
    .sections()
    .some((section) =>
      readBody(document.text, bodyOf(section)).entries.some(({ key }) => secretKeys.has(key)),
    );
}

function statOf(file: string): Stats | undefined {
  return statSync(file, { throwIfNoEntry: false });
}
