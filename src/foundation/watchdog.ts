/**
 * Ends this process when a file system never answers. Its rules (docs/internals/watchdog.md has the reasons and the costs):
 *
 * - The main thread beats twice a second. A second thread counts seconds in which it did not beat and the process used no processor: it is blocked in a
 *   call of the system. Ten of them in a row, or two when the deadline of the command is over, and the process ends.
 * - A main thread that waits for a processor, as of fifty programs started at once, is not blocked: Linux lists it as runnable.
 * - The counts are the second thread's own: a process that was stopped, or a machine that slept, has aged by one second.
 * - A blocked process cannot end with an exit code (process.exit waits for its threads), so it ends by SIGKILL to itself, its lines written before.
 * - Waiting for a person, a child or the network does not block the main thread. What does, because another program is to read or write
 *   (`whileOthersWork`), is bound by the command's deadline alone.
 */
import { Worker } from "node:worker_threads";
import { sinceStartMs } from "./deadline.ts";
import { listenToOpenedFiles } from "./opened-file.ts";

/** What is written before the end: `stdout` for a command with --json. */
export type LastLines = { readonly stderr: string; readonly stdout: string };

/** The longest lines: a path has 4,096 bytes at most, and is in the hint too. */
const longestLines = 64 * 1024;

/**
 * Starts it. `linesFor`: what to say when the file at that path, or one that is not known, does not answer. `deadlineMs`: counted from
 * process start; absent for commands that may take as long as they like. Where no thread can be started there is no watchdog. Never throws.
 */
export function startWatchdog(
  linesFor: (path: string | undefined) => LastLines,
  deadlineMs?: number,
): void {
  const cells = new Int32Array(new SharedArrayBuffer(4 * cellCount));
  const lines = new Uint8Array(new SharedArrayBuffer(longestLines));
  const encoder = new TextEncoder();
  const prepare = (path: string | undefined): void => {
    const { written } = encoder.encodeInto(JSON.stringify(linesFor(path)), lines);
    Atomics.store(cells, 3, written);
  };
  const setDeadline = (ms: number): void =>
    void Atomics.store(
      cells,
      2,
      Atomics.load(cells, 5) + Math.max(1, Math.ceil((ms - sinceStartMs()) / 1000)),
    );
  prepare(undefined);
  if (deadlineMs !== undefined) setDeadline(deadlineMs);
  setInterval(() => void Atomics.add(cells, 0, 1), 500).unref();
  startThread(cells, lines);
  listenToOpenedFiles({
    opening: prepare,
    waiting: (isWaiting) => void Atomics.store(cells, 4, isWaiting ? 1 : 0),
    deadline: setDeadline,
  });
}

/** Beats of the main thread; 1 for the end; the second in which the deadline is over, or 0; the length of the lines; 1 while it waits for others; seconds. */
const cellCount = 6;

function startThread(cells: Int32Array, lines: Uint8Array): void {
  try {
    const worker = new Worker(
      // A text and no file, because the stand-alone program has none.
      `const { workerData: { cells, lines } } = require("node:worker_threads");
      const { readFileSync, writeSync } = require("node:fs");
      (${watchMainThread.toString()})(cells, lines, {
        cpuMs: () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; },
        isRunnable: () => {
          // The state of the main thread, behind the program's name: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
          try { return /^[^]*\\) R/.test(readFileSync("/proc/self/stat", "latin1")); } catch { return false; }
        },
        write: writeSync,
        kill: () => process.kill(process.pid, "SIGKILL"),
      });`,
      // Nothing of ours is in its environment, and no option of node's loads anything into it.
      { eval: true, workerData: { cells, lines }, env: {}, execArgv: [] },
    );
    worker.on("error", () => {});
    worker.unref();
  } catch {
    // Without one the command runs as well.
  }
}

/** What the second thread has of the system. */
export type WatchTools = {
  /** The processor time of the whole process. */
  readonly cpuMs: () => number;
  /** Whether the main thread waits for a processor; false where the system does not say so. */
  readonly isRunnable: () => boolean;
  readonly write: (descriptor: 1 | 2, text: string) => unknown;
  readonly kill: () => void;
  /** For tests. */
  readonly tickMs?: number;
};

/** What the second thread does. It is started as a text: all that it uses is in it or handed to it. */
export function watchMainThread(cells: Int32Array, lines: Uint8Array, tools: WatchTools): void {
  const tickMs = tools.tickMs ?? 1000;
  let beats = -1;
  let cpuMs = tools.cpuMs();
  let blocked = 0;
  while (Atomics.load(cells, 1) === 0 && Atomics.wait(cells, 1, 0, tickMs) === "timed-out") {
    const second = Atomics.add(cells, 5, 1) + 1;
    const beatsNow = Atomics.load(cells, 0);
    const cpuNow = tools.cpuMs();
    const isBlocked = beatsNow === beats && cpuNow - cpuMs < tickMs / 50 && !tools.isRunnable();
    beats = beatsNow;
    cpuMs = cpuNow;
    blocked = isBlocked ? blocked + 1 : 0;
    const deadline = Atomics.load(cells, 2);
    const isOver = deadline > 0 && second >= deadline;
    const isPatient = Atomics.load(cells, 4) === 1;
    if (blocked < (isOver ? 2 : isPatient ? Infinity : 10)) continue;
    try {
      const text = new TextDecoder().decode(lines.slice(0, Atomics.load(cells, 3)));
      const { stderr, stdout } = JSON.parse(text) as LastLines;
      tools.write(2, stderr);
      if (stdout !== "") tools.write(1, stdout);
    } catch {
      // It ends, whether it can say so or not.
    }
    tools.kill();
    return;
  }
}
