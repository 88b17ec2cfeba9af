/** The double's own answers are held against AWS's models, too. */
import { describe, expect, it } from "vitest";
import { requireGoodAnswer } from "../../support/aws-double/check-request.ts";

const identity = {
  Arn: "arn:aws:iam::123456789012:user/bob",
  UserId: "AIDAEXAMPLE",
  Account: "123456789012",
};

describe("an answer of the double", () => {
  it("is accepted in the model's shape", () => {
    requireGoodAnswer("sts", "GetCallerIdentity", identity);
  });

  it.each([
    ["has a member that AWS's has not", { ...identity, Name: "bob" }, "no member name"],
    ["has a value that AWS's cannot have", { ...identity, Arn: "bob" }, "'arn'"],
    ["has a member of another type", { ...identity, Account: 1 }, "account is not a string"],
  ])("is refused where it %s", (_, answer, problem) => {
    expect(() => requireGoodAnswer("sts", "GetCallerIdentity", answer)).toThrow(problem);
  });

  it("is refused where it lacks what AWS's always has", () => {
    expect(() => requireGoodAnswer("iam", "ListGroupsForUser", { Groups: [{}] })).toThrow(
      "'groups.1.member.groupName'",
    );
  });
});
