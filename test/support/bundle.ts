/** Child processes run plain JavaScript (Node 20 cannot run TypeScript): one entry, bundled into a folder of its own. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "esbuild";

/** Bundles a .ts entry for the running node and returns the script's path. The caller may delete its folder afterwards. */
export async function bundleForChild(entry: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "awsrole-bundle-"));
  const outfile = join(folder, `${basename(entry, ".ts")}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    logLevel: "error",
  });
  return outfile;
}
