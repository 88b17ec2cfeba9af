/** Runs the oracle (`run.ts`) in the closed world, from outside it. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { intoClosedWorld } from "../support/closed-world/enter.ts";
import type { Report } from "./run.ts";

/** What came of one row of `share`, or of the rows whose title `only` matches. Needs a built project at `root`. */
export function runOracle(root: string, share: number, only?: string): Report {
  const [program = "", ...before] = intoClosedWorld();
  const { stdout, stderr } = spawnSync(
    program,
    [
      ...before,
      process.execPath,
      join(root, "scripts", "run.js"),
      "test/oracle/run.ts",
      join(root, "test", "oracle"),
      String(share),
      ...(only === undefined ? [] : [only]),
    ],
    { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Report;
}
