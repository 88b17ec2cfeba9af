import { printNotice } from "../../cli/messages.ts";
import { printJson } from "../../cli/output.ts";
import { callingProgram } from "../../program/calling-program.ts";
import { defineCommand } from "../../cli/command.ts";
import {
  completionScripts,
  completionShells,
  type CompletionShell,
  howToInstall,
} from "../../cli/shells/completion-scripts.ts";
import { closestMatch } from "../../foundation/edit-distance.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { detectShell } from "../../cli/shells/detect.ts";

export default defineCommand({
  usage: "completion [SHELL]",
  summary: "print the completion script of your shell",
  description:
    "Prints a script that makes TAB complete commands, options, their values and the names of your profiles. " +
    "Pressing TAB reads the names from your AWS files, and nothing else.",
  positionals: {
    SHELL: {
      describe: `${completionShells.join(", ")} (default: the shell that called)`,
      completes: completionShells,
    },
  },
  examples: [
    { command: 'eval "$(awsrole completion bash)"', says: "in ~/.bashrc" },
    { command: "source <(awsrole completion zsh)", says: "in ~/.zshrc, behind compinit" },
    {
      command: "awsrole completion fish > ~/.config/fish/completions/awsrole.fish",
      says: "once, in fish",
    },
  ],
  async run(context, args) {
    const { env, platform } = context;
    const shell =
      args.positionals["SHELL"] ?? detectShell({ env, platform, caller: callingProgram(platform) });
    if (!isCompletionShell(shell)) {
      const guess = closestMatch(shell, completionShells);
      throw new AwsRoleError("ERR_USAGE", `completion: there is no script for ${shell}`, {
        hint:
          guess === undefined
            ? `there is one for ${completionShells.join(", ")}: awsrole completion bash`
            : `did you mean ${guess}?`,
      });
    }
    const script = completionScripts[shell];
    if (args.json) printJson(context, { shell, script });
    else context.stdout(script);
    if (context.isTerminal.stdout && !args.quiet)
      printNotice(context, `to use it, ${howToInstall[shell]}`);
    return 0;
  },
});

function isCompletionShell(shell: string): shell is CompletionShell {
  return completionShells.some((one) => one === shell);
}
