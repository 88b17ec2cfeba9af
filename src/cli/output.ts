/** What every command prints in the same way. */
import type { Context } from "../foundation/context.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { escapeControls } from "../foundation/text.ts";

/**
 * JSON for programs and for people who look at it in a terminal: control and bidirectional characters, which JSON allows in part, are
 * escaped, so that the text is the same value and harmless. `indent`: one member a line.
 */
export function formatJson(value: unknown, { indent = false }: { indent?: boolean } = {}): string {
  // Line feeds are the indentation; those within a text are escaped already.
  const text = JSON.stringify(value, undefined, indent ? 2 : undefined);
  return escapeControls(text, { keepLineFeeds: true, as: "json" });
}

/** `1 session`, `2 sessions`. */
export function plural(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** Prints a command's facts, for `--json`. */
export function printJson({ stdout }: Pick<Context, "stdout">, value: unknown): void {
  stdout(`${formatJson(value, { indent: true })}\n`);
}

/**
 * Before secrets are printed: stdout must not be a file that other users can read. @throws ERR_OUTPUT_READABLE. `how`: the command, made
 * safe; `hasForce`: whether it has an option for those who want it so.
 */
export function assertPrivateOutput(
  context: Pick<Context, "isOutputReadableByOthers">,
  command: string,
  how: string,
  { hasForce = true }: { readonly hasForce?: boolean } = {},
): void {
  if (!context.isOutputReadableByOthers()) return;
  throw new AwsRoleError(
    "ERR_OUTPUT_READABLE",
    `${command}: other users could read the secrets in the output file`,
    {
      hint: `run ${how} (a file that exists: chmod 600 first)${hasForce ? ", or add --force" : ""}`,
    },
  );
}
