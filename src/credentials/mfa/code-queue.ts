/**
 * How MFA codes are spent. Its rules:
 *
 * - Sources in order (code-sources.ts): `--mfa-code`, the seed or `mfa_process`, the terminal, a pinentry where the profile wants one. With
 *   none left the answer is ERR_MFA_NEEDED at once.
 * - One code of a device is asked for and spent at a time, in whatever process, and one question is open at a terminal.
 * - A code that AWS has seen is not offered again: its step of 30 s is waited out, and the person is notified.
 * - A code that AWS refuses is asked for again, three in all. A person who refuses, or does not answer, is not asked again for 30 s by
 *   callers without a terminal, nor by those at the same terminal that were waiting already.
 * - Three seconds of the deadline are kept for the call that spends the code.
 */
import type { Mfa } from "../../config/profiles.ts";
import { type Deadline, sinceStartMs, within } from "../../foundation/deadline.ts";
import { type AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { type Prompter, type PrompterResult, unavailable } from "../../foundation/prompter.ts";
import { isAutomatic } from "./code-needed.ts";
import { inTurn } from "../../locks/in-turn.ts";
import {
  type Attempt,
  awaitedCode,
  codeNeededError,
  type CodeSource,
  type CodeSourceDependencies,
  type CodeGenerator,
  generatedCodeSource,
  givenCodeSource,
  promptCodeSource,
} from "./code-sources.ts";

/** For whom codes are spent, and what their sources work with. */
export type MfaCodesOptions = CodeSourceDependencies & {
  /** The profile that was asked for, and the program that asked (absent: the person did, by a command). */
  readonly profile: string;
  readonly callingProgram: () => string | undefined;
  /** `--mfa-code`. */
  readonly givenCode: string | undefined;
  /** The terminal, or pinentry where the profile wants that. */
  readonly findPrompter: (prompt: Mfa["prompt"]) => PrompterResult;
  /** The code of now, by the seed that is kept for the device. @throws ERR_SOURCE_UNAVAILABLE, ERR_STORE_*. */
  readonly computeCode: (serial: string) => Promise<string>;
  /** Runs a `mfa_process`; its output. @throws ERR_PROCESS_FAILED. */
  readonly runProcess: (command: string, deadline: Deadline) => Promise<string>;
};

/** The codes of one run of the program. */
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

const mostCodes = 3;
/** What the call that spends the code is left, in milliseconds. */
const reserveMs = 3000;

/** The queue of one run: it keeps whether `--mfa-code` was spent. Throws nothing by itself. */
export function createMfaCodes(options: MfaCodesOptions): MfaCodes {
  const { profile, memory, runtimeDir } = options;
  let givenCode = options.givenCode;
  const deps = { ...options, deadline: within(options.deadline, { reserveMs }) };
  const takeGivenCode = (): string | undefined => {
    const code = givenCode;
    givenCode = undefined;
    return code;
  };

  return {
    hasGivenCode: () => givenCode !== undefined,
    async assertCodeObtainable(mfa) {
      if (givenCode !== undefined || isAutomatic(mfa)) return;
      const found = prompterOrCooldown(options, mfa);
      if (found.kind === "unavailable") throw codeNeededError({ profile, mfa }, found.reason);
    },
    spend: (mfa, use) =>
      inTurn(runtimeDir, `mfa device\n${mfa.serial}`, awaitedCode, deps.deadline, () =>
        spend(mfa, use),
      ),
  };

  async function spend<T>(mfa: Mfa, use: (code: string) => Promise<T>): Promise<T> {
    const found = prompterOrCooldown(options, mfa);
    const prompter = found.kind === "prompter" ? found.prompter : undefined;
    const attempt: Attempt = { profile, mfa, refusedCodes: new Set() };
    for (const nextCode of sourcesOf(attempt, prompter)) {
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
            if (prompter !== undefined) memory.markRefused(mfa.serial, prompter.terminal);
            throw error;
          }
          prompter?.notify("AWS did not accept that code");
        }
      }
    }
    throw (
      attempt.trouble ??
      codeNeededError(
        attempt,
        found.kind === "unavailable" ? found.reason : "the prompt was not answered",
      )
    );
  }

  function generatorOf(
    { serial, process, hasSeed }: Mfa,
    isRepeated: boolean,
  ): CodeGenerator | undefined {
    if (hasSeed) return { name: "the seed", run: () => options.computeCode(serial), isRepeated };
    return process === undefined
      ? undefined
      : {
          name: "mfa_process",
          run: () => options.runProcess(process, deps.deadline),
          isRepeated,
        };
  }

  function sourcesOf(attempt: Attempt, prompter: Prompter | undefined): readonly CodeSource[] {
    // Run again only where no person can take over: its next code may be better than the one refused.
    const isRepeated = prompter === undefined;
    return [
      givenCodeSource(attempt, takeGivenCode, deps),
      generatedCodeSource(attempt, generatorOf(attempt.mfa, isRepeated), deps),
      ...(prompter === undefined
        ? []
        : [promptCodeSource(attempt, prompter, () => requesterOf(options), deps)]),
    ];
  }
}

function requesterOf({ profile, callingProgram }: MfaCodesOptions): string {
  const program = callingProgram();
  return program === undefined
    ? `profile ${profile} needs an MFA code`
    : `${program} asks for credentials of profile ${profile}`;
}

/** The prompter, unless a person refused a moment ago: at the same terminal that counts for those that were waiting then. */
function prompterOrCooldown(
  { findPrompter, memory }: MfaCodesOptions,
  { prompt, serial }: Mfa,
): PrompterResult {
  const found = findPrompter(prompt);
  if (found.kind === "unavailable") return found;
  const refusal = memory.lastRefusal(serial);
  if (refusal === undefined) return found;
  const { terminal } = found.prompter;
  const hasWaitedSince = sinceStartMs() / 1000 > refusal.secondsAgo;
  const counts = terminal === undefined || (terminal === refusal.terminal && hasWaitedSince);
  return counts ? unavailable(`it was declined ${Math.round(refusal.secondsAgo)} s ago`) : found;
}

/** A code is spent when AWS has looked at it; one that never arrived is not. */
function isAnswerOfAws({ code }: AwsRoleError): boolean {
  return code === "ERR_AWS_DENIED" || code === "ERR_AWS_REFUSED";
}
