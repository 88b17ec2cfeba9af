/** `npm run oracle`: asks the whole corpus, and writes the table of docs/internals/oracle.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countsTable } from "./page.ts";
import { runOracle } from "./start.ts";

const root = process.cwd();
const page = join(root, "docs", "internals", "oracle.md");
const report = runOracle(root, 1);
const text = readFileSync(page, "utf8");
const mark = "## The rules\n";
writeFileSync(page, `${text.slice(0, text.indexOf(mark))}${mark}\n${countsTable(report)}`);
for (const { row, places } of report.unexplained)
  console.error("not explained:", row.title, places);
for (const violation of report.violations) console.error("against AWS's model:", violation);
process.exitCode = report.unexplained.length + report.violations.length === 0 ? 0 : 1;
