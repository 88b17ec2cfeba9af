/** A real Chromium without a window, which reaches nothing but this machine. */
import { existsSync } from "node:fs";

/** By its path: on PATH is what keeps tests from the machine's own browser. */
const program = "/usr/bin/chromium";

/** Why there is none, for a test's name; undefined where there is. */
export const noChromium = existsSync(program) ? undefined : "Chromium is not installed";

export const chromium = {
  program,
  /** A shell's command that shows the page behind it, with this folder as its own, and prints its DOM. */
  commandLine: (folder: string): string =>
    [
      program,
      "--headless=new --no-sandbox --disable-gpu --disable-background-networking",
      `--user-data-dir=${folder} --host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'`,
      "--virtual-time-budget=5000 --dump-dom",
    ].join(" "),
};
