/** `node scripts/windows-report.js RESULTS.json NODE_VERSION`: what the suites came to under Wine, as Markdown for test/reports/windows.md. */
import { readFileSync } from "node:fs";

const [file = "", node = ""] = process.argv.slice(2);
const run = JSON.parse(readFileSync(file, "utf8"));
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
console.log(`# The suites on Windows (Wine 10, node ${node})

${new Date(run.startTime).toISOString().slice(0, 10)} · ${run.numPassedTests} passed, ${run.numFailedTests} failed, ${run.numPendingTests} skipped. Written by \`npm run test:windows\`.

## Failed

${failed.join("\n") || "Nothing."}

## Files

| file | passed | failed | skipped |
| --- | --- | --- | --- |
${files.toSorted().join("\n")}
`);
