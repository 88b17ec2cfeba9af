/**
 * Ends a process in which a native keychain call is blocked.
 *
 * process.exit(), process.reallyExit() and a drained event loop all hang then, on Node 20 to 26: the teardown joins the
 * blocked thread (measured). What works, best first:
 * 1. Linux: half-close the library's D-Bus socket. The bus hangs up, the call is rejected, and the process can end as it likes.
 * 2. POSIX with process.execve (Node 22.15, 23.11 and later): become a shell that exits with the code.
 * 3. A signal to ourselves; the exit code is then 143 (1 on Windows), never 0.
 *
 * Everything for stdout and stderr must have been written synchronously before.
 */
import { Socket } from "node:net";
import { hasPendingNativeCall, socketsSinceFirstCall } from "./native-calls.ts";

/** How long a set-free call may take to come back; measured: about 10 ms. */
const RELEASE_MS = 500;

/** Ends this process with `exitCode`, or with a failure where a blocked call leaves no choice. Never returns. */
export async function endBlockedProcess(exitCode: number): Promise<never> {
  if (hasPendingNativeCall()) {
    for (const fd of socketsSinceFirstCall()) halfClose(fd);
    await pendingCallsSettled(RELEASE_MS);
  }
  if (hasPendingNativeCall()) {
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

function halfClose(fd: number): void {
  try {
    // Not readable: node aborts when it polls a descriptor that the library reads itself.
    new Socket({ fd, readable: false, writable: true, allowHalfOpen: true })
      .on("error", () => {})
      .end();
  } catch {
    // Closed meanwhile, or another part of the program owns it.
  }
}

/** Not in Node 20 and its types. */
type ProcessWithExecve = NodeJS.Process & {
  execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => never;
};

async function pendingCallsSettled(withinMs: number): Promise<void> {
  const until = performance.now() + withinMs;
  while (hasPendingNativeCall() && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
