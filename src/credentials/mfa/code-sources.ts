/**
 * Where MFA codes come from, in the order in which they are tried: `--mfa-code` (once), `mfa_process`, a prompter. A source gives codes until it
 * has none left; one that AWS has seen is never given, its step of 30 s is waited out.
 */
import type { Mfa } from "../../config/profiles.ts";
import type { Deadline } from "../../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import type { Prompter } from "../../foundation/prompter.ts";
import { inTurn, terminalTurn } from "../../locks/in-turn.ts";
import type { MfaMemory } from "./used-codes.ts";

/** The next code, of six digits; undefined when the source has none (left). What it has against going on is noted as `trouble`. */
export type CodeSource = () => Promise<string | undefined>;

/** The search for one code of a device: what came of it so far. */
export type Attempt = {
  readonly profile: string;
  readonly mfa: Mfa;
  /** By AWS, in this run. */
  readonly refusedCodes: Set<string>;
  /** Why the last code, or source, was no good. */
  trouble?: AwsRoleError;
};

/** What the sources work with. */
export type CodeSourceDependencies = {
  readonly memory: MfaMemory;
  readonly now: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly deadline: Deadline;
  readonly runtimeDir: string | undefined;
};

const stepMs = 30_000;

/** The code of `--mfa-code`, which `take` gives once. */
export function givenCodeSource(
  attempt: Attempt,
  take: () => string | undefined,
  { memory }: CodeSourceDependencies,
): CodeSource {
  return async () => {
    const code = take();
    if (code === undefined || !isSpent(attempt, code, memory)) return code;
    attempt.trouble = new AwsRoleError(
      "ERR_MFA_WRONG_CODE",
      "the code of --mfa-code was already used",
      { hint: "each code works once: wait for the next" },
    );
    return undefined;
  };
}

/** What computes or prints codes by itself. */
export type CodeGenerator = {
  /** How messages call it. */
  readonly name: string;
  /** What it prints. @throws AwsRoleError for a failure of its own. */
  readonly run: () => Promise<string>;
  /** False where it is asked once, because a person can take over. */
  readonly isRepeated: boolean;
};

/** Codes of a generator, where the device has one: one, or several with `isRepeated`. */
export function generatedCodeSource(
  attempt: Attempt,
  generator: CodeGenerator | undefined,
  { memory, now, pause, deadline }: CodeSourceDependencies,
): CodeSource {
  let runs = 0;
  return async () => {
    runs += 1;
    if (generator === undefined || (runs > 1 && !generator.isRepeated)) return undefined;
    const { name, run } = generator;
    for (;;) {
      let code: string | undefined;
      try {
        code = readCode(await run());
      } catch (error) {
        if (!isAwsRoleError(error) || error.code === "ERR_INTERRUPTED") throw error;
        attempt.trouble = programFailed(attempt, error.message, { hint: error.hint, cause: error });
        return undefined;
      }
      if (code === undefined) {
        attempt.trouble = programFailed(attempt, `${name} did not print a code of six digits`, {
          // Never the command: there may be a password or a seed among its arguments.
          hint: "it must print only the code; see awsrole config",
        });
        return undefined;
      }
      if (!isSpent(attempt, code, memory)) return code;
      const waitMs = untilNextStepMs(now());
      if (waitMs >= deadline.remainingMs()) {
        attempt.trouble ??= new AwsRoleError(
          "ERR_MFA_WRONG_CODE",
          `${name} returned a code that was already used, and the next one comes too late for this caller`,
          { hint: `try again in ${Math.ceil(waitMs / 1000)} s` },
        );
        return undefined;
      }
      await pause(waitMs);
    }
  };
}

/**
 * Codes that a person types. `requester`: who needs one, for the first question. The source throws ERR_PERSON_REFUSED, ERR_MFA_NEEDED (no person
 * answered, the terminal was lost, the prompter failed), ERR_INTERRUPTED, ERR_DEADLINE (others ask at this terminal); a refusal is remembered.
 */
