/**
 * Builds the stand-alone programs: one file per platform, with the runtime and, for macOS and Windows, the native keychain library inside.
 *
 *     npm run standalone                      for this machine
 *     npm run standalone -- TARGET… | all     for others: the names in TARGETS
 *
 * esbuild makes a few modules out of src/, bun compiles them to bytecode beside its runtime. What was learned on the way:
 * - Without --bytecode and --minify a cache hit takes more than twice as long; as one module, half as long again.
 * - bun does not follow createRequire, so the keychain library is reached through a plain `require` of the platform's
 *   addon. If the addon is not there bun builds without it and says nothing: the result is searched for it.
 * - A compiled program would read `.env` and `bunfig.toml` of the folder it is started in, and so let a stranger's folder
 *   set AWS variables: both are switched off.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { npm } from "./npm.js";
import { bundleOptions, checkOutputs, leftOut, requireInModules, root } from "./bundle.js";

const BUN = "bun@1.4.5";

/** The program's name → bun's runtime and, where the keychain needs one, the addon for it. */
const TARGETS = {
  "linux-x64": { runtime: "bun-linux-x64" },
  "linux-arm64": { runtime: "bun-linux-arm64" },
  "linux-x64-musl": { runtime: "bun-linux-x64-musl" },
  "linux-arm64-musl": { runtime: "bun-linux-arm64-musl" },
  "darwin-x64": { runtime: "bun-darwin-x64", addon: "darwin-x64" },
  "darwin-arm64": { runtime: "bun-darwin-arm64", addon: "darwin-arm64" },
  "win32-x64": { runtime: "bun-windows-x64", addon: "win32-x64-msvc" },
};

const NO_KEYRING = `export function loadKeyring() { throw new Error("not on this platform"); }`;
const EMBEDDED_KEYRING = `
import { load } from "./embedded-keyring.cjs";
import { AwsRoleError } from "../../foundation/errors.ts";
export function loadKeyring() {
  try {
    return load();
  } catch (cause) {
    throw new AwsRoleError("ERR_STORE_UNAVAILABLE", "the keychain library cannot be loaded on this machine", {
      cause,
      hint: "it is unpacked into the folder for temporary files, which must allow programs to run (TMPDIR names another); or set AWSROLE_STORE=none to work without a cache",
    });
  }
}
`;

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
const wanted = process.argv.slice(2);
const names =
  wanted[0] === "all"
    ? Object.keys(TARGETS)
    : wanted.length > 0
      ? wanted
      : [`${process.platform}-${process.arch}`];
const unknown = names.find((name) => !(name in TARGETS));
if (unknown !== undefined)
  throw new Error(`no such target: ${unknown} (there are ${Object.keys(TARGETS).join(", ")})`);

const work = mkdtempSync(join(tmpdir(), "awsrole-standalone-"));
try {
  for (const name of names) await compile(name);
  copyFileSync(join(root, "dist", "LICENSES.txt"), join(root, "standalone", "LICENSES.txt"));
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function compile(name) {
  const { runtime, addon } = TARGETS[name];
  const folder = join(work, name);
  mkdirSync(folder);
  const library = addon && `keyring.${addon}.node`;
  if (library) writeFileSync(join(folder, library), fetchAddon(addon, folder));
  const { metafile } = await build({
    ...bundleOptions,
    entryPoints: ["src/entry/standalone.ts"],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    format: "esm",
    // The hit reads no more than it needs.
    splitting: true,
    banner: requireInModules,
    plugins: [leftOut, embedded(library, folder)],
  });
  checkOutputs(metafile, library ? ["./embedded-keyring.cjs"] : []);
  const output = join(
    root,
    "standalone",
    `awsrole-${name}${name.startsWith("win32") ? ".exe" : ""}`,
  );
  mkdirSync(join(root, "standalone"), { recursive: true });
  const options = `--compile --target=${runtime} --bytecode --format=esm --splitting --minify`;
  const closed = "--no-compile-autoload-dotenv --no-compile-autoload-bunfig";
  const words = `exec --yes --package=${BUN} -- bun build ${options} ${closed}`.split(" ");
  const quietly = { cwd: folder, stdio: ["ignore", "ignore", "inherit"] };
  npm(words.concat(join(folder, "standalone.mjs"), "--outfile", output), quietly);
  if (library && !readFileSync(output).includes(`keyring.${addon}`))
    throw new Error(`${output} came out without the keychain library`);
  console.log(`${output}  ${(statSync(output).size / 1e6).toFixed(0)} MB`);
}

/** Swaps the search for the keychain library in node_modules for the one that is embedded, if there is one. */
function embedded(library, folder) {
  const reach = "embedded-keyring.cjs";
  // Required when first called: unpacking it costs time, and a store that is not the keychain does not need it.
  if (library)
    writeFileSync(join(folder, reach), `module.exports.load = () => require("./${library}");\n`);
  return {
    name: "embedded-keyring",
    setup(esbuild) {
      esbuild.onLoad({ filter: /[\\/]native-keyring\.ts$/ }, () => ({
        loader: "ts",
        resolveDir: join(root, "src", "stores", "keychain"),
        contents: library ? EMBEDDED_KEYRING : NO_KEYRING,
      }));
      esbuild.onResolve({ filter: /embedded-keyring\.cjs$/ }, () => ({
        path: `./${reach}`,
        external: true,
      }));
    },
  };
}

/** The addon of that platform, as the package that package-lock.json names. */
function fetchAddon(addon, folder) {
  const { version, integrity } = lock.packages[`node_modules/@napi-rs/keyring-${addon}`];
  const quietly = { cwd: folder, stdio: ["ignore", "ignore", "inherit"] };
  npm(["pack", "--silent", `@napi-rs/keyring-${addon}@${version}`], quietly);
  const tarball = join(folder, `napi-rs-keyring-${addon}-${version}.tgz`);
  const digest = createHash("sha512").update(readFileSync(tarball)).digest("base64");
  if (integrity !== `sha512-${digest}`)
    throw new Error(`${tarball} is not what package-lock.json promises`);
  execFileSync("tar", ["xzf", tarball], quietly);
  return readFileSync(join(folder, "package", `keyring.${addon}.node`));
}
