/** The state directory: what awsrole remembers on disk that is not secret. */
import { type Stats, statSync } from "node:fs";
import { posix, win32 } from "node:path";
import type { Environment } from "../foundation/environment.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { whileOpening } from "../foundation/opened-file.ts";
import { permissionCommand } from "../foundation/permission-advice.ts";
import { commandLine } from "../foundation/shell-quote.ts";
import { recentForeignAccess } from "../foundation/windows-acl.ts";

/**
 * Where the state directory is: AWSROLE_STATE_DIR, else the platform's place for state. It need not exist. A relative path is no place, but another in
 * every working directory: it is ignored, as the XDG specification demands of its variables.
 */
export function stateFolder(
  env: Environment,
  platform: NodeJS.Platform,
  homeFolder: string,
): string {
  const paths = platform === "win32" ? win32 : posix;
  const named = env["AWSROLE_STATE_DIR"];
  if (named && paths.isAbsolute(named)) return named;
  if (platform === "win32")
    return win32.join(env["LOCALAPPDATA"] || win32.join(homeFolder, "AppData", "Local"), "awsrole");
  if (platform === "darwin")
    return posix.join(homeFolder, "Library", "Application Support", "awsrole");
  const standard = env["XDG_STATE_HOME"];
  const parent =
    standard && paths.isAbsolute(standard) ? standard : posix.join(homeFolder, ".local", "state");
  return posix.join(parent, "awsrole");
}

/**
 * Asserts that only we can change these directories: anyone else who can could put a link where we write, and a lie where we read.
 * One that does not exist passes, and so does a link to one of our own.
 * @throws ERR_STORE_FAILED for one that belongs to another user, or that others can change.
 */
export function assertOwned(...directories: readonly string[]): void {
  const own = process.geteuid?.();
  if (own === undefined) return;
  for (const directory of directories) {
    const found = statOf(directory);
    if (found === undefined) continue;
    const [what, hint] =
      found.uid !== own
        ? [
            "belongs to another user",
            "run awsrole as that user, or set AWSROLE_STATE_DIR to another folder",
          ]
        : (found.mode & 0o022) !== 0
          ? [
              "can be changed by others",
              `${commandLine("chmod", "go-w", directory)}, if you trust its contents`,
            ]
          : [];
    if (what !== undefined)
      throw new AwsRoleError("ERR_STORE_FAILED", `the state folder ${directory} ${what}`, { hint });
  }
}

/**
 * Asserts the same of a folder on Windows, by its access list. Not within `assertOwned`, which the cache hit calls: a list is read by another program.
 * One that does not exist passes; elsewhere all do.
 * @throws ERR_STORE_FAILED for one that others can change, or whose list cannot be read.
 */
export function assertAccessList(directory: string): void {
  if (process.platform !== "win32" || statOf(directory) === undefined) return;
  if (recentForeignAccess(directory) !== "write") return;
  throw new AwsRoleError(
    "ERR_STORE_FAILED",
    `the state folder ${directory} can be changed by others`,
    {
      hint: `${permissionCommand("700", directory, "win32")}, if you trust its contents, then icacls ... /remove:g for each other account that icacls lists`,
    },
  );
}

function statOf(directory: string): Stats | undefined {
  try {
    return whileOpening(directory, () => statSync(directory, { throwIfNoEntry: false }));
  } catch {
    return undefined;
  }
}
