/**
 * Output that is whole or fails. Node's and bun's own streams are neither: bun drops what a slow pipe has not taken yet when the
 * process exits, and a single `write` may end in the middle at a limit (`ulimit -f`) or a disk that is full.
 */
import { hasErrorCode } from "./errno.ts";
import { writeSync } from "node:fs";

/**
 * Writes all of `text` before it returns: in parts where the system takes only a part, and waiting for a reader where a pipe without
 * blocking is full (as a blocking one would). @throws the system's error (ENOSPC, EFBIG, EPIPE, …); then a part may have been written.
 */
export function writeAll(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  for (let waitMs = 1; rest.length > 0; waitMs = Math.min(waitMs * 2, 50)) {
    const written = writeSome(descriptor, rest);
    rest = rest.subarray(written);
    if (written > 0) waitMs = 1;
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs);
  }
}

function writeSome(descriptor: number, bytes: Buffer): number {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    if (hasErrorCode(error, "EAGAIN", "EINTR")) return 0;
    throw error;
  }
}
