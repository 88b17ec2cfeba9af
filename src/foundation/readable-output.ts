/** Whether others could read what is printed: for everything that prints secrets. On the hot path. */
import { fstatSync, type Stats } from "node:fs";

/** True where stdout is a file, or (on Linux) a named pipe, that another user can read. Windows' access lists are not looked at. */
export function isStdoutReadableByOthers(platform: NodeJS.Platform): boolean {
  try {
    return isReadableByOthers(fstatSync(1), platform);
  } catch {
    return false;
  }
}

/** The same of an open file. `ownUid`: who we are. */
export function isReadableByOthers(
  found: Stats,
  platform: NodeJS.Platform,
  ownUid = process.geteuid?.(),
): boolean {
  if (platform === "win32") return false;
  const isOpen = (found.mode & 0o077) !== 0;
  // On Linux a pipe without a name has the mode 0600, and its owner is the user who made it for us: `sudo -u bob awsrole …` writes to root's. Elsewhere
  // its mode says nothing (on macOS the group's bits are set), and every SDK reads from such a pipe.
  if (found.isFIFO()) return platform === "linux" && isOpen;
  // Root can read everything: a file that root's shell opened for `runuser -u bob -- awsrole …` tells it nothing more.
  const isOurs = found.uid === ownUid || found.uid === 0;
  return found.isFile() && (isOpen || !isOurs);
}
