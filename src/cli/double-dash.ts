/** `--` between awsrole's own words and the command that it runs: required, because options of the two may have the same names. */
import { ownWords } from "./words.ts";
import type { Context } from "../foundation/context.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { shellCommand } from "../foundation/shell-quote.ts";
import { type Command, type OptionTable, optionsOf, usageOf } from "./command.ts";

/**
 * The words with the command behind `--`; none is needed at a terminal. On Windows a missing one is put in: PowerShell takes the first `--` for its own when it runs a
 * script, and npm installs awsrole as one (awsrole.ps1), so there it cannot be typed without quotes.
 * @throws ERR_USAGE, elsewhere with the corrected line to copy where there is a command without its `--`.
 */
export function requireSeparator(
  command: Command,
  name: string,
  words: readonly string[],
  { platform, isTerminal }: Pick<Context, "platform" | "isTerminal">,
): readonly string[] {
  const own = ownWords(words);
  const isCut = own.length < words.length;
  const begin = beginOfCommand(own, optionsOf(command));
  if (platform === "win32" && begin < own.length)
    return [...words.slice(0, begin), "--", ...words.slice(begin)];
  if (own.length < words.length - 1) return words;
  if (isCut || begin === own.length) {
    // A person who types no command gets a shell.
    if (isTerminal.stdin && isTerminal.stdout) return words;
    throw new AwsRoleError("ERR_USAGE", `${name}: no command given`, {
      hint: `usage: awsrole ${usageOf(command)}`,
    });
  }
  const corrected = ["awsrole", ...own.slice(0, begin), "--", ...own.slice(begin)];
  throw new AwsRoleError("ERR_USAGE", `${name}: put -- before the command`, {
    hint: shellCommand(corrected, platform),
  });
}

/** The first word that is neither the subcommand, nor one of its options or their values, nor NAME. */
function beginOfCommand(words: readonly string[], options: OptionTable): number {
  // The subcommand, and NAME unless --profile means it.
  let names = 2;
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? "";
    const [, no, name = "", attached] = /^--(no-)?([^=]+)(=.*)?$/s.exec(word) ?? [];
    const option =
      word === "-p" ? options["profile"] : Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined && (word.startsWith("-") || names === 0)) return i;
    if (option === undefined || option === options["profile"]) names -= 1;
    if (option?.type === "string" && no === undefined && attached === undefined) i += 1;
  }
  return words.length;
}
