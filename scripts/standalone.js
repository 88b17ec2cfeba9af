/**
 * Builds the stand-alone programs: one file per platform, with the runtime and, for macOS and Windows, the native keychain library inside.
 *
 *     npm run standalone                      for this machine
 *     npm run standalone -- TARGET… | all     for others: the names in TARGETS
 *     npm run standalone -- floor             the benchmark's yardstick, test/benchmark/floor.ts, for this machine and made in the same way
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
  chmodSync,
  copyFileSync,
  existsSync,
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
import { signatureProblems, signMachO } from "./sign-macho.js";
import { bundleOptions, checkOutputs, leftOut, requireInModules, root } from "./bundle.js";

const BUN_VERSION = "1.4.5";

/**
 * The program's name → bun's name for the target, npm's package with the runtime and the SHA-256 of the runtime in it and, where the keychain
 * needs one, the addon for it. The runtime is most of what users run: it is compared before it is built in, and compiles by itself, so that no
 * install script runs. For another version: npm pack @oven/NAME@VERSION, and sha256sum package/bin/bun.
 */
const TARGETS = {
  "linux-x64": {
    target: "linux-x64",
    runtime: "bun-linux-x64",
    sha256: "f05d28a3862f4b84395c7fa32480b835dd47482e80b7e7a49a115227f0c06083",
  },
  "linux-arm64": {
    target: "linux-arm64",
    runtime: "bun-linux-aarch64",
    sha256: "04778f1f42399a69d086853e9c7af4acf574b2f21a43d0dc673853d8b84a2923",
  },
  "linux-x64-musl": {
    target: "linux-x64-musl",
    runtime: "bun-linux-x64-musl",
    sha256: "cf5d285ddbe256785a5121a3c113191a6b577504976374c7cfd5aedca609b720",
  },
  "linux-arm64-musl": {
    target: "linux-arm64-musl",
    runtime: "bun-linux-aarch64-musl",
    sha256: "9c48986093073afec8b76a3e285303598dd2462f52748aecb65e4d94866e1ea3",
  },
  "darwin-x64": {
    target: "darwin-x64",
    runtime: "bun-darwin-x64",
    sha256: "88f97645b270aef20f9f9442f1658461cab3e7128e658af4615144e3396f084a",
    addon: "darwin-x64",
  },
  "darwin-arm64": {
    target: "darwin-arm64",
    runtime: "bun-darwin-aarch64",
    sha256: "e2984124f1514e1e6bbda20adedbf07a02c443c6a5828853a15c7c7abf78e19f",
    addon: "darwin-arm64",
  },
  "win32-x64": {
    target: "windows-x64",
    runtime: "bun-windows-x64",
    sha256: "e06ad0864463c68892ae71a2a64af7eae1585cac5dd9b80bc042f45605587cb1",
    addon: "win32-x64-msvc",
  },
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
      hint: "it is unpacked into the folder for temporary files, which must allow programs to run (TMPDIR names another); or set AWSROLE_STORE=none to disable caching",
    });
  }
}
`;

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
const isFloor = process.argv[2] === "floor";
const wanted = process.argv.slice(isFloor ? 3 : 2);
const [entry, program] = isFloor
  ? ["test/benchmark/floor.ts", "floor"]
  : ["src/entry/standalone.ts", "awsrole"];
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
  if (!isFloor)
    copyFileSync(join(root, "dist", "LICENSES.txt"), join(root, "standalone", "LICENSES.txt"));
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function compile(name) {
  const { target, addon } = TARGETS[name];
  const folder = join(work, name);
  mkdirSync(folder);
  const library = addon && `keyring.${addon}.node`;
  if (library) writeFileSync(join(folder, library), fetchAddon(addon, folder));
  const { metafile } = await build({
    ...bundleOptions,
    entryPoints: { main: entry },
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
    `${program}-${name}${name.startsWith("win32") ? ".exe" : ""}`,
  );
  mkdirSync(join(root, "standalone"), { recursive: true });
  const options = `--compile --target=bun-${target} --bytecode --format=esm --splitting --minify`;
  const closed = "--no-compile-autoload-dotenv --no-compile-autoload-bunfig";
  const words = `build ${options} ${closed} --compile-executable-path`.split(" ");
  execFileSync(
    runtimeOf(`${process.platform}-${process.arch}`),
    [...words, runtimeOf(name), join(folder, "main.mjs"), "--outfile", output],
    { cwd: folder, stdio: ["ignore", "ignore", "inherit"] },
  );
  if (name.startsWith("darwin")) signForMacOs(output);
  if (library && !isFloor && !readFileSync(output).includes(`keyring.${addon}`))
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

/** bun for that target, as the bytes that were looked at. */
function runtimeOf(name) {
  const { runtime, sha256 } = TARGETS[name];
  const folder = join(work, runtime);
  const file = join(folder, "package", "bin", runtime.includes("windows") ? "bun.exe" : "bun");
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  npm(["pack", "--silent", `@oven/${runtime}@${BUN_VERSION}`], quietlyIn(folder));
  execFileSync("tar", ["xzf", `oven-${runtime}-${BUN_VERSION}.tgz`], quietlyIn(folder));
  const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
  if (digest !== sha256)
    throw new Error(
      `@oven/${runtime}@${BUN_VERSION}: the runtime has the SHA-256 ${digest}, not ${sha256}`,
    );
  chmodSync(file, 0o755);
  return file;
}

/** bun leaves its own runtime's signature in the program for Intel, which does not cover what it has added. */
function signForMacOs(output) {
  const signed = signMachO(readFileSync(output), "awsrole");
  const problems = signatureProblems(signed);
  if (problems.length > 0) throw new Error(`${output} is not signed: ${problems.join("; ")}`);
  writeFileSync(output, signed);
}

/** @returns {import("node:child_process").ExecFileSyncOptions} */
function quietlyIn(cwd) {
  return { cwd, stdio: ["ignore", "ignore", "inherit"] };
}

/** The addon of that platform, as the package that package-lock.json names. */
function fetchAddon(addon, folder) {
  const { version, integrity } = lock.packages[`node_modules/@napi-rs/keyring-${addon}`];
  npm(["pack", "--silent", `@napi-rs/keyring-${addon}@${version}`], quietlyIn(folder));
  const tarball = join(folder, `napi-rs-keyring-${addon}-${version}.tgz`);
  const digest = createHash("sha512").update(readFileSync(tarball)).digest("base64");
  if (integrity !== `sha512-${digest}`)
    throw new Error(`${tarball} is not what package-lock.json promises`);
  execFileSync("tar", ["xzf", tarball], quietlyIn(folder));
  return readFileSync(join(folder, "package", `keyring.${addon}.node`));
}
