/**
 * A folder of small files that only we can read or change: the ground of the stores `file` and `plaintext`.
 *
 * The folder is 0700, a folder and no link, ours; a file is 0600, opened without following links, ours. On Windows the folder's access list allows others
 * nothing, and what is in it inherits that. Anything else is refused, not repaired: another user may already have read or replaced what is in it. A file is replaced by rename, so that readers see the old or the new one.
 */
import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode, hasErrorCode } from "../../foundation/errno.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { namedFileProblem, readNamedFile } from "../../foundation/named-file.ts";
import { makePrivateFolder } from "../../foundation/private-dir.ts";
import { recentForeignAccess } from "../../foundation/windows-acl.ts";
import { retryBusy } from "../../foundation/retry-busy.ts";
import { link, lstat, open, readdir, rename, unlink } from "../../foundation/watched-fs.ts";

export type PrivateFolder = {
  /** The text; undefined when there is no such file. */
  read(name: string): Promise<string | undefined>;
  /** The names of all that is in the folder. */
  list(): Promise<readonly string[]>;
  write(name: string, text: string): Promise<void>;
  /** Writes only where there is nothing yet; false when there was something. */
  create(name: string, text: string): Promise<boolean>;
  /** True when something was there. */
  remove(name: string): Promise<boolean>;
};

/** A secret has 20 KB at most. */
const MAX_FILE_BYTES = 256 * 1024;

const isWindows = process.platform === "win32";
const noFollow = constants.O_NOFOLLOW ?? 0;

/**
 * The folder at `path`, made when the first file is written. Its functions throw ERR_STORE_FAILED for what is not private or cannot be used.
 * `readsAccessLists`: false for the cache hit, because on Windows another program has to be started for that.
 */
export function openPrivateFolder(
  path: string,
  { readsAccessLists = true }: { readonly readsAccessLists?: boolean } = {},
): PrivateFolder {
  const fileOf = (name: string): string => join(path, name);
  return {
    async read(name) {
      if (!(await isThere(path, readsAccessLists))) return undefined;
      const file = fileOf(name);
      const inspect = ({ uid, mode }: Stats): void => {
        if (isForeign(uid)) throw refused(file, "belongs to another user");
        if (!isWindows && (mode & 0o077) !== 0) throw refused(file, "can be read by others");
      };
      const options = { maxBytes: MAX_FILE_BYTES, flags: noFollow, inspect };
      try {
        const bytes = await retryBusy(async () => readNamedFile(file, options));
        return bytes.toString("utf8");
      } catch (error) {
        if (isAwsRoleError(error)) throw error;
        // Longer than anything that is written here: its reader finds it damaged.
        if (hasErrorCode(error, "EFBIG")) return "";
        if (hasErrorCode(error, "EISDIR", "ENOTREG", "ENXIO"))
          throw refused(file, namedFileProblem(error));
        return undefinedIfMissing(file)(error);
      }
    },
    async list() {
      if (!(await isThere(path, readsAccessLists))) return [];
      return readdir(path).catch((error: unknown) => {
        throw failed(path, error);
      });
    },
    write: (name, text) => put(path, name, text, rename),
    async create(name, text) {
      try {
        await put(path, name, text, link);
        return true;
      } catch (error) {
        if (isAwsRoleError(error) && hasErrorCode(error.cause, "EEXIST")) return false;
        throw error;
      }
    },
    async remove(name) {
      if (!(await isThere(path, readsAccessLists))) return false;
      return retryBusy(() => unlink(fileOf(name))).then(
        () => true,
        (error: unknown) => {
          if (hasErrorCode(error, "ENOENT")) return false;
          throw failed(path, error);
        },
      );
    },
  };
}

/** A file of its own, complete and on the disk, before it takes the name. */
async function put(
  path: string,
  name: string,
  text: string,
  publish: (from: string, to: string) => Promise<void>,
): Promise<void> {
  try {
    if (!(await isThere(path, true))) makePrivateFolder(path);
    await isThere(path, true);
    const temporary = join(path, `.${name}.${randomBytes(6).toString("hex")}.tmp`);
    try {
      const handle = await open(
        temporary,
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow,
        0o600,
      );
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await retryBusy(() => publish(temporary, join(path, name)));
    } finally {
      await unlink(temporary).catch(() => {});
    }
    await removeLeftovers(path);
  } catch (error) {
    throw isAwsRoleError(error) ? error : failed(path, error);
  }
}

async function isThere(path: string, readsAccessLists: boolean): Promise<boolean> {
  for (const folder of [dirname(path), path]) {
    const stat = await lstat(folder).catch(undefinedIfMissing(folder));
    if (stat === undefined) return false;
    if (stat.isSymbolicLink()) throw refused(folder, "is a link");
    if (!stat.isDirectory()) throw refused(folder, "is not a folder");
    if (isForeign(stat.uid)) throw refused(folder, "belongs to another user");
    if (isWindows && !readsAccessLists) continue;
    if (isOpen(folder, stat, folder === path ? "use" : "change"))
      throw refused(folder, `can be ${folder === path ? "used" : "changed"} by others`);
  }
  return true;
}

/** Whether others can change what is in the folder, or use it at all. @throws ERR_STORE_FAILED where its access list cannot be read. */
function isOpen(folder: string, { mode }: Stats, to: "use" | "change"): boolean {
  if (!isWindows) return (mode & (to === "use" ? 0o077 : 0o022)) !== 0;
  const access = recentForeignAccess(folder);
  return access === "write" || (access === "read" && to === "use");
}

/** What a killed writer left behind, a minute ago or longer. */
async function removeLeftovers(path: string): Promise<void> {
  for (const name of await readdir(path).catch(() => [])) {
    if (!name.startsWith(".") || !name.endsWith(".tmp")) continue;
    const stat = await lstat(join(path, name)).catch(() => undefined);
    if (stat !== undefined && Date.now() - stat.mtimeMs > 60_000)
      await unlink(join(path, name)).catch(() => {});
  }
}

function isForeign(uid: number): boolean {
  const own = process.geteuid?.();
  return own !== undefined && uid !== own;
}

function refused(path: string, what: string): AwsRoleError {
  return new AwsRoleError("ERR_STORE_FAILED", `${path} ${what}: secrets are not stored there`, {
    hint: "find out why, then remove it; set AWSROLE_STATE_DIR to another folder",
  });
}

function failed(path: string, error: unknown): AwsRoleError {
  return new AwsRoleError(
    "ERR_STORE_FAILED",
    `${path} cannot be used (${errorCode(error) ?? "unknown error"})`,
    {
      hint: "check its permissions and the free disk space; set AWSROLE_STATE_DIR to another folder",
      cause: error,
    },
  );
}

function undefinedIfMissing(path: string): (error: unknown) => undefined {
  return (error) => {
    if (hasErrorCode(error, "ENOENT")) return undefined;
    throw hasErrorCode(error, "ELOOP") ? refused(path, "is a link") : failed(path, error);
  };
}
