/** Whether others could read what is printed: for everything that prints secrets. On the hot path. */
import { fstatSync } from "node:fs";

/** True where stdout is a file, or a named pipe, that another user can read. Windows' access lists are not looked at. */
export function isStdoutReadableByOthers(platform: NodeJS.Platform): boolean {
  if (platform === "win32") return false;
  try {
    const found = fstatSync(1);
    const isForeign = found.uid !== process.geteuid?.();
    // A pipe without a name has the mode 0600, and its owner is whoever made it for us: `sudo -u bob awsrole …` writes to root's.
    if (found.isFIFO()) return (found.mode & 0o077) !== 0;
    return found.isFile() && (isForeign || (found.mode & 0o077) !== 0);
  } catch {
    return false;
  }
}
