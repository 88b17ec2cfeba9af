/**
 * The program in a `credential_process` line: which path is written there, and how it is quoted.
 *
 * - The stand-alone program by itself; else node and the script, because the programs that run the line (editors, agents
 *   started by the desktop) often have no node on their PATH. On Windows npm's `awsrole.cmd`, which has a stable place.
 * - Of the paths that lead to what is running now, one found on PATH comes first: `/opt/homebrew/bin/node` survives an
 *   upgrade, the versioned folder that it points to does not. Then the path as it was called, then the real one.
 * - Never a bare name, npx's cache, `node_modules/.bin`, a folder that lives as long as one shell (fnm), nor a path that another user
 *   could lead elsewhere: every folder and link on the way is looked at (path-owner.ts). Folders that a group can write pass with a warning
 *   where they are Homebrew's, or the group has no members.
 * - Quoting is what every SDK splits the same way, with and without a shell: plain words; on POSIX a path with other
 *   characters in double quotes (the value then still ends in a plain word, else Go would strip the quotes); on Windows
 *   no quotes at all but the short (8.3) name, because `cmd.exe` and three SDKs lose them.
 */
import type { Environment } from "../foundation/environment.ts";
import { readdirSync, realpathSync, statSync } from "node:fs";
import { posix, win32 } from "node:path";
import { findOnPath, isExecutable } from "../foundation/find-executable.ts";
import { systemProgram } from "../foundation/windows-executable.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { readNamedFile } from "../foundation/named-file.ts";
import {
  describeOpenStep,
  type OpenStep,
  openSteps,
  ourselves,
  pathSteps,
} from "../foundation/path-owner.ts";

/** What is running, and where to look for lasting names of it. */
export type Running = {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** `process.execPath`. */
  readonly execPath: string;
  /** `process.argv[1]`: the script as it was called. */
  readonly script: string | undefined;
  /** The 8.3 name of a path (Windows), undefined where the volume keeps none. */
  readonly shortName?: (path: string) => string | undefined;
};

/** The words that a `credential_process` line begins with, and what its owner should know about them. */
export type Program = { readonly words: readonly string[]; readonly warnings: readonly string[] };

/**
 * The program that is running, by a name that lasts; or the one a person chose (`command`, an absolute path).
 * Throws ERR_USAGE for a chosen path that cannot serve, ERR_CONFIG_WRITE if the running program has no name that lasts.
 */
export function findProgram(running: Running, command?: string): Program {
  if (command !== undefined) return chosenProgram(running, command);
  const { execPath, script } = running;
  if (!isInterpreter(execPath)) return lasting(running, [candidates(running, "awsrole", execPath)]);
  if (script === undefined) throw noLastingName("it was not started from a file");
  if (running.platform === "win32") {
    const shim = onPath(running, ["awsrole.cmd"]).find(
      (file) => startsScript(file, script) && problemOf(running, file) === undefined,
    );
    if (shim !== undefined) return lasting(running, [[shim]]);
  }
  return lasting(running, [
    candidates(running, "node", execPath),
    candidates(running, "awsrole", script),
  ]);
}

/**
 * Whether this batch file, as npm, pnpm and yarn write them, starts the script that is running: another installation's must not get into a profile.
 * They name the script relative to their own folder (`%dp0%` or `%~dp0`).
 */
function startsScript(shim: string, script: string): boolean {
  try {
    const real = realPath(script);
    return [
      ...readNamedFile(shim, { maxBytes: 64 * 1024 })
        .toString("utf8")
        .matchAll(/"%(?:~dp0|dp0%)\\?([^"%]+\.js)"/gi),
    ].some(([, relative = ""]) => realPath(win32.resolve(win32.dirname(shim), relative)) === real);
  } catch {
    return false;
  }
}

/** The whole value of `credential_process` for a profile. The name must be a writable one (no spaces, no quotes). */
export function credentialProcessLine(program: Program, profile: string): string {
  return [...program.words, "credential-process", "--profile", profile].join(" ");
}

/** `process` as `findProgram` wants it. */
export function runningProgram(env: Environment, platform: NodeJS.Platform): Running {
  return {
    env,
    platform,
    execPath: process.execPath,
    script: process.argv[1],
    shortName: (path) => shortNameOf(env, path),
  };
}

