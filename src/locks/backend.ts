/** What a meeting place is, whatever the system, and the steps that flight-folder.ts and flight-windows.ts share. */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { hasErrorCode } from "../foundation/errno.ts";
import type { Server } from "node:net";

/** Where the processes that want the same key meet. Every function may throw the operating system's error. */
export type MeetingPlace = {
  /** Who has claimed it, as far as can be seen; they may be dead. */
  readonly holder: () => Holder | undefined;
  /** Makes `server` listen and the place ours. `undefined`: somebody else has it; the server is then closed. */
  readonly claim: (server: Server) => Promise<Hold | undefined>;
};

/** A holder as others see it. */
export type Holder = {
  /** What `net.connect` takes. */
  readonly path: string;
  /** The text of a line the holder sent; `undefined` when the line is not from the holder. */
  readonly open: (line: string) => string | undefined;
  /** Takes this holder's name away, and nobody else's; for one that is dead or does not answer. */
  readonly remove: () => void;
};

/** What the holder has. */
export type Hold = {
  /** Makes a line (without line feed) that only those who may see the place can read. */
  readonly seal: (text: string) => string;
  /** Gives the place free. Never throws. */
  readonly release: () => void;
};

/** 80 bits are plenty among one user's keys, and leave the socket's path short enough (runtime-folder.ts). */
export function placeName(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 20);
}

/** Resolves when `server` listens on `path`, with the longest queue the system allows. */
export function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path, backlog: 4096 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** The names in a folder; none when it does not exist. */
export function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
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
