/** IAM, as far as a user's access keys and choosing a role go; the rest is in `iam-admin.ts`. Reached by `import()`, as only these two load the SDK client. */
import type { Credentials } from "./credentials.ts";
import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListMFADevicesCommand,
  ListRolesCommand,
  type Role,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import type { StsConnection } from "../config/connection.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { createCaller } from "./client.ts";

/** An access key as IAM lists it. */
export type AccessKeyInfo = {
  readonly accessKeyId: string;
  readonly isActive: boolean;
  /** By AWS's clock. */
  readonly createdAt: Date | undefined;
};

/** When and for what a key last signed something; AWS is some hours late with it. Undefined: never. */
export type LastUse = { readonly at: Date; readonly service: string; readonly region: string };

/** A role that a principal may be allowed to assume. */
export type RoleInfo = {
  readonly arn: string;
  readonly maxSessionSeconds: number | undefined;
  /** Its trust policy speaks of MFA. */
  readonly asksForMfa: boolean;
};

/** IAM for one user. Every method throws only `AwsRoleError`, as those of `Sts` do. */
export type Iam = {
  listAccessKeys(): Promise<readonly AccessKeyInfo[]>;
  /** The only time that AWS says the secret. Tried once: a second attempt after a lost answer would make a second key. */
  createAccessKey(): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }>;
  setAccessKeyActive(accessKeyId: string, isActive: boolean): Promise<void>;
  /** False when it was not there. */
  deleteAccessKey(accessKeyId: string): Promise<boolean>;
  lastUseOf(accessKeyId: string): Promise<LastUse | undefined>;
  /** The roles of the signer's account, without those that only AWS's own services assume; in the order of their names. */
  listRoles(): Promise<readonly RoleInfo[]>;
  /** The serials of the user's own devices. */
  listMfaDevices(): Promise<readonly string[]>;
};

/** IAM by one connection, for the user who signs, or for the one that is named. */
export function createIam(
  connection: StsConnection,
  credentials: Credentials,
  { remainingMs }: { remainingMs: () => number },
  userName?: string,
): Iam {
  const user = userName === undefined ? {} : { UserName: userName };
  const call = createCaller("IAM", connection, remainingMs);
  const callOnce = createCaller("IAM", { ...connection, maxAttempts: 1 }, remainingMs);
  return {
    async listAccessKeys() {
      const { output } = await call({ action: "ListAccessKeys" }, credentials, (config) =>
        new IAMClient(config).send(new ListAccessKeysCommand(user)),
      );
      return (output.AccessKeyMetadata ?? []).flatMap(({ AccessKeyId, Status, CreateDate }) =>
        AccessKeyId === undefined
          ? []
          : [{ accessKeyId: AccessKeyId, isActive: Status === "Active", createdAt: CreateDate }],
      );
    },
    async createAccessKey() {
      const { output } = await callOnce({ action: "CreateAccessKey" }, credentials, (config) =>
        new IAMClient(config).send(new CreateAccessKeyCommand(user)),
      );
      const { AccessKeyId, SecretAccessKey } = output.AccessKey ?? {};
      if (!AccessKeyId || !SecretAccessKey) {
        throw new AwsRoleError("ERR_AWS_UNAVAILABLE", "IAM returned no key for CreateAccessKey", {
          hint: "check that endpoint_url and the proxy lead to AWS",
        });
      }
      return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey };
    },
    async setAccessKeyActive(accessKeyId, isActive) {
      await call({ action: "UpdateAccessKey" }, credentials, (config) =>
        new IAMClient(config).send(
          new UpdateAccessKeyCommand({
            ...user,
            AccessKeyId: accessKeyId,
            Status: isActive ? "Active" : "Inactive",
          }),
        ),
      );
    },
    async deleteAccessKey(accessKeyId) {
      try {
        await call({ action: "DeleteAccessKey" }, credentials, (config) =>
          new IAMClient(config).send(
            new DeleteAccessKeyCommand({ ...user, AccessKeyId: accessKeyId }),
          ),
        );
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },
    async lastUseOf(accessKeyId) {
      const { output } = await call({ action: "GetAccessKeyLastUsed" }, credentials, (config) =>
        new IAMClient(config).send(new GetAccessKeyLastUsedCommand({ AccessKeyId: accessKeyId })),
      );
      const { LastUsedDate, ServiceName, Region } = output.AccessKeyLastUsed ?? {};
      return LastUsedDate === undefined
        ? undefined
        : { at: LastUsedDate, service: ServiceName ?? "N/A", region: Region ?? "N/A" };
    },
    async listRoles() {
      const roles: Role[] = [];
      let marker: string | undefined;
      do {
        const { output } = await call({ action: "ListRoles" }, credentials, (config) =>
          new IAMClient(config).send(
            new ListRolesCommand({ MaxItems: 1000, ...(marker && { Marker: marker }) }),
          ),
        );
        roles.push(...(output.Roles ?? []));
        marker = output.IsTruncated === true ? output.Marker : undefined;
      } while (marker !== undefined);
      return roles
        .filter(({ Arn = "" }) => /:role\/(?!aws-service-role\/|aws-reserved\/)/.test(Arn))
        .map(({ Arn = "", MaxSessionDuration, AssumeRolePolicyDocument = "" }) => ({
          arn: Arn,
          maxSessionSeconds: MaxSessionDuration,
          // IAM gives the policy URI-encoded.
          asksForMfa: /aws(?::|%3A)MultiFactorAuthPresent/i.test(AssumeRolePolicyDocument),
        }))
        .sort((a, b) => (nameOf(a.arn) < nameOf(b.arn) ? -1 : 1));
    },
    async listMfaDevices() {
      const { output } = await call({ action: "ListMFADevices" }, credentials, (config) =>
        new IAMClient(config).send(new ListMFADevicesCommand(user)),
      );
      return (output.MFADevices ?? []).flatMap(({ SerialNumber }) => SerialNumber ?? []);
    },
  };
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

/** True for the error of a call about something that IAM does not have: its word for it is the name of the SDK's error. */
export function isNotFound(error: unknown): boolean {
  return (
    isAwsRoleError(error) &&
    error.cause instanceof Error &&
    error.cause.name.startsWith("NoSuchEntity")
  );
}
