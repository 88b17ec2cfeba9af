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
  isUndo = false,
): string {
  if (adminProfile === undefined && isUndo) {
    throw new AwsRoleError("ERR_USAGE", `there is no record of a setup ${name} on this machine`, {
      hint: `if another machine created it, run: awsrole setup ${name} --undo --admin-profile PROFILE`,
    });
  }
  if (adminProfile === undefined) {
    throw new AwsRoleError("ERR_USAGE", "setup: --admin-profile is missing", {
      hint: `awsrole setup ${name} --admin-profile PROFILE, a profile that can call IAM (awsrole list shows your profiles)`,
    });
  }
  if (new Set([name, userProfile, adminProfile]).size === 3) return adminProfile;
  throw new AwsRoleError(
    "ERR_USAGE",
    "setup: NAME, --user-profile and --admin-profile must be different profiles",
    { hint: "NAME and --user-profile are created; --admin-profile must exist" },
  );
}
