/** docs/reference/commands.md, made from the commands' own definitions. */
import { isDeepStrictEqual } from "node:util";
import { type Command, commonOptions, type OptionTable, usageOf } from "../src/cli/command.ts";
import { describeOptions } from "../src/cli/help.ts";
import { commands, groups } from "../src/commands/registry.ts";

/** The whole page. */
export async function commandReference(): Promise<string> {
  const sections = await Promise.all(
    Object.entries(groups).map(async ([title, names]) => {
      const there = names.filter((name) => Object.hasOwn(commands, name));
      const pages = await Promise.all(there.map(async (name) => page(name)));
      return [`## ${title}`, "", ...pages.flat()];
    }),
  );
  return `${[
    "# Commands",
    "",
    "<!-- Made by `npm run docs` from the definitions in src/commands: edit those. -->",
    "",
    "What `awsrole COMMAND --help` says, on one page. NAME is the name of a profile. Exit codes: 0 done, 1 failed, 2 the command line is",
    "wrong, 3 a person is needed and none can be asked, 130 interrupted; `exec` ends with its command's own code. On failure the first line on stderr",
    'says what went wrong, the second what to do about it; with `--json` there is also `{"error":{"code","message","hint"}}` on stdout.',
    "",
    "## Options of every command",
    "",
    "For all but `credential-process`, which has its own only. `--profile` means NAME where NAME is a profile that exists.",
    "",
    ...optionList(commonOptions),
    "",
    ...sections.flat(),
  ]
    .join("\n")
    .trimEnd()}\n`;
}

async function page(name: string): Promise<string[]> {
  const entry = commands[name];
  if (entry === undefined) return [];
  const { default: command } = await entry.load();
  const positionals = Object.entries(command.positionals ?? {});
  const options = ownOptions(command);
  return [
    `### ${name}`,
    "",
    `\`awsrole ${usageOf(command)}\``,
    "",
    prose(`${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`),
    "",
    ...(command.description === undefined ? [] : [prose(command.description), ""]),
    ...positionals.map(([positional, { describe }]) => `- \`${positional}\`: ${prose(describe)}`),
    ...optionList(options),
    ...(positionals.length + Object.keys(options).length === 0 ? [] : [""]),
    "```sh",
    ...command.examples.flatMap(({ command: line, says }) => [`# ${says}`, line]),
    "```",
    "",
  ];
}

function ownOptions(command: Command): OptionTable {
  return Object.fromEntries(
    Object.entries(command.options ?? {}).filter(
      ([name, option]) =>
        command.isForPrograms === true ||
        !isDeepStrictEqual((commonOptions as OptionTable)[name], option),
    ),
  );
}

function optionList(options: OptionTable): string[] {
  return describeOptions(options).map(([spelt, says]) => `- \`${spelt}\`: ${prose(says)}`);
}

/** Words that are code look like it; nothing else is markup. */
function prose(text: string): string {
  return text
    .replaceAll(/[<>*]/g, (mark) => `\\${mark}`)
    .replaceAll(/(?<![\w`-])(--[a-z][\w-]*(?: '')?|~\/[\w./]+|\b[A-Z]+_[A-Z_]+\b)/g, "`$1`");
}
