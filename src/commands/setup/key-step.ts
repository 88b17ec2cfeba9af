/**
 * The access key: from IAM straight into the store, so that no person sees it. AWS says the secret once; where it was lost on the way,
 * that key is deleted again, if it is certain that it is that key: it is our user's, made within a quarter of an hour of the moment we
 * wrote down, and has never been used. Any other key whose secret is not here belongs to something else, and is refused.
 */
import type { AccessKeyInfo } from "../../aws/iam.ts";
import type { LongTermKey } from "../../credentials/key-item.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { keyIdOf } from "../../keys/key-profile.ts";
import { isLostKey } from "../../keys/lost-key.ts";
import { awsIam } from "./iam-steps.ts";
import { commandLine } from "../../foundation/shell-quote.ts";
import type { Step } from "./step.ts";
import type { SetupContext } from "./context.ts";

/** An id that no key has: looking for it tells whether the store can be read. */
const absentKeyId = "AKIA0000000000000000";

export function keyStep(world: SetupContext): Step {
  const { plan, userKeys } = world;
  return {
    title: `access key of user ${plan.user}`,
    commands: [
      `${awsIam(world, "create-access-key", "--user-name", plan.user)} | ${commandLine("awsrole", "add-key", plan.userProfile)}`,
    ],
    check: commandLine(
      "aws",
      "sts",
      "get-caller-identity",
      "--profile",
      plan.userProfile,
      ...world.connectionSettings.flatMap(([name, value]) =>
        name === "region" ? ["--region", value] : [],
      ),
    ),
    async look() {
      if ((await findKey(world)) !== undefined) return "right";
      await (await world.openKeys()).get(absentKeyId);
      for (const key of await userKeysOrNone(world)) {
        if (!(await isLost(world, key))) throw foreignKey(world, key);
      }
      return "missing";
    },
    async make() {
      for (const key of await userKeysOrNone(world)) {
        if (!(await isLost(world, key))) throw foreignKey(world, key);
        await userKeys.deleteAccessKey(key.accessKeyId);
      }
      world.remember({ keyStartedAt: world.now().toISOString() });
      const key = { ...(await userKeys.createAccessKey()), accountId: plan.account };
      try {
        await (await world.openKeys()).put(key, plan.userProfile);
      } catch (error) {
        await userKeys.deleteAccessKey(key.accessKeyId).catch(() => {});
        throw error;
      }
    },
    async verify(made) {
      const key = await requireKey(world);
      if (made) await world.waitForKey(key);
      const arn = await world.identify(key);
      world.remember({ accessKeyId: key.accessKeyId });
      if (arn !== plan.userArn) throw unexpectedIdentity(`the key ${key.accessKeyId}`, arn);
      return `${key.accessKeyId} in the ${world.storeName} store; the identity is ${arn.slice(arn.lastIndexOf(":") + 1)}`;
    },
  };
}

/** The user's key that is kept here: the one that the profile names, else any. */
export async function findKey(world: SetupContext): Promise<LongTermKey | undefined> {
  const named = keyIdOf(world.readFiles(), world.plan.userProfile);
  const listed = (await userKeysOrNone(world)).map(({ accessKeyId }) => accessKeyId);
  for (const id of listed.toSorted((a, b) => Number(b === named) - Number(a === named))) {
    const kept = await world.keptKey(id);
    if (kept !== undefined) return kept;
  }
  return undefined;
}

/** The same. @throws ERR_SOURCE_UNAVAILABLE when there is none. */
export async function requireKey(world: SetupContext): Promise<LongTermKey> {
  const key = await findKey(world);
  if (key !== undefined) return key;
  throw new AwsRoleError(
    "ERR_SOURCE_UNAVAILABLE",
    `no access key of user ${world.plan.user} is stored here`,
    { hint: "run the same command again to continue" },
  );
}

async function userKeysOrNone({ admin, plan, userKeys }: SetupContext) {
  return (await admin.findUser(plan.user)) === undefined ? [] : userKeys.listAccessKeys();
}

function isLost(world: SetupContext, key: AccessKeyInfo): Promise<boolean> {
  const startedAt = world.record()?.keyStartedAt;
  return isLostKey(key, startedAt === undefined ? undefined : new Date(startedAt), world.userKeys);
}

function foreignKey(world: SetupContext, { accessKeyId }: AccessKeyInfo): AwsRoleError {
  const { user, userProfile } = world.plan;
  return new AwsRoleError(
    "ERR_AWS_REFUSED",
    `user ${user} has the access key ${accessKeyId}, whose secret is not stored here`,
    {
      hint: `if another machine has it, use another NAME on this one; otherwise store it with awsrole add-key ${userProfile}, or delete it with  ${awsIam(world, "delete-access-key", "--user-name", user, "--access-key-id", accessKeyId)}`,
    },
  );
}

/** ERR_IDENTITY_MISMATCH for a signer with another identity than expected. */
export function unexpectedIdentity(who: string, arn: string): AwsRoleError {
  return new AwsRoleError("ERR_IDENTITY_MISMATCH", `${who} belongs to ${arn}`, {
    hint: "check that endpoint_url and the proxy lead to AWS",
  });
}
