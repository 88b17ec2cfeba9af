/** Whether a command line counts on a shell, which splits, expands and redirects; most of what runs commands of a config does not. */
import { splitCommand } from "./split-command.ts";

/** True for pipes, redirections, lists, variables, substitutions, groups, `~` and assignments, outside of quotes; false where the line runs a shell itself. */
export function needsShell(line: string): boolean {
  if (runsShell(splitCommand(line, "linux") ?? [])) return false;
  // Within "…" a shell still expands.
  const unescaped = line.replaceAll(/\\./g, "_").replaceAll(/'[^']*'/g, "_");
  const expanded = unescaped.replaceAll(/"/g, "");
  const bare = unescaped.replaceAll(/"[^"]*"/g, "_");
  return (
    /\$[\w({]|`/.test(expanded) ||
    /\||&&|(?:^|\s)\d?[<>]|;(?:\s|$)|\s&(?:\s|$)/.test(bare) ||
    /^[({]/.test(bare) ||
    /(?:^|\s|=)~(?:\/|\s|$)/.test(bare) ||
    /^[A-Za-z_]\w*=\S*\s/.test(bare)
  );
}

/** `sh -c '…'`, with what may stand before it. */
function runsShell(words: readonly string[]): boolean {
  const at = words.findIndex((word) => !/^(?:\S*\/)?env$|^\w+=|^-/.test(word));
  const program = /([^/\\]*)$/.exec(words[at] ?? "")?.[1]?.replace(/\.exe$/i, "") ?? "";
  const isShell = /^(?:(?:ba|z|da|fi|k|a)?sh|cmd|powershell|pwsh)$/i.test(program);
  return isShell && words.slice(at + 1).some((word) => /^(?:-\w*c|\/c|-command)$/i.test(word));
}
