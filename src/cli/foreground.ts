/**
 * Whether this process may talk to its terminal. Its rules:
 *
 * - Only the foreground process group may: a job in the background that reads the terminal is stopped by the system (SIGTTIN),
 *   and everyone who waits for it with it (measured, single-flight.md).
 * - Only while its caller lives: an SDK that gave up or was killed leaves us behind, and what is typed then is meant for the shell.
 *   The caller is our parent, or the program behind the `sh -c` that most SDKs start us with.
 * - Both are looked at again and again while a question is open, because nothing tells us of a change.
 */
import { hasErrorCode } from "../foundation/errno.ts";
import { type Unavailable, unavailable } from "../foundation/prompter.ts";
import { isShell, type ProcessInfo, processInfo } from "../foundation/process-info.ts";

/** Tells terminals apart as long as their foreground job is the same; or why the terminal is not ours to use, as a clause. */
export type Foreground = { readonly kind: "front"; readonly terminal: string } | Unavailable;

/** Two looks and what follows take less than 0.5 s. */
const pollMs = 200;

/** Where this process is now. */
export function findForeground(platform: NodeJS.Platform): Foreground {
  if (platform === "win32")
    return isAlive(process.ppid)
      ? { kind: "front", terminal: "console" }
      : unavailable("its caller has ended");
  const self = processInfo(platform, process.pid);
  if (self === undefined || self.foregroundGroupId <= 0) return unavailable("there is no terminal");
  if (!isInFront(self)) return unavailable("this is a background job");
  const callers = callersOf(platform, self);
  // Who called us before the first look cannot be known.
  firstCallers ??= callers;
  if (callers !== firstCallers) return unavailable("its caller has ended");
  return { kind: "front", terminal: String(self.foregroundGroupId) };
}

/** True while what is typed at our terminal, Ctrl-C too, reaches our process group. */
export function isForegroundJob(platform: NodeJS.Platform): boolean {
  const self = processInfo(platform, process.pid);
  return platform === "win32" || (self !== undefined && isInFront(self));
}

/** Calls `onLost` once, within 0.5 s of the moment when the terminal is not ours any more. The function returned ends the watch. */
export function watchForeground(
  platform: NodeJS.Platform,
  onLost: (reason: string) => void,
): () => void {
  const timer = setInterval(() => {
    const now = findForeground(platform);
    if (now.kind === "front") return;
    clearInterval(timer);
    onLost(now.reason);
  }, pollMs);
  return () => clearInterval(timer);
}

function isInFront({ groupId, foregroundGroupId }: ProcessInfo): boolean {
  return groupId === foregroundGroupId;
}

let firstCallers: string | undefined;

/** Changes when a caller ends: its children get another parent. */
function callersOf(platform: NodeJS.Platform, { parentId }: ProcessInfo): string {
  const parent = processInfo(platform, parentId);
  return parent !== undefined && isShell(parent) ? `${parentId} ${parent.parentId}` : `${parentId}`;
}

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return hasErrorCode(error, "EPERM");
  }
}
