/** The actions of IAM that make, tag, attach and delete users, policies and roles. Paths, quotas and paging are left out. */
import type { ActionRequest, Actions } from "./action-request.ts";
import { refusal, type XmlStructure } from "./answers.ts";
import { newIdentifier, type Policy, type Role, type User } from "./directory.ts";
import { findUser, formatDate, roleResult, userResult } from "./iam-actions.ts";
import { policyDocument } from "./identity-policy.ts";

const MAX_POLICY_VERSIONS = 5;

/** The actions by name. */
export const IAM_SETUP_ACTIONS: Actions = {
  CreateUser: (request) => {
    const { params, caller, directory, now } = request;
    const name = params["UserName"] ?? "";
    const arn = arnOf(request, "user", name);
    if (directory.usersByArn.has(arn)) throw exists("User", name);
    const user: User = {
      name,
      arn,
      userId: newIdentifier("AIDA"),
      accountId: caller.accountId,
      partition: caller.partition,
      createdAt: now,
      mfaSerial: undefined,
      totpSecret: undefined,
      usedTotpSteps: new Set(),
      tags: tagsOf(request),
      attachedPolicyArns: new Set(),
    };
    directory.usersByArn.set(arn, user);
    return { User: userResult(user) };
  },
  DeleteUser: (request) => {
    const { directory } = request;
    const user = findUser(request);
    const hasKeys = [...directory.keysById.values()].some((key) => key.user === user);
    if (hasKeys) throw conflict("must delete access keys first.");
    if (user.attachedPolicyArns?.size) throw conflict("must detach all policies first.");
    if (user.mfaSerial !== undefined) throw conflict("must delete MFA device first.");
    directory.usersByArn.delete(user.arn);
    return undefined;
  },
  GetLoginProfile: (request) => {
    const { name, hasPassword, createdAt } = findUser(request);
    if (hasPassword !== true) throw absent("Login Profile for User", name);
    return { LoginProfile: { UserName: name, CreateDate: formatDate(createdAt) } };
  },
  ListGroupsForUser: (request) => {
    const { groups = [], accountId, createdAt } = findUser(request);
    return {
      Groups: groups.map((GroupName) => ({
        Path: "/",
        GroupName,
        GroupId: "AGPAEXAMPLEGROUP1",
        Arn: `arn:aws:iam::${accountId}:group/${GroupName}`,
        CreateDate: formatDate(createdAt),
      })),
      IsTruncated: false,
    };
  },
  ListUserPolicies: (request) => ({
    PolicyNames: [...(findUser(request).inlinePolicies ?? [])],
    IsTruncated: false,
  }),
  CreatePolicy: (request) => {
    const { params, directory } = request;
    const name = params["PolicyName"] ?? "";
    const arn = arnOf(request, "policy", name);
    if (directory.policiesByArn.has(arn)) throw exists("Policy", name);
    const policy: Policy = { arn, name, tags: tagsOf(request), versions: [] };
    addVersion(request, policy);
    directory.policiesByArn.set(arn, policy);
    return { Policy: policyResult(policy) };
  },
  GetPolicy: (request) => ({ Policy: policyResult(findPolicy(request)) }),
  GetPolicyVersion: (request) => {
    const { versions } = findPolicy(request);
    const version = versions.find(({ id }) => id === request.params["VersionId"]);
    if (version === undefined) throw absent("Policy version", request.params["VersionId"]);
    return {
      PolicyVersion: {
        VersionId: version.id,
        IsDefaultVersion: version.isDefault,
        Document: encodeURIComponent(version.document),
        CreateDate: formatDate(version.createdAt),
      },
    };
  },
  ListPolicyVersions: (request) => ({
    Versions: findPolicy(request).versions.map(({ id, isDefault, createdAt }) => ({
      VersionId: id,
      IsDefaultVersion: isDefault,
      CreateDate: formatDate(createdAt),
    })),
    IsTruncated: false,
  }),
  CreatePolicyVersion: (request) => {
    const policy = findPolicy(request);
    if (policy.versions.length >= MAX_POLICY_VERSIONS) {
      throw refusal(
        409,
        "LimitExceeded",
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
      );
    }
    addVersion(request, policy);
    return { PolicyVersion: { VersionId: policy.versions.at(-1)?.id, IsDefaultVersion: true } };
  },
  DeletePolicyVersion: (request) => {
    const policy = findPolicy(request);
    policy.versions = policy.versions.filter(({ id }) => id !== request.params["VersionId"]);
    return undefined;
  },
  DeletePolicy: (request) => {
    const { directory } = request;
    const { arn, versions } = findPolicy(request);
    const holders = [...directory.usersByArn.values(), ...directory.rolesByArn.values()];
    if (holders.some(({ attachedPolicyArns }) => attachedPolicyArns?.has(arn) === true))
      throw conflict("a policy attached to entities.");
    if (versions.length > 1) throw conflict("This policy has more than one version.");
    directory.policiesByArn.delete(arn);
    return undefined;
  },
  AttachUserPolicy: (request) => attach(request, findUser(request)),
  DetachUserPolicy: (request) => detach(request, findUser(request)),
  ListAttachedUserPolicies: (request) => attachedResult(findUser(request)),
  CreateRole: (request) => {
    const { params, caller, directory, now } = request;
    const name = params["RoleName"] ?? "";
    const arn = arnOf(request, "role", name);
    if (directory.rolesByArn.has(arn)) throw exists("Role", name);
    const role: Role = {
      arn,
      name,
      path: "/",
      roleId: newIdentifier("AROA"),
      accountId: caller.accountId,
      partition: caller.partition,
      createdAt: now,
      maxSessionDuration: 3600,
      externalId: undefined,
      requireMfa: false,
      maxMfaAgeSeconds: undefined,
      trustedPrincipalArns: [],
      webIdentityIssuer: undefined,
      tags: tagsOf(request),
      attachedPolicyArns: new Set(),
    };
    trust(request, role, params["AssumeRolePolicyDocument"] ?? "");
    directory.rolesByArn.set(arn, role);
    return { Role: roleResult(role) };
  },
  GetRole: (request) => ({ Role: roleResult(findRole(request)) }),
  UpdateAssumeRolePolicy: (request) => {
    trust(request, findRole(request), request.params["PolicyDocument"] ?? "");
    return undefined;
  },
  DeleteRole: (request) => {
    const role = findRole(request);
    if (role.attachedPolicyArns?.size) throw conflict("must detach all policies first.");
    request.directory.rolesByArn.delete(role.arn);
    return undefined;
  },
  AttachRolePolicy: (request) => attach(request, findRole(request)),
  DetachRolePolicy: (request) => detach(request, findRole(request)),
  ListAttachedRolePolicies: (request) => attachedResult(findRole(request)),
  DeactivateMFADevice: (request) => {
    Object.assign(findUser(request), { mfaSerial: undefined, totpSecret: undefined });
    return undefined;
  },
  DeleteVirtualMFADevice: () => undefined,
};

