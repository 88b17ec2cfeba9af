/**
 * A profile as it is for one call of `exec`: narrowed by options, or made up of options where there is none. The files stay as they are.
 * The settings go in where the profile's own are read, so that they are checked alike and are part of the session's request: what is
 * cached for the profile itself is neither used nor replaced.
 */
import { resolve } from "node:path";
import type { OptionTable } from "../cli/command.ts";
import { partitionOf } from "../config/connection.ts";
import type { Setting, Settings } from "../config/document.ts";
import type { AwsFiles } from "../config/files.ts";
import { readProfile } from "../config/profiles.ts";
import { AwsRoleError } from "../foundation/errors.ts";

/** Options that narrow a session. */
export const narrowingOptions = {
  "read-only": {
    type: "boolean",
    default: false,
    describe: "restrict the session to AWS's ReadOnlyAccess policy (which can also read data)",
  },
  "policy-arn": {
    type: "string",
    array: true,
    value: "ARN",
    describe:
      "restrict the session to a managed policy (repeatable; allows what any of them allows)",
  },
  "policy-file": {
    type: "string",
    value: "FILE",
    completes: "files",
    describe: "restrict the session to the policy in a JSON file",
  },
  tag: {
    type: "string",
    array: true,
    value: "KEY=VALUE",
    describe: "add a session tag (repeatable)",
  },
} as const satisfies OptionTable;

export type NarrowingArguments = {
  readonly "read-only": boolean;
  readonly "policy-arn"?: readonly string[] | undefined;
  readonly "policy-file"?: string | undefined;
  readonly tag?: readonly string[] | undefined;
};

/** The files with what a call changes in them. */
export type Overlay = (files: AwsFiles) => AwsFiles;

/**
 * Narrows the profile's session; undefined when no option is given.
 * @throws ERR_USAGE for options that do not go together; the overlay: ERR_PROFILE_INVALID for a profile that cannot be narrowed.
 */
export function narrowing(profile: string, args: NarrowingArguments): Overlay | undefined {
  const { "policy-arn": policyArns = [], "policy-file": policyFile, tag: tags = [] } = args;
  const isReadOnly = args["read-only"];
  if (!isReadOnly && policyArns.length === 0 && policyFile === undefined && tags.length === 0)
    return undefined;
  if (isReadOnly && (policyArns.length > 0 || policyFile !== undefined))
    throw new AwsRoleError("ERR_USAGE", "--read-only cannot be combined with another policy", {
      hint: "a session with several policies can do what any of them allows",
    });
  return (files) => {
    const settings = files.profile(profile);
    const found = readProfile(files, profile);
    if (found.kind !== "role")
      throw new AwsRoleError(
        "ERR_PROFILE_INVALID",
        `profile ${profile} is not a role profile: session policies need an assumed role`,
        {
          hint: `create a role profile with this one as its source: awsrole add-profile NAME --role-arn ARN --source-profile ${profile}`,
        },
      );
    const { role } = found;
    const hasPolicy = isReadOnly || policyArns.length > 0 || policyFile !== undefined;
    if (hasPolicy && (role.policyArns.length > 0 || role.policyFile !== undefined))
      throw new AwsRoleError(
        "ERR_PROFILE_INVALID",
        `profile ${profile} already has a session policy; another would widen what it allows`,
        { hint: "use a profile without awsrole_policy_arns and awsrole_policy_file" },
      );
    const readOnly = `arn:${partitionOf(role.arn) ?? "aws"}:iam::aws:policy/ReadOnlyAccess`;
    const arns = isReadOnly ? [readOnly] : policyArns;
    const kept = role.tags.filter(({ key }) => !tags.some((tag) => tag.startsWith(`${key}=`)));
    return withSettings(files, profile, settings ?? new Map(), {
      ...(arns.length === 0 ? {} : { awsrole_policy_arns: arns.join(",") }),
      ...(policyFile === undefined ? {} : { awsrole_policy_file: resolve(policyFile) }),
      ...(tags.length === 0
        ? {}
        : {
            awsrole_tags: [...kept.map(({ key, value }) => `${key}=${value}`), ...tags].join(","),
          }),
    });
  };
}

/** A profile called `name` that the files do not have: the role, assumed with the credentials of `source`. */
export function profileOfRole(name: string, roleArn: string, source: string): Overlay {
  return (files) => {
    const { region } = Object.fromEntries(files.profile(source) ?? []);
    return withSettings(files, name, new Map(region === undefined ? [] : [["region", region]]), {
      role_arn: roleArn,
      source_profile: source,
    });
  };
}

function withSettings(
  files: AwsFiles,
  name: string,
  old: Settings,
  changes: Readonly<Record<string, string>>,
): AwsFiles {
  const changed = new Map<string, Setting>(old);
  for (const [key, value] of Object.entries(changes))
    changed.set(key, { value, file: "the command line", line: 1 });
  return { ...files, profile: (other) => (other === name ? changed : files.profile(other)) };
}
