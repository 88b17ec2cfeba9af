/** Tables for people. */
import { escapeControls } from "../foundation/text.ts";
import { wrapWords } from "./messages.ts";

/**
 * A table whose columns fit the terminal: the widest but the first are wrapped at blanks. Nothing is ever cut, because what is listed is there to
 * be copied: where a word is too long, the line is. Columns that are empty in every row are left out. Into a pipe nothing is wrapped.
 */
export function printTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns = process.stdout.columns,
): string {
  return tableRows(header, rows, columns).join("");
}

/** The same, each row by itself, the header first: one line or more, each with its end. */
export function tableRows(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns = process.stdout.columns,
): readonly string[] {
  const filled = header.map((_, column) => rows.some((row) => (row[column] ?? "") !== ""));
  const keep = (row: readonly string[]): string[] =>
    row.filter((_, column) => column === 0 || filled[column] === true);
  return formatRows(
    [keep(header), ...rows.map((row) => keep(row).map((cell) => escapeControls(cell)))],
    columns,
  );
}

function formatRows(
  table: readonly (readonly string[])[],
  columns: number | undefined,
): readonly string[] {
  const count = table[0]?.length ?? 0;
  const widthsOf = (measure: (cell: string) => number): number[] =>
    Array.from({ length: count }, (_, column) =>
      Math.max(...table.map((row) => measure(row[column] ?? ""))),
    );
  const widths = widthsOf((cell) => cell.length);
  const narrowest = widthsOf((cell) => Math.max(...cell.split(" ").map((word) => word.length)));
  const room =
    columns === undefined ? Number.POSITIVE_INFINITY : columns - gap.length * (count - 1);
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const spare = widths.map((width, column) =>
      column === 0 || width <= (narrowest[column] ?? 0) ? 0 : width,
    );
    const widest = spare.indexOf(Math.max(...spare));
    if ((spare[widest] ?? 0) === 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return table.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? [cell] : wrapWords(cell, widths[column] ?? 0),
    );
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      cells
        .map((lines, column) => (lines[line] ?? "").padEnd(widths[column] ?? 0))
        .join(gap)
        .trimEnd(),
    )
      .map((line) => `${line}\n`)
      .join("");
  });
}

const gap = "  ";
