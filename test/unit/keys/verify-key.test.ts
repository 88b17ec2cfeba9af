import { describe, expect, it } from "vitest";
import { AwsRoleError } from "../../../src/foundation/errors.ts";
import { verifyKey } from "../../../src/keys/verify-key.ts";

const arn = "arn:aws:iam::123456789012:user/bob";
const key = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" };
const unknown = new AwsRoleError("ERR_AWS_REFUSED", "the key is not known");

/** AWS's answers one after the other, the last for ever; what came of it, after how many, and how long was paused. */
async function verify(
  answers: readonly (string | AwsRoleError)[],
  remainingMs = () => 600_000,
): Promise<{ outcome: unknown; asked: number; pausedMs: number }> {
  let asked = 0;
  let pausedMs = 0;
  const sts = {
    getCallerIdentity: async () => {
      const answer = answers[Math.min(asked, answers.length - 1)] ?? "";
      asked += 1;
      if (typeof answer !== "string") throw answer;
      return { arn: answer, account: "123456789012", userId: "AIDA", clockSkewSeconds: 0 };
    },
  };
  const pause = async (milliseconds: number): Promise<void> => {
    pausedMs += milliseconds;
  };
  const outcome = await verifyKey(key, arn, { sts, deadline: { remainingMs }, pause }).catch(
    (error: unknown) => error,
  );
  return { outcome, asked, pausedMs };
}

describe("a new key", () => {
  it("is known when AWS has answered for it three times in a row", async () => {
    expect(await verify([arn])).toEqual({ outcome: undefined, asked: 3, pausedMs: 1000 });
    expect(await verify([unknown, arn, arn, unknown, arn])).toMatchObject({
      outcome: undefined,
      asked: 7,
    });
  });

  it("of another user is refused at once", async () => {
    expect(await verify([unknown, "arn:aws:iam::123456789012:user/eve"])).toMatchObject({
      outcome: { code: "ERR_IDENTITY_MISMATCH" },
      asked: 2,
    });
  });

  it("is given up after a minute and a half, and before the deadline", async () => {
    const { outcome, pausedMs } = await verify([unknown]);
    expect({ outcome, pausedMs }).toEqual({ outcome: unknown, pausedMs: 90_000 });
    expect(await verify([unknown], () => 999)).toMatchObject({ outcome: unknown, asked: 1 });
  });

  it("is not waited for after any other failure", async () => {
    const network = new AwsRoleError("ERR_NETWORK", "no network");
    expect(await verify([network])).toMatchObject({ outcome: network, asked: 1 });
  });
});
