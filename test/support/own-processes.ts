/**
 * The processes that belong to a temporary home: all that were started with it as HOME, children of children included. A test that
 * ends before they do leaves them to write into a folder that is being removed, and to take time from the next test.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

export type OwnProcess = { readonly pid: number; readonly commandLine: string };

/** Those that run now, but for this one. None where there is no /proc to ask (macOS, Windows). */
export function processesOf(homePath: string): OwnProcess[] {
  if (process.platform !== "linux") return [];
  const wanted = `\0HOME=${homePath}\0`;
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    // One that has ended, though nobody took notice yet, has no environment any more.
    if (!`\0${read(`/proc/${name}/environ`)}`.includes(wanted)) return [];
    const commandLine = read(`/proc/${name}/cmdline`).split("\0").join(" ").trim();
    return [{ pid: Number(name), commandLine }];
  });
}

/** Waits until none is left; those that are after `patienceMs` it kills, and answers which they were. */
export async function endProcessesOf(
  homePath: string,
  patienceMs: number,
): Promise<readonly OwnProcess[]> {
  const leftBehind = await untilNone(homePath, patienceMs);
  for (const { pid } of leftBehind) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  if (leftBehind.length > 0) await untilNone(homePath, patienceMs);
  return leftBehind;
}

async function untilNone(homePath: string, patienceMs: number): Promise<readonly OwnProcess[]> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const left = processesOf(homePath);
    if (left.length === 0 || performance.now() > giveUpAt) return left;
    await pause(20);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // It has ended, or is not ours.
  }
}
