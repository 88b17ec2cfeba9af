/**
 * The lock of one key on Windows: a lock file, and a pipe beside it. Its rules:
 *
 * - To claim: open K\lock with share mode 0. One process can, and the system closes it however that process ends.
 * - The leader listens on a pipe with a random name and announces it in a file K\N that holds 32 secret bytes. The pipe is
 *   not the lock, because any user could take its name first; and it is not trusted, because by its default access list
 *   every user may read it. Every line is therefore encrypted and authenticated with those bytes, which only those who may
 *   read the private folder have, and dated by the machine's uptime, so that a recorded line is soon worthless.
 * - To remove a dead leader: delete its announcement. The lock is free by then. Directory and lock file are never deleted: for as
 *   long as a process has a deleted one open, Windows lets none make or open it again (seen under Wine).
 * - A leader that is suspended keeps the lock, which cannot be taken from it: after 5 s of silence its announcement is
 *   removed, and a process that then finds the lock taken and not announced works uncoordinated.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { uptime } from "node:os";
import { basename, join } from "node:path";
import { hasErrorCode } from "../foundation/errno.ts";
import { attempt, listen, listDirectory, lockName, type LockBackend } from "./backend.ts";

/** libuv's UV_FS_O_EXLOCK, which node does not export: opens with share mode 0. */
const shareModeNone = 0x10000000;
const lockFile = "lock";
const secretBytes = 32;
const lineValidMs = 10_000;

/** What only Windows has; tests elsewhere hand in their own. */
export type WindowsSystem = {
  /** Opens a file that no other process can have open; `undefined` when one has. The function returned closes it. */
  readonly openExclusively: (path: string) => (() => void) | undefined;
  readonly pipePath: (name: string) => string;
};

/** The lock of `key` (any text) in the runtime directory. */
export function createWindowsPipeBackend(
  runtimeDir: string,
  key: string,
  system: WindowsSystem = windows,
): LockBackend {
  const directory = join(runtimeDir, lockName(key));
  const announcements = (): string[] =>
    listDirectory(directory)
      .filter((name) => name !== lockFile)
      .map((name) => join(directory, name));
  return {
    leader: () => {
      for (const announcement of announcements()) {
        const secret = readSecret(announcement);
        if (secret === undefined) continue;
        return {
          path: system.pipePath(basename(announcement)),
          open: (line) => openLine(secret, line),
          remove: () => removeFile(announcement),
        };
      }
      return undefined;
    },
    claim: async (server) => {
      mkdirSync(directory, { recursive: true });
      const unlock = system.openExclusively(join(directory, lockFile));
      if (unlock === undefined) return undefined;
      try {
        // What is announced here is of leaders that died.
        for (const announcement of announcements()) removeFile(announcement);
        const name = randomBytes(16).toString("hex");
        const secret = randomBytes(secretBytes);
        await listen(server, system.pipePath(name));
        writeFileSync(join(directory, name), secret, { flag: "wx" });
        const release = (): void => {
          removeFile(join(directory, name));
          attempt(unlock);
        };
        return { seal: (text) => sealLine(secret, text), release };
      } catch (error) {
        server.close();
        unlock();
        throw error;
      }
    },
  };
}

/** Encrypts `text` into one line: base64 of nonce, tag and AES-256-GCM of the uptime in ms and the text. */
export function sealLine(secret: Buffer, text: string, atMs = uptimeMs()): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", secret, nonce);
  const body = Buffer.concat([cipher.update(`${atMs} ${text}`, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64");
}

/** The text of a sealed line; `undefined` for any other line, and for one more than 10 s old. */
export function openLine(secret: Buffer, line: string): string | undefined {
  const sealed = Buffer.from(line, "base64");
  if (sealed.length < 28) return undefined;
  try {
    const decipher = createDecipheriv("aes-256-gcm", secret, sealed.subarray(0, 12));
    decipher.setAuthTag(sealed.subarray(12, 28));
    const text = Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString(
      "utf8",
    );
    const space = text.indexOf(" ");
    const ageMs = uptimeMs() - Number(text.slice(0, space));
    return Math.abs(ageMs) <= lineValidMs ? text.slice(space + 1) : undefined;
  } catch {
    return undefined;
  }
}

const windows: WindowsSystem = {
  openExclusively: (path) => {
    try {
      const file = openSync(path, constants.O_RDWR | constants.O_CREAT | shareModeNone, 0o600);
      return () => closeSync(file);
    } catch (error) {
      if (hasErrorCode(error, "EBUSY")) return undefined;
      throw error;
    }
  },
  pipePath: (name) => `\\\\.\\pipe\\awsrole-${name}`,
};

/** The secret of an announcement; `undefined` while it is being written or taken away. */
function readSecret(announcement: string): Buffer | undefined {
  try {
    const secret = readFileSync(announcement);
    return secret.length === secretBytes ? secret : undefined;
  } catch {
    return undefined;
  }
}

function removeFile(path: string): void {
  attempt(() => rmSync(path, { force: true }));
}

function uptimeMs(): number {
  return Math.round(uptime() * 1000);
}
