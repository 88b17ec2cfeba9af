/** Folders that only their owner may enter. */
import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { hasErrorCode } from "./errno.ts";
import { whileOpening } from "./opened-file.ts";
import { restrictToOwner } from "./windows-acl.ts";

/**
 * Makes `path`, and what is missing above it, with mode 0700, on Windows with an access list that comes to the same; a folder that is there stays as it is.
 * Throws the file system's error, ERR_STORE_FAILED where the list cannot be set.
 *
 * Not with node's `recursive`: that never returns where a parent reads as absent and cannot be made either (measured below /proc, Node 20 to 26).
 */
export function makePrivateFolder(path: string): void {
  try {
    makeUnlessThere(path);
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT") || dirname(path) === path) throw error;
    makePrivateFolder(dirname(path));
    makeUnlessThere(path);
  }
}

function makeUnlessThere(path: string): void {
  try {
    whileOpening(path, () => mkdirSync(path, { mode: 0o700 }));
  } catch (error) {
    if (!isFolder(path)) throw error;
    return;
  }
  if (process.platform === "win32") restrictOrRemove(path);
}

/** What is not private is not left behind, so that the next call tries again. */
function restrictOrRemove(path: string): void {
  try {
    restrictToOwner(path);
  } catch (error) {
    try {
      rmdirSync(path);
    } catch {
      // Another process uses it already: who reads its list will refuse it.
    }
    throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}
