/**
 * The calls of node:fs/promises for files whose file system may never answer: each of them that took ten seconds fails with ETIMEDOUT, as a network file
 * system's own calls do. It stays blocked in one of node's four threads, so from then on every other fails at once, and
 * node cannot end by itself (entry/run.ts).
 */
import * as promises from "node:fs/promises";

const patienceMs = 10_000;

let blockedFiles = 0;

export const link = watched(promises.link);
export const lstat = watched(promises.lstat);
export const open = watched(promises.open);
export const readFile = watched(promises.readFile);
export const readdir = watched(promises.readdir);
export const realpath = watched(promises.realpath);
export const rename = watched(promises.rename);
export const rm = watched(promises.rm);
export const stat = watched(promises.stat);
export const unlink = watched(promises.unlink);

/** The same function, with its overloads. */
function watched<F extends (...args: never[]) => Promise<unknown>>(call: F): F {
  const work = call as unknown as (...args: readonly unknown[]) => Promise<unknown>;
  return ((...args: readonly unknown[]) => answered(() => work(...args))) as unknown as F;
}

/** What `call` answers within `timeoutMs`. @throws what it throws; an error with the code ETIMEDOUT. */
export async function answered<T>(call: () => Promise<T>, timeoutMs = patienceMs): Promise<T> {
  if (blockedFiles > 0) throw timedOut();
  const answer = call();
  let timer: NodeJS.Timeout | undefined;
  const giveUp = new Promise<never>((_, reject) => {
    const end = (): void => {
      blockedFiles += 1;
      const unblock = (): void => void (blockedFiles -= 1);
      answer.then(unblock, unblock);
      reject(timedOut());
    };
    // In two halves: one may be over at once after the process was stopped or the machine slept.
    timer = setTimeout(() => (timer = setTimeout(end, timeoutMs / 2)), timeoutMs / 2);
  });
  try {
    return await Promise.race([answer, giveUp]);
  } finally {
    clearTimeout(timer);
  }
}

function timedOut(): Error {
  return Object.assign(new Error("the file system does not answer"), { code: "ETIMEDOUT" });
}
