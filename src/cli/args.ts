/**
 * The arguments of people's commands. yargs' parser splits the words by a command's definition; what is wrong with them is found here, by
 * what came of that, so that no text of yargs' is read or shown. Rules:
 *
 * - nothing is parsed as a number: names like `0123` and codes like `012345` stay text.
 * - an option that takes one value and is given twice is an error: which of the two was meant?
 * - an option that is on or off takes no value.
 */
import { Parser } from "yargs/helpers";
import { closestMatch } from "../foundation/edit-distance.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import {
  type Arguments,
  type Command,
  optionsOf,
  type OptionTable,
  spellOption,
  takesProfileOption,
  usageOf,
  usageWordsOf,
} from "./command.ts";

/** A command line that was split: `own` up to the first `--`, `rest` behind it (undefined without one). */
export type CommandLine = {
  readonly name: string;
  readonly own: readonly string[];
  readonly rest: readonly string[] | undefined;
};

/** `awsProfile`: AWS_PROFILE, for the commands that use it. @throws ERR_USAGE, with what is wrong and what was probably meant. */
export function readArguments(
  command: Command,
  line: CommandLine,
  awsProfile: string | undefined,
): Arguments<Record<string, never>> {
  const { name, rest } = line;
  if (rest !== undefined && command.takesCommand !== true)
    throw wrong(command, `${name} takes no command after --`);
  const options = optionsOf(command);
  const { words, values } = split(line.own, options);
  assertOptions(command, line, words, values);
  const given = words.slice(words.indexOf(name) + 1);
  const { positionals, names } = assignPositionals(command, name, given);
  const profile = typeof values["profile"] === "string" ? values["profile"] : undefined;
  const resolved = takesProfileOption(command)
    ? withProfileOption(command, { positionals, names }, profile, awsProfile)
    : { positionals, names };
  assertNames(command, name, [...Object.values(resolved.positionals), ...resolved.names]);
  return { ...values, ...resolved, rest } as unknown as Arguments<Record<string, never>>;
}

type Values = Readonly<Record<string, unknown>>;

type Positionals = {
  readonly positionals: Readonly<Record<string, string | undefined>>;
  readonly names: readonly string[];
};

/** Unknown options stay among the words, as typed. */
function split(
  own: readonly string[],
  options: OptionTable,
): { readonly words: readonly string[]; readonly values: Values } {
  const ofType = (type: string): string[] =>
    Object.keys(options).filter((name) => options[name]?.type === type);
  const isArray = (name: string): boolean => options[name]?.array === true;
  const entries = Object.entries(options);
  const { _: words, ...values } = Parser([...own], {
    string: ofType("string").filter((name) => !isArray(name)),
    boolean: ofType("boolean"),
    array: ofType("string")
      .filter(isArray)
      .map((key) => ({ key, string: true })),
    alias: Object.fromEntries(
      entries.flatMap(([name, { alias }]) => (alias === undefined ? [] : [[name, [alias].flat()]])),
    ),
    default: Object.fromEntries(
      entries.flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])),
    ),
    configuration: {
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "greedy-arrays": false,
      "strip-aliased": true,
      "unknown-options-as-args": true,
    },
  });
  return { words: words.map(String), values };
}

function assertOptions(
  command: Command,
  { name, own }: CommandLine,
  words: readonly string[],
  values: Values,
): void {
  const options = optionsOf(command);
  for (const [option, { type, array, alias, choices }] of Object.entries(options)) {
    const value = values[option];
    const typed = [`--${option}`, ...(alias === undefined ? [] : [`-${String(alias)}`])];
    if (type === "boolean") {
      const isAssigned = own.some((word) => /^--(?:no-)?(.*?)=/.exec(word)?.[1] === option);
      if (isAssigned)
        throw wrong(command, `${name}: ${spellOption(option, { type })} takes no value`);
    } else if (value === false) throw unknownOption(command, name, `--no-${option}`);
    else if (
      (value === "" || (array === true && Array.isArray(value) && value.length === 0)) &&
      lacksValue(own, typed)
    )
      throw wrong(command, `${name}: --${option} needs a value`);
    else if (array !== true && Array.isArray(value))
      throw new AwsRoleError("ERR_USAGE", `${name}: --${option} is given twice`, {
        hint: "give it once",
      });
    else if (typeof value === "string" && choices?.includes(value) === false) {
      throw new AwsRoleError("ERR_USAGE", `${name}: invalid value "${value}" for --${option}`, {
        hint: `choose from ${choices.join(", ")}`,
      });
    }
  }
  // The parser knows `--store.x` and the like by their first part.
  const other = Object.keys(values).find((option) => !Object.hasOwn(options, option));
  const unknown =
    words.find((word) => /^-./s.test(word)) ?? (other === undefined ? undefined : `--${other}`);
  if (unknown !== undefined) throw unknownOption(command, name, unknown.replace(/=.*$/s, ""));
}

