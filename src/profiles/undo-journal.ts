/**
 * What `undo` needs: for each of awsrole's last ten edits of a config file the lines taken out and put in, with the file's
 * hash before and after. Never a copy of the file, never a line with a secret in it (such an edit is not kept at all).
 *
 * - One file per edit, so that edits of different config files need no common lock.
 * - It is written before the config, so that no edit is without; one that never happened has a hash that never matches.
 */
import { createHash, randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LineEdit } from "../config/line-edits.ts";
import { openStateFile, type StateFile, stateFileNames } from "../state/json-file.ts";
import { errorCode } from "../foundation/errno.ts";
import { isAwsRoleError } from "../foundation/errors.ts";
import { asObject } from "../foundation/json.ts";
import { holdsSecret } from "./diff.ts";

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

/** Under which id an edit is kept; or why it is not, to follow "undo cannot take this back: ". */
export type Recorded = { readonly id: string } | { readonly unkept: string };

export type Journal = {
  /** Keeps an edit; or says why it could not: the edit itself is worth more than a way back. */
  record(entry: Omit<JournalEntry, "id">): Recorded;
  /** Readable entries, the newest first. @throws ERR_STORE_FAILED for a folder that others can change: they would say what goes into the config. */
  entries(): readonly JournalEntry[];
  remove(id: string): void;
};

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
    record(entry) {
      const lines = entry.edits.flatMap(({ removed, added }) => [...removed, ...added]);
      if (lines.some((line) => holdsSecret(line)))
        return { unkept: "it would have to keep a secret" };
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
