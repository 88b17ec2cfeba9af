/**
 * Runs a command line of a person. Only the command that was named is loaded. Rules:
 * - argv is cut at the first `--` here: what follows belongs to the program that `exec` runs, and is never read as options.
 * - `--help`, `-h` and `--version` anywhere before it never run a command: they are looked for before anything is parsed.
 * - options of every command may come before the command.
 */
import type { Context } from "../foundation/context.ts";
import { readArguments, unknownWord } from "./args.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { type Command, commonOptions } from "./command.ts";
import { requireSeparator } from "./double-dash.ts";
import {
  formatHelp,
  formatOverview,
  formatStart,
  formatTopic,
  type NextStep,
  type Topic,
} from "./help.ts";
import { commandNameOf, ownWords } from "./words.ts";

/** The table of commands: the summary for the overview, the definition loaded when it is needed. */
export type CommandTable = Readonly<
  Record<string, { readonly summary: string; load(): Promise<{ default: Command }> }>
>;

/** The commands, under the headings of the overview, and the program's version. */
export type Program = {
  readonly commands: CommandTable;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly version: string;
  /** What `help` explains besides commands. */
  readonly topics: () => Promise<readonly Topic[]>;
  /** What to propose where no command is given. */
  readonly nextSteps: () => Promise<readonly NextStep[]>;
};

/** Parses and runs one command line; resolves to the exit code. @throws ERR_USAGE, and what the command throws. */
export async function runCommand(
  program: Program,
  typed: readonly string[],
  context: Context,
): Promise<number> {
  const words = withoutAlias(typed);
  const own = ownWords(words);
  const rest = own.length === words.length ? undefined : words.slice(own.length + 1);
  const name = commandNameOf(words);
  if (name === "help") return printHelp(program, own[own.indexOf(name) + 1], context);
  // Before anything is parsed, so that nothing can run in spite of it.
  if (own.some((word) => word === "-h" || /^--help(?:=|$)/.test(word)))
    return printHelp(program, name, context);
  if (own.includes("--version") || own.includes("-V")) {
    context.stdout(`${program.version}\n`);
    return 0;
  }
  if (name === "version") {
    const { version: node, platform, arch } = process;
    context.stdout(`awsrole ${program.version} (node ${node.slice(1)}, ${platform}-${arch})\n`);
    return 0;
  }
  const [first] = own;
  if (first === undefined) {
    context.stdout(formatStart(context, await program.nextSteps()));
    return 0;
  }
  if (name === undefined)
    throw Object.hasOwn(commonOptions, first.replaceAll(/^--(?:no-)?|=.*$/gs, ""))
      ? new AwsRoleError("ERR_USAGE", "no command given", { hint: commandFirst })
      : unknownWord("option", first, ["--help", "--version"], commandFirst);
  const command = await loadCommand(program.commands, name);
  if (command.takesCommand === true) {
    const separated = requireSeparator(command, name, words, context);
    // Now it has one: the command is read as if it had been typed.
    if (separated !== words) return runCommand(program, separated, context);
  }
  const args = readArguments(command, { name, own, rest }, context.env["AWS_PROFILE"]);
  return command.run(context, args);
}

const commandFirst = "usage: awsrole COMMAND [options]; awsrole --help lists the commands";

/** Short names of commands. */
const aliases: Readonly<Record<string, string>> = { ls: "list", rm: "remove-profile" };

/** The same words with the command's whole name. */
function withoutAlias(words: readonly string[]): readonly string[] {
  const name = commandNameOf(words) ?? "";
  const at = words.indexOf(name);
  if (name === "help")
    return words.map((word, index) =>
      index === at + 1 && Object.hasOwn(aliases, word) ? (aliases[word] ?? word) : word,
    );
  return Object.hasOwn(aliases, name) ? words.with(at, aliases[name] ?? name) : words;
}

async function printHelp(
  { commands, groups, topics: loadTopics }: Program,
  name: string | undefined,
  context: Context,
): Promise<number> {
  const topics = await loadTopics();
  const topic = topics.find((one) => one.name === name);
  if (topic !== undefined) {
    context.stdout(formatTopic(context, topic));
    return 0;
  }
  if (name !== undefined && name !== "help") {
    context.stdout(formatHelp(context, await loadCommand(commands, name, topics)));
    return 0;
  }
  const overview = Object.entries(groups).map(([title, names]) => ({
    title,
    commands: names.flatMap((one) => {
      const entry = Object.hasOwn(commands, one) ? commands[one] : undefined;
      return entry === undefined ? [] : [{ name: one, summary: entry.summary }];
    }),
  }));
  context.stdout(formatOverview(context, overview, topics));
  return 0;
}

async function loadCommand(
  table: CommandTable,
  name: string,
  topics: readonly Topic[] = [],
): Promise<Command> {
  const entry = Object.hasOwn(table, name) ? table[name] : undefined;
  if (entry === undefined)
    throw unknownWord(
      "command",
      name,
      [...Object.keys(table), "help", "version", ...topics.map((topic) => topic.name)],
      topics.length === 0
        ? "awsrole --help lists the commands"
        : `awsrole --help lists the commands; topics: ${topics.map((topic) => topic.name).join(", ")}`,
    );
  return (await entry.load()).default;
}
