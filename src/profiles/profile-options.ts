/**
 * The options of `add-profile` and `edit-profile`, and the keys they become, checked as STS would check them before
 * anything is written. One table: an option, its key, the order in which keys are written.
 */
import { roleSessionSeconds } from "../config/aws-limits.ts";
import { resolve } from "node:path";
import type { OptionTable } from "../cli/command.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import {
  type Named,
  parseDuration,
  parseList,
  parsePolicyArns,
  parseTags,
  requireMfaSerial,
  requireRule,
  rules,
} from "../config/role-values.ts";
import { assertWritableName, assertWritableValue } from "../config/names.ts";

/** Options that say what the role is and how it is assumed. */
export const roleOptions = {
  "role-arn": { type: "string", group: "Role", describe: "ARN of the role to assume" },
  "source-profile": {
    type: "string",
    group: "Role",
    completes: "profiles",
    describe: "profile that provides the source credentials",
  },
  "credential-source": {
    type: "string",
    group: "Role",
    completes: ["Environment", "Ec2InstanceMetadata", "EcsContainer"],
    describe: "source credentials from: Environment, Ec2InstanceMetadata or EcsContainer",
  },
  "web-identity-token-file": {
    type: "string",
    group: "Role",
    completes: "files",
    describe: "file with an OIDC token to assume the role with",
  },
  "saml-process": {
    type: "string",
    group: "Role",
    value: "COMMAND",
    describe: "command that prints a SAML response (base64) to assume the role with",
  },
  "role-session-name": {
    type: "string",
    group: "Session",
    describe:
      "role session name, shown in CloudTrail ({user}, {iam-user}, {host}, {profile} are filled in)",
  },
  "duration-seconds": {
    type: "string",
    group: "Session",
    describe: `session duration in seconds (${roleSessionSeconds.least} to ${roleSessionSeconds.most})`,
  },
  "external-id": {
    type: "string",
    group: "Role",
    describe: "external ID required by the role's trust policy",
  },
  "mfa-serial": {
    type: "string",
    group: "MFA",
    describe: "ARN or serial number of the MFA device",
  },
  "mfa-process": {
    type: "string",
    group: "MFA",
    value: "COMMAND",
    describe: "command that prints the MFA code",
  },
  "source-identity": {
    type: "string",
    group: "Session",
    describe: "source identity recorded in CloudTrail",
  },
  tag: {
    type: "string",
    group: "Session",
    array: true,
    value: "KEY=VALUE",
    describe: "session tag (repeatable)",
  },
  "transitive-tag-key": {
    type: "string",
    group: "Session",
    array: true,
    describe: "key of a session tag that chained roles inherit (repeatable)",
  },
  "policy-arn": {
    type: "string",
    group: "Session",
    array: true,
    describe: "managed policy to use as a session policy (repeatable)",
  },
  "policy-file": {
    type: "string",
    group: "Session",
    completes: "files",
    describe: "JSON file to use as a session policy",
  },
  region: { type: "string", group: "Profile", describe: "region of the profile" },
  output: {
    type: "string",
    group: "Profile",
    describe: "output format of the AWS CLI for the profile",
  },
} as const satisfies OptionTable;

/** Options that say how a profile is written. */
export const writeOptions = {
  command: {
    type: "string",
    completes: "files",
    value: "PATH",
    describe: "absolute path of awsrole to use in credential_process",
  },
  force: {
    type: "boolean",
    default: false,
    describe: "proceed despite warnings / overwrite an existing profile",
  },
  "dry-run": {
    type: "boolean",
    default: false,
    describe: "show the changes without applying them",
  },
} as const satisfies OptionTable;

/** The part of them that says nothing of the program. */
export const changeOptions = {
  force: writeOptions.force,
  "dry-run": writeOptions["dry-run"],
} as const;

type RoleOption = keyof typeof roleOptions;

/** As yargs gives them. An empty text takes the key out (`edit-profile`). */
export type RoleValues = { readonly [K in RoleOption]?: string | string[] | undefined };

/** A key and its value as they shall stand in the file. */
export type KeyValue = readonly [key: string, value: string];

