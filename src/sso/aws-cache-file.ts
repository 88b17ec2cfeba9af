/**
 * JSON files that awsrole shares with the AWS CLI and the SDKs: tokens below ~/.aws/sso/cache, console sessions below ~/.aws/login/cache.
 *
 * - Read whatever they are: not a plain file, too long or not JSON counts as no file, and nothing is waited for (a FIFO would block).
 * - Replaced by rename with mode 0600, so that another program reads the old text or the new one; a link is followed, as the others do.
 */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { errorCode } from "../foundation/errno.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { makePrivateFolder } from "../foundation/private-dir.ts";
import { readNamedFile } from "../foundation/named-file.ts";
import { open, realpath, rename, rm } from "../foundation/watched-fs.ts";

/** A token with its registration has some 5 KB. */
const longestBytes = 1024 * 1024;

/** The object in the file; undefined where there is none that can be read. */
export async function readAwsCacheFile(
  file: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const text = readNamedFile(file, { maxBytes: longestBytes }).toString("utf8");
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the file whole. @throws ERR_STORE_FAILED, naming it: what was to be written is lost then. */
export async function writeAwsCacheFile(
  file: string,
  value: Readonly<Record<string, unknown>>,
): Promise<void> {
  try {
    makePrivateFolder(dirname(file));
    const target = await realpath(file).catch(() => file);
    const temporary = `${target}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      const handle = await open(temporary, "wx", 0o600);
      try {
        await handle.writeFile(JSON.stringify(value));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  } catch (cause) {
    const code = errorCode(cause) ?? "unknown error";
    throw new AwsRoleError("ERR_STORE_FAILED", `${file} cannot be written (${code})`, {
      hint: "check the permissions of its folder and the free disk space",
      cause,
    });
  }
}
