/**
 * What the cache could not answer of `credential-process`: a session is fetched, or said why not.
 *
 * SDKs wait for this, so it is bundled as the cache hit is: the STS client and all else that a common miss needs in one CommonJS
 * file. As ES modules, with the client's packages found one by one, the same took half as long again.
 */
import { credentialProcess } from "../commands/credential-process.ts";
import type { Unwritten } from "./cache-hit.ts";
import { reportBrokenStdout } from "../context.ts";
import type { FirstRead } from "../credentials/cache/session-cache.ts";
import { deadlineMs } from "../foundation/deadline.ts";
import { runProgram } from "./run.ts";
import { watchCommand } from "./watch.ts";

export { end } from "./run.ts";

/** Answers the command line `words`; resolves to the exit code and never rejects. `before`: what came of the cache. */
export async function answerByFetching(
  words: readonly string[],
  before: Unwritten | FirstRead | undefined,
): Promise<number> {
  if (before !== undefined && "writeError" in before) {
    reportBrokenStdout(before.writeError);
    return 1;
  }
  watchCommand(words, deadlineMs.unattended);
  return runProgram(words, (context) => credentialProcess(context, words.slice(1), before));
}