/** Keys in the order in which a new profile has them, behind `credential_process`. */
export const keyOfOption: Readonly<Record<RoleOption, string>> = {
  region: "region",
  output: "output",
  "role-arn": "awsrole_role_arn",
  "source-profile": "awsrole_source_profile",
  "credential-source": "awsrole_credential_source",
  "web-identity-token-file": "awsrole_web_identity_token_file",
  "saml-process": "awsrole_saml_process",
  "role-session-name": "awsrole_role_session_name",
  "duration-seconds": "awsrole_duration_seconds",
  "external-id": "awsrole_external_id",
  "mfa-serial": "awsrole_mfa_serial",
  "mfa-process": "awsrole_mfa_process",
  "source-identity": "awsrole_source_identity",
  tag: "awsrole_tags",
  "transitive-tag-key": "awsrole_transitive_tag_keys",
  "policy-arn": "awsrole_policy_arns",
  "policy-file": "awsrole_policy_file",
};

/** The options that name where the role's credentials come from; a role has one of them. */
export const sourceOptions = [
  "source-profile",
  "credential-source",
  "web-identity-token-file",
  "saml-process",
] as const satisfies readonly RoleOption[];

/**
 * What was given, as keys and values in the order of writing; a value of `""` asks for the key to be removed.
 * Throws ERR_USAGE, naming the option, for a value that AWS would refuse or that cannot be written.
 */
export function readRoleOptions(values: RoleValues, folder: string): readonly KeyValue[] {
  return (Object.keys(keyOfOption) as RoleOption[]).flatMap((option): KeyValue[] => {
    const given = values[option];
    if (given === undefined) return [];
    const text = Array.isArray(given) ? joinList(option, given) : given;
    const value = text !== "" && isPath(option) ? resolve(folder, text) : text;
    if (value !== "") check(option, value);
    return [[keyOfOption[option], value]];
  });
}

/** Throws ERR_USAGE if the value is not one for this option. */
export function check(option: RoleOption, value: string): void {
  assertWritableValue(`--${option}`, value);
  const named: Named = { key: `--${option}`, setting: { value, file: "", line: 0 } };
  try {
    checks[option]?.(named);
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    throw new AwsRoleError("ERR_USAGE", `--${option}: ${value} is not valid`, { hint: error.hint });
  }
}

const checks: Readonly<Partial<Record<RoleOption, (named: Named) => unknown>>> = {
  "role-arn": (named) => requireRule("", named, rules.roleArn),
  "source-profile": ({ setting }) => assertWritableName(setting.value),
  "credential-source": (named) => requireRule("", named, credentialSource),
  "role-session-name": (named) => requireRule("", named, rules.sessionNameTemplate),
  "duration-seconds": (named) => parseDuration("", named, roleSessionSeconds),
  "external-id": (named) => requireRule("", named, rules.externalId),
  "mfa-serial": (named) => requireMfaSerial("", named),
  "source-identity": (named) => requireRule("", named, rules.sourceIdentity),
  tag: (named) => parseTags("", named),
  "transitive-tag-key": (named) => parseList("", named, 50),
  "policy-arn": (named) => parsePolicyArns("", named),
  region: (named) => requireRule("", named, region),
  output: (named) => requireRule("", named, output),
};

const credentialSource = {
  pattern: /^(?:Environment|Ec2InstanceMetadata|EcsContainer)$/,
  hint: "choose from Environment, Ec2InstanceMetadata, EcsContainer",
};
const region = { pattern: /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/, hint: "use a name like eu-west-1" };
const output = {
  pattern: /^[a-z-]{2,20}$/,
  hint: "the AWS CLI knows json, text, table, yaml, yaml-stream and off",
};

function isPath(option: RoleOption): boolean {
  return option === "policy-file" || option === "web-identity-token-file";
}

/** `--tag a=1 --tag b=2` → `a=1,b=2`. A comma inside a value could not be distinguished from the separator. */
function joinList(option: RoleOption, entries: readonly string[]): string {
  const broken = entries.length > 1 ? entries.find((entry) => /,|^$/.test(entry)) : undefined;
  if (broken !== undefined)
    throw new AwsRoleError("ERR_USAGE", `--${option}: ${broken} is not valid`, {
      hint: "give each entry by itself, without a comma",
    });
  return entries.join(",");
}