/** True where one of these options is the last word, or is followed by another option: `--store ''` has a value, though an empty one. */
function lacksValue(own: readonly string[], typed: readonly string[]): boolean {
  return own.some((word, at) => typed.includes(word) && own[at + 1] !== "");
}

function assignPositionals(command: Command, name: string, given: readonly string[]): Positionals {
  const positionals: Record<string, string | undefined> = {};
  let names: readonly string[] = [];
  let used = 0;
  for (const { word, isRequired, isArray } of usageWordsOf(command)) {
    if (isArray) {
      names = given.slice(used);
      used = given.length;
    } else {
      positionals[word] = given[used];
      used += 1;
    }
    if (isRequired && used > given.length)
      throw wrong(command, `${name}: missing required argument ${word}`);
  }
  const tooMany = given[used];
  if (tooMany !== undefined) throw wrong(command, `${name}: unexpected argument "${tooMany}"`);
  return { positionals, names };
}

/** `--profile` means NAME wherever NAME is an existing profile. */
function withProfileOption(
  command: Command,
  { positionals, names }: Positionals,
  option: string | undefined,
  awsProfile: string | undefined,
): Positionals {
  const other = [positionals["NAME"] ?? [], names].flat().find((one) => one !== option);
  if (option !== undefined && other !== undefined) {
    throw new AwsRoleError(
      "ERR_USAGE",
      `two different profiles: ${other} and --profile ${option}`,
      { hint: "give one of them" },
    );
  }
  const byDefault = command.usesAwsProfile === true ? awsProfile || undefined : undefined;
  return {
    positionals: { ...positionals, NAME: positionals["NAME"] ?? option ?? byDefault },
    names: option !== undefined && "NAMES" in (command.positionals ?? {}) ? [option] : names,
  };
}

function assertNames(command: Command, name: string, words: readonly (string | undefined)[]): void {
  // "$1" in a script that was not given one.
  if (words.includes("")) throw wrong(command, `${name}: empty argument`);
  const hyphened = words.find((word) => word !== "-" && word?.startsWith("-"));
  if (hyphened !== undefined)
    throw new AwsRoleError("ERR_USAGE", `a name cannot begin with a hyphen: ${hyphened}`);
}

function unknownOption(command: Command, name: string, typed: string): AwsRoleError {
  const known = Object.entries(optionsOf(command)).map(([option, definition]) =>
    spellOption(option, definition).replace(/ .*/, ""),
  );
  return unknownWord("option", typed, known, `awsrole ${name} --help lists the options`);
}

/** ERR_USAGE for a word that is not among those known: its hint is what was probably meant, or `otherwise`. */
export function unknownWord(
  what: "option" | "command",
  word: string,
  known: readonly string[],
  otherwise: string,
): AwsRoleError {
  const begun = known.filter((one) => one.startsWith(word));
  const guesses = begun.length > 0 ? begun : [closestMatch(word, known) ?? []].flat();
  return new AwsRoleError("ERR_USAGE", `unknown ${what} ${word}`, {
    hint: guesses.length === 0 ? otherwise : `did you mean ${guesses.join(" or ")}?`,
  });
}

function wrong(command: Command, problem: string): AwsRoleError {
  return new AwsRoleError("ERR_USAGE", problem, { hint: `usage: awsrole ${usageOf(command)}` });
}
