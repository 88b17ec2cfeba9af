/** The entrance of people's commands: argv → command → exit code. Programs come in at `cache-hit.ts`. */
import type { NextStep, Topic } from "../cli/help.ts";
import type { Context } from "../foundation/context.ts";
import { commandNameOf, hasOption } from "../cli/words.ts";
import { readAwsFiles } from "../config/files.ts";
import { awsFilePaths } from "../config/paths.ts";
import { processContext } from "../context.ts";
import { filesAnswer } from "../foundation/answers.ts";
import { isAwsRoleError } from "../foundation/errors.ts";
import { runProgram } from "./run.ts";
import { watchCommand } from "./watch.ts";
import manifest from "../../package.json" with { type: "json" };

export { end } from "./run.ts";

/** Runs one command line; resolves to the exit code and never rejects. */
export async function main(words: readonly string[]): Promise<number> {
  if (!isForShell(words) || !(await homeAnswers())) watchCommand(words);
  return runProgram(words, async (context) => {
    try {
      try {
        return await run(context, words);
      } catch (error) {
        const signIn = signInFor(words, error);
        if (signIn === undefined) throw error;
        const { offerSignIn } = await import("./offer-sign-in.ts");
        if (!(await offerSignIn(context, signIn, (login) => run(context, login)))) throw error;
        return await run(context, words);
      }
    } catch (error) {
      if (commandNameOf(words) === "env") {
        const { failureStatements } = await import("../commands/env/failure.ts");
        context.stdout(failureStatements(context, words));
      }
      throw error;
    }
  });
}

/** Lines that a shell waits for, at each prompt or TAB: a thread that watches them would take longer than they do. */
function isForShell([first, second]: readonly string[]): boolean {
  return (
    (first === "list" && second === "--prompt") ||
    (first === "completion" && second === "--words") ||
    (first === "use" && second === "--shell") ||
    first === "init"
  );
}

/** Whether the files answer that such a line reads. */
function homeAnswers(): Promise<boolean> {
  const { env, platform } = process;
  const { config, credentials } = awsFilePaths(env, platform);
  return filesAnswer([config, credentials, processContext().stateDir], 2000);
}

/** What has to be signed in to, for a person's command that a sign-in would help. */
function signInFor(words: readonly string[], error: unknown): readonly string[] | undefined {
  const command = commandNameOf(words);
  const isAsking = !["--no-input", "--json"].some((option) => hasOption(words, option));
  if (command === "credential-process" || command === "login" || !isAsking) return undefined;
  return isAwsRoleError(error) && error.code === "ERR_LOGIN_NEEDED" ? error.signIn : undefined;
}

async function run(context: Context, words: readonly string[]): Promise<number> {
  const [first, ...others] = words;
  // A prompt is drawn after every command.
  if (first === "list" && others.length === 1 && others[0] === "--prompt") {
    const { promptLine } = await import("../commands/list/shell-prompt.ts");
    // Errors are not shown in a prompt.
    context.stdout(await promptLine(context).catch(() => ""));
    return 0;
  }
  // Pressing TAB must not wait for the command-line parser.
  if (first === "completion" && others[0] === "--words") {
    const [{ completeWords }, { commands }] = await Promise.all([
      import("../commands/completion/candidates.ts"),
      import("../commands/registry.ts"),
    ]);
    const names = (): readonly string[] =>
      readAwsFiles(context.env, context.platform).profileNames();
    // A config that cannot be read has no names: an error here would be printed into the line that is being typed.
    const found = await completeWords(commands, others.slice(1), names).catch(() => "");
    context.stdout(found);
    return 0;
  }
  // A shell waits for these before it shows its prompt.
  if (first === "init" && others.length === 1) {
    const { initScript, isInitShell } = await import("../commands/init/index.ts");
    const [shell = ""] = others;
    if (isInitShell(shell)) {
      context.stdout(initScript(shell, { hasPrompt: false }));
      return 0;
    }
  }
  // `awsrole use NAME`, as the function of `init` hands it on.
  const [flag, shell = "", name = ""] = others;
  if (first === "use" && flag === "--shell" && others.length === 3 && /^(?:-$|[^-])/.test(name)) {
    const { isChangeableShell, switchShell } = await import("../commands/use/index.ts");
    if (isChangeableShell(shell)) {
      switchShell(context, { name, region: undefined, shell });
      return 0;
    }
  }
  const [{ runCommand }, { commands, groups }] = await Promise.all([
    import("../cli/run-command.ts"),
    import("../commands/registry.ts"),
  ]);
  const nextSteps = async (): Promise<readonly NextStep[]> => {
    const { nextSteps: stepsFor } = await import("../commands/next-steps.ts");
    return stepsFor(readAwsFiles(context.env, context.platform));
  };
  const { removeEndedExports } = await import("../profiles/exports.ts");
  await removeEndedExports(context);
  const topics = async (): Promise<readonly Topic[]> =>
    (await import("../commands/help-topics.ts")).helpTopics;
  const { version } = manifest;
  return runCommand({ commands, groups, topics, version, nextSteps }, words, context);
}
