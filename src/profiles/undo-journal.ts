/**
 * What `undo` needs: for each of awsrole's last ten edits of a config file the lines taken out and put in, with the file's
 * hash before and after. Never a copy of the file, never a line with a secret or with another program's command line in it (`config/secret-keys.ts`):
 * an edit that took one out is not kept at all; of one that it put in, the hash is kept, for the line is in the file.
 *
 * - One file per edit, so that edits of different config files need no common lock.
 * - It is written before the config, so that no edit is without; one that never happened has a hash that never matches.
 */
import { createHash, randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { diffEdits, type LineEdit, placesOf, splitLines } from "../config/line-edits.ts";
import { sensitiveLines } from "../config/secret-keys.ts";
import { openStateFile, type StateFile, stateFileNames } from "../state/json-file.ts";
import { errorCode } from "../foundation/errno.ts";
import { isAwsRoleError } from "../foundation/errors.ts";
import { asObject } from "../foundation/json.ts";

/** One edit of a config file. */
export type JournalEntry = {
  /** Names the entry; later ones sort behind earlier ones. */
  readonly id: string;
  /** The config file's real path. */
  readonly file: string;
  /** What was done, for people: `add-profile prod`. */
  readonly action: string;
  readonly at: Date;
  /** SHA-256 of the whole file, before and after. */
  readonly before: string;
  readonly after: string;
  readonly edits: readonly LineEdit[];
};

/** Under which id an edit is kept; or why it is not, to follow "this change cannot be undone: ". */
export type Recorded = { readonly id: string } | { readonly unkept: string };

export type Journal = {
  /** Keeps an edit; or says why it could not: the edit itself is worth more than a way back. */
  record(entry: Omit<JournalEntry, "id" | "before" | "after" | "edits">, texts: Texts): Recorded;
  /** Readable entries, the newest first. @throws ERR_STORE_FAILED for a folder that others can change: they would say what goes into the config. */
  entries(): readonly JournalEntry[];
  remove(id: string): void;
};

/** A config file before and after an edit (bytes as latin1 text). */
type Texts = { readonly before: string; readonly after: string };

/** The journal kept in `stateFolder`/undo. */
export function openJournal(stateFolder: string): Journal {
  const directory = join(stateFolder, "undo");
  const fileOf = (id: string): StateFile<StoredEntry> =>
    openStateFile(stateFolder, `undo/${id}.json`, (value) => (isEntry(value) ? value : undefined));
  const ids = (): string[] =>
    stateFileNames(stateFolder, "undo")
      .filter((name) => /^\d+-[0-9a-f]+$/.test(name))
      .toSorted()
      .toReversed();
  return {
    record(change, { before, after }) {
      const edits = withoutSecrets(diffEdits(before, after), { before, after });
      if (edits === undefined) return { unkept: "it contains a secret" };
      const entry = { ...change, before: hashText(before), after: hashText(after), edits };
      const id = `${String(entry.at.getTime()).padStart(15, "0")}-${randomBytes(4).toString("hex")}`;
      try {
        if (isForeign(directory)) return { unkept: `${directory} belongs to another user` };
        fileOf(id).write({ v: 1, ...entry, at: entry.at.toISOString() });
        for (const old of ids().slice(keptEdits)) fileOf(old).remove();
        return { id };
      } catch (error) {
        if (isAwsRoleError(error)) return { unkept: error.message };
        const code = errorCode(error) ?? "unknown";
        return { unkept: `${directory} cannot be written (${code})` };
      }
    },
    entries: () =>
      ids().flatMap((id) => {
        const stored = fileOf(id).read();
        if (stored === undefined) return [];
        const { at, file, action, before, after, edits } = stored;
        return { id, file, action, at: new Date(at), before, after, edits };
      }),
    remove: (id) => fileOf(id).remove(),
  };
}

/** What `before` and `after` are made with. `text` is bytes read as latin1. */
export function hashText(text: string): string {
  return createHash("sha256").update(text, "latin1").digest("hex");
}

const keptEdits = 10;

/** The edits as they may be kept; undefined where a line that was taken out, or a secret that was put in, may not. */
function withoutSecrets(edits: readonly LineEdit[], texts: Texts): LineEdit[] | undefined {
  const before = sensitiveLines(splitLines(texts.before));
  const after = sensitiveLines(splitLines(texts.after));
  const places = placesOf(edits);
  const kept: LineEdit[] = [];
  for (const [index, { line, removed, added }] of edits.entries()) {
    const { removedAt = 0, addedAt = 0 } = places[index] ?? {};
    if (removed.some((_, at) => before[removedAt + at] !== undefined)) return undefined;
    if (added.some((_, at) => after[addedAt + at] === "secret")) return undefined;
    const hashed = added.map((text, at) =>
      after[addedAt + at] === "command" ? `sha256:${hashText(text)}` : text,
    );
    kept.push({ line, removed, added: hashed });
  }
  return kept;
}

/** The edits of an entry with the lines that it put in, taken from the file as it is after them. */
export function completeEdits(edits: readonly LineEdit[], after: string): LineEdit[] {
  const lines = splitLines(after);
  const places = placesOf(edits);
  return edits.map(({ line, removed, added }, index) => {
    const { addedAt = 0 } = places[index] ?? {};
    return { line, removed, added: lines.slice(addedAt, addedAt + added.length) };
  });
}

/** Root must leave nothing in another user's home. */
function isForeign(folder: string): boolean {
  if (process.geteuid?.() !== 0) return false;
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found !== undefined) return found.uid !== 0;
  return dirname(folder) !== folder && isForeign(dirname(folder));
}

type StoredEntry = Omit<JournalEntry, "id" | "at"> & { readonly v: 1; readonly at: string };

function isEntry(value: unknown): value is StoredEntry {
  const entry = asObject(value);
  if (entry === undefined) return false;
  const texts = ["file", "action", "at", "before", "after"];
  return (
    entry["v"] === 1 &&
    texts.every((key) => typeof entry[key] === "string") &&
    Array.isArray(entry["edits"]) &&
    entry["edits"].every(isLineEdit)
  );
}

function isLineEdit(value: unknown): value is LineEdit {
  const edit = asObject(value);
  if (edit === undefined) return false;
  const isTexts = (key: string): boolean =>
    Array.isArray(edit[key]) && edit[key].every((line) => typeof line === "string");
  return Number.isInteger(edit["line"]) && isTexts("removed") && isTexts("added");
}
