/**
 * Builds dist/ from src/ and the packages it uses:
 * - `answer-from-cache.cjs`, the cache hit, and `answer-by-fetching.cjs`, the miss: one CommonJS file each, because programs wait
 *   for them and node finds, reads and compiles one file faster than many;
 * - `main.js`, people's commands: ES modules that load what a command needs;
 * - `providers.js`, AWS's own credential providers, which either of the two loads for the sources that want them;
 * - `packages.json`, the names of the packages whose code is in these files (for licences.js).
 */
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { bundleOptions, noDefaultCredentials, requireInModules, root } from "./bundle.js";

rmSync(join(root, "dist"), { recursive: true, force: true });
const forPrograms = {
  ...bundleOptions,
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  metafile: true,
  // Half the bytes to read and scan: about 1 ms of each hit. Names stay, for the traces that --debug shows.
  minifyWhitespace: true,
  minifySyntax: true,
};
const results = await Promise.all([
  build({ ...forPrograms, entryPoints: ["src/answer-from-cache.ts"] }),
  build({
    ...forPrograms,
    entryPoints: ["src/answer-by-fetching.ts"],
    plugins: [noDefaultCredentials, providersBeside()],
  }),
  build({
    ...bundleOptions,
    entryPoints: ["src/main.ts", "src/aws/providers.ts"],
    entryNames: "[name]",
    outdir: "dist",
    format: "esm",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    metafile: true,
    minifyWhitespace: true,
    minifySyntax: true,
    banner: requireInModules,
    plugins: [noDefaultCredentials],
  }),
]);
if (Object.keys(results[1].metafile.inputs).some((file) => file.includes("provider-node/")))
  throw new Error("the SDK's default search for credentials is in the miss: see bundle.js");
// `open` looks for the script beside its own code, for desktops that have none.
copyFileSync(join(root, "node_modules/open/xdg-open"), join(root, "dist/chunks/xdg-open"));
const bundled = results.flatMap(({ metafile }) => Object.keys(metafile.inputs).map(packageOf));
writeFileSync(
  join(root, "dist", "packages.json"),
  JSON.stringify([...new Set(bundled)].filter(Boolean).toSorted()),
);

/** The path of a file's package below the project, as package-lock.json has it. */
function packageOf(file) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** Rare and large: not a second time in the miss, but loaded from the file beside it. */
function providersBeside() {
  return {
    name: "providers-beside",
    setup({ onResolve }) {
      onResolve({ filter: /\/aws\/providers\.ts$/ }, ({ kind }) =>
        kind === "dynamic-import" ? { path: "./providers.js", external: true } : undefined,
      );
    },
  };
}
