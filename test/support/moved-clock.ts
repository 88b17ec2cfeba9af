/** Moves the clocks of the program under test: a preload for node, a library for the stand-alone program, which ignores NODE_OPTIONS. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const beside = (file: string) => fileURLToPath(new URL(`./${file}`, import.meta.url));

/** The variable that preloads the moved clock; undefined where it cannot be moved (`clockSkipReason`). */
export const clockPreload: { readonly name: string; readonly value: string } | undefined =
  process.env["AWSROLE_PROGRAM"] === undefined
    ? { name: "NODE_OPTIONS", value: `--require ${beside("shift-clock.cjs")}` }
    : compiledPreload();

/** Why the program's clocks cannot be moved here, for a test's name. */
export const clockSkipReason: string | undefined =
  clockPreload === undefined ? "needs Linux and a C compiler to move the clock" : undefined;

/** Variables that move the wall clock and the uptime by so many seconds. */
export function movedClock(wall: number, uptime: number): NodeJS.ProcessEnv {
  if (clockPreload === undefined) throw new Error(clockSkipReason);
  return {
    [clockPreload.name]: clockPreload.value,
    TEST_WALL_OFFSET: String(wall),
    TEST_UPTIME_OFFSET: String(uptime),
  };
}

function compiledPreload() {
  if (process.platform !== "linux") return undefined;
  const folder = mkdtempSync(join(tmpdir(), "awsrole-clock-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const library = join(folder, "shift-clock.so");
  const words = ["-shared", "-fPIC", "-O1", "-o", library, beside("shift-clock.c"), "-ldl"];
  return spawnSync("cc", words).status === 0 ? { name: "LD_PRELOAD", value: library } : undefined;
}
