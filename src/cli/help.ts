/** What `--help` prints, made from the commands' own definitions. It fits the terminal; into a pipe it has 80 columns. */
import type { Context } from "../foundation/context.ts";
import { type Command, type OptionTable, optionsOf, spellOption, usageOf } from "./command.ts";
import { wrapWords } from "./messages.ts";
import { heading } from "./style.ts";

/** The summaries of all commands, under headings. */
export type Overview = readonly {
  readonly title: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
}[];

/** What `awsrole help NAME` explains, besides commands. */
export type Topic = {
  readonly name: string;
  readonly summary: string;
  readonly title: string;
  readonly text: string;
};

/** A command to run next, and what it is for. */
export type NextStep = { readonly command: string; readonly description: string };

/** What `awsrole` alone prints: what it is, and what to do next on this machine. */
export function formatStart(context: Context, steps: readonly NextStep[]): string {
  return [
    ...paragraph(
      "awsrole: AWS credentials for roles, cached in your keychain and renewed in time",
    ).map((line) => heading(context, line)),
    "",
    ...columns(steps.map(({ command, description }) => [command, description])),
    "",
    "Run awsrole --help for all commands, awsrole COMMAND --help for details.",
    "",
  ].join("\n");
}

/** All commands. */
export function formatOverview(
  context: Context,
  overview: Overview,
  topics: readonly Topic[],
): string {
  const widest = Math.max(
    ...overview.flatMap(({ commands }) => commands.map(({ name }) => name.length)),
  );
  return [
    "Usage: awsrole COMMAND [options]",
    ...overview.flatMap(({ title, commands }) => [
      "",
      heading(context, `${title}:`),
      ...columns(
        commands.map(({ name, summary }) => [name, summary]),
        widest,
      ),
    ]),
    "",
    heading(context, "Topics:"),
    ...columns(
      topics.map(({ name, summary }) => [`help ${name}`, summary]),
      widest,
    ),
    "",
    "Run awsrole COMMAND --help for details.",
    "",
  ].join("\n");
}

/** A topic's text, its paragraphs wrapped; lines that begin with a blank stay as they are. */
export function formatTopic(context: Context, { title, text }: Topic): string {
  return [
    heading(context, title),
    "",
    ...text.split("\n").flatMap((line) => (line.startsWith(" ") ? [line] : paragraph(line))),
    "",
  ].join("\n");
}

/** One command. */
export function formatHelp(context: Context, command: Command): string {
  const positionals = Object.entries(command.positionals ?? {});
  const own = Object.entries(command.options ?? {});
  const common = Object.entries(optionsOf(command)).filter(
    ([name]) => !own.some(([n]) => n === name),
  );
  const spelt = [...own, ...common].map(([name, option]) => spellOption(name, option));
  const widest = Math.min(
    32,
    Math.max(...[...positionals.map(([name]) => name), ...spelt].map((text) => text.length)),
  );
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ["", heading(context, `${title}:`), ...lines];
  return [
    `Usage: awsrole ${command.isForPrograms === true ? command.usage : withOptions(usageOf(command))}`,
    "",
    ...paragraph(sentence(command.summary)),
    ...(command.description === undefined ? [] : ["", ...paragraph(command.description)]),
    ...section(
      "Arguments",
      columns(
        positionals.map(([name, { describe }]) => [name, describe]),
        widest,
      ),
    ),
    ...groupsOf(own).flatMap(([title, options]) =>
      section(title, columns(describeOptions(Object.fromEntries(options)), widest)),
    ),
    ...section(
      "Options of every command",
      columns(describeOptions(Object.fromEntries(common)), widest),
    ),
    ...section(
      "Examples",
      command.examples.flatMap(({ command: line, says }) => [`  ${line}`, ...paragraph(says, 6)]),
    ),
    "",
  ].join("\n");
}

/** Each option as typed, and what it does, with the words it takes and its default. */
export function describeOptions(options: OptionTable): (readonly [string, string])[] {
  return Object.entries(options).map(([name, option]) => {
    const { choices, default: otherwise, describe = "" } = option;
    const words = choices === undefined ? "" : `: ${choices.join(", ")}`;
    const isPlain = otherwise === undefined || typeof otherwise === "boolean";
    return [
      spellOption(name, option),
      `${describe}${words}${isPlain ? "" : ` (default: ${String(otherwise)})`}`,
    ];
  });
}

/** Options under the headings of their groups, those without one last. */
function groupsOf(
  options: readonly (readonly [string, OptionTable[string]])[],
): readonly (readonly [title: string, typeof options])[] {
  const titles = [...new Set(options.flatMap(([, { group }]) => group ?? []))];
  const of = (wanted: string | undefined): typeof options =>
    options.filter(([, { group }]) => group === wanted);
  return [
    ...titles.map((title) => [`${title} options`, of(title)] as const),
    ["Options", of(undefined)],
  ];
}

/** Where the options stand: before the `--` of a command line to run. */
function withOptions(usage: string): string {
  return usage.includes(" -- ") ? usage.replace(" -- ", " [options] -- ") : `${usage} [options]`;
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

function width(): number {
  return Math.min(100, process.stdout.columns || 80);
}

function columns(rows: readonly (readonly [string, string])[], widest = 0): string[] {
  const left = Math.max(widest, ...rows.map(([name]) => Math.min(name.length, 32)));
  return rows.flatMap(([name, says]) => {
    const [first = "", ...others] = wrapWords(says, Math.max(20, width() - left - 4));
    const indent = " ".repeat(left + 4);
    // What does not fit its column has a line of its own.
    const beginning =
      name.length > left ? [`  ${name}`, indent + first] : [`  ${name.padEnd(left)}  ${first}`];
    return [...beginning, ...others.map((line) => indent + line)];
  });
}

function paragraph(text: string, indent = 0): string[] {
  return wrapWords(text, width() - indent).map((line) => " ".repeat(indent) + line);
}
