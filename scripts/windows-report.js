/**
 * `node scripts/windows-report.js RESULTS.json NODE_VERSION`: what the suites came to under Wine, as Markdown for test/reports/windows.md, with the tests that
 * are skipped by name and why. Ends with 1 where test/support/posix-only.json has a title that no test has.
 */
import { readFileSync } from "node:fs";

const [file = "", node = ""] = process.argv.slice(2);
const run = JSON.parse(readFileSync(file, "utf8"));
const posixOnly = JSON.parse(
  readFileSync(new URL("../test/support/posix-only.json", import.meta.url), "utf8"),
);
const short = (name) => name.replace(/^.*[\\/](test[\\/])/, "$1").replaceAll("\\", "/");
const count = (results, wanted) => results.filter(({ status }) => wanted.includes(status)).length;
const files = run.testResults.map(({ name, assertionResults }) => {
  const columns = [["passed"], ["failed"], ["skipped", "pending", "todo"]].map((wanted) =>
    count(assertionResults, wanted),
  );
  return `| ${short(name)} | ${columns.join(" | ")} |`;
});
const failed = run.testResults.flatMap(({ name, assertionResults }) =>
  assertionResults
    .filter(({ status }) => status === "failed")
    .map(({ fullName }) => `- ${short(name)}: ${fullName}`),
);
const titles = new Map(
  run.testResults.map(({ name, assertionResults }) => [
    short(name),
    assertionResults.map(({ title }) => title),
  ]),
);
const stale = [];
const skipped = Object.entries(posixOnly).flatMap(([reason, wanted]) => [
  `- ${reason}`,
  ...Object.entries(wanted).map(([name, patterns]) => {
    const path = `test/${name}.test.ts`;
    for (const pattern of patterns)
      if (!titles.get(path)?.some((title) => isTitle(title, pattern)))
        stale.push(`${path}: ${pattern}`);
    return `  - ${path}: ${patterns.join("; ")}`;
  }),
]);

function isTitle(title, pattern) {
  const [start = "", ...rest] = pattern.split("*");
  let at = start.length;
  if (!title.startsWith(start)) return false;
  for (const part of rest) {
    const found = title.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return rest.length === 0 ? title === pattern : rest.at(-1) === "" || title.endsWith(rest.at(-1));
}

console.log(`# The suites on Windows (Wine 10, node ${node})

${new Date(run.startTime).toISOString().slice(0, 10)} · ${run.numPassedTests} passed, ${run.numFailedTests} failed, ${run.numPendingTests} skipped. Written by \`npm run test:windows\`.

## Failed

${failed.join("\n") || "Nothing."}

## Skipped by name

Beside these, tests whose program is not there (gnome-keyring, shells, a terminal) are skipped with that reason in their titles.

${skipped.join("\n")}

## Files

| file | passed | failed | skipped |
| --- | --- | --- | --- |
${files.toSorted().join("\n")}
`);
if (stale.length > 0) {
  console.error(
    `test/support/posix-only.json names tests that are not there:\n${stale.join("\n")}`,
  );
  process.exitCode = 1;
}
