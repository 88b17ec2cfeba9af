/**
 * Command lines of people, by yargs. Only the command that was named is loaded. Rules:
 * - argv is cut at the first `--` here: what follows belongs to the program that `exec` runs, and is never read as options.
 * - nothing is parsed as a number: names like `0123` and codes like `012345` stay text.
 * - an option that takes one value and is given twice is an error: which of the two was meant?
 * - `--help`, `-h` and `--version` anywhere in it never run a command: they are looked for before anything is parsed.
 * - the command comes first: an option's value in front of it could be taken for it.
 */
import type { Context } from "../foundation/context.ts";
import yargs, { type Argv } from "yargs";
import { AwsRoleError } from "../foundation/errors.ts";
import { nearest } from "../foundation/edit-distance.ts";
import {
  type Arguments,
  type Command,
  optionsOf,
  spellOption,
  takesProfileOption,
  usageOf,
} from "./command.ts";
import { formatHelp, formatOverview, formatStart } from "./help.ts";
import { requireSeparator } from "./double-dash.ts";

/** The table of commands: the summary for the overview, the definition loaded when it is needed. */
export type CommandTable = Readonly<
  Record<string, { readonly summary: string; load(): Promise<{ default: Command }> }>
>;

/** The commands, under the headings of the overview, and the program's version. */
export type Program = {
  readonly commands: CommandTable;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly version: string;
};

/** Parses and runs one command line; resolves to the exit code. @throws ERR_USAGE, and what the command throws. */
export async function runCommand(
  program: Program,
  words: readonly string[],
  context: Context,
): Promise<number> {
  const cut = words.indexOf("--");
  const own = cut === -1 ? words : words.slice(0, cut);
  const rest = cut === -1 ? undefined : words.slice(cut + 1);
  const [name, ...others] = own;
  if (name === "help") return printHelp(program, others[0], context);
  // Before anything is parsed, so that nothing can run in spite of it.
  if (own.some((word) => word === "-h" || /^--help(?:=|$)/.test(word)))
    return printHelp(
      program,
      own.find((word) => !word.startsWith("-")),
      context,
    );
  if (own.includes("--version")) {
    context.stdout(`${program.version}\n`);
    return 0;
  }
  if (name === undefined) {
    context.stdout(formatStart(context));
    return 0;
  }
  if (name.startsWith("-"))
    throw unknown(
      "option",
      name,
      ["--help", "--version"],
      "a command comes first: awsrole COMMAND [options]",
    );
  const command = await loadCommand(program.commands, name);
  if (command.takesCommand === true) requireSeparator(command, name, words, context.platform);
  const parser = createParser().command(command.usage, command.summary, (y) => define(y, command));
  const { values, failure } = await parse(parser, own);
  if (failure !== undefined) throw explainFailure(failure, command, name, own);
  return command.run(context, readArguments(command, name, values, rest, context));
}

async function printHelp(
  { commands, groups }: Program,
  name: string | undefined,
  context: Context,
): Promise<number> {
  if (name !== undefined && name !== "help") {
    context.stdout(formatHelp(context, await loadCommand(commands, name)));
    return 0;
  }
  const overview = Object.entries(groups).map(([title, names]) => ({
    title,
    commands: names.flatMap((one) => {
      const entry = Object.hasOwn(commands, one) ? commands[one] : undefined;
      return entry === undefined ? [] : [{ name: one, summary: entry.summary }];
    }),
  }));
  context.stdout(formatOverview(context, overview));
  return 0;
}

async function loadCommand(table: CommandTable, name: string): Promise<Command> {
  const entry = Object.hasOwn(table, name) ? table[name] : undefined;
  if (entry === undefined)
    throw unknown(
      "command",
      name,
      [...Object.keys(table), "help"],
      "awsrole --help lists the commands",
    );
  return (await entry.load()).default;
}

function createParser(): Argv {
  return yargs()
    .scriptName("awsrole")
    .parserConfiguration({
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "camel-case-expansion": false,
    })
    .locale("en")
    .strict()
    .exitProcess(false)
    .version(false)
    .help(false);
}

function define(y: Argv, command: Command): Argv {
  let defined: Argv = y;
  for (const [name, { describe, array }] of Object.entries(command.positionals ?? {})) {
    defined = defined.positional(name, { type: "string", describe, ...(array ? { array } : {}) });
  }
  for (const [name, { type, array, default: otherwise }] of Object.entries(optionsOf(command))) {
    defined = defined.option(name, {
      ...(type === undefined ? {} : { type }),
      ...(array === undefined ? {} : { array }),
      ...(otherwise === undefined ? {} : { default: otherwise }),
      ...(type === "string" ? { requiresArg: true } : {}),
    });
  }
  return defined;
}

type Parsed = {
  values: Readonly<Record<string, unknown>>;
  failure: string | undefined;
};

async function parse(parser: Argv, own: readonly string[]): Promise<Parsed> {
  let failure: string | undefined;
  const values = await parser
    .fail((message: string | undefined, error: Error | undefined) => {
      failure ??= message ?? error?.message ?? "the command line cannot be read";
    })
    // With a callback nothing is printed.
    .parseAsync([...own], {}, () => {});
  return { values, failure };
}

