/**
 * Builds dist/ from src/ and the packages it uses:
 * - `cache-hit.cjs`, the cache hit, and `cache-miss.cjs`, the miss: one CommonJS file each, because programs wait
 *   for them and node finds, reads and compiles one file faster than many;
 * - `cache-hit-file-store.cjs`, what a hit loads besides where the store in use is that of files;
 * - `sts.cjs`, the SDK's client for STS, which the miss loads when it asks: to compile it takes a third of the time of a miss that ends without
 *   (nobody signed in, a code needed, a profile that is wrong);
 * - `cli.js`, people's commands: ES modules that load what a command needs;
 * - `sso-clients.js`, the SDK's clients for IAM Identity Center and AWS Sign-In, which either of the two loads where they are wanted;
 * - `packages.json`, the packages whose code is in these files (for licences.js and sbom.js).
 */
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { bundleOptions, checkOutputs, KEYRING, leftOut, requireInModules, root } from "./bundle.js";

rmSync(join(root, "dist"), { recursive: true, force: true });
const shared = {
  ...bundleOptions,
  outdir: "dist",
  // Half the bytes to read and scan: about 1 ms of each hit. Names stay, for the traces that --debug shows.
  minifyWhitespace: true,
  minifySyntax: true,
};
const forPrograms = {
  ...shared,
  format: /** @type {const} */ ("cjs"),
  outExtension: { ".js": ".cjs" },
};
const results = await Promise.all([
  // Its names are in no trace: with --debug or a log the miss answers from the start.
  build({
    ...forPrograms,
    minifyIdentifiers: true,
    entryPoints: ["src/entry/cache-hit.ts"],
    plugins: [beside("cache-hit-file-store")],
  }),
  build({
    ...forPrograms,
    minifyIdentifiers: true,
    entryPoints: ["src/entry/cache-hit-file-store.ts"],
  }),
  build({
    ...forPrograms,
    entryPoints: ["src/entry/cache-miss.ts"],
    plugins: [leftOut, ssoClientsBeside(), beside("sts")],
  }),
  build({ ...forPrograms, entryPoints: ["src/aws/sts.ts"], plugins: [leftOut] }),
  build({
    ...shared,
    entryPoints: [
      { in: "src/entry/cli.ts", out: "cli" },
      { in: "src/sso/clients.ts", out: "sso-clients" },
    ],
    entryNames: "[name]",
    format: "esm",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    banner: requireInModules,
    plugins: [leftOut],
  }),
]);
const bundled = new Set();
for (const { metafile } of results) {
  checkOutputs(metafile, [KEYRING, "./sso-clients.js", "./sts.cjs", "./cache-hit-file-store.cjs"]);
  for (const { inputs } of Object.values(metafile.outputs))
    for (const [file, { bytesInOutput }] of Object.entries(inputs))
      if (bytesInOutput > 0) bundled.add(packageOf(file));
}
bundled.delete(undefined);
writeFileSync(join(root, "dist", "packages.json"), JSON.stringify([...bundled].toSorted()));
// `open` looks for the script beside its own code, for desktops that have none.
copyFileSync(join(root, "node_modules/open/xdg-open"), join(root, "dist/chunks/xdg-open"));

/** The path of a file's package below the project, as package-lock.json has it. */
function packageOf(file) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** The module of that name, which not every call needs: what imports it when it does loads the file beside it. */
function beside(module) {
  const file = `./${module}.cjs`;
  return {
    name: `beside-${module}`,
    setup({ onResolve, onLoad }) {
      onResolve({ filter: new RegExp(`/${module}\\.ts$`) }, ({ kind }) =>
        kind === "dynamic-import" ? { path: file, namespace: "beside" } : undefined,
      );
      onResolve({ filter: /\.cjs$/, namespace: "beside" }, ({ path }) => ({
        path,
        external: true,
      }));
      // By require: import() would load node's loader for ES modules first.
      onLoad({ filter: /\.cjs$/, namespace: "beside" }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
      }));
    },
  };
}

/** Rare and large: not a second time in the miss, but loaded from the file beside it. */
function ssoClientsBeside() {
  return {
    name: "sso-clients-beside",
    setup({ onResolve }) {
      onResolve({ filter: /\/sso\/clients\.ts$/ }, ({ kind }) =>
        kind === "dynamic-import" ? { path: "./sso-clients.js", external: true } : undefined,
      );
    },
  };
}
