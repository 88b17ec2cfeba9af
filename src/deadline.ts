/** One deadline runs from process start and is handed to every step. */

/** A moment on the monotonic clock; `remainingMs` never goes below 0. */
export type Deadline = { remainingMs(): number };

/** Nobody can be asked: 18 s. A person is at the terminal: 55 s. Both stay under the 60 s after which Go's SDK kills us. */
export const deadlineMs = { unattended: 18_000, attended: 55_000 } as const;

/** A deadline `totalMs` after this process started (`performance.now()` counts from there). */
export function deadlineFromProcessStart(totalMs: number): Deadline {
  return { remainingMs: () => Math.max(0, totalMs - performance.now()) };
}

/** The same deadline, ending `reserveMs` earlier or after `atMostMs` from now, whichever comes first. */
export function within(
  deadline: Deadline,
  limits: { reserveMs?: number; atMostMs?: number },
): Deadline {
  const endsAt = performance.now() + (limits.atMostMs ?? Number.POSITIVE_INFINITY);
  return {
    remainingMs: () =>
      Math.max(
        0,
        Math.min(deadline.remainingMs() - (limits.reserveMs ?? 0), endsAt - performance.now()),
      ),
  };
}

/** A deadline `totalMs` from now: for commands that people run, which may have asked them something before. */
export function deadlineFromNow(totalMs: number): Deadline {
  return deadlineFromProcessStart(performance.now() + totalMs);
}
