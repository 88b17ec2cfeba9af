/** Runs npm from a script that npm runs: by its file, because on Windows `npm` and `npx` are batch files, which no program can start without a shell. */
import { execFileSync } from "node:child_process";

/** `npm WORDS…`; returns what it prints. `options` are those of `execFileSync`. */
export function npm(words, options) {
  const file = process.env["npm_execpath"];
  if (file === undefined) throw new Error("run this with npm run: package.json has its name");
  return execFileSync(process.execPath, [file, ...words], options);
}
