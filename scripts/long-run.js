/**
 * `npm run test:long`: the whole suite with its full counts, one file at a time, and what it found as
 * test/reports/long-run.md, to be committed.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const folder = mkdtempSync(join(tmpdir(), "awsrole-long-"));
try {
  const results = join(folder, "results.json");
  const words = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  const { status } = spawnSync(process.execPath, [vitest, ...words, ...process.argv.slice(2)], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, AWSROLE_TEST_LONG: "1", AWSROLE_REPORT_FOLDER: folder },
  });
  mkdirSync(join(root, "test", "reports"), { recursive: true });
  writeFileSync(join(root, "test", "reports", "long-run.md"), summary(results));
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function summary(results) {
  const run = JSON.parse(readFileSync(results, "utf8"));
  const day = new Date(run.startTime).toISOString().slice(0, 10);
  const minutes = Math.max(...run.testResults.map(({ endTime }) => endTime)) - run.startTime;
  const files = run.testResults.map(({ name, startTime, endTime, assertionResults }) => {
    const count = (wanted) => assertionResults.filter(({ status }) => status === wanted).length;
    const skipped = count("skipped") + count("pending");
    const seconds = ((endTime - startTime) / 1000).toFixed(1);
    return `| ${relative(root, name)} | ${count("passed")} | ${count("failed")} | ${skipped} | ${seconds} |`;
  });
  const unseen = run.testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== "passed")
      .map(({ status, fullName }) => `- ${status}: ${fullName}`),
  );
  const reports = readdirSync(folder)
    .filter((file) => file.endsWith(".md"))
    .map((file) => readFileSync(join(folder, file), "utf8"));
  return `# The long run

${day} · ${cpus()[0]?.model}, ${cpus().length} cores · node ${process.version} · ${run.numPassedTests} passed, ${run.numFailedTests} failed, ${run.numPendingTests} skipped · ${(minutes / 60_000).toFixed(1)} minutes

Written by \`npm run test:long\`.

${reports.join("\n")}
## Not passed

${unseen.join("\n") || "Nothing."}

## Files

| file | passed | failed | skipped | seconds |
| --- | --- | --- | --- | --- |
${files.toSorted().join("\n")}
`;
}
