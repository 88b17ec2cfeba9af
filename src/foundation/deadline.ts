/** One deadline runs from process start and is handed to every step. */

/** A moment on the monotonic clock; `remainingMs` never goes below 0. */
export type Deadline = { remainingMs(): number };

/** Without a prompter: 18 s. With a person at the terminal: 55 s. Both stay under the 60 s after which Go's SDK kills us. */
export const deadlineMs = { unattended: 18_000, attended: 55_000 } as const;

/**
 * Milliseconds since this process started, on a clock that cannot be set. Not `performance.now()`: asking for `performance` loads ten more
 * of node's modules, which costs a cache hit 0.5 ms (3 ms on Node 26).
 */
export function sinceStartMs(): number {
  return process.uptime() * 1000;
}

/** A deadline `totalMs` after this process started. */
export function deadlineFromProcessStart(totalMs: number): Deadline {
  return { remainingMs: () => Math.max(0, totalMs - sinceStartMs()) };
}

/** The same deadline, ending `reserveMs` earlier or after `atMostMs` from now, whichever comes first. */
export function within(
  deadline: Deadline,
  limits: { reserveMs?: number; atMostMs?: number },
): Deadline {
  const endsAt = sinceStartMs() + (limits.atMostMs ?? Number.POSITIVE_INFINITY);
  return {
    remainingMs: () =>
      Math.max(
        0,
        Math.min(deadline.remainingMs() - (limits.reserveMs ?? 0), endsAt - sinceStartMs()),
      ),
  };
}

/** A deadline `totalMs` from now: for commands that people run, which may have asked them something before. */
export function deadlineFromNow(totalMs: number): Deadline {
  return deadlineFromProcessStart(sinceStartMs() + totalMs);
}
