import { printNotice } from "../../cli/messages.ts";
import { printJson } from "../../cli/output.ts";
import type { Context } from "../../foundation/context.ts";
import { defineCommand } from "../../cli/command.ts";
import { canAsk, openPrompts } from "../../cli/prompts.ts";
import { isColoured } from "../../cli/style.ts";
import { escapeControls } from "../../foundation/text.ts";
import { runChecks } from "./run-checks.ts";
import type { Finding } from "./finding.ts";
import { applyFixes, type FixResult } from "./fixes.ts";
import { count, printFindings, toJson } from "./report.ts";
import { colourDiff } from "../../profiles/diff.ts";

export default defineCommand({
  usage: "doctor [NAME]",
  summary: "find what would make profiles fail, and fix what is safe to fix",
  description:
    "Looks at the AWS files, every profile and its program, the environment, node, the store and what awsrole keeps. Each finding says what is wrong and where, why it matters, and the fix. It ends with 1 if one of them is an error. Without --online it runs no program and contacts nobody. docs/reference/doctor.md lists what it can find.",
  positionals: { NAME: { describe: "only this profile, and those it leads to (default: all)" } },
  options: {
    fix: {
      type: "boolean",
      default: false,
      describe: "fix what is safe to fix: shows the change and asks; undo takes it back",
    },
    force: { type: "boolean", default: false, describe: "with `--fix`: do not ask" },
    online: {
      type: "boolean",
      default: false,
      describe: "ask AWS, too: whether it is reached, its clock, how old your keys are",
    },
  },
  examples: [
    { command: "awsrole doctor", says: "everything on this machine" },
    { command: "awsrole doctor prod --online", says: "one profile, as far as AWS" },
    { command: "awsrole doctor --fix", says: "fix what is safe to fix" },
  ],
  async run(context, args) {
    const scope = {
      name: args.positionals["NAME"],
      isOnline: args.online,
      store: args.store,
      input: args.input,
      quiet: args.quiet,
    };
    const before = await runChecks(context, scope);
    if (!args.json) printFindings(context, before);
    const fixing = args.fix ? await tryToFix(context, before, args) : undefined;
    const after = fixing?.isDone === true ? await runChecks(context, scope) : before;
    const { errors, warnings } = count(after);
    // FixResult lets more be seen: a profile is read further.
    if (!args.json)
      printFindings(
        context,
        after.filter((one) => !before.some(isSame(one))),
      );
    if (args.json) {
      const fix = fixing === undefined ? {} : { fix: fixJson(fixing) };
      const result = {
        findings: after.map((finding) => toJson(finding)),
        errorCount: errors,
        warningCount: warnings,
        ...fix,
      };
      printJson(context, result);
    } else if (!args.quiet) {
      const fixable = after.filter((finding) => finding.autoFix !== undefined).length;
      const hint = fixable === 0 || args.fix ? "" : `; awsrole doctor --fix fixes ${fixable}`;
      const left = fixing?.isDone === true ? "left after fixing: " : "";
      context.stdout(
        errors + warnings === 0
          ? `${left === "" ? "" : "fixed: "}nothing is wrong\n`
          : `${left}${many(errors, "error")}, ${many(warnings, "warning")}${hint}\n`,
      );
    }
    return errors === 0 ? 0 : 1;
  },
});

function isSame({ id, profile, what }: Finding): (other: Finding) => boolean {
  return (other) => other.id === id && other.profile === profile && other.what === what;
}

type Tried = FixResult & { readonly isDone: boolean };

/** Shows what would change, and does it if it may. */
async function tryToFix(
  context: Context,
  findings: readonly Finding[],
  args: {
    readonly force: boolean;
    readonly json: boolean;
    readonly quiet: boolean;
    readonly input: boolean;
  },
): Promise<Tried> {
  const planned = await applyFixes(context, findings);
  const { change, modes } = planned;
  const diff = change?.diff ?? "";
  if (diff === "" && modes.length === 0) {
    if (!args.json && !args.quiet) context.stdout("none of it is safe to fix automatically\n");
    return { ...planned, isDone: false };
  }
  if (!args.json) {
    context.stdout(isColoured(context) ? colourDiff(diff) : diff);
    for (const mode of modes) context.stdout(`${escapeControls(mode)}\n`);
  }
  if (!args.force && !(await isWanted(context, args))) return { ...planned, isDone: false };
  return { ...(await applyFixes(context, findings, diff)), isDone: true };
}

async function isWanted(
  context: Context,
  args: { readonly json: boolean; readonly input: boolean },
): Promise<boolean> {
  if (!canAsk(context, args)) {
    printNotice(context, "nothing was changed: cannot ask for confirmation here; use --force");
    return false;
  }
  const prompts = await openPrompts();
  return prompts.choose("Apply these fixes?", [
    { value: true, label: "Yes", hint: "awsrole undo reverts the config changes" },
    { value: false, label: "No" },
  ]);
}

function fixJson({ change, modes, isDone }: Tried): Readonly<Record<string, unknown>> {
  return { done: isDone, diff: change?.diff ?? "", modes };
}

function many(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
