/**
 * How `logout` keeps a fetch that is already under way, in any process, from being cached afterwards. Its rules:
 *
 * - One mark for all profiles, in the state folder: `logout` changes it *before* it deletes, and so need not know which
 *   fetches are under way. Another profile's fetch that the change hits is merely not cached this once.
 * - A fetch remembers the mark before it begins, and looks at it before *and after* storing. The second look closes the gap:
 *   if the mark changes after it, the item was already there for logout to delete.
 * - Any content is a mark: that it differs from the one before is all that counts. One that cannot be read counts as changed.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { hasErrorCode } from "../foundation/errno.ts";
import { readNamedFile } from "../foundation/named-file.ts";
import { openStateFile } from "./json-file.ts";

/**
 * Changes the mark in the state folder (made if need be): nothing that is being fetched now will stay cached. Call it before
 * deleting. Throws the file system's error, or ERR_STORE_FAILED for a folder of others, after which what is under way may still be cached.
 */
export function markLogout(stateFolder: string): void {
  openStateFile(stateFolder, markName, String).write(randomBytes(16).toString("hex"));
}

/** Call it before a fetch begins. The function it returns tells whether there was a logout since. */
export function watchForLogout(stateFolder: string): () => boolean {
  const before = readMark(stateFolder);
  return () => before === "unreadable" || readMark(stateFolder) !== before;
}

/** Stores what was fetched unless there was a logout since `watchForLogout`; says whether it is stored. Throws what the two throw. */
export async function storeUnlessLoggedOut(
  hasLoggedOut: () => boolean,
  store: () => Promise<void>,
  remove: () => Promise<unknown>,
): Promise<boolean> {
  if (hasLoggedOut()) return false;
  await store();
  if (!hasLoggedOut()) return true;
  await remove();
  return false;
}

function readMark(stateFolder: string): string {
  try {
    return readNamedFile(join(stateFolder, markName), { maxBytes: 4096 }).toString("utf8");
  } catch (error) {
    return hasErrorCode(error, "ENOENT", "ENOTDIR") ? "absent" : "unreadable";
  }
}

const markName = "last-logout";
