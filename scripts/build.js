/**
 * Builds dist/ from src/: `answer-from-cache.cjs`, the cache hit as one CommonJS file without dependencies but the native keychain
 * (start-up time is its purpose), and `main.js`, everything else as ES modules that load what a command needs.
 */
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.19",
  legalComments: "none",
  logLevel: "warning",
};
await build({
  ...shared,
  entryPoints: ["src/answer-from-cache.ts"],
  outfile: "dist/answer-from-cache.cjs",
  format: "cjs",
  // The one use has its CommonJS counterpart beside it.
  logOverride: { "empty-import-meta": "silent" },
  packages: "external",
  // Half the bytes to read and scan: about 1 ms of each hit. Names stay, for the traces that --debug shows.
  minifyWhitespace: true,
  minifySyntax: true,
});
await build({
  ...shared,
  entryPoints: ["src/main.ts"],
  outdir: "dist",
  format: "esm",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  packages: "external",
});
