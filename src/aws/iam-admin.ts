/**
 * IAM as an administrator uses it: users, policies and roles, what `setup` makes and takes away.
 *
 * - Whatever is made is tagged in the same call: there is no moment in which something of ours is untagged.
 * - Looking for what is not there answers undefined (or nothing listed); taking away what is not there is done.
 */
import type { Credentials } from "./credentials.ts";
import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeactivateMFADeviceCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteUserCommand,
  DeleteVirtualMFADeviceCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  GetLoginProfileCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetUserCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupsForUserCommand,
  ListPolicyVersionsCommand,
  ListUserPoliciesCommand,
  UpdateAssumeRolePolicyCommand,
  type Tag,
} from "@aws-sdk/client-iam";
import type { StsConnection } from "../config/connection.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { createCaller } from "./client.ts";
import { isNotFound } from "./iam.ts";

/** The one tag that says whose a thing is. */
export type OwnerTag = { readonly key: string; readonly value: string };

/** A user, role or policy: its ARN, and its tags by key. */
export type Owned = {
  readonly arn: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly createdAt: Date | undefined;
};

export type IamAdmin = ReturnType<typeof createIamAdmin>;

/** IAM by one connection, signed by an administrator. Every method throws only `AwsRoleError`, as those of `Sts` do. */
export function createIamAdmin(
  connection: StsConnection,
  credentials: Credentials,
  { remainingMs }: { remainingMs: () => number },
) {
  const call = createCaller("IAM", connection, remainingMs);
  const ask = async <Output>(
    action: string,
    send: (client: IAMClient) => Promise<Output>,
  ): Promise<Output> => {
    const { output } = await call({ action }, credentials, (config) => send(new IAMClient(config)));
    return output;
  };
  const versionsOf = async (arn: string): Promise<readonly PolicyVersion[]> => {
    const { Versions = [] } = await ask("ListPolicyVersions", (iam) =>
      iam.send(new ListPolicyVersionsCommand({ PolicyArn: arn })),
    );
    return Versions.map(({ VersionId = "", IsDefaultVersion = false, CreateDate }) => ({
      id: VersionId,
      isDefault: IsDefaultVersion,
      at: CreateDate?.getTime() ?? 0,
    }));
  };
  const deleteVersion = (arn: string, id: string): Promise<unknown> =>
    ask("DeletePolicyVersion", (iam) =>
      iam.send(new DeletePolicyVersionCommand({ PolicyArn: arn, VersionId: id })),
    );

  return {
    findUser: (name: string): Promise<Owned | undefined> =>
      undefinedIfNotFound(async () => {
        const { User } = await ask("GetUser", (iam) =>
          iam.send(new GetUserCommand({ UserName: name })),
        );
        return owned("GetUser", User);
      }),
    createUser: (name: string, tag: OwnerTag) =>
      ask("CreateUser", (iam) =>
        iam.send(new CreateUserCommand({ UserName: name, Tags: [asTag(tag)] })),
      ),
    /** What a user has that no setup gives it. */
    extrasOfUser: async (name: string) => {
      const profile = await undefinedIfNotFound(() =>
        ask("GetLoginProfile", (iam) => iam.send(new GetLoginProfileCommand({ UserName: name }))),
      );
      const { Groups = [] } = await ask("ListGroupsForUser", (iam) =>
        iam.send(new ListGroupsForUserCommand({ UserName: name })),
      );
      const { PolicyNames = [] } = await ask("ListUserPolicies", (iam) =>
        iam.send(new ListUserPoliciesCommand({ UserName: name })),
      );
      return {
        hasPassword: profile !== undefined,
        groups: Groups.map(({ GroupName = "" }) => GroupName),
        inlinePolicies: PolicyNames,
      };
    },
    deleteUser: (name: string) =>
      ignoreNotFound(
        ask("DeleteUser", (iam) => iam.send(new DeleteUserCommand({ UserName: name }))),
      ),

    /** Whether there is such a policy; true, too, where that may not be asked. */
    hasPolicy: async (arn: string): Promise<boolean> => {
      try {
        const get = (): Promise<unknown> =>
          ask("GetPolicy", (iam) => iam.send(new GetPolicyCommand({ PolicyArn: arn })));
        return (await undefinedIfNotFound(get)) !== undefined;
      } catch (error) {
        if (isAwsRoleError(error) && error.code === "ERR_AWS_DENIED") return true;
        throw error;
      }
    },
    /** With the document of its default version. */
    findPolicy: (arn: string): Promise<(Owned & { readonly document: string }) | undefined> =>
      undefinedIfNotFound(async () => {
        const { Policy } = await ask("GetPolicy", (iam) =>
          iam.send(new GetPolicyCommand({ PolicyArn: arn })),
        );
        const { PolicyVersion } = await ask("GetPolicyVersion", (iam) =>
          iam.send(
            new GetPolicyVersionCommand({ PolicyArn: arn, VersionId: Policy?.DefaultVersionId }),
          ),
        );
        return {
          ...owned("GetPolicy", Policy),
          document: decodeURIComponent(PolicyVersion?.Document ?? ""),
        };
      }),
    createPolicy: (name: string, document: string, tag: OwnerTag) =>
      ask("CreatePolicy", (iam) =>
        iam.send(
          new CreatePolicyCommand({
            PolicyName: name,
            PolicyDocument: document,
            Tags: [asTag(tag)],
          }),
        ),
      ),
    /** Makes the document the default version; the oldest other one goes if there are five, the most that AWS keeps. */
    async replacePolicy(arn: string, document: string): Promise<void> {
      const versions = await versionsOf(arn);
      const [oldest] = versions
        .filter(({ isDefault }) => !isDefault)
        .toSorted((a, b) => a.at - b.at);
      if (versions.length >= 5 && oldest !== undefined) await deleteVersion(arn, oldest.id);
      await ask("CreatePolicyVersion", (iam) =>
        iam.send(
          new CreatePolicyVersionCommand({
            PolicyArn: arn,
            PolicyDocument: document,
            SetAsDefault: true,
          }),
        ),
      );
    },
    /** With all its versions. */
    async deletePolicy(arn: string): Promise<void> {
      for (const { id, isDefault } of (await undefinedIfNotFound(() => versionsOf(arn))) ?? []) {
        if (!isDefault) await ignoreNotFound(deleteVersion(arn, id));
      }
      await ignoreNotFound(
        ask("DeletePolicy", (iam) => iam.send(new DeletePolicyCommand({ PolicyArn: arn }))),
      );
    },

    findRole: (name: string): Promise<(Owned & { readonly trustPolicy: string }) | undefined> =>
      undefinedIfNotFound(async () => {
        const { Role } = await ask("GetRole", (iam) =>
          iam.send(new GetRoleCommand({ RoleName: name })),
        );
        return {
          ...owned("GetRole", Role),
          trustPolicy: decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""),
        };
      }),
    createRole: (name: string, trustPolicy: string, tag: OwnerTag) =>
      ask("CreateRole", (iam) =>
        iam.send(
          new CreateRoleCommand({
            RoleName: name,
            AssumeRolePolicyDocument: trustPolicy,
            Tags: [asTag(tag)],
          }),
        ),
      ),
    replaceTrustPolicy: (name: string, trustPolicy: string) =>
      ask("UpdateAssumeRolePolicy", (iam) =>
        iam.send(
          new UpdateAssumeRolePolicyCommand({ RoleName: name, PolicyDocument: trustPolicy }),
        ),
      ),
    deleteRole: (name: string) =>
      ignoreNotFound(
        ask("DeleteRole", (iam) => iam.send(new DeleteRoleCommand({ RoleName: name }))),
      ),

    /** The ARNs of managed policies; a user or role has twenty at most, so one answer holds them all. */
    policiesOfUser: async (name: string): Promise<readonly string[]> =>
      (await undefinedIfNotFound(async () =>
        arns(
          await ask("ListAttachedUserPolicies", (iam) =>
            iam.send(new ListAttachedUserPoliciesCommand({ UserName: name })),
          ),
        ),
      )) ?? [],
    attachToUser: (name: string, policyArn: string) =>
      ask("AttachUserPolicy", (iam) =>
        iam.send(new AttachUserPolicyCommand({ UserName: name, PolicyArn: policyArn })),
      ),
    detachFromUser: (name: string, policyArn: string) =>
      ignoreNotFound(
        ask("DetachUserPolicy", (iam) =>
          iam.send(new DetachUserPolicyCommand({ UserName: name, PolicyArn: policyArn })),
        ),
      ),
    policiesOfRole: async (name: string): Promise<readonly string[]> =>
      (await undefinedIfNotFound(async () =>
        arns(
          await ask("ListAttachedRolePolicies", (iam) =>
            iam.send(new ListAttachedRolePoliciesCommand({ RoleName: name })),
          ),
        ),
      )) ?? [],
    attachToRole: (name: string, policyArn: string) =>
      ask("AttachRolePolicy", (iam) =>
        iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn: policyArn })),
      ),
    detachFromRole: (name: string, policyArn: string) =>
      ignoreNotFound(
        ask("DetachRolePolicy", (iam) =>
          iam.send(new DetachRolePolicyCommand({ RoleName: name, PolicyArn: policyArn })),
        ),
      ),

    /** Takes the device from the user, and deletes it if it is a virtual one. */
    async removeMfaDevice(name: string, serial: string): Promise<void> {
      await ignoreNotFound(
        ask("DeactivateMFADevice", (iam) =>
          iam.send(new DeactivateMFADeviceCommand({ UserName: name, SerialNumber: serial })),
        ),
      );
      if (!serial.startsWith("arn:")) return;
      await ignoreNotFound(
        ask("DeleteVirtualMFADevice", (iam) =>
          iam.send(new DeleteVirtualMFADeviceCommand({ SerialNumber: serial })),
        ),
      );
    },
  };
}

