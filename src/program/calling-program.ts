/** Who called us, as far as the system tells. */
import { isShell, processInfo } from "../foundation/process-info.ts";

/** The name (never the arguments) of the program that started this one; undefined where that would cost a child process. */
export function callingProgram(platform: NodeJS.Platform): string | undefined {
  return platform === "linux"
    ? processInfo(platform, process.ppid)?.name.trim() || undefined
    : undefined;
}

/**
 * The name of the program that wants something of us, past the shell that SDKs start us with; `a program` where the system does not
 * tell. It may cost a child process (macOS). Foreign text: escape it.
 */
export function requestingProgram(platform: NodeJS.Platform): string {
  const parent = processInfo(platform, process.ppid);
  // A shell at a terminal gives what is typed a process group of its own; `sh -c` shares its own with what it runs.
  const isBetween =
    parent !== undefined &&
    isShell(parent) &&
    processInfo(platform, process.pid)?.groupId === parent.groupId;
  const caller = isBetween ? processInfo(platform, parent.parentId) : parent;
  return caller?.name ?? parent?.name ?? "a program";
}
