/**
 * Replacing one of the user's files: all of it or nothing, whatever happens in between.
 *
 * - The new text is written to a file of its own in the same folder, forced to the disk, and renamed over the old one; then the folder is forced to
 *   the disk. A kill, a crash or a full disk leaves the old file or the new one, and perhaps a temporary one, which the next write removes.
 * - What a rename could not keep is refused before anything is written: another owner, a read-only or hard-linked file, a mount point. So is another
 *   user's home (`sudo` with HOME kept). A group that we are not in is not kept, and loses its rights.
 * - A link is followed to its target, which is replaced; the link stays.
 *
 * The caller holds a lock against other awsrole processes; other programs know no lock, so the old text is compared once more before the rename.
 */
import type { FileHandle } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errorCode, hasErrorCode } from "../foundation/errno.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { writableCommand } from "../foundation/permission-advice.ts";
import { makePrivateFolder } from "../foundation/private-dir.ts";
import { retryBusy } from "../foundation/retry-busy.ts";
import {
  lstat,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  stat,
  unlink,
} from "../foundation/watched-fs.ts";

/** The file that is really written: where links lead. A file that does not exist yet is its own target. */
export async function realTarget(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT")) throw explain(file, error);
    const link = await lstat(file).catch(() => undefined);
    if (link?.isSymbolicLink() !== true) return file;
    throw refused(
      file,
      "is a link to a file that does not exist",
      "create its target, or remove the link",
    );
  }
}

/**
 * Replaces `target` (from `realTarget`), whose text was `before`, by `after`; both are bytes read as latin1, `""` is no file.
 * @throws ERR_CONFIG_CONFLICT when the file is not `before` any more, ERR_CONFIG_WRITE, saying why, for all else; then nothing has changed.
 */