/** The words that start this very program again, now; `findProgram` has those that last. */
export function sameProgram({ execPath, script }: Running): readonly string[] {
  return isInterpreter(execPath) && script !== undefined ? [execPath, script] : [execPath];
}

function chosenProgram(running: Running, command: string): Program {
  const refuse = (why: string): AwsRoleError =>
    new AwsRoleError("ERR_USAGE", `--command ${command} ${why}`, {
      hint: "give the absolute path of the awsrole program",
    });
  if (!pathOf(running).isAbsolute(command)) throw refuse("is not an absolute path");
  const problem = problemOf(running, command);
  if (problem !== undefined) throw refuse(problem);
  if (!isExecutable(command)) throw refuse("is not executable");
  const word = quoted(running, command);
  if (word === undefined) throw refuse("has characters that not all AWS tools accept");
  return { words: [word], warnings: warningsOf(running, [command]) };
}

/** For each word the first of its paths that lasts. */
function lasting(running: Running, alternatives: readonly (readonly string[])[]): Program {
  const paths = alternatives.map((names) => {
    const problems = names.map((path) => problemOf(running, path));
    const best = names[problems.indexOf(undefined)];
    if (best === undefined) throw noLastingName(`${names.at(-1)} ${problems.at(-1)}`);
    return best;
  });
  const words = paths.map((path) => {
    const word = quoted(running, path);
    if (word === undefined)
      throw noLastingName(
        `${path} has characters that not all AWS tools accept`,
        // It may be installed already, there: then installing it again is no help.
        running.platform === "win32"
          ? "install it where the path has no spaces (npm install --global --prefix C:\\awsrole awsrole, and C:\\awsrole on PATH), or specify the program with --command PATH"
          : undefined,
      );
    return word;
  });
  return { words, warnings: warningsOf(running, paths) };
}

function noLastingName(
  why: string,
  hint = "install it (npm install --global awsrole), or specify the program with --command PATH",
): AwsRoleError {
  return new AwsRoleError(
    "ERR_CONFIG_WRITE",
    `this awsrole has no stable path for a profile: ${why}`,
    { hint },
  );
}

/** Paths that lead to the same file as `path`: those on PATH, the path as it was called, the real one. */
function candidates(running: Running, name: string, path: string): readonly string[] {
  const real = realPath(path);
  const names = running.platform === "win32" ? [`${name}.exe`] : [name];
  const found = onPath(running, names).filter((file) => realPath(file) === real);
  return [...new Set([...found, path, real ?? path])];
}

function onPath({ env, platform }: Running, names: readonly string[]): string[] {
  return [...findOnPath(names, { env, platform, accepts: (file) => realPath(file) !== undefined })];
}

/** Why the path must not stand in a config, to follow it in a sentence; undefined when it may. */
export function problemOf(
  { platform }: Pick<Running, "platform">,
  file: string,
): string | undefined {
  const real = realPath(file);
  if (real === undefined || !statSync(real).isFile()) return "is not a file";
  const slashed = file.replaceAll("\\", "/");
  if (slashed.includes("/_npx/")) return "is in npx's cache, which is temporary";
  if (slashed.includes("/node_modules/.bin/"))
    return "is in node_modules/.bin, which belongs to one project";
  if (slashed.includes("/fnm_multishells/")) return "exists only in one shell";
  return platform === "win32" ? undefined : whyReplaceable(file, platform);
}

/** Why another user could decide what runs there, to follow the path in a sentence; undefined when none can. Not for Windows. */
export function whyReplaceable(file: string, platform: NodeJS.Platform): string | undefined {
  if (!posix.isAbsolute(file)) return "is not an absolute path";
  const open = [file, ...loadedBy(realPath(file) ?? file)]
    .flatMap(weakSteps)
    .find((step) => !isTolerated(step, platform));
  return open && `could be replaced by another user: ${describeOpenStep(open)}`;
}

/** What awsrole's own script loads: the bundles beside it. */
function loadedBy(real: string): readonly string[] {
  if (posix.basename(real) !== "awsrole.js") return [];
  const bundles = posix.join(posix.dirname(real), "..", "dist");
  try {
    return readdirSync(bundles).map((name) => posix.join(bundles, name));
  } catch {
    return [];
  }
}

