/**
 * What a setup consists of: names, ARNs and policy documents, all of them decided before the first call that changes anything.
 *
 * - The user may do three things: assume this one role, look after its own access key (`awsrole rotate-key`), and nothing else.
 * - The role trusts this one user, not its account.
 */
import { randomBytes } from "node:crypto";
import type { OwnerTag } from "../../aws/iam-admin.ts";
import { AwsRoleError } from "../../foundation/errors.ts";

/** What a person chose, or what was chosen for them. */
export type SetupChoices = {
  /** The setup, and the profile of its role. */
  readonly name: string;
  readonly userProfile: string;
  readonly user: string;
  readonly role: string;
  /** Managed policies for the role: ARNs. Undefined: metadata may be read, and nothing else. */
  readonly rolePolicyArns: readonly string[] | undefined;
  readonly mfa: boolean;
};

export type SetupPlan = Omit<SetupChoices, "rolePolicyArns"> & {
  readonly account: string;
  readonly rolePolicyArns: readonly string[];
  /** The name of the user's policy. */
  readonly policy: string;
  readonly userArn: string;
  readonly roleArn: string;
  readonly policyArn: string;
  readonly userPolicy: string;
  readonly trustPolicy: string;
  /** What a virtual device is called when it has the user's name. */
  readonly mfaSerial: string;
  readonly tag: OwnerTag;
};

/** Names for a setup where none were given. */
export function defaultNames(name: string): { readonly user: string; readonly role: string } {
  const plain = name.replaceAll(/[^\w+=,.@-]/g, "-");
  return { user: `${plain}-user`, role: `${plain}-role` };
}

/** The tag of a new setup: its name, and an id that cannot be guessed. */
export function newTagValue(name: string): string {
  return `${name}:${randomBytes(8).toString("hex")}`;
}

/** True for the tag of any setup of that name. */
export function isTagOf(name: string, value: string | undefined): boolean {
  return (
    value === name ||
    (value?.startsWith(`${name}:`) === true && /^[0-9a-f]{16}$/.test(value.slice(name.length + 1)))
  );
}

/** The plan in the account of `identity`, an ARN; `tagValue` marks what is its own. @throws ERR_USAGE for names that IAM would not take. */
export function makePlan(choices: SetupChoices, identity: string, tagValue: string): SetupPlan {
  const [, partition = "aws", , , account = ""] = identity.split(":");
  const { name, user, role, mfa } = choices;
  const iam = `arn:${partition}:iam::${account}`;
  const policy = `${role}-assume`;
  const rolePolicyArns = choices.rolePolicyArns ?? [
    `arn:${partition}:iam::aws:policy/job-function/ViewOnlyAccess`,
  ];
  checkName("--user", user, 64);
  checkName("--role", role, 64);
  for (const arn of rolePolicyArns) checkPolicyArn(arn, partition);
  if (name.includes("%"))
    throw badName("NAME", name, 'it is also the value of a tag, which cannot have "%"');
  const userArn = `${iam}:user/${user}`;
  const roleArn = `${iam}:role/${role}`;
  return {
    ...choices,
    rolePolicyArns,
    account,
    policy,
    userArn,
    roleArn,
    policyArn: `${iam}:policy/${policy}`,
    userPolicy: document([
      { Sid: "AssumeTheOneRole", Effect: "Allow", Action: "sts:AssumeRole", Resource: roleArn },
      {
        Sid: "RotateTheOwnKey",
        Effect: "Allow",
        Action: [
          "iam:CreateAccessKey",
          "iam:DeleteAccessKey",
          "iam:GetAccessKeyLastUsed",
          "iam:ListAccessKeys",
          "iam:UpdateAccessKey",
        ],
        Resource: userArn,
      },
    ]),
    trustPolicy: document([
      {
        Effect: "Allow",
        Principal: { AWS: userArn },
        Action: "sts:AssumeRole",
        ...(mfa ? { Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } } } : {}),
      },
    ]),
    mfaSerial: `${iam}:mfa/${user}`,
    tag: { key: "awsrole:setup", value: tagValue },
  };
}

/** True when two policy documents say the same, whatever their spaces and the order of their keys. */
export function isSamePolicy(one: string, other: string): boolean {
  try {
    return canonical(JSON.parse(one)) === canonical(JSON.parse(other));
  } catch {
    return false;
  }
}

function document(statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function checkName(option: string, name: string, longest: number): void {
  if (/^[\w+=,.@-]+$/.test(name) && name.length <= longest) return;
  throw badName(option, name, `IAM takes letters, digits and _+=,.@-, at most ${longest} of them`);
}

function checkPolicyArn(arn: string, partition: string): void {
  const found = /^arn:(aws[a-z0-9-]*):iam::(?:aws|\d{12}):policy\/[\w+=,.@/-]+$/.exec(arn);
  if (found?.[1] === partition) return;
  throw badName(
    "--policy-arn",
    arn,
    found === null
      ? "it looks like arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
      : `this account is in the partition ${partition}, not ${found[1]}`,
  );
}

function badName(option: string, name: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_USAGE", `setup: ${option} ${name} is not valid`, { hint });
}
