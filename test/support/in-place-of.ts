/** Something else in place of a file, for one command alone: see in-place-of.py. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Finished, program, runCommand, type RunOptions } from "./run-awsrole.ts";

const script = fileURLToPath(new URL("in-place-of.py", import.meta.url));

/** FUSE mounts whose program reads no request, or reads and answers none; /dev/zero; a FIFO without a writer. */
export type Kind = "unread" | "unanswered" | "zero" | "fifo";

/** Why nothing can be put in place of files here, for the test's name. */
export const noMounts: string | undefined = reasonAgainst();

function reasonAgainst(): string | undefined {
  if (process.platform !== "linux") return "files can be replaced for one process on Linux only";
  if (process.getuid?.() !== 0) return "the suite does not run as root, which mounts";
  if (!existsSync("/dev/fuse")) return "there is no /dev/fuse";
  const words = [script, "unread", "/etc/hostname", "--", "true"];
  return spawnSync("python3", words).status === 0 ? undefined : "python3 cannot mount here";
}

/** Runs a command with something else in place of `paths`; a signal that ended it is 128 + its number. */
export function runInPlaceOf(
  kind: Kind,
  paths: readonly string[],
  words: readonly string[],
  options: RunOptions,
): Promise<Finished> {
  return runCommand(["python3", script, kind, ...paths, "--", ...program, ...words], options);
}
