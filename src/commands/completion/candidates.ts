/**
 * What may stand where the cursor is. The shells' scripts hand over the words of the line and filter by what is typed already, so
 * that there is one logic for all of them, and it is as new as the program.
 *
 * A line per candidate: the word, TAB, what it is. A line that begins with TAB is for what the shell itself knows better:
 * its word says `files` or `commands`.
 */
import {
  type Command,
  type OptionTable,
  optionsOf,
  type Positional,
  spellOption,
} from "../../cli/command.ts";
import type { CommandTable } from "../../cli/run-command.ts";
import { takesNextWord } from "../../cli/words.ts";

type Candidate = readonly [word: string, says: string];

const files: Candidate = ["", "files"];
const shellCommands: Candidate = ["", "commands"];

/** Candidates for the last of `words` (those behind `awsrole`; it may be empty). `profileNames` is called only if they are wanted. */
export async function completeWords(
  commands: CommandTable,
  words: readonly string[],
  profileNames: () => readonly string[],
): Promise<string> {
  const found = await candidates(commands, words, () => profileNames().filter(isOffered));
  return found.map(([word, says]) => `${word}\t${says}\n`).join("");
}

async function candidates(
  commands: CommandTable,
  words: readonly string[],
  profileNames: () => readonly string[],
): Promise<readonly Candidate[]> {
  const typed = words.at(-1) ?? "";
  const [name, ...before] = words.slice(0, -1);
  if (name === undefined || (name === "help" && before.length === 0)) {
    if (typed.startsWith("-"))
      return [
        ["--help", "show all commands"],
        ["--version", "print the version"],
      ];
    const all = Object.entries(commands).map(([one, { summary }]): Candidate => [one, summary]);
    return name === "help" ? all : [...all, ["help", "show help for a command"]];
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) return [];
  const { default: command } = await entry.load();
  const cut = before.indexOf("--");
  if (cut !== -1) return command.takesCommand === true ? [shellCommands] : [];
  const options = optionsOf(command);
  const [, attached] = /^--([^=]+)=/.exec(typed) ?? [];
  if (attached !== undefined)
    return valuesOf(options, attached, profileNames).map(([word, says]) =>
      word === "" ? [word, says] : [`--${attached}=${word}`, says],
    );
  const previous = before.at(-1)?.replace(/^--/, "");
  if (previous !== undefined && before.at(-1)?.startsWith("--") && takesValue(options, previous))
    return valuesOf(options, previous, profileNames);
  if (before.at(-1) === "-p" && takesValue(options, "profile"))
    return valuesOf(options, "profile", profileNames);
  if (typed.startsWith("-")) return remainingOptions(options, before);
  const positional = nextPositional(command, options, before);
  if (positional !== undefined) return offer(positional, profileNames);
  return command.takesCommand === true
    ? [["--", "the command follows"]]
    : remainingOptions(options, before);
}

function takesValue(options: OptionTable, name: string): boolean {
  return Object.hasOwn(options, name) && options[name]?.type === "string";
}

function valuesOf(
  options: OptionTable,
  name: string,
  profileNames: () => readonly string[],
): readonly Candidate[] {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  const completes = option?.choices?.map(String) ?? option?.completes;
  return offerAs(completes, profileNames);
}

function remainingOptions(options: OptionTable, before: readonly string[]): readonly Candidate[] {
  const given = new Set(before.map((word) => word.replace(/=.*$/s, "")));
  const all = Object.entries(options).map(([name, option]): Candidate & { array?: boolean } => [
    spellOption(name, option).replace(/ .*$/, ""),
    option.describe ?? "",
  ]);
  const isRepeatable = (word: string): boolean => options[word.slice(2)]?.array === true;
  return [
    ...all.filter(([word]) => !given.has(word) || isRepeatable(word)),
    ["--help", "show help for this command"],
  ];
}

type NamedPositional = Positional & { readonly name: string };

/** The positional that the next word that is no option would be. */
function nextPositional(
  command: Command,
  options: OptionTable,
  before: readonly string[],
): NamedPositional | undefined {
  const given = before.filter((word, index) => {
    if (word.startsWith("-")) return false;
    const previous = before[index - 1];
    return previous === undefined || !takesNextWord(options, previous);
  }).length;
  const positionals = Object.entries(command.positionals ?? {}).map(([name, positional]) => ({
    ...positional,
    name,
  }));
  const last = positionals.at(-1);
  return positionals[given] ?? (last?.array === true ? last : undefined);
}

function offer(
  { name, isNew = false, completes }: NamedPositional,
  profileNames: () => readonly string[],
): readonly Candidate[] {
  const byName = name.startsWith("NAME") ? "profiles" : undefined;
  return isNew ? [] : offerAs(completes ?? byName, profileNames);
}

function offerAs(
  completes: Positional["completes"],
  profileNames: () => readonly string[],
): readonly Candidate[] {
  if (completes === "profiles") return profileNames().map((name) => [name, "profile"]);
  if (completes === "files") return [files];
  if (completes === "commands") return [shellCommands];
  return (completes ?? []).map((word) => [word, ""]);
}

/** A name that a command can take. What else is in a header is no name to the grammar (`config/grammar.ts`). */
function isOffered(name: string): boolean {
  return !name.startsWith("-");
}
