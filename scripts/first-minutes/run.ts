/** `npm run first-minutes [WAY] [COLUMNS]`: records the ways in again, in tmux, at 80 and 110 columns, into docs/internals/first-minutes/. */
import { mkdirSync, writeFileSync } from "node:fs";
import { noMachine } from "./machine.ts";
import { record } from "./record.ts";
import { ways, widths } from "./ways.ts";

const folder = "docs/internals/first-minutes";
const [only, width] = process.argv.slice(2);
const reason = noMachine();
if (reason !== undefined) throw new Error(`nothing can be recorded here: ${reason}`);
mkdirSync(folder, { recursive: true });
for (const way of ways)
  for (const columns of widths) {
    if (
      (only !== undefined && way.name !== only) ||
      (width !== undefined && width !== String(columns))
    )
      continue;
    const file = `${folder}/${way.name}-${columns}.txt`;
    writeFileSync(file, await record(way, columns));
    console.log(file);
  }
