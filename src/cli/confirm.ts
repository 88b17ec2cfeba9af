/** A question before something that cannot be taken back. */
import { deadlineMs } from "../foundation/deadline.ts";
import { AwsRoleError, type ErrorCode } from "../foundation/errors.ts";
import { unavailable } from "../foundation/prompter.ts";
import { findTerminal } from "./terminal.ts";

export type Confirmation = {
  /** The facts, each on a line of its own. */
  readonly facts: readonly string[];
  /** Without "[y/N]". */
  readonly question: string;
  /** Where there is no person to ask: the code, what asks, and how it is done without. */
  readonly code: ErrorCode;
  readonly asks: string;
  readonly hint: string;
  /** After a no: `nothing was deleted`. */
  readonly refused: string;
};

/** Resolves when the person at the terminal says yes. @throws `code` where there is none, ERR_PERSON_REFUSED. */
export async function confirm(
  platform: NodeJS.Platform,
  input: boolean,
  { facts, question, code, asks, hint, refused }: Confirmation,
): Promise<void> {
  const found = input ? findTerminal(platform) : unavailable("prompting is disabled by --no-input");
  if (found.kind === "unavailable")
    throw new AwsRoleError(code, `${asks}, but ${found.reason}`, { hint });
  const answer = await found.prompter.ask({
    facts,
    question: `${question} [y/N] `,
    timeoutMs: deadlineMs.attended,
  });
  if (answer.kind === "answer" && /^y(?:es)?$/i.test(answer.text.trim())) return;
  throw new AwsRoleError("ERR_PERSON_REFUSED", refused);
}
