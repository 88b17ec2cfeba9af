import { printJson } from "../../cli/output.ts";
import { defineCommand } from "../../cli/command.ts";
import { completionScripts } from "../../cli/shells/completion-scripts.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { functions, initShells, type InitShell, promptSetups } from "./scripts.ts";

export default defineCommand({
  usage: "init SHELL",
  summary: "print the shell integration: completion, use and the prompt",
  description:
    "Prints a script for your shell's start file. It defines completion, the function that awsrole use needs, and awsrole_prompt, which prints the profile in use and " +
    "the minutes left. --prompt adds that to your prompt.",
  positionals: { SHELL: { describe: initShells.join(", "), completes: initShells } },
  options: {
    prompt: { type: "boolean", default: false, describe: "show the profile in the shell prompt" },
  },
  examples: [
    { command: 'eval "$(awsrole init bash)"', says: "in ~/.bashrc" },
    { command: 'eval "$(awsrole init zsh)"', says: "in ~/.zshrc" },
    { command: "awsrole init fish | source", says: "in ~/.config/fish/config.fish" },
    { command: "awsrole init powershell | Out-String | Invoke-Expression", says: "in $PROFILE" },
    { command: 'eval "$(awsrole init zsh --prompt)"', says: "with the profile in the prompt" },
  ],
  run(context, args) {
    const shell = args.positionals["SHELL"] ?? "";
    if (!isInitShell(shell))
      throw new AwsRoleError("ERR_USAGE", `init: unsupported shell ${shell || '""'}`, {
        hint: `choose from ${initShells.join(", ")}`,
      });
    const script = initScript(shell, { hasPrompt: args.prompt });
    if (args.json) printJson(context, { shell, script });
    else context.stdout(script);
    return Promise.resolve(0);
  },
});

/** True for a shell that `init` has a script for. */
export function isInitShell(shell: string): shell is InitShell {
  return initShells.some((one) => one === shell);
}

/** What the start file of `shell` evaluates. */
export function initScript(
  shell: InitShell,
  { hasPrompt }: { readonly hasPrompt: boolean },
): string {
  return completionScripts[shell] + functions[shell] + (hasPrompt ? promptSetups[shell] : "");
}