function explainFailure(
  failure: string,
  command: Command,
  name: string,
  own: readonly string[],
): AwsRoleError {
  const hint = `usage: awsrole ${usageOf(command)}`;
  const strange = /^Unknown arguments?: ([^,]+)/.exec(failure)?.[1];
  if (strange !== undefined) {
    // yargs names an option without its hyphens, and without `no-`.
    const typed = own.find(
      (word) =>
        word.startsWith("-") && [`no-${strange}`, strange].includes(word.replace(/^-+|=.*$/gs, "")),
    );
    if (typed === undefined)
      return new AwsRoleError("ERR_USAGE", `${name}: one word too many: ${strange}`, { hint });
    return unknown(
      "option",
      typed.replace(/=.*$/s, ""),
      Object.entries(optionsOf(command)).map(([one, option]) =>
        spellOption(one, option).replace(/ .*/, ""),
      ),
      `awsrole ${name} --help lists the options`,
    );
  }
  const given = /^Not enough non-option arguments: got (\d+)/.exec(failure)?.[1];
  if (given !== undefined) {
    const missing = command.usage.split(" ")[1 + Number(given)] ?? "a word";
    return new AwsRoleError("ERR_USAGE", `${name}: ${missing} is missing`, { hint });
  }
  const withoutValue = /^Not enough arguments following: (\S+)/.exec(failure)?.[1];
  if (withoutValue !== undefined)
    return new AwsRoleError("ERR_USAGE", `${name}: --${withoutValue} wants a value`, { hint });
  const sentence = (failure.split("\n")[0] ?? failure).replace(/\.$/, "");
  return new AwsRoleError(
    "ERR_USAGE",
    `${name}: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`,
    { hint },
  );
}

function unknown(
  what: string,
  word: string,
  known: readonly string[],
  otherwise: string,
): AwsRoleError {
  const begun = known.filter((one) => one.startsWith(word));
  const guesses = begun.length > 0 ? begun : [nearest(word, known) ?? []].flat();
  return new AwsRoleError("ERR_USAGE", `unknown ${what} ${word}`, {
    hint: guesses.length === 0 ? otherwise : `did you mean ${guesses.join(" or ")}?`,
  });
}

function readArguments(
  command: Command,
  name: string,
  values: Readonly<Record<string, unknown>>,
  rest: readonly string[] | undefined,
  context: Context,
): Arguments<Record<string, never>> {
  if (rest !== undefined && command.takesCommand !== true)
    throw new AwsRoleError("ERR_USAGE", `${name} takes no command behind --`, {
      hint: `usage: awsrole ${usageOf(command)}`,
    });
  for (const [option, { type, array, choices }] of Object.entries(optionsOf(command))) {
    const value = values[option];
    if (type === "string" && array !== true && Array.isArray(value))
      throw new AwsRoleError("ERR_USAGE", `${name}: --${option} is given twice`, {
        hint: "give it once",
      });
    if (typeof value === "string" && choices?.includes(value) === false) {
      const guess = nearest(value, choices.map(String));
      throw new AwsRoleError("ERR_USAGE", `${name}: --${option} cannot be ${value}`, {
        hint: guess === undefined ? `one of ${choices.join(", ")}` : `did you mean ${guess}?`,
      });
    }
  }
  const positionals: Record<string, string | undefined> = {};
  let names: readonly string[] = [];
  for (const [positional, { array }] of Object.entries(command.positionals ?? {})) {
    const value = values[positional];
    if (array === true) names = Array.isArray(value) ? value.map(String) : [];
    else positionals[positional] = typeof value === "string" ? value : undefined;
  }
  // `--profile` stands for NAME wherever NAME is an existing profile.
  if (takesProfileOption(command)) {
    const option = typeof values["profile"] === "string" ? values["profile"] : undefined;
    const other = [positionals["NAME"] ?? [], names].flat().find((name) => name !== option);
    if (option !== undefined && other !== undefined) {
      throw new AwsRoleError(
        "ERR_USAGE",
        `two different profiles: ${other} and --profile ${option}`,
        { hint: "give one of them" },
      );
    }
    if (option !== undefined && "NAMES" in (command.positionals ?? {})) names = [option];
    positionals["NAME"] ??=
      option ??
      (command.usesAwsProfile === true ? context.env["AWS_PROFILE"] || undefined : undefined);
  }
  const words = [...Object.values(positionals), ...names];
  // "$1" in a script that was not given one.
  if (words.includes(""))
    throw new AwsRoleError("ERR_USAGE", `${name}: a word is empty: ''`, {
      hint: `usage: awsrole ${usageOf(command)}`,
    });
  const given = words.find((word) => word?.startsWith("-"));
  if (given !== undefined)
    throw new AwsRoleError("ERR_USAGE", `a name never begins with a hyphen: ${given}`, {});
  return { ...values, positionals, names, rest } as unknown as Arguments<Record<string, never>>;
}