type PolicyVersion = { readonly id: string; readonly isDefault: boolean; readonly at: number };

/**
 * True when the same call may well succeed in a moment: IAM's changes reach its parts one by one, and a policy cannot yet name, nor
 * an attachment join, what was made a second ago; a new key is unknown here and there.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 */
export function isEventuallyConsistent(error: unknown): boolean {
  if (!isAwsRoleError(error) || !(error.cause instanceof Error)) return false;
  const { name, message } = error.cause;
  return (
    /^(?:NoSuchEntity|EntityAlreadyExists|EntityTemporarilyUnmodifiable|ConcurrentModification|InvalidClientTokenId)/.test(
      name,
    ) ||
    (name.startsWith("MalformedPolicyDocument") && /invalid principal/i.test(message))
  );
}

/** True when IAM does not delete something because of what still belongs to it, which may be gone in a moment. */
export function isStillInUse(error: unknown): boolean {
  return (
    isAwsRoleError(error) &&
    error.cause instanceof Error &&
    error.cause.name.startsWith("DeleteConflict")
  );
}

async function undefinedIfNotFound<T>(find: () => Promise<T>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function ignoreNotFound(deleting: Promise<unknown>): Promise<void> {
  await undefinedIfNotFound(() => deleting);
}

function asTag({ key, value }: OwnerTag): Tag {
  return { Key: key, Value: value };
}

function owned(
  action: string,
  found:
    | {
        readonly Arn?: string | undefined;
        readonly Tags?: Tag[] | undefined;
        readonly CreateDate?: Date | undefined;
      }
    | undefined,
): Owned {
  if (!found?.Arn) {
    throw new AwsRoleError("ERR_AWS_UNAVAILABLE", `IAM returned nothing for ${action}`, {
      hint: "check that endpoint_url and the proxy lead to AWS",
    });
  }
  return {
    arn: found.Arn,
    createdAt: found.CreateDate,
    tags: new Map((found.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value])),
  };
}

function arns(answer: {
  readonly AttachedPolicies?: readonly { readonly PolicyArn?: string | undefined }[] | undefined;
}): readonly string[] {
  return (answer.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []);
}
