import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  isTagOf,
  newTagValue,
  defaultNames,
  isSamePolicy,
  makePlan,
  type SetupChoices,
} from "../../../../src/commands/setup/plan.ts";
import { commandLine } from "../../../../src/foundation/shell-quote.ts";

const choices: SetupChoices = {
  name: "prod",
  userProfile: "prod-user",
  user: "prod-user",
  role: "prod-role",
  rolePolicyArns: undefined,
  mfa: false,
};

const tag = "prod:0123456789abcdef";

describe("the plan of a setup", () => {
  it("has a tag with an id that is another one each time, and knows such a tag", () => {
    const [one, other] = [newTagValue("prod"), newTagValue("prod")];
    expect(one).toMatch(/^prod:[0-9a-f]{16}$/);
    expect(other).not.toBe(one);
    for (const value of [one, "prod"]) expect(isTagOf("prod", value)).toBe(true);
    for (const value of [undefined, "", "prod2", "prod:x", "x:prod", newTagValue("prod:a")])
      expect(isTagOf("prod", value)).toBe(false);
  });

  it("makes names that IAM takes of every name that a profile can have", () => {
    expect(defaultNames("team/a@b:c+d").user).toBe("team-a@b-c+d-user");
  });

  it("stays in the account and the partition of the administrator", () => {
    const session = "arn:aws-us-gov:sts::210987654321:assumed-role/Admin/alice";
    const { userArn, rolePolicyArns, userPolicy } = makePlan(choices, session, tag);
    expect(userArn).toBe("arn:aws-us-gov:iam::210987654321:user/prod-user");
    expect(rolePolicyArns).toEqual(["arn:aws-us-gov:iam::aws:policy/job-function/ViewOnlyAccess"]);
    expect(userPolicy).not.toContain("arn:aws:");
    expect(userPolicy).not.toContain('"*"');
  });

  it.each([
    [{ user: "a".repeat(65) }, "at most 64"],
    [{ role: "a b" }, "IAM takes letters"],
    [{ name: "50%" }, 'cannot have "%"'],
    [{ rolePolicyArns: ["arn:aws:iam::aws:policy/x y"] }, "it looks like"],
  ])("refuses what IAM would not take: %o", (wrong, hint) => {
    expect(() => makePlan({ ...choices, ...wrong }, "arn:aws:iam::123456789012:root", tag)).toThrow(
      expect.objectContaining({ code: "ERR_USAGE", hint: expect.stringContaining(hint) as string }),
    );
  });

  it("compares policies by what they say", () => {
    const { trustPolicy } = makePlan(choices, "arn:aws:iam::123456789012:root", tag);
    const shuffled = JSON.stringify(
      Object.fromEntries(Object.entries(JSON.parse(trustPolicy) as object).toReversed()),
      undefined,
      4,
    );
    expect(isSamePolicy(trustPolicy, shuffled)).toBe(true);
    expect(isSamePolicy(trustPolicy, trustPolicy.replace("prod-user", "other"))).toBe(false);
    expect(isSamePolicy(trustPolicy, "not JSON")).toBe(false);
  });
});

describe.skipIf(process.platform === "win32")("a command of the plan", () => {
  it("is one command with these words, whatever is in them", () => {
    const words = ["a b", "it's", "$(id)", "`id`", '"', "\\", "x;y", "*", "", "-n", "ünï"];
    const { stdout } = spawnSync("sh", ["-c", commandLine("printf", "%s|", ...words)], {
      encoding: "utf8",
    });
    expect(stdout).toBe(words.map((word) => `${word}|`).join(""));
  });
});
