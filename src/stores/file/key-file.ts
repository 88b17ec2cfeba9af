/** The key file of the store "file", AWSROLE_KEY_FILE. On the path of the cache hit. */
import type { Stats } from "node:fs";
import type { Environment } from "../../foundation/environment.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { namedFileProblem, readNamedFile } from "../../foundation/named-file.ts";
import { commandLine } from "../../foundation/shell-quote.ts";

/** The bytes of the file named in AWSROLE_KEY_FILE; undefined where it is not set. @throws ERR_STORE_FAILED unless it has 32 and is private. */
export function readKeyFile(env: Environment): Buffer | undefined {
  const file = env["AWSROLE_KEY_FILE"];
  if (!file) return undefined;
  const key = readPrivateNamedFile("the key file", file, 1024);
  if (key.length === KEY_BYTES) return key;
  throw new AwsRoleError(
    "ERR_STORE_FAILED",
    `the key file ${file} has ${key.length} bytes, not ${KEY_BYTES}`,
    { hint: `make one: (umask 077; head -c ${KEY_BYTES} /dev/urandom > ${file})` },
  );
}

const KEY_BYTES = 32;

/** A file with a secret that a variable names. @throws ERR_STORE_FAILED for one that others can read, or that is no regular file. */
export function readPrivateNamedFile(what: string, file: string, maxBytes: number): Buffer {
  const inspect = (stat: Stats): void => {
    if (process.platform === "win32" || !isReadByOthers(stat)) return;
    throw new AwsRoleError("ERR_STORE_FAILED", `${what} ${file} can be read by others`, {
      hint: commandLine("chmod", "600", file),
    });
  };
  try {
    return readNamedFile(file, { maxBytes, inspect });
  } catch (error) {
    if (isAwsRoleError(error)) throw error;
    throw new AwsRoleError("ERR_STORE_FAILED", `${what} ${file} ${namedFileProblem(error)}`, {
      hint: "check its path and permissions",
      cause: error,
    });
  }
}

/** systemd's credentials are root's, readable for the service's user by an access list, which shows as the group's bits. */
function isReadByOthers({ mode, uid }: Stats): boolean {
  return (mode & (uid === 0 ? 0o007 : 0o077)) !== 0;
}