function arnOf({ caller }: ActionRequest, kind: string, name: string): string {
  return `arn:${caller.partition}:iam::${caller.accountId}:${kind}/${name}`;
}

function tagsOf({ input }: ActionRequest): Map<string, string> {
  const { Tags = [] } = input as { Tags?: readonly { Key: string; Value: string }[] };
  return new Map(Tags.map(({ Key, Value }) => [Key, Value] as const));
}

function addVersion({ params, now }: ActionRequest, policy: Policy): void {
  for (const version of policy.versions) version.isDefault = false;
  const last = Number(policy.versions.at(-1)?.id.slice(1) ?? 0);
  policy.versions.push({
    id: `v${last + 1}`,
    document: params["PolicyDocument"] ?? "",
    createdAt: now,
    isDefault: true,
  });
}

/** A trust policy with one statement: its principals must exist, as at AWS. */
function trust({ directory }: ActionRequest, role: Role, document: string): void {
  const { Statement: statements } = JSON.parse(document) as {
    Statement: { Principal: { AWS: string | string[] }; Condition?: unknown }[];
  };
  const principals = statements.flatMap(({ Principal }) => Principal.AWS);
  const stranger = principals.find(
    (arn) => arn.includes(":user/") && !directory.usersByArn.has(arn),
  );
  if (stranger !== undefined) {
    throw refusal(
      400,
      "MalformedPolicyDocument",
      `Invalid principal in policy: "AWS":"${stranger}"`,
    );
  }
  role.trustPolicy = document;
  role.trustedPrincipalArns = principals;
  role.requireMfa = document.includes("aws:MultiFactorAuthPresent");
}

function findPolicy({ params, directory }: ActionRequest): Policy {
  const arn = params["PolicyArn"] ?? "";
  const policy = directory.policiesByArn.get(arn);
  if (policy !== undefined) return policy;
  const document = policyDocument(directory, arn);
  if (document === undefined) throw absent("Policy", arn);
  // One of AWS's own.
  const version = { id: "v1", isDefault: true, document, createdAt: new Date(0) };
  return { arn, name: arn.slice(arn.lastIndexOf("/") + 1), tags: new Map(), versions: [version] };
}

function findRole(request: ActionRequest): Role {
  const name = request.params["RoleName"] ?? "";
  const role = request.directory.rolesByArn.get(arnOf(request, "role", name));
  if (role === undefined) throw absent("The role with name", name);
  return role;
}

function attach({ params, directory }: ActionRequest, to: User | Role): undefined {
  const arn = params["PolicyArn"] ?? "";
  if (policyDocument(directory, arn) === undefined) throw absent("Policy", arn);
  (to.attachedPolicyArns ??= new Set()).add(arn);
}

function detach({ params }: ActionRequest, from: User | Role): undefined {
  const arn = params["PolicyArn"] ?? "";
  if (from.attachedPolicyArns?.delete(arn) !== true) throw absent("Policy", arn);
}

function attachedResult({ attachedPolicyArns = new Set() }: User | Role): XmlStructure {
  return {
    AttachedPolicies: [...attachedPolicyArns].map((arn) => ({
      PolicyName: arn.slice(arn.lastIndexOf("/") + 1),
      PolicyArn: arn,
    })),
    IsTruncated: false,
  };
}

function policyResult({ arn, name, tags, versions }: Policy): XmlStructure {
  return {
    PolicyName: name,
    Arn: arn,
    DefaultVersionId: versions.find(({ isDefault }) => isDefault)?.id,
    Tags: [...tags].map(([Key, Value]) => ({ Key, Value })),
  };
}

function exists(kind: string, name: string): Error {
  return refusal(409, "EntityAlreadyExists", `${kind} with name ${name} already exists.`);
}

function absent(what: string, name: string | undefined): Error {
  return refusal(404, "NoSuchEntity", `${what} ${name} cannot be found.`);
}

function conflict(why: string): Error {
  return refusal(409, "DeleteConflict", `Cannot delete entity, ${why}`);
}
