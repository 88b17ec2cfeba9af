/**
 * MFA codes: where they come from, and how they are spent. Its rules:
 *
 * - In order: `--mfa-code` (once), `mfa_process` (always tried), the terminal device, a pinentry where the profile wants one. With
 *   none left the answer is ERR_MFA_NEEDED at once.
 * - One code of a device is asked for and spent at a time, in whatever process, and one prompt stands at a terminal.
 * - A code that AWS has seen is not offered again: its step of 30 s is waited out, and the person is told.
 * - A code that AWS refuses is asked for again, three in all. Who refuses, or does not answer, is not asked again for 30 s by
 *   callers without a terminal, nor by those at the same terminal who were waiting already.
 * - Three seconds of the deadline are kept for the call that spends the code.
 */
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import type { Mfa } from "../../config/profiles.ts";
import { type Deadline, sinceStartMs, within } from "../../foundation/deadline.ts";
import type { MfaMemory } from "./used-codes.ts";
import { inTurn, terminalTurn } from "../../locks/in-turn.ts";

/** A person who can be asked, and where. */
export type Person = {
  /** Tells terminals apart; undefined for a window of its own. */
  readonly terminal: string | undefined;
  tell(text: string): void;
  /** `why` is told before the question. @throws ERR_INTERRUPTED for Ctrl-C. */
  ask(question: {
    readonly why: string | undefined;
    readonly question: string;
    readonly timeoutMs: number;
  }): Promise<
    | { readonly kind: "answer"; readonly text: string }
    | { readonly kind: "refused" | "unanswered" }
    /** The terminal is not ours any more; why, as a clause. */
    | { readonly kind: "lost"; readonly nobody: string }
  >;
};

/** Somebody, or why there is nobody: a sentence part (`there is no terminal`). */
export type PersonOrWhy = Person | { readonly nobody: string };

export type MfaCodesOptions = {
  /** The profile that was asked for, and the program that asked (absent: the person did, by a command). */
  readonly profile: string;
  readonly callingProgram: () => string | undefined;
  /** `--mfa-code`. */
  readonly givenCode: string | undefined;
  /** At the terminal, or by pinentry where the profile wants that. */
  readonly findPerson: (prompt: Mfa["prompt"]) => PersonOrWhy;
  /** Runs a `mfa_process`; its output. @throws ERR_PROCESS_FAILED. */
  readonly runProcess: (command: string, deadline: Deadline) => Promise<string>;
  readonly memory: MfaMemory;
  readonly now: () => Date;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly deadline: Deadline;
  readonly runtimeDir: string | undefined;
};

export type MfaCodes = {
  /** True when `--mfa-code` has not been spent yet. */
  hasGivenCode(): boolean;
  /** @throws ERR_MFA_NEEDED when there is no way at all to a code. */
  assertCodeObtainable(mfa: Mfa): Promise<void>;
  /**
   * What `use` makes of a code; it is called with up to three. @throws ERR_MFA_NEEDED, ERR_MFA_WRONG_CODE, ERR_PERSON_REFUSED,
   * ERR_INTERRUPTED, ERR_DEADLINE, and what `use` throws.
   */
  spend<T>(mfa: Mfa, use: (code: string) => Promise<T>): Promise<T>;
};

const awaited = "an MFA code";
const mostCodes = 3;
const stepMs = 30_000;
/** What the call that spends the code is left, in milliseconds. */
const reserveMs = 3000;

