/** Programs that only some machines have: tests that need one say so in their name where it is absent. */
import { spawnSync } from "node:child_process";

/** Why not, or undefined when `program --version` (or the given words) runs and succeeds. */
export function missing(
  program: string,
  words: readonly string[] = ["--version"],
): string | undefined {
  return spawnSync(program, words).status === 0 ? undefined : `${program} is not installed`;
}

/** The title, with the reason why it is skipped if there is one. */
export function titled(title: string, reason: string | undefined): string {
  return reason === undefined ? title : `${title} (skipped: ${reason})`;
}
