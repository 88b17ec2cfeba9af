/** Findings as text and as JSON. */
import type { Context } from "../../foundation/context.ts";
import { styleText } from "node:util";
import { isColoured } from "../../cli/style.ts";
import { escapeControls } from "../../foundation/text.ts";
import { hanging, shown } from "../../cli/messages.ts";
import { plural } from "../../cli/output.ts";
import { groupByCause } from "./causes.ts";
import { areaNames, areaOf, catalogue, type Severity } from "./rules.ts";
import type { Finding } from "./finding.ts";

/** How many of each severity. */
export function count(findings: readonly Finding[]): { errors: number; warnings: number } {
  const of = (severity: Severity): number =>
    findings.filter(({ id }) => catalogue[id].severity === severity).length;
  return { errors: of("error"), warnings: of("warning") };
}

/** The same for people: what is wrong in several profiles alike counts once. */
export function countCauses(findings: readonly Finding[]): { errors: number; warnings: number } {
  return count(groupByCause(findings).map(({ first }) => first));
}

/** A finding with what the catalogue says of it, for JSON. */
export function toJson({ id, autoFix, ...finding }: Finding): Readonly<Record<string, unknown>> {
  const { severity, why } = catalogue[id];
  return { id, severity, ...finding, why, fixable: autoFix !== undefined };
}

/** Errors first, notes last; each cause once, with its place, why it matters, and the fix. */
export function printFindings(context: Context, findings: readonly Finding[]): void {
  const text = (said: string): string =>
    context.isTerminal.stdout ? shown(context, said) : escapeControls(said);
  const sorted = (["error", "warning", "note"] as const).flatMap((severity) =>
    groupByCause(findings.filter(({ id }) => catalogue[id].severity === severity)),
  );
  for (const { first, others } of sorted) {
    const { id, what, fix, autoFix } = first;
    const { severity, why } = catalogue[id];
    const where = whereOf(first, context.homeFolder);
    const title = where === "" ? "" : `  ${escapeControls(where)}`;
    const isFixable = [first, ...others].every((one) => one.autoFix !== undefined);
    context.stdout(
      [
        `${paint(context, severity)}: ${id}${title}\n`,
        hanging(context, "    ", text(what)),
        ...(others.length === 0
          ? []
          : [
              hanging(
                context,
                "    also affects: ",
                escapeControls(listed(others, context.homeFolder)),
              ),
            ]),
        hanging(context, "    why: ", text(why)),
        // In one piece and without `~`: what is copied from it may go into the config, where nothing expands that.
        `    fix: ${escapeControls(fix)}${autoFix === undefined || !isFixable ? "" : "  (applied by --fix)"}\n`,
        "\n",
      ].join(""),
    );
  }
}

/** One line for a terminal: what was looked at and has neither error nor warning. */
export function printHealthy(
  context: Context,
  findings: readonly Finding[],
  { profiles, isOnline }: { readonly profiles: number; readonly isOnline: boolean },
): void {
  const broken = new Set(
    findings.filter(({ id }) => catalogue[id].severity !== "note").map(({ id }) => areaOf(id)),
  );
  const names = areaNames
    .filter((area) => !broken.has(area) && (area !== "AWS" || isOnline))
    .filter((area) => profiles > 0 || !["profiles", "programs in profiles"].includes(area))
    .map((area) => (area === "profiles" ? plural(profiles, "profile") : area));
  if (names.length === 0) return;
  const mark = isColoured(context) ? styleText("green", "✓", { validateStream: false }) : "✓";
  const line = hanging(context, "  ", `no problems in: ${names.join(", ")}`);
  context.stdout(`${mark}${line.slice(1)}`);
}

/** Enough places to find the rest by. */
const mostListed = 6;

function listed(others: readonly Finding[], home: string): string {
  const named = others.slice(0, others.length > mostListed ? mostListed - 1 : mostListed);
  const more = others.length - named.length;
  const places = named.map((one) => {
    const place = placeOf(one, home);
    return place === "" ? `${one.profile}` : `${one.profile} (${place})`;
  });
  return `${places.join(", ")}${more === 0 ? "" : ` and ${more} more (--json lists them)`}`;
}

function whereOf(finding: Finding, home: string): string {
  const { profile } = finding;
  return [profile === undefined ? "" : `profile ${profile}`, placeOf(finding, home)]
    .filter(Boolean)
    .join(", ");
}

function placeOf({ file, line }: Finding, home: string): string {
  if (file === undefined) return "";
  const short = home !== "" && file.startsWith(`${home}/`) ? `~${file.slice(home.length)}` : file;
  return line === undefined ? short : `${short}:${line}`;
}

function paint(context: Context, severity: Severity): string {
  if (!isColoured(context)) return severity;
  const colors = { error: "red", warning: "yellow", note: "cyan" } as const;
  return styleText(colors[severity], severity, { validateStream: false });
}
