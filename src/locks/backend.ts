/** What a lock needs from the operating system, and the steps that unix-socket.ts and windows-pipe.ts share. */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import type { Server } from "node:net";
import { hasErrorCode } from "../foundation/errno.ts";

/** The lock of one key. Every function may throw the operating system's error. */
export type LockBackend = {
  /** Who has claimed the key, as far as can be seen; that process may be dead. */
  readonly leader: () => Leader | undefined;
  /** Makes `server` listen and the key ours. `undefined`: another process has it; the server is then closed. */
  readonly claim: (server: Server) => Promise<Lease | undefined>;
};

/** The process that has claimed a key, as others see it. */
export type Leader = {
  /** What `net.connect` takes. */
  readonly path: string;
  /** The text of a line that the leader sent; `undefined` when the line is not from it. */
  readonly open: (line: string) => string | undefined;
  /** Removes this leader's announcement and no other's; for one that is dead or does not answer. */
  readonly remove: () => void;
};

/** What the leader has. */
export type Lease = {
  /** Makes a line (without line feed) that only those who may see the lock can read. */
  readonly seal: (text: string) => string;
  /** Frees the key. Never throws. */
  readonly release: () => void;
};

/** The lock's file name. 80 bits are plenty among one user's keys, and leave the socket's path short enough (runtime-dir.ts). */
export function lockName(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 20);
}

/** Resolves when `server` listens on `path`, with the longest queue the system allows. Rejects with the system's error. */
export function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path, backlog: 4096 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** The names in a directory; none when it does not exist. Throws any other error of the system. */
export function listDirectory(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) return [];
    throw error;
  }
}

/** Does what is only tidiness, and may fail. */
export function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // What cannot be tidied stays; nothing depends on it.
  }
}
