/** The two AWS files: their lines, and who may read and write them. */
import { lstatSync, readlinkSync, realpathSync, statSync, type Stats } from "node:fs";
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
import { decodeUtf8, INDENTED_COMMENT, ODD_KEY, readBody } from "../../../config/grammar.ts";
import { commandLine } from "../../../foundation/shell-quote.ts";
import { secretKeys } from "../../../config/secret-keys.ts";
import { linesTold } from "./lines.ts";
import type { FindingId } from "../rules.ts";
import type { AwsFiles } from "../../../config/files.ts";
import type { Check, Finding } from "../finding.ts";

/** Every check of the files. */
export const checkFiles: Check = ({ files, platform }) => [
  ...[files.config, files.credentials].flatMap((document) => {
    return withoutTold(document, documentProblems(document)).map((problem) =>
      ofProblem(problem, files.config.file),
    );
  }),
  ...[files.config, files.credentials].flatMap((document) => [
    ...byteOrderMark(document),
    ...notUtf8(document),
    ...withoutTold(document, duplicates(document)),
  ]),
  ...(platform === "win32" ? [] : permissions(files)),
];

function withoutTold<T extends { readonly line?: number }>(
  document: Document,
  found: readonly T[],
): readonly T[] {
  const told = linesTold(document);
  return found.filter(({ line }) => line === undefined || !told.has(line));
}

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
      what: "the file begins with an invisible byte order mark",
      fix: 'save it as "UTF-8", not as "UTF-8 with BOM"',
      ...(kind === "config" ? { autoFix: { edit } } : {}),
    },
  ];
}

/** In a comment too: Python decodes the file as a whole. A setting or header of such a line has a finding already. */
function notUtf8(document: Document): Finding[] {
  if (decodeUtf8(document.text) !== undefined) return [];
  const known = new Set(documentProblems(document).map(({ line }) => line));
  const line = document.text.split("\n").findIndex((text) => decodeUtf8(text) === undefined) + 1;
  if (known.has(line)) return [];
  return [
    {
      id: "not-utf-8",
      file: document.file,
      line,
      what: "the line has letters in another encoding than UTF-8",
      fix: "save the file as UTF-8",
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
        what: `duplicate section [${name}] (first in line ${first})`,
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
          what: `duplicate key ${key} in [${name}] (first in line ${before})`,
          fix: "remove one of the two lines",
        });
      else keys.set(key, document.lineAt(at));
    }
  }
  return findings;
}

function permissions({ config, credentials }: AwsFiles): Finding[] {
  const documents = [config, credentials];
  const folders = new Set(
    documents.filter(({ file }) => isPlainFile(file)).map(({ file }) => dirname(file)),
  );
  const links = documents.flatMap(({ file }) => brokenLink(file) ?? []);
  return [
    // A folder once, though both files are in it.
    ...links.filter(({ what }, at) => links.findIndex((one) => one.what === what) === at),
    ...documents.flatMap((document) => {
      const { file } = document;
      const found = statOf(file);
      if (found === undefined || !found.isFile()) return [];
      return [...ownerOf(file, found), ...writable(file, found), ...readable(document, found)];
    }),
    // Once, though both files are in it.
    ...[...folders].flatMap((folder) => writable(folder, statOf(folder))),
  ];
}

function isPlainFile(file: string): boolean {
  return statOf(file)?.isFile() === true;
}

/** A link on the way to the file that leads nowhere; a file that is not there is none. */
function brokenLink(file: string): Finding | undefined {
  for (const path of [dirname(file), file]) {
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (!isLink || statOf(path) !== undefined) continue;
    const target = readlinkSync(path);
    return {
      id: "link-broken",
      file,
      what: `${path} is a link to ${target}, which does not exist`,
      fix: "create what it points to (is a volume mounted, a dotfiles folder cloned?), or remove the link",
    };
  }
  return undefined;
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
      ...modeFix(file, found, found.mode & ~0o022, "go-w"),
    },
  ];
}

function readable(document: Document, found: Stats): Finding[] {
  if ((found.mode & 0o044) === 0 || !holdsSecret(document)) return [];
  const { file } = document;
  return [
    {
      id: "file-readable",
      file,
      what: `${file} has keys in it and can be read by other users`,
      ...modeFix(file, found, 0o600, "600"),
    },
  ];
}

/**
 * Ours to change only where the file is ours and no link leads to it: what a link points to is used by others too (a dotfiles folder, a Windows
 * drive without modes), and a file that another user has put there (a mounted secret) is that user's to change.
 */
function modeFix(
  file: string,
  { uid }: Stats,
  mode: number,
  words: string,
): Pick<Finding, "fix" | "autoFix"> {
  const isOurs = uid === process.getuid?.();
  const target = realpathSync(file);
  const isLink = [file, dirname(file)].some(
    (path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true,
  );
  const command = commandLine("chmod", words, isLink ? target : file);
  if (!isOurs)
    return {
      fix: `it belongs to user ${uid}, who can change it (${command}); a secret mounted by a container's platform has its mode set there`,
    };
  if (isLink) return { fix: `${command}: a link leads there, so see first who else uses it` };
  return { fix: command, autoFix: { file, mode: mode & 0o7777 } };
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
