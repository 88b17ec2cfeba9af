/** man/awsrole.1, made from the commands' own definitions: man(7) macros only, so that groff and mandoc both read it. */
import { isDeepStrictEqual } from "node:util";
import { commonOptions, type OptionTable, usageOf } from "../src/cli/command.ts";
import { describeOptions } from "../src/cli/help.ts";
import { commands, groups } from "../src/commands/registry.ts";

/** The whole page. Without a date or version, which would make it another page with each release. */
export async function manPage(): Promise<string> {
  const names = Object.values(groups)
    .flat()
    .filter((name) => Object.hasOwn(commands, name));
  const sections = await Promise.all(names.map(commandSection));
  return `${[
    '.\\" Made by `npm run docs` from the definitions in src/commands: edit those.',
    '.TH AWSROLE 1 "" awsrole "User Commands"',
    ".SH NAME",
    text("awsrole - AWS credentials for roles, cached in the OS keychain and renewed in time"),
    ".SH SYNOPSIS",
    text("awsrole COMMAND [options]"),
    ".SH DESCRIPTION",
    text(
      "Assumes AWS roles for every program that reads ~/.aws/config: each profile written by awsrole has a credential_process line, " +
        "which answers from the keychain and calls AWS only when no session is cached.",
    ),
    ".PP",
    text("awsrole alone shows what to do next. awsrole COMMAND --help has all that follows."),
    ".SH OPTIONS OF EVERY COMMAND",
    ...options(commonOptions),
    ".SH COMMANDS",
    ...sections.flat(),
    ".SH EXIT STATUS",
    ...[
      ["0", "done"],
      ["1", "failed"],
      ["2", "the command line is wrong"],
      ["3", "interaction required (MFA code, locked keychain, sign-in), but no terminal to ask at"],
      ["130", "interrupted"],
    ].flatMap(([code = "", means = ""]) => tagged(code, means)),
    ".PP",
    text(
      "awsrole exec exits with the code of its command, or 125 (awsrole failed), 126 (it cannot be executed), 127 (not found).",
    ),
    ".SH FILES",
    ...tagged("~/.aws/config, ~/.aws/credentials", "the profiles"),
    ".SH SEE ALSO",
    text("aws(1)"),
  ].join("\n")}\n`;
}

async function commandSection(name: string): Promise<string[]> {
  const entry = commands[name];
  if (entry === undefined) return [];
  const { default: command } = await entry.load();
  const own = Object.fromEntries(
    Object.entries(command.options ?? {}).filter(
      ([option, definition]) =>
        command.isForPrograms === true ||
        !isDeepStrictEqual((commonOptions as OptionTable)[option], definition),
    ),
  );
  return [
    `.SS ${text(`awsrole ${usageOf(command)}`)}`,
    text(command.description ?? `${entry.summary}.`),
    ...Object.entries(command.positionals ?? {}).flatMap(([positional, { describe }]) =>
      tagged(positional, describe),
    ),
    ...options(own),
    ...command.examples.flatMap(({ command: line, says }) => [
      ".PP",
      ".nf",
      ".RS 4",
      text(line),
      ".RE",
      ".fi",
      ".RS 8",
      text(says),
      ".RE",
    ]),
  ];
}

function options(table: OptionTable): string[] {
  return describeOptions(table).flatMap(([spelt, says]) => tagged(spelt, says));
}

function tagged(tag: string, says: string): string[] {
  return [".TP", `.B ${text(tag)}`, text(says)];
}

/** Nothing in it is a request or an escape; a hyphen stays one, so that options can be copied. */
function text(words: string): string {
  return words
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("~", "\\(ti")
    .replaceAll("^", "\\(ha")
    .replaceAll("`", "\\(ga")
    .replaceAll('"', "\\(dq")
    .replaceAll("'", "\\(aq")
    .replaceAll(/^\./gm, "\\&.");
}
