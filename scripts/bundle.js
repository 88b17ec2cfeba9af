/**
 * How esbuild makes the program out of src/ and the packages it uses: for the npm package (`build.js`) and the stand-alone
 * programs (`standalone.js`) alike. The packages are bundled because finding and reading their hundreds of files costs more than
 * running them: 20 to 30 ms of every call that is not a cache hit.
 */
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** The one package that is installed beside the program: its native libraries differ from platform to platform. */
export const KEYRING = "@napi-rs/keyring";

export const bundleOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.19",
  // The ES modules of packages that have both: what is not used is left out.
  mainFields: ["module", "main"],
  external: [KEYRING],
  // Their texts are in LICENSES.txt (licences.js).
  legalComments: "none",
  logLevel: "warning",
  // A file that is bundled as CommonJS has a `require` in place of import.meta.
  logOverride: { "empty-import-meta": "silent" },
};

/** CommonJS packages in an ES module ask for node's modules with `require`. */
export const requireInModules = {
  js: 'import { createRequire as createRequireHere } from "node:module"; const require = createRequireHere(import.meta.url);',
};

/**
 * Leaves the SDK's default search for credentials out of its clients: awsrole passes credentials to every signed call, and what
 * is not there can neither be loaded nor find others (environment, files, metadata services).
 */
export const noDefaultCredentials = {
  name: "no-default-credentials",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ importer }) =>
      /client-(?:sts|iam)[\\/]dist-es[\\/]runtimeConfig\.js$/.test(importer)
        ? { path: "no-default-credentials", namespace: "awsrole" }
        : undefined,
    );
    onLoad({ filter: /^no-default-credentials$/, namespace: "awsrole" }, () => ({
      contents: `export const defaultProvider = () => async () => { throw new Error("a call without credentials"); };`,
    }));
  },
};
