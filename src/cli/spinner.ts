/** A sign of life for a person who waits: on a terminal's stderr, after a while, and gone without a trace. */
import type { Context } from "../foundation/context.ts";

const shownAfterMs = 500;
const frameMs = 100;
const frames = ["|", "/", "-", "\\"] as const;

/** Waits with the person; the same promise. */
export type Spin = <T>(work: Promise<T>) => Promise<T>;

/** Says `text`, or what it returns at the moment, while something is awaited; undefined where it would not be seen, or could not be taken back. */
export function createSpinner(
  { env, isTerminal, stderr }: Pick<Context, "env" | "isTerminal" | "stderr">,
  text: string | (() => string),
): Spin | undefined {
  if (!isTerminal.stderr || env["TERM"] === "dumb") return undefined;
  return async (work) => {
    let count = 0;
    let timer = setTimeout(function draw() {
      const now = typeof text === "string" ? text : text();
      // What was longer before must not show behind it.
      stderr(`\r${frames[count % frames.length]} ${now}\u001B[K`);
      count += 1;
      timer = setTimeout(draw, frameMs);
    }, shownAfterMs);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      if (count > 0) stderr("\r\u001B[K");
    }
  };
}
