/**
 * Ends a process in which a native keychain call is blocked (macOS, Windows).
 *
 * process.exit(), process.reallyExit() and a drained event loop all hang then, on Node 20 to 26: the teardown joins the
 * blocked thread (measured). What works, best first:
 * 1. POSIX with process.execve (Node 22.15, 23.11 and later): become a shell that exits with the code.
 * 2. A signal to ourselves; the exit code is then 143 (1 on Windows), never 0.
 *
 * Everything for stdout and stderr must have been written synchronously before.
 */
import { hasPendingNativeCall } from "./native-calls.ts";

/** Ends this process with `exitCode`, or with a failure where a blocked call, of the keychain or another, leaves no choice. */
export function endBlockedProcess(exitCode: number, isBlocked = hasPendingNativeCall()): never {
  if (isBlocked) {
    becomeExit(exitCode);
    endBySignal();
  }
  process.exit(exitCode);
}

function becomeExit(exitCode: number): void {
  const { execve } = process as ProcessWithExecve;
  if (process.platform === "win32" || !execve) return;
  try {
    execve.call(process, "/bin/sh", ["sh", "-c", `exit ${exitCode}`], {});
  } catch {
    // No shell, or no permission to start one: the signal remains.
  }
}

function endBySignal(): void {
  process.removeAllListeners("SIGTERM");
  process.kill(process.pid, "SIGTERM");
}

/** Not in Node 20 and its types. */
type ProcessWithExecve = NodeJS.Process & {
  execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => never;
};
