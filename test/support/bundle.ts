/** Child processes run plain JavaScript (Node 20 cannot run TypeScript): one script of everything, bundled as the cache-hit path is. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export type SourceProgram = {
  /** The script, to be run by node. */
  path: string;
  /** What it needs to find the packages, beside the caller's own environment. */
  env: { NODE_PATH: string };
  remove(): void;
};

/** Bundles TypeScript text, whose imports are relative to test/support, into a CommonJS script in a folder of its own. */
export async function buildSourceProgram(typescript: string): Promise<SourceProgram> {
  const folder = mkdtempSync(join(tmpdir(), "awsrole-program-"));
  const path = join(folder, "program.cjs");
  await build({
    stdin: { contents: typescript, loader: "ts", resolveDir: join(ROOT, "test/support") },
    outfile: path,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    packages: "external",
    logOverride: { "empty-import-meta": "silent" },
  });
  return {
    path,
    env: { NODE_PATH: join(ROOT, "node_modules") },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
