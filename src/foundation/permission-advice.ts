/** What a user types to change a file's permissions or an environment variable, on this platform and ready to paste. */
import { shellCommand } from "./shell-quote.ts";

/** `chmod MODE FILE`; on Windows the `icacls` that leaves the file to its owner and the system (by its SID: its name is in the system's language) alone. */
export function permissionCommand(mode: string, file: string, platform: NodeJS.Platform): string {
  if (platform !== "win32") return shellCommand(["chmod", mode, file], platform);
  // A folder's list is also that of what is in it.
  const all = mode === "700" ? "(OI)(CI)F" : "F";
  return `${shellCommand(["icacls", file], platform)} /inheritance:r /grant:r "%USERNAME%:${all}" "*S-1-5-18:${all}"`;
}

/** How a read-only file is made writable. */
export function writableCommand(file: string, platform: NodeJS.Platform): string {
  return shellCommand(
    platform === "win32" ? ["attrib", "-r", file] : ["chmod", "u+w", file],
    platform,
  );
}

/** How a variable is removed from the environment. On Windows each shell has its own way, and the system's settings come first. */
export function unsetCommand(variable: string, platform: NodeJS.Platform): string {
  return platform === "win32"
    ? `remove ${variable} (Remove-Item Env:${variable} in PowerShell, set ${variable}= in cmd)`
    : `unset ${variable}`;
}

/** How a variable is set for the shell in use. */
export function setCommand(variable: string, value: string, platform: NodeJS.Platform): string {
  return platform === "win32"
    ? `$env:${variable} = "${value}" in PowerShell, set ${variable}=${value} in cmd`
    : `export ${variable}=${value}`;
}
