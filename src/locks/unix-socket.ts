/**
 * The meeting place of one key on Linux and macOS: a folder K that holds one socket. Its rules:
 *
 * - To claim: make a folder .N (N random, used once, so that removing an N can never hit somebody else's), listen on
 *   .N/N, rename .N to K. The kernel allows that only while K is absent or empty: this is the compare-and-swap.
 * - To release: unlink K/N. The folder is then empty, and free.
 * - To remove a dead holder: unlink the very N that refused the connection.
 * - A claimant that was killed leaves its .N, which nobody waits for; whoever releases sweeps those older than 60 s.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, renameSync, rmdirSync, rmSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { hasErrorCode } from "../foundation/errno.ts";
import { attempt, listen, listFolder, placeName, type MeetingPlace } from "./backend.ts";

const sweepAfterMs = 60_000;

/** The meeting place of `key` (any text) in the runtime folder. */
export function meetInFolder(folder: string, key: string): MeetingPlace {
  const place = join(folder, placeName(key));
  return {
    holder: () => {
      const name = listFolder(place)[0];
      if (name === undefined) return undefined;
      const path = join(place, name);
      return { path, open: (line) => line, remove: () => rmSync(path, { force: true }) };
    },
    claim: async (server) => {
      const name = randomBytes(6).toString("hex");
      const ours = join(folder, `.${name}`);
      mkdirSync(ours, { mode: 0o700 });
      try {
        await listen(server, join(ours, name));
        renameSync(ours, place);
      } catch (error) {
        server.close();
        rmSync(ours, { recursive: true, force: true });
        if (hasErrorCode(error, "ENOTEMPTY", "EEXIST")) return undefined;
        throw error;
      }
      return { seal: (text) => text, release: () => release(folder, place, name) };
    },
  };
}

function release(folder: string, place: string, name: string): void {
  attempt(() => rmSync(join(place, name), { force: true }));
  // Only tidiness: fails, as it should, when the next one is already there.
  attempt(() => rmdirSync(place));
  attempt(() => sweep(folder));
}

function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(".")) continue;
    const path = join(folder, name);
    attempt(() => {
      if (Date.now() - statSync(path).mtimeMs > sweepAfterMs)
        rmSync(path, { recursive: true, force: true });
    });
  }
}
