/** What a person chose for a setup, together with what this machine remembers of it. */
import { AwsRoleError } from "../../foundation/errors.ts";
import { defaultNames, type SetupChoices } from "./plan.ts";
import type { SetupRecord } from "./record.ts";

/** The options as typed. */
type Given = {
  readonly user: string | undefined;
  readonly role: string | undefined;
  readonly "user-profile": string | undefined;
  readonly "policy-arn": readonly string[] | undefined;
  readonly mfa: boolean | undefined;
};

/** What was given, else what is remembered, else the defaults. @throws ERR_CONFIG_CONFLICT for names that contradict what is remembered. */
export function choose(name: string, given: Given, record: SetupRecord | undefined): SetupChoices {
  const names = defaultNames(name);
  const nameOf = (option: "user" | "role" | "user-profile", remembered: string | undefined) => {
    const wanted = given[option];
    if (wanted !== undefined && remembered !== undefined && wanted !== remembered) {
      throw new AwsRoleError(
        "ERR_CONFIG_CONFLICT",
        `the setup ${name} has --${option} ${remembered}, not ${wanted}`,
        { hint: `awsrole setup ${name} --undo first, or choose another NAME` },
      );
    }
    return wanted ?? remembered;
  };
  return {
    name,
    user: nameOf("user", record?.user) ?? names.user,
    role: nameOf("role", record?.role) ?? names.role,
    userProfile: nameOf("user-profile", record?.userProfile) ?? `${name}-user`,
    rolePolicyArns: given["policy-arn"] ?? record?.rolePolicyArns,
    mfa: given.mfa ?? record?.mfa ?? false,
  };
}

/** The administrator's profile. @throws ERR_USAGE where it is not named, or two of the profiles would be one. */
export function requireAdminProfile(
  { name, userProfile }: SetupChoices,
  adminProfile: string | undefined,
): string {
  if (adminProfile === undefined) {
    throw new AwsRoleError("ERR_USAGE", "setup: --admin-profile is missing", {
      hint: `awsrole setup ${name} --admin-profile PROFILE, one that may call IAM (awsrole list shows the profiles)`,
    });
  }
  if (new Set([name, userProfile, adminProfile]).size === 3) return adminProfile;
  throw new AwsRoleError(
    "ERR_USAGE",
    "setup: NAME, --user-profile and --admin-profile are three different profiles",
    { hint: "NAME and --user-profile are made; --admin-profile exists already" },
  );
}
