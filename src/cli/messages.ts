/**
 * Errors, warnings, hints and notices. Into pipes and for SDKs they are the lines of the contract, each with `awsrole: ` in front. On a
 * person's terminal a coloured label tells them apart, long ones are wrapped at words, and a command to copy has a line of its own.
 */
import { styleText } from "node:util";
import type { Context } from "../foundation/context.ts";
import { escapeControls } from "../foundation/text.ts";

type Output = Pick<Context, "env" | "homeFolder" | "isTerminal" | "stderr">;
type StandardOutput = Pick<Context, "homeFolder" | "isTerminal" | "stdout">;

/** What went wrong and what to do about it. `isForProgram`: the lines that SDKs show, whatever stderr is. */
export function printError(
  context: Output,
  { message, hint }: { readonly message: string; readonly hint?: string | undefined },
  { isForProgram = false }: { readonly isForProgram?: boolean } = {},
): void {
  const isStyled = context.isTerminal.stderr && !isForProgram;
  context.stderr(
    isStyled
      ? labelled(context, "error", message) + (hint === undefined ? "" : hintLines(context, hint))
      : plain(message) + (hint === undefined ? "" : plain(`hint: ${hint}`)),
  );
}

/** Something that went well, but not as it should. */
export function printWarning(context: Output, text: string): void {
  context.stderr(
    context.isTerminal.stderr ? labelled(context, "warning", text) : plain(`warning: ${text}`),
  );
}

/** What to do about a warning or an error that was printed before. */
export function printHint(context: Output, hint: string): void {
  context.stderr(context.isTerminal.stderr ? hintLines(context, hint) : plain(`hint: ${hint}`));
}

/** Something to know; progress. */
export function printNotice(context: Output, text: string): void {
  context.stderr(
    context.isTerminal.stderr ? wrapped(shown(context, text), 0).join("\n") + "\n" : plain(text),
  );
}

/** What was done, on stdout, `indent` columns in. Into a pipe it is one line. */
export function printDone(context: StandardOutput, text: string, indent = 0): void {
  context.stdout(
    hanging(
      context,
      " ".repeat(indent),
      context.isTerminal.stdout ? shown(context, text) : escapeControls(text),
    ),
  );
}

/** A line for stdout that begins with `label`; on a terminal the text is wrapped at words, and begins where the label ends. Escapes nothing. */
export function hanging(
  { isTerminal }: Pick<Context, "isTerminal">,
  label: string,
  text: string,
): string {
  const room = Math.min(100, process.stdout.columns || 80) - label.length;
  const lines = isTerminal.stdout ? wrapWords(text, room) : [text];
  return `${label}${lines.join(`\n${" ".repeat(label.length)}`)}\n`;
}

/** A command to try next, on stdout: never broken, so that it can be copied. */
export function printNext(context: Pick<Context, "stdout">, command: string): void {
  context.stdout(`next: ${escapeControls(command)}\n`);
}

/** Text for a person at a terminal: escaped, and with `~` for the home folder, as a shell takes it back. */
export function shown({ homeFolder }: Pick<Context, "homeFolder">, text: string): string {
  const escaped = escapeControls(text);
  if (homeFolder.length < 2) return escaped;
  const parts = escaped.split(`${homeFolder}/`);
  return parts.reduce(
    (all, part) => `${all}${/(?:^|[\s(])$/.test(all) ? "~" : homeFolder}/${part}`,
  );
}

/** Breaks at blanks; a word that is longer than a line stays whole, so that it can be copied. */
export function wrapWords(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function plain(text: string): string {
  return `awsrole: ${escapeControls(text)}\n`;
}

const colours = { error: ["red", "bold"], warning: ["yellow", "bold"], hint: ["cyan"] } as const;

function labelled(context: Output, label: keyof typeof colours, text: string): string {
  return labelledShown(context, label, shown(context, text));
}

function labelledShown(context: Output, label: keyof typeof colours, text: string): string {
  const [first = "", ...others] = wrapped(text, 2, label.length + 2);
  return [
    `${paint(context, [...colours[label]], `${label}:`)} ${first.trimStart()}`,
    ...others,
    "",
  ].join("\n");
}

function hintLines(context: Output, hint: string): string {
  const escaped = shown(context, hint);
  // Else what is between semicolons may be sentences about commands.
  if (/; then [^;]+$/.test(escaped))
    return [
      labelledShown(context, "hint", "one after the other, run:"),
      ...escaped
        .split("; ")
        .map(readStep)
        .map(({ command, note }) => commandLines(context, command, note)),
    ].join("");
  const { text, command, note } = splitHint(escaped);
  return (
    (text === "" ? "" : labelledShown(context, "hint", text)) + commandLines(context, command, note)
  );
}

/** A command on a line of its own, whole, and what is said of it. */
function commandLines(context: Output, command?: string, note?: string): string {
  return (
    (command === undefined ? "" : `    ${paint(context, ["bold"], command)}\n`) +
    (note === undefined ? "" : `${wrapped(note, 2).join("\n")}\n`)
  );
}

/** One of several steps: a command, perhaps with a remark in parentheses; else a remark. */
function readStep(step: string): { readonly command?: string; readonly note?: string } {
  const [, command, note] = /^((?:awsrole|aws) [^()]+?)(?: \(([^()]+)\))?$/.exec(step) ?? [];
  if (command === undefined) return { note: step };
  return { command, ...(note === undefined ? {} : { note }) };
}

/** A hint that ends with a command: `try again with: awsrole whoami prod`, and perhaps a remark: ` (or add --force)`. The command is never broken. */
function splitHint(hint: string): {
  readonly text: string;
  readonly command?: string;
  readonly note?: string;
} {
  const [, withoutNote = hint, note] = /^(.* "\$\(.*\)") \(([^()]+)\)$/.exec(hint) ?? [];
  const found = splitCommand(withoutNote);
  return found.command === undefined
    ? { text: hint }
    : { ...found, ...(note === undefined ? {} : { note }) };
}

function splitCommand(hint: string): { readonly text: string; readonly command?: string } {
  const [, text = "", command] =
    /^(?:(.*(?::|\brun|\bwith))\s)?((?:awsrole|aws|chmod|export|eval|npm|\(umask)\s[^;]*)$/.exec(
      hint,
    ) ?? [];
  // `awsrole list shows …` is a sentence.
  if (
    command === undefined ||
    /,| \((?!umask)|^\w+ [\w-]+ (?:shows|lists|takes|to|asks|deletes|sets|keeps|finds|works|gives)\b/.test(
      command,
    )
  )
    return { text: hint };
  return { text: text === "" ? "run:" : text, command };
}

/** Lines of at most the terminal's width (100 at most), `indent` blanks in front of each, `taken` columns used up in the first. */
function wrapped(text: string, indent: number, taken = indent): string[] {
  const room = Math.min(100, process.stderr.columns || 80) - indent;
  // The label's place is kept by a word of its length.
  const filler = "\u0000".repeat(Math.max(0, taken - indent - 1));
  const lines = wrapWords(filler === "" ? text : `${filler} ${text}`, room);
  return lines.map((line, index) =>
    index === 0 && filler !== "" ? line.slice(filler.length + 1) : " ".repeat(indent) + line,
  );
}

function paint(
  { env }: Pick<Context, "env">,
  format: Parameters<typeof styleText>[0],
  text: string,
): string {
  return env["NO_COLOR"] || env["TERM"] === "dumb"
    ? text
    : styleText(format, text, { validateStream: false });
}
