/** One after the other, among all of one user's processes: questions at a terminal, and what one process unlocks for all. */
import type { Deadline } from "../foundation/deadline.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { runSingleFlight } from "./single-flight.ts";

/**
 * Runs `work` while no other process does anything under the same key. A process that is stopped loses its turn after 5 s: it must
 * not keep others from asking. Without a runtime directory it runs unguarded. @throws ERR_DEADLINE, saying that another process waits for `awaited`; what `work` throws.
 */
export async function inTurn<T>(
  dir: string | undefined,
  key: string,
  awaited: string,
  deadline: Deadline,
  work: () => Promise<T>,
): Promise<T> {
  const turn = await runSingleFlight<T | undefined>({
    dir,
    key,
    waitMs: deadline.remainingMs(),
    encode: () => "",
    decode: () => undefined,
    lookAgain: undefined,
    work: async () => ({ answer: await work(), share: false }),
  });
  // Nothing is shared: every answer is from our own work.
  if (turn.how !== "timeout") return turn.answer as T;
  throw new AwsRoleError("ERR_DEADLINE", `another process is waiting for ${awaited}`, {
    hint: "answer its prompt, or end it, and try again",
  });
}

/** The key under which questions at a terminal take their turn. */
export function terminalTurn(terminal: string): string {
  return `terminal\n${terminal}`;
}
