/**
 * The runtime folder: where one user's running processes meet (single-flight.ts). Its rules:
 *
 * - It belongs to us alone: a real folder (no link), owned by us, mode 0700, because answers that pass through it are
 *   secrets and because another user who can write in it can give us false ones. A folder that is not so is left as it is.
 * - Nor can another user put one in its place: every folder above is ours or root's, and others can write there only where the sticky
 *   bit keeps them from renaming what is ours (path-owner.ts).
 * - In a shared folder such as /tmp any user can take the name first. Then a random one is added to it, and found again by listing
 *   the folder: an owner cannot be forged. Of several (two processes made one at the same moment) the oldest counts.
 * - Never in HOME, which several machines may share: a socket reaches only processes of one machine.
 * - Its path has at most 68 bytes. A socket's path is limited to 103 bytes (macOS; Linux 107), of which the names that
 *   unix-socket.ts adds take up to 34, and Node 20 silently cuts a longer one (measured).
 * - No such folder is possible: `undefined`, and everyone works alone.
 */
import type { Environment } from "../foundation/environment.ts";
import { lstatSync, mkdirSync, readdirSync, rmdirSync, type Stats, statSync } from "node:fs";
import { posix, win32 } from "node:path";
import { isAwsRoleError } from "../foundation/errors.ts";
import { describeOpenStep, openSteps } from "../foundation/path-owner.ts";
import { makePrivateFolder } from "../foundation/private-dir.ts";
import { assertAccessList } from "./state-dir.ts";

const maxPathBytes = 68;

/** Why a place is turned down whose name another user took. */
export const takenReason = "it belongs to another user";

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
    const other = platform === "win32" ? undefined : otherFolder(path);
    if (other !== undefined) return { folder: other, rejected };
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
    const [open] = openSteps(posix.dirname(path));
    if (open !== undefined) return describeOpenStep(open);
    makeFolder(path);
    return problemOfFolder(lstatSync(path));
  } catch (error) {
    return errorCode(error);
  }
}

function problemOfFolder(found: Stats): string | undefined {
  if (found.uid !== process.getuid?.()) return takenReason;
  if (found.isSymbolicLink()) return "it is a link";
  if (!found.isDirectory()) return "it is not a folder";
  if ((found.mode & 0o077) !== 0) return "others may enter it";
  if ((found.mode & 0o700) !== 0o700) return "its owner may not use it";
  return undefined;
}

/** A folder of ours beside `taken`, a name that is no use: the oldest there is, else a new one. Undefined where there can be none. */
function otherFolder(taken: string): string | undefined {
  const parent = posix.dirname(taken);
  const prefix = `${posix.basename(taken)}-`;
  if (Buffer.byteLength(taken) + randomBytes * 2 + 1 > maxPathBytes) return undefined;
  try {
    if ([...openSteps(parent)].length > 0) return undefined;
    const oldest = () =>
      readdirSync(parent)
        .filter((name) => name.startsWith(prefix))
        .map((name) => ({
          name,
          stats: lstatSync(posix.join(parent, name), { throwIfNoEntry: false }),
        }))
        .filter(({ stats }) => stats !== undefined && problemOfFolder(stats) === undefined)
        .toSorted(
          (a, b) =>
            (a.stats?.birthtimeMs ?? 0) - (b.stats?.birthtimeMs ?? 0) || (a.name < b.name ? -1 : 1),
        )[0]?.name;
    const found = oldest();
    if (found !== undefined) return posix.join(parent, found);
    const made = posix.join(parent, `${prefix}${randomName()}`);
    mkdirSync(made, { mode: 0o700 });
    // File systems count a few milliseconds as one instant, in which order says nothing: all who were as early are seen after that.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    const first = posix.join(parent, oldest() ?? "");
    if (first !== made) rmdirSync(made);
    return first;
  } catch {
    return undefined;
  }
}

/** No other user can take a name that cannot be guessed. */
const randomBytes = 4;

function randomName(): string {
  // Loaded only here, where a name is taken.
  return process.getBuiltinModule("node:crypto").randomBytes(randomBytes).toString("hex");
}

/** Below %LOCALAPPDATA%, which lets in its user, SYSTEM and administrators; the folders that awsrole makes there let in the first two. */
function windowsPlaces(env: Environment): string[] {
  const { LOCALAPPDATA: local, USERPROFILE: home } = env;
  // Tools that clean the environment drop the first; node itself restores the second.
  const folder = local || (home && win32.join(home, "AppData", "Local"));
  return folder !== undefined && win32.isAbsolute(folder)
    ? [win32.join(folder, "awsrole", "run")]
    : [];
}

function problemOnWindows(path: string): string | undefined {
  try {
    makePrivateFolder(path);
    const found = lstatSync(path);
    if (found.isSymbolicLink()) return "it is a link";
    if (!found.isDirectory()) return "it is not a folder";
    assertAccessList(win32.dirname(path));
    return undefined;
  } catch (error) {
    if (isAwsRoleError(error)) return error.message;
    return errorCode(error);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
