/** Tokens that a person chose, so that containers and services keep them when `serve` starts again: from files or descriptors, never from the command line. */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { resolve } from "node:path";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { readUpTo } from "../../foundation/named-file.ts";

export type GivenToken = {
  readonly token: string;
  /** The absolute path for AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE; undefined when it came from a descriptor or a pipe. */
  readonly file: string | undefined;
};

/** So that it cannot be guessed, and every SDK sends it as it is. */
const form = /^[\x21-\x7E]{32,512}$/;

/**
 * The one line in `path` (a file of mode 0600, or `/dev/fd/N`). @throws ERR_SOURCE_UNAVAILABLE when it cannot be read, others can read it, or it is
 * no token.
 */
export function readToken(path: string): GivenToken {
  const { text, isFile } = readPrivateText(path);
  const token = text.replace(/\r?\n$/, "");
  if (!form.test(token))
    throw new AwsRoleError("ERR_SOURCE_UNAVAILABLE", `the token in ${path} cannot be used`, {
      hint: `one line of 32 to 512 characters without spaces, for example: (umask 077; openssl rand -hex 32 > ${path})`,
    });
  return { token, file: isFile && !path.startsWith("/dev/") ? resolve(path) : undefined };
}

function readPrivateText(path: string): { readonly text: string; readonly isFile: boolean } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(
      path,
      path.startsWith("/dev/") ? "r" : constants.O_RDONLY | (constants.O_NONBLOCK ?? 0),
    );
    const found = fstatSync(descriptor);
    const isForeign = found.uid !== process.getuid?.() && found.uid !== 0;
    if (process.platform !== "win32" && found.isFile() && (isForeign || (found.mode & 0o077) !== 0))
      throw new AwsRoleError(
        "ERR_SOURCE_UNAVAILABLE",
        `the token file ${path} ${isForeign ? "belongs to another user" : "can be read by others"}`,
        { hint: isForeign ? "use a file of your own" : `chmod 600 ${path}` },
      );
    return { text: readUpTo(descriptor, 4096).toString("utf8"), isFile: found.isFile() };
  } catch (error) {
    if (isAwsRoleError(error)) throw error;
    throw new AwsRoleError("ERR_SOURCE_UNAVAILABLE", `the token file ${path} cannot be read`, {
      hint: "check its path and permissions",
      cause: error,
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
