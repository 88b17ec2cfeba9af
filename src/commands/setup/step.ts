/**
 * A step of a setup as data, and how steps are carried out. The rules:
 *
 * - First every step is looked at, and what cannot be done (something of that name is not ours) is said before anything is made.
 * - What is right already is left alone; what is missing is made; and then what was done is verified, as the article verifies it.
 * - IAM's changes take a while to be seen everywhere: what fails only for that is tried again for a minute.
 */
import { isEventuallyConsistent } from "../../aws/iam-admin.ts";
import { AwsRoleError } from "../../foundation/errors.ts";

/** How things are: as they should be, not there, or there (and ours) but not as they should be. */
export type State = "right" | "missing" | "different";

export type Step = {
  /** What it is about: `user prod-user`. */
  readonly title: string;
  /** The same with other tools, for a POSIX shell; a step that only checks has none. */
  readonly commands: readonly string[];
  /** The command that shows that it is done. */
  readonly check: string;
  /** Contacts AWS without changing anything. @throws what forbids the setup. */
  look(): Promise<State>;
  /** Makes what is missing, or fixes what is different. */
  make(state: Exclude<State, "right">): Promise<void>;
  /** What was seen, for people; undefined when AWS does not show it (yet). @throws what is wrong. */
  verify(made: boolean): Promise<string | undefined>;
  /** Failures of `verify` that may pass, beside those that IAM's delay is known for. */
  isPassing?(error: unknown): boolean;
};

/** What became of a step. `checked`: it makes nothing. */
export type StepResult = {
  readonly step: string;
  readonly how: "created" | "changed" | "exists" | "checked";
  readonly seen: string;
};

/** How to wait. `remainingMs` ends all waiting. */
export type RetryPolicy = {
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly remainingMs: () => number;
  /** Told once of a failure that is being waited for. */
  readonly tellWaiting: (error: unknown) => void;
};

/** All states, before anything is changed. @throws what forbids the setup. */
export async function lookAtSteps(steps: readonly Step[]): Promise<readonly State[]> {
  const states: State[] = [];
  for (const step of steps) states.push(await step.look());
  return states;
}

/** Carries out steps one after the other and tells of each. @throws what a step throws; those before it stay done. */
export async function runSteps(
  steps: readonly Step[],
  states: readonly State[],
  retry: RetryPolicy,
  tell: (result: StepResult) => void,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const [index, step] of steps.entries()) {
    const state = states[index] ?? "missing";
    if (state !== "right") await make(step, state, retry);
    const unseen = notYetVisible(step);
    const seen = await retryUntilConsistent(
      async () => {
        const text = await step.verify(state !== "right");
        if (text !== undefined) return text;
        throw unseen;
      },
      retry,
      (error) =>
        error === unseen || isEventuallyConsistent(error) || step.isPassing?.(error) === true,
    );
    const result: StepResult = { step: step.title, how: howOf(step, state), seen };
    tell(result);
    results.push(result);
  }
  return results;
}

async function make(step: Step, first: Exclude<State, "right">, retry: RetryPolicy): Promise<void> {
  let state: State | undefined = first;
  await retryUntilConsistent(async () => {
    // An answer that was lost on the way looks like a failure: what is there now counts.
    state ??= await step.look();
    if (state === "right") return;
    const making = state;
    state = undefined;
    await step.make(making);
  }, retry);
}

function howOf(step: Step, state: State): StepResult["how"] {
  if (step.commands.length === 0) return "checked";
  return state === "right" ? "exists" : state === "missing" ? "created" : "changed";
}

/** Tries again what `isPassing` says will pass, for about `longestMs`. @throws the last failure. */
export async function retryUntilConsistent<T>(
  work: () => Promise<T>,
  { pause, remainingMs, tellWaiting }: RetryPolicy,
  isPassing: (error: unknown) => boolean = isEventuallyConsistent,
  longestMs = 60_000,
): Promise<T> {
  let waitedMs = 0;
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || waitedMs >= longestMs || remainingMs() < waitMs + 1000) throw error;
      // Two seconds are nothing to talk about.
      if (waitMs === longestPauseMs && waitedMs < 2 * longestPauseMs) tellWaiting(error);
    }
    await pause(waitMs);
    waitedMs += waitMs;
  }
}

const longestPauseMs = 2000;

function notYetVisible({ title, check }: Step): AwsRoleError {
  return new AwsRoleError(
    "ERR_AWS_UNAVAILABLE",
    `AWS does not show the ${title}, although creating it succeeded`,
    { hint: `see ${check}, then run the same command again to continue` },
  );
}
