/** Whether the file systems of some files answer: for commands that are too short for a thread that watches them (`watchdog.ts`). */
import { stat } from "node:fs";

/**
 * Looks at all of `paths` at once, in node's own threads, so that this one is never blocked: false when one did not answer within `timeoutMs`. A file
 * that is missing or may not be looked at is an answer.
 */
export function filesAnswer(paths: readonly string[], timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let waiting = paths.length;
    const timer = setTimeout(() => resolve(false), timeoutMs);
    for (const path of paths)
      stat(path, () => {
        waiting -= 1;
        if (waiting > 0) return;
        clearTimeout(timer);
        resolve(true);
      });
  });
}
