/** Runs a command for people inside the test's own process: for tables with many command lines, where a process each would be slow. */
import { helpTopics } from "../../src/commands/help-topics.ts";
import type { Context } from "../../src/foundation/context.ts";
import { runCommand } from "../../src/cli/run-command.ts";
import { commands, groups } from "../../src/commands/registry.ts";
import { processContext, withDirectories } from "../../src/context.ts";
import { isAwsRoleError } from "../../src/foundation/errors.ts";
import { report } from "../../src/entry/run.ts";

export type Output = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** `awsrole WORDS` with this environment and nobody at the terminal. */
export async function runInProcess(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Output> {
  let stdout = "";
  let stderr = "";
  const context: Context = withDirectories({
    ...processContext(),
    env,
    homeFolder: env["HOME"] ?? "/nonexistent",
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    isOutputReadableByOthers: () => false,
    isTerminal: { stdin: false, stdout: false, stderr: false },
  });
  try {
    return {
      code: await runCommand(
        {
          commands,
          groups,
          version: "0.0.0",
          topics: () => Promise.resolve(helpTopics),
          nextSteps: () => Promise.resolve([]),
        },
        words,
        context,
      ),
      stdout,
      stderr,
    };
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    const code = report(context, words, error);
    return { code, stdout, stderr };
  }
}
