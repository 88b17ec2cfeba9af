/** A second Unix user, for attacks on what the first must keep to itself. To the kernel a user is a number: no account is needed. */
import { spawnSync } from "node:child_process";
import { chownSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Finished, program, runCommand } from "./run-awsrole.ts";

/** Numbers that no system gives to accounts (below 65,534, above what `useradd` counts to). */
export const users = { victim: 64_101, thief: 64_102 } as const;

/** Where root can make folders that nobody else can write, unlike the temporary folder. */
export const rootsFolder = "/var/lib";

/** Why no program can be run here as another user, for the test's name; undefined where one can. */
export const noOtherUser: string | undefined = reasonAgainst();

function reasonAgainst(): string | undefined {
  if (process.platform !== "linux") return "connections show their user on Linux only";
  if (process.getuid?.() !== 0)
    return "the suite does not run as root, so it cannot start a program as another user";
  const [file = "", ...words] = commandAs(users.thief, [
    process.execPath,
    "-e",
    "require('node:fs').accessSync(process.argv[1], 4)",
    program.at(-1) ?? "",
  ]);
  return spawnSync(file, words, { cwd: "/" }).status === 0
    ? undefined
    : "another user can read neither node nor the program here";
}

/** Not by spawn's `uid`, which keeps root's supplementary groups. */
export function commandAs(uid: number, words: readonly string[]): readonly string[] {
  return ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--", ...words];
}

/** Runs a command as the user `uid`, with no group but its own, to its end. */
export function runAs(
  uid: number,
  command: readonly string[],
  { env, stdin = "" }: { env: NodeJS.ProcessEnv; stdin?: string },
): Promise<Finished> {
  return runCommand(commandAs(uid, command), { env, stdin, cwd: "/" });
}

/** Makes a folder and all in it the user's own. */
export function giveTo(uid: number, path: string): void {
  chownSync(path, uid, uid);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) giveTo(uid, join(path, name));
}
