/**
 * What an edit did to a file, as the lines it took out and put in: all that `undo` keeps, so that no copy of the file
 * ever exists. Lines carry their line ends, so a missing newline at the end of the file counts.
 */
import { diffArrays } from "diff";
import { AwsRoleError } from "../foundation/errors.ts";

/** Lines that were replaced. Bytes as latin1 text, as in a `Document`. */
export type LineEdit = {
  /** Where `removed` begins, or before which line `added` goes; counted from 1, in the file as it was before. */
  readonly line: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
};

/**
 * Edits that make `after` out of `before`, in the order of the file: the least of each section, if no section has come or gone. (The search for
 * the least of a whole file takes minutes when thousands of its lines differ.)
 */
export function diffEdits(before: string, after: string): LineEdit[] {
  const old = splitSections(before);
  const parts = splitSections(after);
  if (old.length !== parts.length) return diffPart(before, after, 1);
  let line = 1;
  return parts.flatMap((part, index) => {
    const was = old[index] ?? "";
    const edits = was === part ? [] : diffPart(was, part, line);
    line += splitLines(was).length;
    return edits;
  });
}

function diffPart(before: string, after: string, firstLine: number): LineEdit[] {
  const edits: LineEdit[] = [];
  let line = firstLine;
  let open: { line: number; removed: string[]; added: string[] } | undefined;
  for (const { added, removed, value } of diffArrays(splitLines(before), splitLines(after))) {
    if (!added && !removed) {
      open = undefined;
      line += value.length;
      continue;
    }
    if (open === undefined) {
      open = { line, removed: [], added: [] };
      edits.push(open);
    }
    open[added ? "added" : "removed"].push(...value);
    if (removed) line += value.length;
  }
  return edits;
}

/** Applies edits to the text they were made for. Throws ERR_CONFIG_CONFLICT if other lines stand there. */
export function applyEdits(before: string, edits: readonly LineEdit[]): string {
  const lines = splitLines(before);
  let after = "";
  let at = 0;
  for (const { line, removed, added } of edits) {
    const start = line - 1;
    if (start < at || removed.some((content, index) => lines[start + index] !== content)) {
      throw new AwsRoleError("ERR_CONFIG_CONFLICT", `line ${line} has changed since`, {
        hint: "edit the file by hand",
      });
    }
    after += lines.slice(at, start).join("") + added.join("");
    at = start + removed.length;
  }
  return after + lines.slice(at).join("");
}

/** The edits that take these back. */
export function reverseEdits(edits: readonly LineEdit[]): LineEdit[] {
  let shift = 0;
  return edits.map(({ line, removed, added }) => {
    const reversed = { line: line + shift, removed: added, added: removed };
    shift += added.length - removed.length;
    return reversed;
  });
}

/** The places of an edit's lines: of what it removed in the file before, and of what it added in the file after; counted from 0. */
export function placesOf(
  edits: readonly LineEdit[],
): { readonly removedAt: number; readonly addedAt: number }[] {
  let shift = 0;
  return edits.map(({ line, removed, added }) => {
    const places = { removedAt: line - 1, addedAt: line - 1 + shift };
    shift += added.length - removed.length;
    return places;
  });
}

/** Each header begins a part. */
function splitSections(text: string): string[] {
  return text.split(/(?<=\n)(?=\[)/);
}

/** The lines of a text, each with its line end. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
