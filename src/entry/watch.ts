/** The watchdog over this command, and what it says before it ends the process. */
import { printError } from "../cli/messages.ts";
import { formatJson } from "../cli/output.ts";
import { commandNameOf, hasOption } from "../cli/words.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { type LastLines, startWatchdog } from "../foundation/watchdog.ts";

/** Starts it for the command line `words`. `deadlineMs`: counted from process start, for commands that have one from the beginning. */
export function watchCommand(words: readonly string[], deadlineMs?: number): void {
  const isJson = hasOption(words, "--json") && commandNameOf(words) !== "credential-process";
  startWatchdog((path) => lastLines(path, isJson), deadlineMs);
}

function lastLines(path: string | undefined, isJson: boolean): LastLines {
  const { code, message, hint } = new AwsRoleError(
    "ERR_DEADLINE",
    `${path ?? "a file"} does not answer: its file system hangs`,
    { hint: "check the network and FUSE file systems that are mounted here, then try again" },
  );
  let stderr = "";
  printError(
    // Not styled: another thread writes it.
    {
      env: {},
      homeFolder: "",
      isTerminal: { stdin: false, stdout: false, stderr: false },
      stderr: (text) => (stderr += text),
    },
    { message, hint },
  );
  return { stderr, stdout: isJson ? `${formatJson({ error: { code, message, hint } })}\n` : "" };
}
