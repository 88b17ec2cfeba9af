/**
 * How esbuild makes the program out of src/ and the packages it uses: for the npm package (`build.js`) and the stand-alone
 * programs (`standalone.js`) alike. The packages are bundled because finding and reading their hundreds of files costs more than
 * running them: 20 to 30 ms of every call that is not a cache hit.
 */
import { createRequire, isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

const manifest = createRequire(import.meta.url)("../package.json");

/** The one package that is installed beside the program: its native libraries differ from platform to platform. */
export const KEYRING = "@napi-rs/keyring";

/** The oldest version that package.json allows: `node20.19`. */
const target = `node${/\d+\.\d+/.exec(manifest.engines.node)?.[0]}`;

/** @satisfies {import("esbuild").BuildOptions} */
export const bundleOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: /** @type {const} */ ("node"),
  target,
  // The ES modules of packages that have both: what is not used is left out.
  mainFields: ["module", "main"],
  external: [KEYRING],
  // Their texts are in LICENSES.txt (licences.js).
  legalComments: /** @type {const} */ ("none"),
  logLevel: /** @type {const} */ ("warning"),
  metafile: /** @type {const} */ (true),
  // A file that is bundled as CommonJS has a `require` in place of import.meta.
  logOverride: { "empty-import-meta": /** @type {const} */ ("silent") },
};

/** CommonJS packages in an ES module ask for node's modules with `require`. */
export const requireInModules = {
  js: 'import { createRequire as createRequireHere } from "node:module"; const require = createRequireHere(import.meta.url);',
};

/**
 * What must not be in the program, or be looked for by it:
 * - the SDK's default search for credentials: awsrole passes credentials to every signed call, and what is not there cannot find
 *   others (environment, files, metadata services);
 * - the debug output of the proxy libraries: with DEBUG set, as it often is in CI, it would show the proxy's address, password included;
 * - packages that others load if they happen to be there: whoever owns a node_modules above ours would run code in awsrole;
 * - the layout of yargs' own help, which awsrole never shows: its tables of Unicode cost each of people's commands 70 ms.
 */
export const leftOut = {
  name: "left-out",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@aws-sdk\/credential-provider-(?:node|ini|process)$/ }, () => ({
      path: "default-search",
      namespace: "left-out",
    }));
    onResolve({ filter: /^debug$/ }, () => ({ path: "no-debug", namespace: "left-out" }));
    onLoad({ filter: /^no-debug$/, namespace: "left-out" }, () => ({
      contents: `export default () => Object.assign(() => {}, { enabled: false });`,
    }));
    onResolve({ filter: /^(?:supports-color|kerberos|@aws-sdk\/signature-v4-crt)$/ }, () => ({
      path: "optional-package",
      namespace: "left-out",
    }));
    onResolve({ filter: /^(?:cliui|string-width)$/ }, ({ importer }) =>
      /node_modules\/yargs\//.test(importer)
        ? { path: "yargs-help", namespace: "left-out" }
        : undefined,
    );
    onLoad({ filter: /^yargs-help$/, namespace: "left-out" }, () => ({
      contents: `export default () => { throw new Error("yargs' help is not in awsrole"); };`,
    }));
    onLoad({ filter: /^default-search$/, namespace: "left-out" }, () => ({
      contents: `const refuse = () => async () => { throw new Error("a call without credentials"); };
        export { refuse as defaultProvider, refuse as fromIni, refuse as fromProcess };`,
    }));
    onLoad({ filter: /^optional-package$/, namespace: "left-out" }, () => ({
      contents: `throw new Error("not in awsrole");`,
    }));
  },
};

/** Throws when a build's outputs contain what is left out, or load anything but node's own modules and these files. */
export function checkOutputs({ outputs }, mayLoad) {
  for (const [file, { inputs, imports }] of Object.entries(outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs))
      if (bytesInOutput > 0 && /credential-provider-(?:node|ini|process)\//.test(input))
        throw new Error(`${file} has a part of the SDK's search for credentials: ${input}`);
    for (const { path, external } of imports)
      if (external && !isBuiltin(path) && !mayLoad.includes(path))
        throw new Error(`${file} would look for ${path}`);
  }
}
