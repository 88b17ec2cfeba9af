/**
 * `exec --each`: a command once for every profile that matches. Its rules:
 *
 * - A few at a time; the first MFA code is asked for before the others start, so that roles of one device share it.
 * - Lines of output are labelled with the profile, whole lines only. Standard input is empty: the commands would steal it from each other.
 * - Signals are passed on to those that run; one that ends commands ends the whole: no further one is started.
 * - One that fails does not keep the others from running; the exit code is the first one that is not 0, in the profiles' order.
 */
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Context } from "../../foundation/context.ts";
import { AwsRoleError, exitCodeOf, isAwsRoleError } from "../../foundation/errors.ts";
import { escapeControls } from "../../foundation/text.ts";
import {
  type ChildCommand,
  type ChildEnd,
  dieOfCtrlC,
  endOf,
  onSignals,
  startChild,
} from "./child-process.ts";

const atOnce = 4;

export type EachCommand = {
  readonly profiles: readonly string[];
  readonly words: readonly string[];
  /** The command's whole environment for a profile. @throws AwsRoleError. */
  readonly environmentOf: (profile: string) => Promise<Readonly<Record<string, string>>>;
  /** Progress, for a person. */
  readonly notice: (text: string) => void;
};

/** The profiles that match `pattern`, in which `*` matches any text. @throws ERR_PROFILE_NOT_FOUND when there is none. */
export function matchingProfiles(names: readonly string[], pattern: string): readonly string[] {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const whole = new RegExp(`^${parts.join(".*")}$`, "s");
  const matches = names.filter((name) => whole.test(name));
  if (matches.length > 0) return matches;
  throw new AwsRoleError("ERR_PROFILE_NOT_FOUND", `no profile matches ${pattern}`, {
    hint: "quote the pattern; awsrole list shows your profiles",
  });
}

/** Runs it for each; the exit code. */
export async function runEach(context: Context, command: EachCommand): Promise<number> {
  const { profiles, notice } = command;
  const codes = new Map<string, number>();
  const running = new RunningChildren(context.platform);
  const run = async (profile: string): Promise<void> => {
    if (running.endedBy !== undefined) return;
    const code = await runOne(context, command, { profile, running });
    if (code === undefined) return;
    codes.set(profile, code);
    notice(`${codes.size} of ${profiles.length}: ${profile} exited with ${code}`);
  };
  try {
    const [first, ...others] = profiles;
    if (first !== undefined) await run(first);
    const waiting = others.values();
    await Promise.all(
      Array.from({ length: Math.min(atOnce, others.length) }, async () => {
        for (const profile of waiting) await run(profile);
      }),
    );
  } finally {
    running.stopListening();
  }
  const notRun = profiles.filter((profile) => !codes.has(profile));
  const failed = profiles.filter((profile) => (codes.get(profile) ?? 0) !== 0);
  if (failed.length > 0)
    notice(`failed for ${failed.length} of ${profiles.length}: ${failed.join(", ")}`);
  if (running.endedBy === undefined) return codes.get(failed[0] ?? "") ?? 0;
  if (notRun.length > 0)
    notice(`not run for ${notRun.length} of ${profiles.length}: ${notRun.join(", ")}`);
  dieOfCtrlC(context.platform, running.endedBy);
  return 128 + constants.signals[running.endedBy];
}

/** What ends a command, and so the whole run; the other signals are only passed on. */
const ending: ReadonlySet<NodeJS.Signals> = new Set([
  "SIGTERM",
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGBREAK",
]);

/** The children that run now: signals are passed on to all of them. Without one, awsrole dies of a signal as it would anyway. */
class RunningChildren {
  /** The first signal that ended the run: no further command is started. */
  endedBy: NodeJS.Signals | undefined;
  readonly stopListening: () => void;
  readonly #children = new Set<ChildProcess>();

  constructor(platform: NodeJS.Platform) {
    this.stopListening = onSignals(platform, (signal, { isFromKeyboard }) => {
      if (ending.has(signal)) {
        this.endedBy ??= signal;
        if (this.#children.size === 0) {
          this.stopListening();
          // A prompt listens too, and has to give the terminal its echo back first.
          if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
        }
      }
      if (!isFromKeyboard) for (const child of this.#children) child.kill(signal);
    });
  }

  /** Waits for the child's exit. @throws as `endOf`. */
  async untilEnd(child: ChildProcess, command: ChildCommand): Promise<ChildEnd> {
    this.#children.add(child);
    try {
      return await endOf(child, command);
    } finally {
      this.#children.delete(child);
    }
  }
}

/** The exit code; undefined: not run, because a signal ended the whole before. */
async function runOne(
  context: Context,
  { words, environmentOf }: EachCommand,
  { profile, running }: { readonly profile: string; readonly running: RunningChildren },
): Promise<number | undefined> {
  const label = `${escapeControls(profile)}: `;
  try {
    const env = await environmentOf(profile);
    if (running.endedBy !== undefined) return undefined;
    const command = { words, env, platform: context.platform };
    const child = startChild(command, ["ignore", "pipe", "pipe"]);
    const copied = Promise.all([
      copyLines(child.stdout, (line) => context.stdout(`${label}${line}\n`)),
      copyLines(child.stderr, (line) => context.stderr(`${label}${line}\n`)),
    ]);
    const [{ code, signal }] = await Promise.all([running.untilEnd(child, command), copied]);
    return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    context.stderr(`${label}awsrole: ${escapeControls(error.message)}\n`);
    if (error.hint !== undefined)
      context.stderr(`${label}awsrole: hint: ${escapeControls(error.hint)}\n`);
    return exitCodeOf(error, "exec");
  }
}

/** The command's own text, as it is: only the label is ours. */
async function copyLines(stream: Readable | null, write: (line: string) => void): Promise<void> {
  if (stream === null) return;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) write(line);
}
