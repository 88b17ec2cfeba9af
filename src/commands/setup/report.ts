/** What a person sees of a setup: steps with check marks as they are done, a script of the plan, or JSON. */
import type { Context } from "../../foundation/context.ts";
import { styleText } from "node:util";
import { printDone } from "../../cli/messages.ts";
import { escapeControls } from "../../foundation/text.ts";
import type { SetupContext } from "./context.ts";
import type { State, Step, StepResult } from "./step.ts";
import type { Removal, UndoPlan } from "./undo.ts";

type Flags = { readonly json: boolean; readonly quiet: boolean };

/** Writes lines on stdout, unless JSON is wanted or nothing. */
export function speaker(context: Context, { json, quiet }: Flags): (line: string) => void {
  return (line) => {
    if (!json && !quiet) printDone(context, line);
  };
}

/** Tells of a step that is done. */
export function tellStep(context: Context, flags: Flags): (result: StepResult) => void {
  return ({ step, how, seen }) => {
    tick(context, flags, `${step}${how === "checked" ? "" : `: ${how}`}`);
    if (!flags.json && !flags.quiet) printDone(context, seen, 4);
  };
}

/** Tells of a thing that is gone. */
export function tellRemoval(context: Context, flags: Flags): (removal: Removal) => void {
  return ({ title }) =>
    tick(context, flags, title.replace(/^delete\b/, "deleted").replace(/^detach\b/, "detached"));
}

function tick(context: Context, { json, quiet }: Flags, text: string): void {
  if (json || quiet) return;
  const isColoured = context.isTerminal.stdout && !context.env["NO_COLOR"];
  const mark = isColoured ? styleText("green", "✓", { validateStream: false }) : "✓";
  context.stdout(`${mark} ${escapeControls(text)}\n`);
}

/** The plan as a script for a POSIX shell, which does the same with the AWS CLI; what is there already is commented out. */
export function planScript(
  { plan, adminProfile }: SetupContext,
  steps: readonly Step[],
  states: readonly State[],
): string {
  const lines = steps.flatMap(({ title, commands, check }, index) => {
    const state = states[index] ?? "missing";
    const isDone = state === "right" && commands.length > 0;
    const word = isDone ? " (exists)" : state === "different" ? " (differs)" : "";
    return [
      "",
      `# ${title}${word}`,
      ...commands.map((line) => (state === "missing" || line.startsWith("#") ? line : `# ${line}`)),
      check,
    ];
  });
  return [
    "#!/bin/sh",
    `# awsrole setup ${plan.name} in account ${plan.account}, as aws commands. Nothing was changed.`,
    `# ${adminProfile} needs permission for it; the second line of each step verifies it.`,
    "set -e",
    ...lines,
    "",
  ]
    .map((line) => escapeControls(line))
    .join("\n");
}

/** What undoing would take away, as a script. */
export function undoScript({ removals, notes }: UndoPlan): string {
  return [
    "#!/bin/sh",
    ...notes.map((note) => `# ${note}`),
    ...removals.flatMap(({ title, command }) => ["", `# ${title}`, command]),
    "",
  ]
    .map((line) => escapeControls(line))
    .join("\n");
}
