/**
 * `npm run test:nodes`: the suite on every line of node that awsrole supports, each from npm's `node-linux-*` package and first on PATH, so
 * that what tests start by the name `node` is that one too. Writes test/reports/nodes.md, to be committed.
 *
 *     npm run test:nodes                       all of them
 *     npm run test:nodes -- 20.19.0            some
 *     npm run test:nodes -- 24.21.0 --project unit     with words for vitest
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { npm } from "./npm.js";

/** The oldest of each line that is supported, or one that is pinned here so that a report can be made again. */
const VERSIONS = ["20.19.0", "22.12.0", "24.21.0", "26.12.1"];

const root = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);
const chosen = words.filter((word) => /^\d+\.\d+\.\d+$/.test(word));
const forVitest = words.filter((word) => !chosen.includes(word));
const folder = mkdtempSync(join(tmpdir(), "awsrole-nodes-"));
try {
  const rows = [];
  for (const version of chosen.length > 0 ? chosen : VERSIONS) rows.push(test(version));
  if (chosen.length === 0 && forVitest.length === 0)
    writeFileSync(join(root, "test", "reports", "nodes.md"), report(rows));
  if (rows.some(({ failed, status }) => failed > 0 || status !== 0)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs the suite on one version. */
function test(version) {
  const node = nodeOf(version);
  console.log(`\n== node ${version}: ${node}`);
  const results = join(folder, `${version}.json`);
  const startedAt = Date.now();
  const { status } = spawnSync(
    node,
    [
      join(root, "node_modules", "vitest", "vitest.mjs"),
      "run",
      "--reporter=dot",
      "--reporter=json",
      `--outputFile.json=${results}`,
      ...forVitest,
    ],
    {
      cwd: root,
      stdio: "inherit",
      env: {
        ...process.env,
        PATH: [dirname(node), process.env["PATH"]].join(delimiter),
      },
    },
  );
  const run = JSON.parse(readFileSync(results, "utf8"));
  return {
    version,
    status,
    passed: run.numPassedTests,
    failed: run.numFailedTests,
    skipped: run.numPendingTests,
    minutes: (Date.now() - startedAt) / 60_000,
    notPassed: run.testResults.flatMap(({ assertionResults }) =>
      assertionResults
        .filter(({ status: one }) => one === "failed")
        .map(({ fullName }) => fullName),
    ),
  };
}

/** The program of that version, from npm's package; kept in the cache folder. */
function nodeOf(version) {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "awsrole-nodes");
  // Not under npm's own cache: awsrole writes no profile that would run from there.
  const home = join(cache, version);
  const node = join(home, "bin", "node");
  if (existsSync(node)) return node;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, "fetch-"));
  try {
    const name = `node-${process.platform}-${process.arch}`;
    npm(["pack", "--silent", `${name}@${version}`], {
      cwd: work,
      stdio: ["ignore", "ignore", "inherit"],
    });
    execFileSync("tar", ["xzf", `${name}-${version}.tgz`], { cwd: work });
    renameSync(join(work, "package"), home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return node;
}

function report(rows) {
  const lines = rows.map(
    ({ version, passed, failed, skipped, minutes }) =>
      `| ${version} | ${passed} | ${failed} | ${skipped} | ${minutes.toFixed(1)} |`,
  );
  const failures = rows.flatMap(({ version, notPassed }) =>
    notPassed.map((name) => `- node ${version}: ${name}`),
  );
  const day = new Date().toISOString().slice(0, 10);
  return `# The suite on each line of node

${day} · ${process.platform} ${process.arch}. Written by \`npm run test:nodes\`.

| node | passed | failed | skipped | minutes |
| --- | --- | --- | --- | --- |
${lines.join("\n")}

## Failed

${failures.join("\n") || "Nothing."}
`;
}
