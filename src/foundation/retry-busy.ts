/**
 * Files that another program has open for a moment. Windows refuses to replace or delete a file while anyone reads it (EPERM, EACCES, EBUSY,
 * measured on Node 20 to 26), and virus scanners, indexers, editors and the AWS CLI read these files. So what fails for that reason is
 * tried again there, for a second and a half. Elsewhere such an error is final.
 */
import { sinceStartMs } from "./deadline.ts";
import { hasErrorCode } from "./errno.ts";

const patienceMs = 1500;
const firstPauseMs = 5;
const longestPauseMs = 100;

/** Runs `work`, again while a file is in use. Throws what the last attempt threw. */
export async function retryBusy<T>(
  work: () => Promise<T>,
  platform: NodeJS.Platform = process.platform,
): Promise<T> {
  const giveUpAt = sinceStartMs() + patienceMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error, platform) || sinceStartMs() > giveUpAt) throw error;
      const ms = pauseMs;
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }
}

/** The same for what cannot wait asynchronously: the thread waits meanwhile. */
export function retryBusySync<T>(work: () => T, platform: NodeJS.Platform = process.platform): T {
  const giveUpAt = sinceStartMs() + patienceMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error, platform) || sinceStartMs() > giveUpAt) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}

function isBusy(error: unknown, platform: NodeJS.Platform): boolean {
  return platform === "win32" && hasErrorCode(error, "EPERM", "EACCES", "EBUSY");
}
