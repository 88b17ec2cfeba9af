/**
 * A process that takes part in flights, told by its parent over IPC what to do (`Task`); it tells when its work begins
 * and what came of it (`Report`). `log` gets one line per begin and end of work, with a clock that all processes share.
 */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import {
  runSingleFlight,
  withLock,
  type SingleFlightResult,
} from "../../src/locks/single-flight.ts";

export type Task =
  | {
      readonly task: "flight";
      readonly folder: string | undefined;
      readonly key: string;
      readonly waitMs: number;
      readonly workMs: number;
      readonly share: boolean;
      readonly log: string;
      /** The "store": a file. Absent: no store. */
      readonly cache?: string;
      /** How often to do it, one after the other. */
      readonly rounds?: number;
    }
  | { readonly task: "count"; readonly folder: string; readonly file: string };

export type Report =
  | { readonly report: "ready" | "working" | "counted" }
  | { readonly report: "result"; readonly result: SingleFlightResult<string>; readonly ms: number };

process.on("message", (task: Task) => {
  void (task.task === "flight" ? fly(task) : count(task));
});
process.on("disconnect", () => process.exit());
tell({ report: "ready" });

async function fly(task: Extract<Task, { task: "flight" }>): Promise<void> {
  const { folder, key, waitMs, workMs, share, log, cache, rounds = 1 } = task;
  const note = (what: "begin" | "end"): void =>
    appendFileSync(log, `${what} ${process.pid} ${process.hrtime.bigint()} ${key}\n`);
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    const result = await runSingleFlight({
      dir: folder,
      key,
      waitMs,
      encode: String,
      decode: String,
      lookAgain: () => Promise.resolve(cache === undefined ? undefined : read(cache)),
      work: async () => {
        note("begin");
        tell({ report: "working" });
        await pause(workMs);
        const answer = `answer of ${process.pid}`;
        if (cache !== undefined) {
          writeFileSync(`${cache}.${process.pid}`, answer);
          renameSync(`${cache}.${process.pid}`, cache);
        }
        note("end");
        return { answer, share };
      },
    });
    tell({ report: "result", result, ms: performance.now() - began });
  }
}

async function count({ folder, file }: Extract<Task, { task: "count" }>): Promise<void> {
  await withLock({ dir: folder, key: file, waitMs: 60_000 }, async () => {
    const before = Number(readFileSync(file, "utf8"));
    await pause(2);
    writeFileSync(file, String(before + 1));
  });
  tell({ report: "counted" });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function tell(report: Report): void {
  process.send?.(report);
}