export function createMfaCodes(options: MfaCodesOptions): MfaCodes {
  const { profile, memory, now, deadline, runtimeDir } = options;
  let givenCode = options.givenCode;
  const promptDeadline = within(deadline, { reserveMs });

  return {
    hasGivenCode: () => givenCode !== undefined,
    async assertCodeObtainable(mfa) {
      if (givenCode !== undefined || mfa.process !== undefined) return;
      const person = willingPerson(mfa);
      if ("nobody" in person) throw needed(mfa, person.nobody);
    },
    spend: (mfa, use) =>
      inTurn(runtimeDir, `mfa device\n${mfa.serial}`, awaited, promptDeadline, () =>
        spend(mfa, use),
      ),
  };

  async function spend<T>(mfa: Mfa, use: (code: string) => Promise<T>): Promise<T> {
    const person = willingPerson(mfa);
    const attempt: Attempt = { mfa, refusedCodes: new Set(), isFirstQuestion: true };
    let processRuns = 0;
    const ways = [
      () => fromCommandLine(attempt),
      // Run again only where no person can take over: its next code may be better than the one refused.
      () => (processRuns++ === 0 || "nobody" in person ? fromProcess(attempt) : nothing),
      () => ("nobody" in person ? nothing : fromPerson(attempt, person)),
    ];
    for (const nextCode of ways) {
      for (let code = await nextCode(); code !== undefined; code = await nextCode()) {
        try {
          const result = await use(code);
          memory.markUsed(mfa.serial, code);
          return result;
        } catch (error) {
          if (!isAwsRoleError(error)) throw error;
          if (error.code !== "ERR_MFA_WRONG_CODE") {
            if (isAnswerOfAws(error)) memory.markUsed(mfa.serial, code);
            throw error;
          }
          attempt.trouble = error;
          attempt.refusedCodes.add(code);
          if (attempt.refusedCodes.size === mostCodes) {
            if (!("nobody" in person)) memory.markRefused(mfa.serial, person.terminal);
            throw error;
          }
          if (!("nobody" in person)) person.tell("AWS did not accept that code");
        }
      }
    }
    throw attempt.trouble ?? needed(mfa, "nobody" in person ? person.nobody : "nobody answers");
  }

  async function fromCommandLine(attempt: Attempt): Promise<string | undefined> {
    const code = givenCode;
    givenCode = undefined;
    if (code === undefined || !isSpent(attempt, code)) return code;
    attempt.trouble = new AwsRoleError(
      "ERR_MFA_WRONG_CODE",
      "the code of --mfa-code has been used already",
      { hint: "each code works once: wait for the next" },
    );
    return undefined;
  }

  async function fromProcess(attempt: Attempt): Promise<string | undefined> {
    const { process } = attempt.mfa;
    if (process === undefined) return undefined;
    for (;;) {
      let code: string | undefined;
      try {
        code = readCode(await options.runProcess(process, promptDeadline));
      } catch (error) {
        if (!isAwsRoleError(error) || error.code === "ERR_INTERRUPTED") throw error;
        attempt.trouble = processFailed(error.message, error.hint, error);
        return undefined;
      }
      if (code === undefined) {
        attempt.trouble = processFailed(
          "mfa_process did not print a code of six digits",
          `its output must be the code alone: ${process}`,
        );
        return undefined;
      }
      if (!isSpent(attempt, code)) return code;
      const waitMs = untilNextStepMs(now());
      if (waitMs >= promptDeadline.remainingMs()) {
        attempt.trouble ??= new AwsRoleError(
          "ERR_MFA_WRONG_CODE",
          "mfa_process gave a code that has been used already, and the next one comes too late for this caller",
          { hint: `try again in ${Math.ceil(waitMs / 1000)} s` },
        );
        return undefined;
      }
      await options.pause(waitMs);
    }
  }

  async function fromPerson(attempt: Attempt, person: Person): Promise<string> {
    const place = person.terminal ?? "window";
    return inTurn(runtimeDir, terminalTurn(place), awaited, promptDeadline, async () => {
      for (;;) {
        const code = readCode(await ask(attempt, person));
        if (code === undefined) person.tell("an MFA code has six digits");
        else if (isSpent(attempt, code)) {
          const waitMs = untilNextStepMs(now());
          person.tell(
            `that code has been used already; the next one comes in ${Math.ceil(waitMs / 1000)} s`,
          );
          await options.pause(Math.min(waitMs, promptDeadline.remainingMs()));
        } else return code;
      }
    });
  }

  /** Whatever is entered. A refusal of any kind is remembered. */
  async function ask(attempt: Attempt, person: Person): Promise<string> {
    const { mfa, isFirstQuestion } = attempt;
    attempt.isFirstQuestion = false;
    let isLost = false;
    try {
      const answer = await person.ask({
        why: isFirstQuestion ? `${requester()}${usedNotice(mfa)}` : undefined,
        question: `MFA code of ${mfa.serial}: `,
        timeoutMs: promptDeadline.remainingMs(),
      });
      if (answer.kind === "answer" && answer.text.trim() !== "") return answer.text;
      isLost = answer.kind === "lost";
      if (answer.kind === "lost") throw needed(mfa, answer.nobody);
      throw answer.kind === "unanswered" ? unanswered(mfa) : refusedBy(mfa);
    } catch (error) {
      if (isAwsRoleError(error) && error.code === "ERR_PROCESS_FAILED")
        throw processFailed(error.message, error.hint, error);
      // Nobody refused where the terminal was lost: others who wait there may still ask.
      if (!isLost) memory.markRefused(mfa.serial, person.terminal);
      throw error;
    }
  }

  function isSpent({ mfa, refusedCodes }: Attempt, code: string): boolean {
    return refusedCodes.has(code) || memory.isUsed(mfa.serial, code);
  }

  function requester(): string {
    const program = options.callingProgram();
    return program === undefined
      ? `profile ${profile} needs an MFA code`
      : `${program} asks for credentials of profile ${profile}`;
  }

  /** A person looking at the device cannot know that its code is spent. */
  function usedNotice({ serial }: Mfa): string {
    const secondsAgo = memory.usedSecondsAgo(serial);
    const waitMs = untilNextStepMs(now());
    return secondsAgo !== undefined && secondsAgo * 1000 < stepMs - waitMs
      ? ` (the code shown now has been used; the next one comes in ${Math.ceil(waitMs / 1000)} s)`
      : "";
  }

  function willingPerson(mfa: Mfa): PersonOrWhy {
    const person = options.findPerson(mfa.prompt);
    if ("nobody" in person) return person;
    const refusal = memory.lastRefusal(mfa.serial);
    if (refusal === undefined) return person;
    const hasWaitedSince = sinceStartMs() / 1000 > refusal.secondsAgo;
    const counts =
      person.terminal === undefined || (person.terminal === refusal.terminal && hasWaitedSince);
    return counts ? { nobody: `it was refused ${Math.round(refusal.secondsAgo)} s ago` } : person;
  }

  function needed({ serial }: Mfa, nobody: string): AwsRoleError {
    return new AwsRoleError(
      "ERR_MFA_NEEDED",
      `profile ${profile} needs an MFA code of ${serial}, and ${nobody}`,
      { hint: `run this in a terminal, then try again: awsrole whoami ${profile}` },
    );
  }

  function processFailed(message: string, hint: string | undefined, cause?: unknown): AwsRoleError {
    return new AwsRoleError("ERR_MFA_NEEDED", `profile ${profile}: ${message}`, { hint, cause });
  }

  function refusedBy({ serial }: Mfa): AwsRoleError {
    return new AwsRoleError(
      "ERR_PERSON_REFUSED",
      `profile ${profile}: no MFA code of ${serial} was given`,
      { hint: `to be asked again: awsrole whoami ${profile}` },
    );
  }

  function unanswered({ serial }: Mfa): AwsRoleError {
    return new AwsRoleError(
      "ERR_MFA_NEEDED",
      `profile ${profile}: nobody entered the MFA code of ${serial} in time`,
      { hint: `run this in a terminal, then try again: awsrole whoami ${profile}` },
    );
  }
}

/** One code being looked for: what came of it so far. */
type Attempt = {
  readonly mfa: Mfa;
  /** By AWS, in this run. */
  readonly refusedCodes: Set<string>;
  isFirstQuestion: boolean;
  trouble?: AwsRoleError;
};

const nothing = Promise.resolve(undefined);

/** Six digits, whatever blanks a person or a program puts around and between them. */
function readCode(text: string): string | undefined {
  const code = text.replaceAll(/\s/g, "");
  return /^\d{6}$/.test(code) ? code : undefined;
}

/** With half a second more, for a device whose clock is a little behind. */
function untilNextStepMs(at: Date): number {
  return stepMs - (at.getTime() % stepMs) + 500;
}

/** A code is spent when AWS has looked at it; one that never arrived is not. */
function isAnswerOfAws({ code }: AwsRoleError): boolean {
  return code === "ERR_AWS_DENIED" || code === "ERR_AWS_REFUSED";
}
