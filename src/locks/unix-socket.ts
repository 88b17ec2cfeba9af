/**
 * The lock of one key on Linux and macOS: a directory K that holds one socket. Its rules:
 *
 * - To claim: make a directory .N (N random, used once, so that removing an N can never hit another process's), listen on
 *   .N/N, rename .N to K. The kernel allows that only while K is absent or empty: this is the compare-and-swap.
 * - To release: unlink K/N. The directory is then empty, and free.
 * - To remove a dead leader: unlink the very N that refused the connection.
 * - A claimant that was killed leaves its .N, which no process waits for; each release sweeps those older than 60 s.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, renameSync, rmdirSync, rmSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasErrorCode } from "../foundation/errno.ts";
import { attempt, listen, listDirectory, lockName, type LockBackend } from "./backend.ts";

const sweepAfterMs = 60_000;

/** The lock of `key` (any text) in the runtime directory. */
export function createUnixSocketBackend(runtimeDir: string, key: string): LockBackend {
  const lock = join(runtimeDir, lockName(key));
  return {
    leader: () => {
      const name = listDirectory(lock)[0];
      if (name === undefined) return undefined;
      const path = join(lock, name);
      return { path, open: (line) => line, remove: () => rmSync(path, { force: true }) };
    },
    claim: async (server) => {
      const name = randomBytes(6).toString("hex");
      const ours = join(runtimeDir, `.${name}`);
      mkdirSync(ours, { mode: 0o700 });
      try {
        await listen(server, join(ours, name));
        renameSync(ours, lock);
      } catch (error) {
        server.close();
        rmSync(ours, { recursive: true, force: true });
        if (hasErrorCode(error, "ENOTEMPTY", "EEXIST")) return undefined;
        throw error;
      }
      return { seal: (text) => text, release: () => release(runtimeDir, lock, name) };
    },
  };
}

function release(runtimeDir: string, lock: string, name: string): void {
  attempt(() => rmSync(join(lock, name), { force: true }));
  // Only tidiness: fails, as it should, when the next one is already there.
  attempt(() => rmdirSync(lock));
  attempt(() => sweep(runtimeDir));
}

function sweep(runtimeDir: string): void {
  for (const name of readdirSync(runtimeDir)) {
    if (!name.startsWith(".")) continue;
    const path = join(runtimeDir, name);
    attempt(() => {
      if (Date.now() - statSync(path).mtimeMs > sweepAfterMs)
        rmSync(path, { recursive: true, force: true });
    });
  }
}
