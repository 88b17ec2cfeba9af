/** Tables for people. */
import { escapeControls } from "../foundation/text.ts";

/**
 * A table whose columns fit the terminal: the widest are cut with `…`, but never the first, whose names are there to be copied. Columns
 * that are empty in every row are left out. Into a pipe nothing is cut.
 */
export function printTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns = process.stdout.columns,
): string {
  const filled = header.map((_, column) => rows.some((row) => (row[column] ?? "") !== ""));
  const keep = (row: readonly string[]): string[] =>
    row.filter((_, column) => column === 0 || filled[column] === true);
  return printFilled(
    keep(header),
    rows.map((row) => keep(row)),
    columns,
  );
}

function printFilled(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): string {
  const table = [header, ...rows.map((row) => row.map((cell) => escapeControls(cell)))];
  const widths = header.map((_, column) =>
    table.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  const room =
    columns === undefined ? Number.POSITIVE_INFINITY : columns - gap.length * (header.length - 1);
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const [, ...others] = widths;
    const widest = others.indexOf(Math.max(...others)) + 1;
    if (widest === 0 || (widths[widest] ?? 0) <= shortest) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  const fit = (cell: string, width: number): string =>
    cell.length > width ? `${cell.slice(0, width - 1)}…` : cell.padEnd(width);
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => fit(cell, widths[column] ?? 0))
          .join(gap)
          .trimEnd()}\n`,
    )
    .join("");
}

const gap = "  ";
const shortest = 6;
