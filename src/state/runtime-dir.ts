/**
 * The runtime folder: where one user's running processes meet (single-flight.ts). Its rules:
 *
 * - It belongs to us alone: a real folder (no link), owned by us, mode 0700, because answers that pass through it are
 *   secrets and because whoever can write in it can give us false ones. A folder that is not so is left as it is.
 * - Never in HOME, which several machines may share: a socket reaches only processes of one machine.
 * - Its path has at most 68 bytes. A socket's path is limited to 103 bytes (macOS; Linux 107), of which the names that
 *   flight-folder.ts adds take up to 34, and Node 20 silently cuts a longer one (measured).
 * - No such folder is possible: `undefined`, and everyone works alone.
 */
import type { Environment } from "../foundation/environment.ts";
import { lstatSync, mkdirSync, statSync } from "node:fs";
import { posix, win32 } from "node:path";

const maxPathBytes = 68;

/** The runtime folder, created if need be; `undefined` when none can be had. Never throws. */
export function runtimeFolder(env: Environment, platform: NodeJS.Platform): string | undefined {
  return examineRuntimeFolders(env, platform).folder;
}

/** What `runtimeFolder` finds, and for each place it turned down before that the reason, for people. */
export type RuntimeFolders = {
  readonly folder: string | undefined;
  readonly rejected: readonly { readonly path: string; readonly reason: string }[];
};

/** Looks at the possible places in order, creates the folder in the first that allows it. Never throws. */
export function examineRuntimeFolders(env: Environment, platform: NodeJS.Platform): RuntimeFolders {
  const rejected: { path: string; reason: string }[] = [];
  for (const path of platform === "win32" ? windowsPlaces(env) : posixPlaces(env)) {
    const reason = platform === "win32" ? problemOnWindows(path) : problemOnPosix(path);
    if (reason === undefined) return { folder: path, rejected };
    rejected.push({ path, reason });
  }
  return { folder: undefined, rejected };
}

/** XDG Base Directory Specification first; then the temporary folder, and /tmp itself for where TMPDIR is too long. */
function posixPlaces(env: Environment): string[] {
  const places: string[] = [];
  const runtime = env["XDG_RUNTIME_DIR"];
  // Under sudo -E or su this is the other user's folder: a folder of ours in it would only be in that user's way.
  if (runtime !== undefined && posix.isAbsolute(runtime) && isOurs(runtime))
    places.push(posix.join(runtime, "awsrole"));
  const ours = `awsrole-${process.getuid?.()}`;
  const temporary = env["TMPDIR"];
  if (temporary !== undefined && posix.isAbsolute(temporary))
    places.push(posix.join(temporary, ours));
  places.push(posix.join("/tmp", ours));
  return [...new Set(places)];
}

function isOurs(folder: string): boolean {
  try {
    return statSync(folder).uid === process.getuid?.();
  } catch {
    return false;
  }
}

function problemOnPosix(path: string): string | undefined {
  if (Buffer.byteLength(path) > maxPathBytes)
    return `its path is longer than ${maxPathBytes} bytes`;
  try {
    makeFolder(path, false);
    const found = lstatSync(path);
    if (found.isSymbolicLink()) return "it is a link";
    if (!found.isDirectory()) return "it is not a folder";
    if (found.uid !== process.getuid?.()) return "it belongs to another user";
    if ((found.mode & 0o077) !== 0) return "others may enter it";
    if ((found.mode & 0o700) !== 0o700) return "its owner may not use it";
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

/** Profiles are private by inheritance on Windows: %LOCALAPPDATA% lets in its user, SYSTEM and administrators. */
function windowsPlaces(env: Environment): string[] {
  const local = env["LOCALAPPDATA"];
  return local !== undefined && win32.isAbsolute(local)
    ? [win32.join(local, "awsrole", "run")]
    : [];
}

function problemOnWindows(path: string): string | undefined {
  try {
    makeFolder(path, true);
    const found = lstatSync(path);
    if (found.isSymbolicLink()) return "it is a link";
    return found.isDirectory() ? undefined : "it is not a folder";
  } catch (error) {
    return errorCode(error);
  }
}

function makeFolder(path: string, recursive: boolean): void {
  try {
    mkdirSync(path, { mode: 0o700, recursive });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