/**
 * The steps by which another user could lead the path elsewhere. A folder that everybody can write is one, too, when it holds a link or the
 * file itself, sticky bit or not: /tmp is emptied at the next start, and then any user can take the name.
 */
function weakSteps(file: string): readonly OpenStep[] {
  const steps = [...pathSteps(file)];
  const holding = steps.filter(({ path, stats }, index) => {
    const next = steps[index + 1];
    const isHolding =
      next !== undefined && !next.stats.isDirectory() && posix.dirname(next.path) === path;
    return isHolding && (stats.mode & 0o002) !== 0;
  });
  return [
    ...openSteps(file),
    ...holding.map((step) => ({ ...step, openTo: "everybody" as const })),
  ];
}

/** Where Homebrew puts everything; on a Mac its folders belong to the group of the administrators. https://docs.brew.sh/Installation */
const homebrewFolders = (platform: NodeJS.Platform): readonly string[] =>
  platform === "darwin"
    ? ["/opt/homebrew", "/usr/local"]
    : platform === "linux"
      ? ["/home/linuxbrew/.linuxbrew"]
      : [];

/** Homebrew makes its folders writable for a group, and so does Debian (`staff`, which is empty) those below /usr/local. */
function isTolerated({ path, stats, openTo }: OpenStep, platform: NodeJS.Platform): boolean {
  if (openTo !== "group") return false;
  const isHomebrew = homebrewFolders(platform).some(
    (folder) => path === folder || path.startsWith(`${folder}/`),
  );
  return isHomebrew || ourselves().whoIsIn(stats.gid) === "empty";
}

function warningsOf(running: Running, paths: readonly string[]): readonly string[] {
  const { platform } = running;
  if (platform === "win32") return [];
  return paths.flatMap((path) => {
    // A sticky folder above (/tmp) protects what is there, but is emptied at the next start.
    const shared = [...pathSteps(path)].find(
      ({ stats }) => stats.isDirectory() && (stats.mode & 0o002) !== 0,
    );
    const byGroup = weakSteps(path).find((step) => isTolerated(step, platform));
    return [
      quoted(running, path) === path
        ? []
        : `the path ${path} has a space or another character that needs quotes: Go SDK v1 (s5cmd, aws-iam-authenticator, older rclone) drops the quotes and cannot start it; create a link to it without such characters, and use --command LINK`,
      shared === undefined
        ? []
        : `${path} is below ${shared.path}, which everyone can write: move it to a private folder`,
      byGroup === undefined
        ? []
        : `${path}: ${describeOpenStep(byGroup)}: its members can replace the program`,
    ].flat();
  });
}

/** One word of the line; undefined when no quoting is understood everywhere. */
function quoted({ platform, shortName }: Running, path: string): string | undefined {
  if (platform === "win32") {
    const plain = /^[\w.:\\@+~-]+$/;
    if (plain.test(path)) return path;
    const short = shortName?.(path);
    return short !== undefined && plain.test(short) ? short : undefined;
  }
  if (/^[\w./@%+:=,-]+$/.test(path)) return path;
  // oxlint-disable-next-line no-control-regex -- control characters are what must not get through
  return /["\\$`#;[\]\u0000-\u001F\u007F-\u009F]/.test(path) ? undefined : `"${path}"`;
}

function isInterpreter(execPath: string): boolean {
  return /(?:^|[\\/])(?:node|bun)[^\\/]*$/i.test(execPath);
}

function pathOf({ platform }: Running): typeof posix {
  return platform === "win32" ? win32 : posix;
}

/** Undefined when nothing is there. */
function realPath(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

/** `cmd.exe` knows the short names; there is no other way to them without a native module. */
function shortNameOf(env: Environment, path: string): string | undefined {
  if (/["%]/.test(path)) return undefined;
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { stdout } = spawnSync(
    systemProgram(env, "cmd.exe"),
    ["/d", "/c", `for %I in ("${path}") do @echo %~sI`],
    {
      encoding: "utf8",
      timeout: 5000,
      windowsVerbatimArguments: true,
    },
  );
  const short = stdout.trim();
  return short === "" ? undefined : short;
}
