/** Colours, for people at a terminal only. */
import type { Context } from "../foundation/context.ts";
import { styleText } from "node:util";

/** Whether stdout may be coloured: a terminal that can, unless NO_COLOR or the like forbids it (no-color.org). */
export function isColoured({ env, isTerminal }: Context): boolean {
  return isTerminal.stdout && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

/** A heading. */
export function heading(context: Context, text: string): string {
  return isColoured(context) ? styleText("bold", text, { validateStream: false }) : text;
}
