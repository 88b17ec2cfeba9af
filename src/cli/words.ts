/** What can be said of a command line before it is parsed, by everything that must know it early: errors, `env`, the choice of the command. */
import { commonOptions, type OptionTable } from "./command.ts";

/** awsrole's own words: what follows `--` belongs to the program that `exec` runs, and is never read as options. */
export function ownWords(words: readonly string[]): readonly string[] {
  const cut = words.indexOf("--");
  return cut === -1 ? words : words.slice(0, cut);
}

/** The name of the command: the first word that is neither an option nor the value of one. Options of every command may come before it. */
export function commandNameOf(words: readonly string[]): string | undefined {
  const own = ownWords(words);
  for (let at = 0; at < own.length; at += 1) {
    const word = own[at] ?? "";
    if (!word.startsWith("-")) return word;
    if (takesNextWord(commonOptions, word)) at += 1;
  }
  return undefined;
}

/** True where the option is among awsrole's own words, as it is typed (`--json`). */
export function hasOption(words: readonly string[], option: string): boolean {
  return ownWords(words).includes(option);
}

/** True for an option of `options`, as it is typed, whose value is the next word. */
export function takesNextWord(options: OptionTable, word: string): boolean {
  const found = Object.entries(options).find(
    ([name, { alias }]) =>
      word === `--${name}` || (alias !== undefined && word === `-${String(alias)}`),
  );
  return found?.[1].type === "string";
}
