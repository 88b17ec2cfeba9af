/**
 * Small JSON files in the state directory: the one way in which they are read and written. Its rules:
 *
 * - The directory is private (0700, made when the first file is written) and ours alone to change; otherwise nothing in it is believed and
 *   nothing is written. A file is 0600.
 * - A file is replaced by rename from a temporary one with a random name, opened exclusively: a reader sees the old or the new text, a link
 *   in its place is never followed, and two writers never share a temporary file.
 * - What is read is decoded: a file that is cut short, or that another version wrote, is as good as none.
 * - Only `node:fs` and `node:path` are loaded, because the cache hit reads such a file.
 */
import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hasErrorCode } from "../foundation/errno.ts";
import { readNamedFile } from "../foundation/named-file.ts";
import { whileOpening } from "../foundation/opened-file.ts";
import { retryBusySync } from "../foundation/retry-busy.ts";
import { makePrivateFolder } from "../foundation/private-dir.ts";
import { assertAccessList, assertOwned } from "./state-dir.ts";

/** The largest is the record of an edit: the old and the new text of a section. */
const MAX_BYTES = 256 * 1024 * 1024;

/** One file. */
export type StateFile<T> = {
  /** The value; undefined when there is none or it cannot be decoded. @throws ERR_STORE_FAILED for a directory that others can change. */
  read(): T | undefined;
  /** Replaces the file. @throws ERR_STORE_FAILED as `read`, and the file system's error. */
  write(value: T): void;
  /** Removes the file, if there is one. @throws the file system's error. */
  remove(): void;
  /** True when there is a file, whatever is in it. Cheaper than `read`. Never throws. */
  exists(): boolean;
};

/** The file `name` (`rotations/AKIA….json`) in `stateFolder`. `decode`: the value of what was parsed, or undefined when it is not one. */
export function openStateFile<T>(
  stateFolder: string,
  name: string,
  decode: (value: unknown) => T | undefined,
): StateFile<T> {
  const file = join(stateFolder, name);
  const directory = dirname(file);
  return {
    read() {
      assertOwned(stateFolder, directory);
      try {
        return decode(
          JSON.parse(
            retryBusySync(() => readNamedFile(file, { maxBytes: MAX_BYTES }).toString("utf8")),
          ),
        );
      } catch {
        return undefined;
      }
    },
    write(value) {
      makePrivateFolder(directory);
      assertOwned(stateFolder, directory);
      assertAccessList(stateFolder);
      // `wx` is what makes it safe; the name need only be one that no other writer has. (node:crypto would cost the cache hit milliseconds.)
      const temporary = `${file}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`;
      try {
        whileOpening(file, () => {
          writeFileSync(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600, flag: "wx" });
          retryBusySync(() => renameSync(temporary, file));
        });
      } catch (error) {
        removeIfPossible(temporary);
        throw error;
      }
    },
    remove: () => whileOpening(file, () => retryBusySync(() => rmSync(file, { force: true }))),
    exists: () => {
      try {
        return whileOpening(file, () => statSync(file, { throwIfNoEntry: false })) !== undefined;
      } catch {
        return false;
      }
    },
  };
}

/**
 * The names of the files in `stateFolder`/`folder`, without `.json`; none where there is no such folder.
 * @throws ERR_STORE_FAILED for a directory that others can change.
 */
export function stateFileNames(stateFolder: string, folder: string): readonly string[] {
  const directory = join(stateFolder, folder);
  assertOwned(stateFolder, directory);
  try {
    return whileOpening(directory, () => readdirSync(directory))
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length));
  } catch {
    return [];
  }
}

/**
 * Removes the temporary files that killed processes left in the folders of `stateFolder`: those whose process has ended, a minute old (a process of
 * another container cannot be seen). Never throws.
 */
export function removeLeftovers(stateFolder: string): void {
  for (const folder of namesIn(stateFolder)) {
    for (const name of namesIn(join(stateFolder, folder))) {
      const pid = /\.json\.(\d+)-[a-z0-9]+\.tmp$/.exec(name)?.[1];
      const file = join(stateFolder, folder, name);
      if (pid !== undefined && !isRunning(Number(pid)) && isOld(file)) removeIfPossible(file);
    }
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return whileOpening(folder, () => readdirSync(folder));
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasErrorCode(error, "ESRCH");
  }
}

function isOld(file: string): boolean {
  try {
    return Date.now() - statSync(file).mtimeMs > 60_000;
  } catch {
    return false;
  }
}

function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Nothing reads a name that ends in .tmp.
  }
}
