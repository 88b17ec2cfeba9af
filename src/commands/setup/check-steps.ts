/** The last two steps make nothing: the role is assumed as everybody will assume it, and it is seen who may do what. */
import type { Credentials } from "../../aws/credentials.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { unexpectedIdentity, requireKey } from "./key-step.ts";
import { awsIam } from "./iam-steps.ts";
import { commandLine } from "../../foundation/shell-quote.ts";
import type { Step } from "./step.ts";
import type { SetupContext } from "./context.ts";

export function checkSteps(world: SetupContext): readonly Step[] {
  return [assumeStep(world), rightsStep(world)];
}

const makesNothing: Pick<Step, "commands" | "look" | "make"> = {
  commands: [],
  look: async () => "right",
  make: async () => {},
};

function assumeStep(world: SetupContext): Step {
  const { name, role, mfa } = world.plan;
  return {
    ...makesNothing,
    title: `role ${role} assumed through profile ${name}`,
    check: commandLine("aws", "sts", "get-caller-identity", "--profile", name),
    // STS, too, learns of new policies a little later; but no second code is asked for because of that.
    isPassing: (error) => !mfa && isAwsRoleError(error) && error.code === "ERR_AWS_DENIED",
    async verify() {
      if (mfa) await requireDevice(world);
      const arn = await world.identify(await world.session());
      if (!arn.includes(`:assumed-role/${role}/`)) throw unexpectedIdentity(`profile ${name}`, arn);
      return `the identity is ${arn.slice(arn.lastIndexOf(":") + 1)}`;
    },
  };
}

/**
 * One harmless call, by both: it reads what is attached to the role. The user may not; whether the role may depends on its policies,
 * and either is right. (What a policy allows beyond that only AWS can say.)
 */
function rightsStep(world: SetupContext): Step {
  const { name, user, userProfile, role } = world.plan;
  const call = ["list-attached-role-policies", "--role-name", role] as const;
  return {
    ...makesNothing,
    title: "rights",
    check: commandLine("aws", "iam", ...call, "--profile", name),
    async verify() {
      const may = async (credentials: Credentials): Promise<boolean> => {
        try {
          await world.iamAs(credentials).policiesOfRole(role);
          return true;
        } catch (error) {
          if (isAwsRoleError(error) && error.code === "ERR_AWS_DENIED") return false;
          throw error;
        }
      };
      const roleMay = await may(await world.session());
      const userMay = await may(await requireKey(world));
      if (userMay) {
        world.warn(
          `user ${user} may call iam:ListAttachedRolePolicies, which its policy does not allow: check what else grants it permissions (${commandLine("aws", "iam", ...call, "--profile", userProfile)} should be refused)`,
        );
      }
      return `iam:ListAttachedRolePolicies: the role ${roleMay ? "may" : "may not (its policies do not allow it, or are not active yet)"}, the user ${userMay ? "may too" : "may not"}`;
    },
  };
}

async function requireDevice(world: SetupContext): Promise<void> {
  const { user, mfaSerial } = world.plan;
  if ((await world.userKeys.listMfaDevices()).length > 0) return;
  const device = `--virtual-mfa-device-name ${user} --bootstrap-method QRCodePNG --outfile mfa.png`;
  const create = awsIam(world, "create-virtual-mfa-device", ...device.split(" "));
  const codes = `--user-name ${user} --serial-number ${mfaSerial} --authentication-code1 FIRST --authentication-code2 SECOND`;
  const enable = awsIam(world, "enable-mfa-device", ...codes.split(" "));
  throw new AwsRoleError(
    "ERR_MFA_NEEDED",
    `everything is created, but user ${user} has no MFA device yet, which the role requires`,
    {
      hint: `${create} (scan mfa.png, then delete it); ${enable} (two codes, one after the other); then run the same command again`,
    },
  );
}
