/**
 * What `undo` needs: for each of awsrole's last ten edits of a config file the lines taken out and put in, with the file's
 * hash before and after. Never a copy of the file, never a line with a secret in it (such an edit is not kept at all).
 *
 * - One file per edit (0600), so that edits of different config files need no common lock.
 * - It is written before the config, so that no edit is without; one that never happened has a hash that never matches.
 */
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LineEdit } from "../config/line-edits.ts";
import { refuseForeign } from "../state/item-index.ts";
import { isAwsRoleError } from "../foundation/errors.ts";
import { makePrivateFolder } from "../foundation/private-dir.ts";
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
  const folder = join(stateFolder, "undo");
  const fileOf = (id: string): string => join(folder, `${id}.json`);
  const ids = (): string[] =>
    list(folder)
      .filter((name) => /^\d+-[0-9a-f]+\.json$/.test(name))
      .map((name) => name.slice(0, -".json".length))
      .sort()
      .toReversed();
  return {
    record(entry) {
      const lines = entry.edits.flatMap(({ removed, added }) => [...removed, ...added]);
      if (lines.some((line) => holdsSecret(line)))
        return { unkept: "it would have to keep a secret" };
      const id = `${String(entry.at.getTime()).padStart(15, "0")}-${randomBytes(4).toString("hex")}`;
      try {
        if (isForeign(folder)) return { unkept: `${folder} belongs to another user` };
        makePrivateFolder(folder);
        refuseForeign(stateFolder, folder);
        writeFileSync(fileOf(id), `${JSON.stringify({ v: 1, ...entry })}\n`, {
          mode: 0o600,
          flag: "wx",
        });
        for (const old of ids().slice(keptEdits)) rmSync(fileOf(old), { force: true });
        return { id };
      } catch (error) {
        if (isAwsRoleError(error)) return { unkept: error.message };
        const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
        discard(fileOf(id));
        return { unkept: `${folder} cannot be written (${code})` };
      }
    },
    entries: () => {
      refuseForeign(stateFolder, folder);
      return ids().flatMap((id) => read(id, fileOf(id)) ?? []);
    },
    remove: (id) => rmSync(fileOf(id), { force: true }),
  };
}

/** What `before` and `after` are made with. `text` is bytes read as latin1. */
export function hashText(text: string): string {
  return createHash("sha256").update(text, "latin1").digest("hex");
}

const keptEdits = 10;

/** A root process must leave nothing in somebody's home. */
function isForeign(folder: string): boolean {
  if (process.geteuid?.() !== 0) return false;
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found !== undefined) return found.uid !== 0;
  return dirname(folder) !== folder && isForeign(dirname(folder));
}

/** What a full disk left of it. */
function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Cut short it is passed over by `read`.
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Undefined for a file that was cut short by a kill, or is not ours. */
function read(id: string, file: string): JournalEntry | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!isEntry(value)) return undefined;
    const { at, file: edited, action, before, after, edits } = value;
    return { id, file: edited, action, at: new Date(at), before, after, edits };
  } catch {
    return undefined;
  }
}

type Stored = Omit<JournalEntry, "id" | "at"> & { readonly at: string };

function isEntry(value: unknown): value is Stored {
  if (typeof value !== "object" || value === null) return false;
  const entry = value as Readonly<Record<string, unknown>>;
  const texts = ["file", "action", "at", "before", "after"];
  return (
    entry["v"] === 1 &&
    texts.every((key) => typeof entry[key] === "string") &&
    Array.isArray(entry["edits"]) &&
    entry["edits"].every(isLineEdit)
  );
}

function isLineEdit(value: unknown): value is LineEdit {
  if (typeof value !== "object" || value === null) return false;
  const edit = value as Readonly<Record<string, unknown>>;
  const isTexts = (key: string): boolean =>
    Array.isArray(edit[key]) && edit[key].every((line) => typeof line === "string");
  return Number.isInteger(edit["line"]) && isTexts("removed") && isTexts("added");
}
