/**
 * Packs the npm package and installs it as strangers would: without install scripts, from an empty cache and offline from a
 * full one, as root and as nobody; what is installed must be what the tests ran with, for this platform only, and the program must run.
 *
 *     node scripts/check-package.js         with npm
 *     node scripts/check-package.js --all   with pnpm and yarn too
 */
import { strict as assert } from "node:assert";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
const NOBODY = 65_534;

const work = mkdtempSync(join(tmpdir(), "awsrole-package-"));
try {
  const tarball = await checkContent();
  await installWithNpm(tarball, "root", undefined);
  if (process.getuid?.() === 0) await installWithNpm(tarball, "nobody", NOBODY);
  if (process.argv.includes("--all")) {
    await installWith(tarball, "pnpm", [
      "--package=pnpm@10",
      "--",
      "pnpm",
      "add",
      "--ignore-scripts",
    ]);
    await installWith(tarball, "yarn 1", [
      "--package=yarn@1",
      "--",
      "yarn",
      "add",
      "--ignore-scripts",
    ]);
    await installWith(tarball, "yarn 4, plug'n'play", [
      "--package=@yarnpkg/cli-dist@4",
      "--",
      "yarn",
      "add",
    ]);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** What is in it: what is needed and no more, by publint's rules too. */
async function checkContent() {
  const [packed] = JSON.parse(
    await run("npm", ["pack", "--json", "--pack-destination", work], { cwd: root }),
  );
  const files = packed.files.map(({ path }) => path);
  // npm packs every README.* whatever "files" says.
  const wanted =
    /^(?:bin\/(?:awsrole\.js|package\.json)|dist\/(?:(?:cli|sso-clients)\.js|(?:cache-(?:hit(?:-file-store)?|miss)|sts)\.cjs|LICENSES\.txt|chunks\/(?:[^/]+\.js|xdg-open))|man\/awsrole\.1|package\.json|(?:CHANGELOG|README(?:\.zh-TW)?)\.md|LICENSE)$/;
  assert.deepEqual(
    files.filter((file) => !wanted.test(file)),
    [],
    "files that nobody needs",
  );
  for (const file of [
    "bin/awsrole.js",
    "dist/cli.js",
    "dist/cache-hit.cjs",
    "dist/cache-hit-file-store.cjs",
    "man/awsrole.1",
    "LICENSE",
  ])
    assert(files.includes(file), `${file} is missing`);
  const tarball = join(work, packed.filename);
  const bytes = readFileSync(tarball);
  const pack = { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) };
  const { messages } = await publint({ pack, strict: true });
  assert.deepEqual(
    messages.map(({ code, path }) => `${code} at ${path.join(".")}`),
    [],
  );
  console.log(`packed: ${files.length} files, ${(packed.size / 1000).toFixed(0)} kB`);
  return tarball;
}

async function installWithNpm(tarball, who, uid) {
  const home = join(work, who);
  mkdirSync(home);
  chmodSync(work, 0o755);
  if (uid !== undefined) chownSync(home, uid, uid);
  const env = {
    ...process.env,
    HOME: home,
    npm_config_cache: join(home, "cache"),
  };
  const as = { uid, cwd: home, env };
  const install = ["install", "--global", "--ignore-scripts", "--no-audit", "--no-fund", tarball];
  for (const folder of ["online", "offline"]) {
    const more = folder === "offline" ? ["--offline"] : [];
    const prefix = join(home, folder);
    await run("npm", [...install, ...more, "--prefix", prefix], as);
    checkProgram([join(prefix, "bin", "awsrole")], as);
    const installed = checkVersions(join(prefix, "lib", "node_modules", "awsrole"));
    console.log(`npm ${folder} as ${who}: installed with ${installed.join(", ")}`);
  }
}

/** What was installed beside the program: the tested versions, and the native library of this platform alone. */
function checkVersions(installed) {
  const there = Object.entries(lock.packages).filter(
    ([path, { dev }]) => path !== "" && !dev && existsSync(join(installed, path)),
  );
  for (const [path, { version }] of there) {
    const file = join(installed, path, "package.json");
    assert.equal(JSON.parse(readFileSync(file, "utf8")).version, version, `the version of ${path}`);
  }
  const names = there.map(([path]) => path.replace("node_modules/", ""));
  assert.deepEqual(readdirSync(join(installed, "node_modules", "@napi-rs")).length, names.length);
  const fitting = names.filter((name) => name.includes(`${process.platform}-${process.arch}`));
  assert(fitting.length > 0, "no native library for this platform");
  assert.deepEqual(names.toSorted(), ["@napi-rs/keyring", ...fitting].toSorted());
  // On Linux the program does not use it; that it loads from there is worth knowing all the same.
  const { AsyncEntry } = createRequire(join(installed, "dist", "cli.js"))("@napi-rs/keyring");
  assert.equal(typeof AsyncEntry, "function", "the native library loads");
  return names;
}

/**
 * @param {string} tarball
 * @param {string} name
 * @param {string[]} words
 */
async function installWith(tarball, name, words) {
  const cwd = join(work, name.replaceAll(/\W+/g, "-"));
  mkdirSync(cwd);
  writeFileSync(
    join(cwd, "package.json"),
    '{"name":"somebodys-project","version":"1.0.0","private":true}\n',
  );
  const env = {
    ...process.env,
    HOME: cwd,
    YARN_ENABLE_SCRIPTS: "false",
    YARN_ENABLE_GLOBAL_CACHE: "false",
  };
  if (name.startsWith("yarn 4")) writeFileSync(join(cwd, "yarn.lock"), "");
  await run(
    "npx",
    ["--yes", ...words, name.startsWith("yarn 4") ? `awsrole@file:${tarball}` : tarball],
    {
      cwd,
      env,
    },
  );
  const program = name.startsWith("yarn 4")
    ? ["npx", "--yes", "--package=@yarnpkg/cli-dist@4", "--", "yarn", "run", "awsrole"]
    : [join(cwd, "node_modules", ".bin", "awsrole")];
  checkProgram(program, { cwd, env });
  console.log(`${name}: installed and answering`);
}

/** It runs, finds its modules and reaches for the keychain, and fails as it should. */
/**
 * @param {readonly string[]} line
 * @param {{ uid?: number | undefined, cwd: string, env: NodeJS.ProcessEnv }} as
 */
function checkProgram([program = "", ...words], { uid, cwd, env: around }) {
  const home = join(cwd, "home");
  mkdirSync(join(home, ".aws"), { recursive: true });
  writeFileSync(
    join(home, ".aws", "config"),
    [
      "[profile prod]",
      "awsrole_role_arn = arn:aws:iam::123456789012:role/example-role",
      "awsrole_source_profile = bob",
      "region = eu-west-1",
      "[profile portal]",
      "sso_session = company",
      "sso_account_id = 123456789012",
      "sso_role_name = Reader",
      "[sso-session company]",
      "sso_start_url = https://company.awsapps.com/start",
      "sso_region = eu-west-1",
      "",
    ].join("\n"),
  );
  writeFileSync(
    join(home, ".aws", "credentials"),
    "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = none\n",
  );
  const nowhere = {
    DBUS_SESSION_BUS_ADDRESS: "disabled:",
    AWS_ENDPOINT_URL_STS: "http://127.0.0.1:9",
  };
  const env = {
    PATH: around["PATH"],
    HOME: program === "npx" ? around["HOME"] : home,
    AWS_CONFIG_FILE: join(home, ".aws", "config"),
    AWS_SHARED_CREDENTIALS_FILE: join(home, ".aws", "credentials"),
    XDG_STATE_HOME: join(home, "state"),
    ...nowhere,
  };
  const answer = (...more) => {
    const { status, stdout, stderr } = spawnSync(program, [...words, ...more], {
      cwd,
      uid,
      gid: uid,
      env,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };
  assert.equal(answer("--version").stdout, `${manifest.version}\n`);
  assert.match(answer("--help").stdout, /add-profile/);
  const unknown = answer("credential-process", "--profile", "nobody");
  assert.equal(unknown.stdout, "");
  assert.match(unknown.stderr, /^awsrole: profile nobody not found/m);
  assert.equal(unknown.status, 1);
  // Each through other files, which a development tree's node_modules cannot stand in for here.
  for (const command of [["credential-process", "--profile"], ["whoami"]]) {
    const refused = answer(...command, "prod", "--store", "none");
    assert.match(refused.stderr, /^awsrole: [^\n]*127\.0\.0\.1/);
    assert.equal(refused.status, 1);
    const loggedOut = answer(...command, "portal", "--store", "none");
    assert.match(loggedOut.stderr, /(?:aws sso|awsrole) login/);
    assert.equal(loggedOut.status, 3);
  }
  // It finds what speaks to the keychain: without that it would fail otherwise.
  if (process.platform === "linux")
    assert.match(
      answer("credential-process", "--profile", "prod", "--store", "keychain").stderr,
      /no Secret Service/,
    );
}

/**
 * @param {string} program
 * @param {string[]} words
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, uid?: number | undefined }} options
 */
async function run(program, words, { cwd, env, uid } = {}) {
  const child = spawn(program, words, {
    cwd,
    env,
    ...(uid === undefined ? {} : { uid, gid: uid }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = Promise.all([
    child.stdout.setEncoding("utf8").toArray(),
    child.stderr.setEncoding("utf8").toArray(),
  ]);
  const code = await new Promise((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  const [stdout = "", stderr = ""] = (await output).map((chunks) => chunks.join(""));
  assert.equal(code, 0, `${program} ${words.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}
