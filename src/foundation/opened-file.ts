/**
 * Which file this thread is opening. A file system that never answers (a dead NFS server, a FUSE program that hangs) blocks the thread in the call, and
 * only another thread can say then which file it was: see `watchdog.ts`. There is no listener on the cache hit.
 */

/** Who wants to know. */
export type OpenedFileListener = {
  /** `undefined`: it has answered. */
  readonly opening: (path: string | undefined) => void;
  /** A call begins or ends that blocks until another program does something. */
  readonly waiting: (isWaiting: boolean) => void;
  /** The command's deadline, in milliseconds from process start. */
  readonly deadline: (ms: number) => void;
};

/** Of the process, not of this module: the program's bundles have a copy of it each. */
const key = Symbol.for("awsrole.openedFiles");
const ofProcess = globalThis as { [key]?: OpenedFileListener };

/** From now on `to` is called. */
export function listenToOpenedFiles(to: OpenedFileListener): void {
  ofProcess[key] = to;
}

/** Runs `work`, which opens `path` or looks at it and blocks this thread meanwhile. */
export function whileOpening<T>(path: string, work: () => T): T {
  const listener = ofProcess[key];
  if (listener === undefined) return work();
  listener.opening(path);
  try {
    return work();
  } finally {
    listener.opening(undefined);
  }
}

/** Runs `work`, which blocks this thread until another program reads or writes: `less` at the end of a pipe, a password manager. */
export function whileOthersWork<T>(work: () => T): T {
  const listener = ofProcess[key];
  if (listener === undefined) return work();
  listener.waiting(true);
  try {
    return work();
  } finally {
    listener.waiting(false);
  }
}

/** The command has another deadline than the one that it was started with. */
export function noteDeadline(ms: number): void {
  ofProcess[key]?.deadline(ms);
}
