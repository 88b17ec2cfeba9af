/** Waiting until AWS knows a new key. */
import type { Sts } from "../aws/sts.ts";
import type { LongTermKey } from "../credentials/key-item.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import type { Deadline } from "../foundation/deadline.ts";

/** IAM's changes reach its parts one by one: a key counts as known when it has been answered for so many times in a row. */
const answersInARow = 3;
const betweenMs = 500;
/** How long IAM may take; usually it is seconds. */
const longestMs = 90_000;

/**
 * Resolves when AWS takes the key for that of the user `arn`.
 * @throws ERR_IDENTITY_MISMATCH for another user's, ERR_AWS_REFUSED when AWS still does not know it after a minute and a half.
 */
export async function verifyKey(
  key: LongTermKey,
  arn: string,
  {
    sts,
    deadline,
    pause,
  }: {
    readonly sts: Pick<Sts, "getCallerIdentity">;
    readonly deadline: Deadline;
    readonly pause: (milliseconds: number) => Promise<void>;
  },
): Promise<void> {
  let inARow = 0;
  for (let waitedMs = 0; ; waitedMs += betweenMs) {
    try {
      const { arn: found } = await sts.getCallerIdentity(key);
      if (found !== arn) {
        throw new AwsRoleError(
          "ERR_IDENTITY_MISMATCH",
          `the new key ${key.accessKeyId} belongs to ${found}, not to ${arn}`,
        );
      }
      inARow += 1;
    } catch (error) {
      inARow = 0;
      const isUnknown = isAwsRoleError(error) && error.code === "ERR_AWS_REFUSED";
      if (!isUnknown || waitedMs >= longestMs || deadline.remainingMs() < 2 * betweenMs)
        throw error;
    }
    if (inARow === answersInARow) return;
    await pause(betweenMs);
  }
}
