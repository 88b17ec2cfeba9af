/** Findings as text and as JSON. */
import type { Context } from "../../foundation/context.ts";
import { styleText } from "node:util";
import { isColoured } from "../../cli/style.ts";
import { escapeControls } from "../../foundation/text.ts";
import { catalogue, type Severity } from "./rules.ts";
import type { Finding } from "./finding.ts";

/** How many of each severity. */
export function count(findings: readonly Finding[]): { errors: number; warnings: number } {
  const of = (severity: Severity): number =>
    findings.filter(({ id }) => catalogue[id].severity === severity).length;
  return { errors: of("error"), warnings: of("warning") };
}

/** A finding with what the catalogue says of it, for JSON. */
export function toJson({ id, autoFix, ...finding }: Finding): Readonly<Record<string, unknown>> {
  const { severity, why } = catalogue[id];
  return { id, severity, ...finding, why, fixable: autoFix !== undefined };
}

/** Errors first, notes last; each with its place, why it matters, and the fix. */
export function printFindings(context: Context, findings: readonly Finding[]): void {
  const sorted = (["error", "warning", "note"] as const).flatMap((severity) =>
    findings.filter(({ id }) => catalogue[id].severity === severity),
  );
  for (const finding of sorted) {
    const { id, profile, what, fix, autoFix } = finding;
    const { severity, why } = catalogue[id];
    const place = placeOf(finding, context.homeFolder);
    const where = [profile === undefined ? "" : `profile ${profile}`, place].filter(Boolean);
    const title = where.length === 0 ? "" : `  ${escapeControls(where.join(", "))}`;
    context.stdout(
      [
        `${paint(context, severity)}: ${id}${title}`,
        `    ${escapeControls(what)}`,
        `    why: ${escapeControls(why)}`,
        `    fix: ${escapeControls(fix)}${autoFix === undefined ? "" : "  (applied by --fix)"}`,
        "",
        "",
      ].join("\n"),
    );
  }
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
