/**
 * Where a program's name leads: the one search of PATH. A relative or empty folder on PATH is the current folder, in which another user may have put a program: it
 * does not count, unless the question is what the system itself would run.
 */
import { accessSync, constants, statSync } from "node:fs";
import { posix, win32 } from "node:path";
import type { Environment } from "./environment.ts";

export type PathSearch = {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** Default: whether a file is there. */
  readonly accepts?: (file: string) => boolean;
  /** As execvp searches; default: absolute folders only. */
  readonly withRelativeFolders?: boolean;
};

/** The paths of files with one of these names in the folders of PATH, in its order, each looked at when it is asked for. On Windows, names are whole (`aws.exe`). Never throws. */
export function* findOnPath(
  names: readonly string[],
  { env, platform, accepts = isFile, withRelativeFolders = false }: PathSearch,
): Generator<string, undefined> {
  const path = platform === "win32" ? win32 : posix;
  const value = (platform === "win32" ? windowsVariable(env, "PATH") : env["PATH"]) ?? "";
  for (const entry of value.split(path.delimiter)) {
    const folder = platform === "win32" ? entry.replaceAll('"', "") : entry;
    if (!withRelativeFolders && !path.isAbsolute(folder)) continue;
    for (const name of names) {
      const file = path.join(folder, name);
      if (accepts(file)) yield file;
    }
  }
}

/** A variable of Windows: its names are the same in any case. */
export function windowsVariable(env: Environment, name: string): string | undefined {
  const spelling = Object.keys(env).find((key) => key.toUpperCase() === name.toUpperCase());
  return spelling === undefined ? undefined : env[spelling];
}

/** True for a file, or a link to one. */
export function isFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    // A folder on the way that cannot be entered, or is none.
    return false;
  }
}

/** True for what this user may execute (on Windows: read); a folder counts. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
