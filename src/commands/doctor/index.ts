import { printNotice } from "../../cli/messages.ts";
import { plural, printJson } from "../../cli/output.ts";
import type { Context } from "../../foundation/context.ts";
import { defineCommand } from "../../cli/command.ts";
import { canAsk, openPrompts } from "../../cli/prompts.ts";
import { isColoured } from "../../cli/style.ts";
import { escapeControls } from "../../foundation/text.ts";
import { groupByCause } from "./causes.ts";
import { countProfiles, runChecks } from "./run-checks.ts";
import type { Finding } from "./finding.ts";
import { applyFixes, type FixResult } from "./fixes.ts";
import { count, countCauses, printFindings, printHealthy, toJson } from "./report.ts";
import { colourDiff } from "../../profiles/diff.ts";

export default defineCommand({
  usage: "doctor [NAME]",
  summary: "check profiles, stores and environment for problems; --fix repairs the safe ones",
  description:
    "Checks the AWS files, every profile and its program, the environment, Node, the store and awsrole's own state. Each finding names the problem, its place, why it matters, and the fix. The exit code is 1 if one of them is an error. Without --online it runs no program and uses no network.",
  positionals: { NAME: { describe: "only this profile and its sources (default: all)" } },
  options: {
    fix: {
      type: "boolean",
      default: false,
      describe: "apply the safe fixes: shows the changes and asks first; awsrole undo reverts them",
    },
    force: { type: "boolean", default: false, describe: "with --fix: apply without asking" },
    online: {
      type: "boolean",
      default: false,
      describe: "also contact AWS: network, clock, age of your access keys",
    },
  },
  examples: [
    { command: "awsrole doctor", says: "check everything on this machine" },
    { command: "awsrole doctor prod --online", says: "check one profile, including AWS" },
    { command: "awsrole doctor --fix", says: "apply the safe fixes" },
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
    // With --fix first what it is about, and the rest at the end.
    const isFixable = args.fix && before.some(({ autoFix }) => autoFix !== undefined);
    const shown = isFixable ? before.filter(({ autoFix }) => autoFix !== undefined) : before;
    if (!args.json) printFindings(context, shown);
    const fixing = args.fix ? await tryToFix(context, before, args) : undefined;
    const after = fixing?.isDone === true ? await runChecks(context, scope) : before;
    const { errors, warnings } = args.json ? count(after) : countCauses(after);
    // A fix lets more be seen: a profile is read further.
    if (!args.json)
      printFindings(
        context,
        after.filter((one) => !shown.some(isSame(one))),
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
      const fixable = groupByCause(after).filter(({ first }) => first.autoFix !== undefined).length;
      const hint =
        fixable === 0 || args.fix ? "" : `; ${fixable} can be fixed with awsrole doctor --fix`;
      const left = fixing?.isDone === true ? "remaining:  " : "";
      if (context.isTerminal.stdout)
        printHealthy(context, after, {
          profiles: countProfiles(context, scope.name),
          isOnline: args.online,
        });
      context.stdout(
        errors + warnings === 0
          ? `${left === "" ? "" : "fixed: "}No problems found\n`
          : `${left}${plural(errors, "error")}, ${plural(warnings, "warning")}${hint}\n`,
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
    if (!args.json && !args.quiet) context.stdout("None of these can be fixed automatically\n");
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
    printNotice(context, "cannot ask for confirmation here; use --force");
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
