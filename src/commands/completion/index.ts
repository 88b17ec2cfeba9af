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
import { AwsRoleError } from "../../foundation/errors.ts";
import { detectShell } from "../../cli/shells/detect.ts";

export default defineCommand({
  usage: "completion [SHELL]",
  summary: "print a shell completion script",
  description:
    "Prints a script that completes commands, options, their values and your profiles. " +
    "Completion only reads the profile names from your AWS files.",
  positionals: {
    SHELL: {
      describe: `${completionShells.join(", ")} (default: your shell)`,
      completes: completionShells,
    },
  },
  examples: [
    { command: 'eval "$(awsrole completion bash)"', says: "in ~/.bashrc" },
    { command: "source <(awsrole completion zsh)", says: "in ~/.zshrc, after compinit" },
    {
      command: "awsrole completion fish > ~/.config/fish/completions/awsrole.fish",
      says: "once, in fish",
    },
    {
      command: "awsrole completion powershell | Out-String | Invoke-Expression",
      says: "in $PROFILE",
    },
  ],
  async run(context, args) {
    const { env, platform } = context;
    const shell =
      args.positionals["SHELL"] ?? detectShell({ env, platform, caller: callingProgram(platform) });
    if (!isCompletionShell(shell)) {
      throw new AwsRoleError("ERR_USAGE", `completion: unsupported shell ${shell}`, {
        hint: `choose from ${completionShells.join(", ")}`,
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
