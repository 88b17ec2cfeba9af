/** The steps at IAM: the user, its policy, the role, and what is attached to whom. */
import { AwsRoleError } from "../../foundation/errors.ts";
import { refuseExtras, assertOwned } from "./ownership.ts";
import { isSamePolicy } from "./plan.ts";
import { commandLine } from "../../foundation/shell-quote.ts";
import type { Step } from "./step.ts";
import type { SetupContext } from "./context.ts";

/** In the order of the article. */
export function iamSteps(world: SetupContext): readonly Step[] {
  return [
    userStep(world),
    policyStep(world),
    attachToUserStep(world),
    roleStep(world),
    ...world.plan.rolePolicyArns.map((arn) => attachToRoleStep(world, arn)),
  ];
}

/** `aws iam …` as the administrator. */
export function awsIam({ adminProfile }: SetupContext, ...words: readonly string[]): string {
  return commandLine("aws", "iam", ...words, "--profile", adminProfile);
}

function tagWords({ plan }: SetupContext): readonly string[] {
  return ["--tags", `Key=${plan.tag.key},Value=${plan.tag.value}`];
}

function userStep(world: SetupContext): Step {
  const { plan, admin } = world;
  const find = async () =>
    assertOwned(await admin.findUser(plan.user), plan, [
      "user",
      plan.user,
      "choose another name with --user",
    ]);
  return {
    title: `user ${plan.user}`,
    commands: [awsIam(world, "create-user", "--user-name", plan.user, ...tagWords(world))],
    check: awsIam(world, "get-user", "--user-name", plan.user),
    look: async () => {
      if ((await find()) === undefined) return "missing";
      await refuseExtras(plan, admin);
      return "right";
    },
    make: async () => void (await admin.createUser(plan.user, plan.tag)),
    verify: async () => (await find())?.arn,
  };
}

function policyStep(world: SetupContext): Step {
  const { plan, admin } = world;
  const find = async () =>
    assertOwned(await admin.findPolicy(plan.policyArn), plan, [
      "policy",
      plan.policy,
      "choose another name for the role with --role (the policy is named after it)",
    ]);
  return {
    title: `policy ${plan.policy}`,
    commands: [
      awsIam(
        world,
        "create-policy",
        "--policy-name",
        plan.policy,
        "--policy-document",
        plan.userPolicy,
        ...tagWords(world),
      ),
    ],
    check: awsIam(world, "get-policy", "--policy-arn", plan.policyArn),
    look: async () => {
      const found = await find();
      if (found === undefined) return "missing";
      return isSamePolicy(found.document, plan.userPolicy) ? "right" : "different";
    },
    make: async (state) => {
      if (state === "missing") await admin.createPolicy(plan.policy, plan.userPolicy, plan.tag);
      else await admin.replacePolicy(plan.policyArn, plan.userPolicy);
    },
    verify: async () => {
      const found = await find();
      return found !== undefined && isSamePolicy(found.document, plan.userPolicy)
        ? `allows sts:AssumeRole on ${plan.roleArn}, and rotating the user's own key`
        : undefined;
    },
  };
}

function attachToUserStep(world: SetupContext): Step {
  const { plan, admin } = world;
  const { user, policyArn } = plan;
  const list = (): Promise<readonly string[]> => admin.policiesOfUser(user);
  return {
    title: `${plan.policy} on user ${user}`,
    commands: [awsIam(world, "attach-user-policy", "--user-name", user, "--policy-arn", policyArn)],
    check: awsIam(world, "list-attached-user-policies", "--user-name", user),
    look: async () => ((await list()).includes(policyArn) ? "right" : "missing"),
    make: async () => void (await admin.attachToUser(user, policyArn)),
    verify: async () => seenAmong(await list(), policyArn),
  };
}

function roleStep(world: SetupContext): Step {
  const { plan, admin } = world;
  const { role, trustPolicy } = plan;
  const find = async () =>
    assertOwned(await admin.findRole(role), plan, [
      "role",
      role,
      "choose another name with --role",
    ]);
  return {
    title: `role ${role}`,
    commands: [
      awsIam(
        world,
        "create-role",
        "--role-name",
        role,
        "--assume-role-policy-document",
        trustPolicy,
        ...tagWords(world),
      ),
    ],
    check: awsIam(world, "get-role", "--role-name", role),
    look: async () => {
      const found = await find();
      if (found === undefined) return "missing";
      return isSamePolicy(found.trustPolicy, trustPolicy) ? "right" : "different";
    },
    make: async (state) => {
      if (state === "missing") await admin.createRole(role, trustPolicy, plan.tag);
      else await admin.replaceTrustPolicy(role, trustPolicy);
    },
    verify: async () => {
      const found = await find();
      if (found === undefined || !isSamePolicy(found.trustPolicy, trustPolicy)) return undefined;
      return `trusts only ${plan.userArn}${plan.mfa ? ", with MFA" : ""}`;
    },
  };
}

function attachToRoleStep(world: SetupContext, policyArn: string): Step {
  const { plan, admin } = world;
  const { role } = plan;
  const list = (): Promise<readonly string[]> => admin.policiesOfRole(role);
  return {
    title: `${nameOf(policyArn)} on role ${role}`,
    commands: [awsIam(world, "attach-role-policy", "--role-name", role, "--policy-arn", policyArn)],
    check: awsIam(world, "list-attached-role-policies", "--role-name", role),
    look: async () => {
      if ((await list()).includes(policyArn)) return "right";
      // Attached, it would look like a policy that IAM does not know yet, and be waited for.
      if (!(await admin.hasPolicy(policyArn)))
        throw new AwsRoleError("ERR_AWS_REFUSED", `policy ${policyArn} does not exist`, {
          hint: `choose another with awsrole setup ${plan.name} --policy-arn ARN (aws iam list-policies lists them)`,
        });
      return "missing";
    },
    make: async () => void (await admin.attachToRole(role, policyArn)),
    verify: async () => seenAmong(await list(), policyArn),
  };
}

/** The name in a policy's ARN. */
export function nameOf(policyArn: string): string {
  return policyArn.slice(policyArn.lastIndexOf("/") + 1);
}

function seenAmong(listed: readonly string[], wanted: string): string | undefined {
  return listed.includes(wanted) ? `attached: ${listed.map(nameOf).join(", ")}` : undefined;
}
