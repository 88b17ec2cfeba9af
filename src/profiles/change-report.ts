/** The word about a change of the config: what was done, what to know, what to try next; or JSON; or the diff alone. */
import { printDone, printNext, printNotice, printWarning } from "../cli/messages.ts";
import { printJson } from "../cli/output.ts";
import type { Context } from "../foundation/context.ts";
import { isColoured } from "../cli/style.ts";
import type { ConfigChange } from "./edit-config.ts";
import { colourDiff } from "./diff.ts";

export type ChangeReport = {
  /** Facts for `--json`, beside `file`, `changed`, `dryRun`, `undoable`, `warnings` and, of a dry run, `diff`. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What was done, in the past tense. */
  readonly done: string;
  /** A command to try next. */
  readonly next?: string;
};

type Flags = { readonly json: boolean; readonly quiet: boolean; readonly "dry-run": boolean };

/** Prints it: facts on stdout, warnings on stderr. */
export function reportChange(
  context: Context,
  { json, quiet, "dry-run": dryRun }: Flags,
  { file, diff, notUndoable, warnings }: ConfigChange,
  { facts, done, next }: ChangeReport,
): void {
  for (const warning of warnings) printWarning(context, warning);
  if (json) {
    const changed = diff !== "";
    const result = {
      ...facts,
      file,
      changed,
      dryRun,
      ...(dryRun
        ? { diff }
        : { undoable: facts["undoable"] ?? (changed && notUndoable === undefined) }),
      warnings,
    };
    printJson(context, result);
    return;
  }
  if (dryRun) {
    context.stdout(isColoured(context) ? colourDiff(diff) : diff);
    if (!quiet)
      printNotice(context, diff === "" ? "nothing to change" : "nothing was changed (--dry-run)");
    return;
  }
  if (quiet) return;
  printDone(context, diff === "" ? "nothing to change" : done);
  if (diff !== "" && notUndoable !== undefined)
    printDone(context, `this change cannot be undone: ${notUndoable}`);
  if (next !== undefined) printNext(context, next);
}
