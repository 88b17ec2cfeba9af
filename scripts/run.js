/** Runs a TypeScript entry of test/ on any supported node (Node 20 reads no TypeScript): node scripts/run.js test/support/demo.ts [words] */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const [entry = "", ...words] = process.argv.slice(2);
// Inside the project, so that the bundle finds node_modules.
const folder = mkdtempSync(join(root, "dist", ".run-"));
try {
  const outfile = join(folder, "entry.mjs");
  await build({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    logLevel: "warning",
  });
  const { status } = spawnSync(process.execPath, [outfile, ...words], {
    stdio: "inherit",
    cwd: root,
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