export function promptCodeSource(
  attempt: Attempt,
  prompter: Prompter,
  requester: () => string,
  { memory, now, pause, deadline, runtimeDir }: CodeSourceDependencies,
): CodeSource {
  const { mfa } = attempt;
  let isFirstQuestion = true;
  return () =>
    inTurn(
      runtimeDir,
      terminalTurn(prompter.terminal ?? "window"),
      awaitedCode,
      deadline,
      async () => {
        for (;;) {
          const code = readCode(await ask());
          if (code === undefined) prompter.notify("an MFA code has six digits");
          else if (isSpent(attempt, code, memory)) {
            const waitMs = untilNextStepMs(now());
            prompter.notify(
              `that code was already used; the next one comes in ${Math.ceil(waitMs / 1000)} s`,
            );
            await pause(Math.min(waitMs, deadline.remainingMs()));
          } else return code;
        }
      },
    );

  async function ask(): Promise<string> {
    const why = isFirstQuestion ? `${requester()}${usedNotice()}` : undefined;
    isFirstQuestion = false;
    let isLost = false;
    try {
      const answer = await prompter.ask({
        why,
        question: `Enter MFA code for ${mfa.serial}: `,
        timeoutMs: deadline.remainingMs(),
      });
      if (answer.kind === "answer" && answer.text.trim() !== "") return answer.text;
      isLost = answer.kind === "lost";
      if (answer.kind === "lost") throw codeNeededError(attempt, answer.reason);
      throw answer.kind === "unanswered" ? unanswered(attempt) : refusedByPerson(attempt);
    } catch (error) {
      if (isAwsRoleError(error) && error.code === "ERR_PROCESS_FAILED")
        throw programFailed(attempt, error.message, { hint: error.hint, cause: error });
      // A lost terminal is no refusal: others that wait at it may still ask.
      if (!isLost) memory.markRefused(mfa.serial, prompter.terminal);
      throw error;
    }
  }

  /** A person looking at the device cannot know that its code is spent. */
  function usedNotice(): string {
    const secondsAgo = memory.usedSecondsAgo(mfa.serial);
    const waitMs = untilNextStepMs(now());
    return secondsAgo !== undefined && secondsAgo * 1000 < stepMs - waitMs
      ? ` (the code shown now has been used; the next one comes in ${Math.ceil(waitMs / 1000)} s)`
      : "";
  }
}

/** What others are told that this process waits for. */
export const awaitedCode = "an MFA code";

/** ERR_MFA_NEEDED, with the reason why nothing can give a code, as a clause. */
export function codeNeededError(
  { profile, mfa: { serial } }: Pick<Attempt, "profile" | "mfa">,
  reason: string,
): AwsRoleError {
  return new AwsRoleError(
    "ERR_MFA_NEEDED",
    `profile ${profile} needs an MFA code (${serial}), but ${reason}`,
    { hint: `run this in a terminal, then try again: awsrole whoami ${profile}` },
  );
}

function programFailed(
  { profile }: Attempt,
  message: string,
  more: { readonly hint: string | undefined; readonly cause?: unknown },
): AwsRoleError {
  return new AwsRoleError("ERR_MFA_NEEDED", `profile ${profile}: ${message}`, more);
}

function refusedByPerson({ profile, mfa: { serial } }: Attempt): AwsRoleError {
  return new AwsRoleError(
    "ERR_PERSON_REFUSED",
    `profile ${profile}: no MFA code for ${serial} was entered`,
    { hint: `try again with: awsrole whoami ${profile}` },
  );
}

function unanswered({ profile, mfa: { serial } }: Attempt): AwsRoleError {
  return new AwsRoleError(
    "ERR_MFA_NEEDED",
    `profile ${profile}: no MFA code for ${serial} was entered in time`,
    { hint: `run this in a terminal, then try again: awsrole whoami ${profile}` },
  );
}

function isSpent({ mfa, refusedCodes }: Attempt, code: string, memory: MfaMemory): boolean {
  return refusedCodes.has(code) || memory.isUsed(mfa.serial, code);
}

/** Six digits, whatever blanks a person or a program puts around and between them. */
function readCode(text: string): string | undefined {
  const code = text.replaceAll(/\s/g, "");
  return /^\d{6}$/.test(code) ? code : undefined;
}

/** With half a second more, for a device whose clock is a little behind. */
function untilNextStepMs(at: Date): number {
  return stepMs - (at.getTime() % stepMs) + 500;
}