export async function replaceFile(target: string, before: string, after: string): Promise<void> {
  const folder = dirname(target);
  try {
    const old = await assertReplaceable(target);
    makePrivateFolder(folder);
    await removeLeftovers(target);
    const temporary = join(
      folder,
      `.${basename(target)}.awsrole-${randomBytes(6).toString("hex")}.tmp`,
    );
    try {
      await writeNew(temporary, after, old);
      await assertUnchanged(target, before);
      await retryBusy(() => rename(temporary, target));
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
    await syncFolder(folder);
  } catch (error) {
    throw isAwsRoleError(error) ? error : explain(target, error);
  }
}

async function writeNew(temporary: string, text: string, old: Stats | undefined): Promise<void> {
  const flags =
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const handle: FileHandle = await open(temporary, flags, 0o600);
  try {
    // FileHandle.writeFile reports a disk that fills up half-way; a bare write would be cut short in silence.
    await handle.writeFile(Buffer.from(text, "latin1"));
    if (old !== undefined && process.platform !== "win32") {
      const own = await handle.stat();
      const isKept = own.gid === old.gid || (await giveToGroup(handle, old));
      // Rights that the old group had are not for another group.
      await handle.chmod(old.mode & (isKept ? 0o7777 : 0o5707));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * False where we are not in the file's group: `sudo chown me FILE` leaves root's. The file is ours (assertKeptByRename), so it is written all the same,
 * as the AWS CLI does.
 */
async function giveToGroup(handle: FileHandle, { uid, gid }: Stats): Promise<boolean> {
  try {
    await handle.chown(uid, gid);
    return true;
  } catch (error) {
    if (!hasErrorCode(error, "EPERM")) throw error;
    return false;
  }
}

async function assertUnchanged(target: string, before: string): Promise<void> {
  const now = await retryBusy(() =>
    readFile(target, {
      encoding: "latin1",
      flag: constants.O_RDONLY | (constants.O_NONBLOCK ?? 0),
    }),
  ).catch(undefinedIfMissing);
  if ((now ?? "") === before) return;
  throw new AwsRoleError(
    "ERR_CONFIG_CONFLICT",
    `${target} was changed by another program at the same moment`,
    { hint: "try again" },
  );
}

/**
 * What is there now (undefined: no file), if a rename could replace it and keep what it is. Writes nothing.
 * @throws ERR_CONFIG_WRITE, saying why not.
 */
export async function assertReplaceable(target: string): Promise<Stats | undefined> {
  try {
    const old = await stat(target).catch(undefinedIfMissing);
    if (old === undefined) await assertOwnHome(target);
    else await assertKeptByRename(target, old);
    return old;
  } catch (error) {
    throw isAwsRoleError(error) ? error : explain(target, error);
  }
}

async function assertKeptByRename(target: string, old: Stats): Promise<void> {
  if (!old.isFile())
    throw refused(
      target,
      "is not a regular file",
      target.startsWith("/dev/")
        ? "set a file in AWS_CONFIG_FILE, or unset it"
        : "move it, or set another file",
    );
  if (process.platform !== "win32") {
    const own = process.geteuid?.();
    if (own !== undefined && old.uid !== own) {
      throw refused(
        target,
        "belongs to another user",
        own === 0 ? "run awsrole as that user, without sudo" : "edit it as its owner",
      );
    }
    if (old.nlink > 1)
      throw refused(
        target,
        "has a hard link, which would keep the old content",
        "use a symbolic link instead",
      );
  }
  if ((old.mode & 0o222) === 0)
    throw refused(
      target,
      "is read-only",
      // A package manager's file (home-manager): what is changed there is lost, or breaks its store.
      target.startsWith("/nix/store/")
        ? "edit it where it comes from"
        : `${writableCommand(target, process.platform)}, if it may be edited`,
    );
  const folder = await stat(dirname(target));
  if (folder.dev !== old.dev)
    throw refused(
      target,
      "is a mount point, which cannot be replaced",
      "edit it where it is mounted from",
    );
}

/** A root process must not leave root's files in another user's home. */
async function assertOwnHome(target: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  let folder = dirname(target);
  let found = await stat(folder).catch(undefinedIfMissing);
  while (found === undefined && dirname(folder) !== folder) {
    folder = dirname(folder);
    found = await stat(folder).catch(undefinedIfMissing);
  }
  if (found !== undefined && found.uid !== 0)
    throw refused(
      target,
      "would be owned by root in another user's folder",
      "run awsrole as that user, without sudo",
    );
}

/** Under the lock no other process's temporary file can be in use. */
async function removeLeftovers(target: string): Promise<void> {
  const prefix = `.${basename(target)}.awsrole-`;
  const names = await readdir(dirname(target)).catch(() => []);
  for (const name of names) {
    if (name.startsWith(prefix) && name.endsWith(".tmp"))
      await unlink(join(dirname(target), name)).catch(() => {});
  }
}

/**
 * The rename itself must survive a power cut. Windows cannot open a folder; it keeps its own journal. Where it fails (a folder that may be
 * written but not read) the file is new all the same, and to call that a failure would be wrong.
 */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, constants.O_RDONLY).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}

const reasons: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: [
    "could not be written: the disk is full",
    "nothing was changed; free some space and try again",
  ],
  EDQUOT: [
    "could not be written: your quota is used up",
    "nothing was changed; free some space and try again",
  ],
  EACCES: ["could not be written: permission denied", "check the permissions of its folder"],
  EPERM: [
    "could not be written: not permitted",
    process.platform === "win32"
      ? "another program may have it open: close it and try again"
      : "check the owner and attributes of the file and its folder",
  ],
  EROFS: ["could not be written: the file system is read-only", "edit the original"],
  EBUSY: [
    "could not be replaced: it is in use or a mount point",
    "close the program that uses it, or edit it where it is mounted from",
  ],
  EXDEV: ["could not be replaced: it is a mount point", "edit it where it is mounted from"],
  ENOTDIR: ["could not be written: a part of its path is not a folder", "check AWS_CONFIG_FILE"],
  ENOENT: ["could not be written: its folder cannot be created", "check AWS_CONFIG_FILE"],
  EEXIST: [
    "could not be written: its folder is a dangling link",
    "create the link's target, or remove the link",
  ],
  ELOOP: ["could not be written: a link in its path forms a loop", "fix the link"],
};

function explain(file: string, error: unknown): AwsRoleError {
  const code = errorCode(error) ?? "unknown error";
  const [what, hint] = reasons[code] ?? [`could not be written (${code})`, "nothing was changed"];
  return new AwsRoleError("ERR_CONFIG_WRITE", `${file} ${what}`, { hint, cause: error });
}

function refused(file: string, what: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_CONFIG_WRITE", `${file} ${what}: nothing was changed`, { hint });
}

function undefinedIfMissing(error: unknown): undefined {
  if (!hasErrorCode(error, "ENOENT")) throw error;
  return undefined;
}
