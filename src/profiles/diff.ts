/**
 * A change of a config file as people read it: a unified diff. Secrets in it are masked, because a terminal's history, a
 * screen that is shared or a log would keep them; control characters are escaped, because they come from the file.
 */
import { styleText } from "node:util";
import { FILE_HEADERS_ONLY, formatPatch, type StructuredPatchHunk } from "diff";
import { escapeControls } from "../foundation/text.ts";
import { diffEdits, type LineEdit, placesOf, splitLines } from "../config/line-edits.ts";
import { maskLines } from "../config/secret-keys.ts";

/** The unified diff of two texts (latin1-read bytes, as in a `Document`); `""` when they are the same. */
export function unifiedDiff(file: string, before: string, after: string): string {
  if (before === after) return "";
  const lines = maskLines(splitLines(before));
  const hunks = hunksOf(lines, maskedEdits(lines, after, diffEdits(before, after)));
  const patch = { oldFileName: file, newFileName: file, oldHeader: "", newHeader: "", hunks };
  return (
    formatPatch(patch, FILE_HEADERS_ONLY)
      .split("\n")
      // The library writes a path with a backslash as git would, in quotes and doubled; this one is not meant to be applied.
      .map((line) => line.replace(/^(---|\+\+\+) ".*"$/, (_, mark: string) => `${mark} ${file}`))
      .map((line) => escapeControls(line.replace(/\r$/, "")))
      .join("\n")
  );
}

/** The edits with lines masked as they are in their whole file: a line may continue one that the edit does not touch. */
function maskedEdits(
  maskedBefore: readonly string[],
  after: string,
  edits: readonly LineEdit[],
): LineEdit[] {
  const maskedAfter = maskLines(splitLines(after));
  const places = placesOf(edits);
  return edits.map(({ line, removed, added }, index) => {
    const { removedAt = 0, addedAt = 0 } = places[index] ?? {};
    return {
      line,
      removed: maskedBefore.slice(removedAt, removedAt + removed.length),
      added: maskedAfter.slice(addedAt, addedAt + added.length),
    };
  });
}

/** Lines shown around a change; changes that are no further apart share a hunk. */
const contextLines = 3;

function hunksOf(lines: readonly string[], edits: readonly LineEdit[]): StructuredPatchHunk[] {
  const hunks: StructuredPatchHunk[] = [];
  let shift = 0;
  for (let index = 0; index < edits.length; index += 1) {
    const from = Math.max(1, (edits[index]?.line ?? 1) - contextLines);
    const hunk: StructuredPatchHunk = {
      oldStart: from,
      newStart: from + shift,
      oldLines: 0,
      newLines: 0,
      lines: [],
    };
    let at = from;
    const put = (mark: " " | "-" | "+", texts: readonly string[]): void => {
      if (mark !== "+") hunk.oldLines += texts.length;
      if (mark !== "-") hunk.newLines += texts.length;
      for (const text of texts) hunk.lines.push(...patchLines(mark, text));
    };
    for (let edit = edits[index]; edit !== undefined; edit = edits[index]) {
      put(" ", lines.slice(at - 1, edit.line - 1));
      put("-", edit.removed);
      put("+", edit.added);
      at = edit.line + edit.removed.length;
      const next = edits[index + 1];
      if (next === undefined || next.line - at > 2 * contextLines) break;
      index += 1;
    }
    put(" ", lines.slice(at - 1, at - 1 + contextLines));
    shift += hunk.newLines - hunk.oldLines;
    hunks.push(hunk);
  }
  return hunks;
}

function patchLines(mark: string, text: string): readonly string[] {
  const decoded = mark + Buffer.from(text, "latin1").toString("utf8");
  return text.endsWith("\n") ? [decoded.slice(0, -1)] : [decoded, "\\ No newline at end of file"];
}

/** The same with a terminal's colours. */
export function colourDiff(diff: string): string {
  return diff
    .split("\n")
    .map((line) => {
      if (line.startsWith("+++") || line.startsWith("---")) return paint("bold", line);
      if (line.startsWith("@@")) return paint("cyan", line);
      if (line.startsWith("+")) return paint("green", line);
      return line.startsWith("-") ? paint("red", line) : line;
    })
    .join("\n");
}

function paint(format: "bold" | "cyan" | "green" | "red", text: string): string {
  return styleText(format, text, { validateStream: false });
}
