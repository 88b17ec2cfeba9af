/**
 * What `env` prints when it fails. The status of `$(awsrole env prod)` is lost in `eval`, and an empty text evaluates to success: the
 * next command would run with whatever credentials there were before. So a shell gets statements that take back what an earlier
 * `env` set (the same as `env --unset`; a person's own variables stay) and then fail.
 */
import type { Context } from "../../foundation/context.ts";
import { clearedVariables } from "../../program/aws-variables.ts";
import { callingProgram } from "../../program/calling-program.ts";
import { hasOption } from "../../cli/words.ts";
import { detectShell } from "../../cli/shells/detect.ts";
import {
  failingStatement,
  formatVariables,
  isExecutable,
  type ShellName,
  shellNames,
} from "../../cli/shells/statements.ts";

/** The statements for the shell that will evaluate the output of the failed command line `words`; `""` where it is data or a person reads it. */
export function failureStatements(
  { env, platform, isTerminal }: Context,
  words: readonly string[],
): string {
  if (isTerminal.stdout || hasOption(words, "--json")) return "";
  const shell =
    shellAskedFor(words) ?? detectShell({ env, platform, caller: callingProgram(platform) });
  if (!isExecutable(shell)) return "";
  const wasSet = Boolean(env["AWSROLE_PROFILE"] || env["AWSROLE_BEFORE"]);
  return `${wasSet ? unset(shell, env) : ""}${failingStatement(shell)}\n`;
}

/** Before the words are parsed: that may be what failed. */
function shellAskedFor(words: readonly string[]): ShellName | undefined {
  const at = words.findIndex((word) => /^--shell(?:=|$)/.test(word));
  const value = /=(.*)/s.exec(words[at] ?? "")?.[1] ?? words[at + 1];
  return shellNames.find((name) => at !== -1 && name === value);
}

function unset(shell: ShellName, env: Context["env"]): string {
  try {
    return formatVariables(shell, clearedVariables(env));
  } catch {
    // A value from before that this shell cannot carry stays away; a session of an earlier `env` must not.
    return formatVariables(shell, clearedVariables({ ...env, AWSROLE_BEFORE: undefined }));
  }
}
