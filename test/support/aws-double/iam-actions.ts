/**
 * The actions of IAM that have to do with keys, and lists. What a user may do is decided in `identity-policy.ts`; users' sessions
 * without MFA may do nothing here, as at AWS.
 */
import type { ActionRequest, Actions } from "./action-request.ts";
import { refusal, type XmlStructure } from "./answers.ts";
import { createAccessKey, type AccessKey, type Role, type User } from "./directory.ts";

const MAX_KEYS_PER_USER = 2;
const DEFAULT_PAGE_ITEMS = 100;

/** The actions by name. */
export const IAM_ACTIONS: Actions = {
  CreateAccessKey: (request) => {
    const { directory, now } = request;
    const user = findUser(request);
    if (keysOf(request, user).length >= MAX_KEYS_PER_USER) {
      throw refusal(
        409,
        "LimitExceeded",
        `Cannot exceed quota for AccessKeysPerUser: ${MAX_KEYS_PER_USER}`,
      );
    }
    const key = { ...createAccessKey(user, now), unknownForRequests: request.newKeyUnknownFor };
    directory.keysById.set(key.accessKeyId, key);
    return { AccessKey: { ...keyResult(key), SecretAccessKey: key.secretAccessKey } };
  },
  ListAccessKeys: (request) => ({
    AccessKeyMetadata: keysOf(request, findUser(request)).map(keyResult),
    IsTruncated: false,
  }),
  UpdateAccessKey: (request) => {
    findKey(request, findUser(request)).status =
      request.params["Status"] === "Active" ? "Active" : "Inactive";
    return undefined;
  },
  DeleteAccessKey: (request) => {
    request.directory.keysById.delete(findKey(request, findUser(request)).accessKeyId);
    return undefined;
  },
  GetAccessKeyLastUsed: (request) => {
    const { user, lastUsed } = findKey(request, undefined);
    return {
      UserName: user.name,
      AccessKeyLastUsed: {
        LastUsedDate: lastUsed === undefined ? undefined : formatDate(lastUsed.at),
        ServiceName: lastUsed?.service ?? "N/A",
        Region: lastUsed?.region ?? "N/A",
      },
    };
  },
  GetUser: (request) => ({ User: userResult(findUser(request)) }),
  ListMFADevices: (request) => {
    const { name, mfaSerial, createdAt } = findUser(request);
    const device = { UserName: name, SerialNumber: mfaSerial, EnableDate: formatDate(createdAt) };
    return { MFADevices: mfaSerial === undefined ? [] : [device], IsTruncated: false };
  },
  ListRoles: (request) => {
    requireIamAccess(request);
    const { params, caller, directory } = request;
    const roles = [...directory.rolesByArn.values()]
      .filter((role) => role.accountId === caller.accountId && role.partition === caller.partition)
      .filter((role) => role.path.startsWith(params["PathPrefix"] ?? "/"))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const from = Number(params["Marker"] ?? 0);
    const to = from + Number(params["MaxItems"] ?? DEFAULT_PAGE_ITEMS);
    const isTruncated = to < roles.length;
    return {
      Roles: roles.slice(from, to).map(roleResult),
      IsTruncated: isTruncated,
      Marker: isTruncated ? String(to) : undefined,
    };
  },
};

/** The user that is named, or else the one that calls. */
export function findUser(request: ActionRequest): User {
  requireIamAccess(request);
  const { params, caller, directory } = request;
  const name = params["UserName"] ?? caller.user?.name;
  if (name === undefined) {
    throw refusal(
      400,
      "ValidationError",
      "Must specify userName when calling with non-User credentials",
    );
  }
  const user = directory.usersByArn.get(
    `arn:${caller.partition}:iam::${caller.accountId}:user/${name}`,
  );
  if (user === undefined)
    throw refusal(404, "NoSuchEntity", `The user with name ${name} cannot be found.`);
  return user;
}

/** The key that is named, of `user` if that is known. */
function findKey(request: ActionRequest, user: User | undefined): AccessKey {
  requireIamAccess(request);
  const { params, caller, directory } = request;
  const accessKeyId = params["AccessKeyId"] ?? "";
  const key = directory.keysById.get(accessKeyId);
  const isTheirs =
    user === undefined ? key?.user.accountId === caller.accountId : key?.user === user;
  if (key === undefined || !isTheirs) {
    throw refusal(404, "NoSuchEntity", `The Access Key with id ${accessKeyId} cannot be found.`);
  }
  return key;
}

function keysOf({ directory }: ActionRequest, user: User): AccessKey[] {
  return [...directory.keysById.values()].filter((key) => key.user === user);
}

/** Sessions of GetSessionToken reach IAM only with MFA (aws-sdk-js#460, cloudyr/aws.iam#15). */
function requireIamAccess({ caller }: ActionRequest): void {
  if (caller.kind === "user-session" && caller.mfaAuthenticatedAt === undefined) {
    throw refusal(
      403,
      "InvalidClientTokenId",
      "The security token included in the request is invalid",
    );
  }
}

function keyResult(key: AccessKey): XmlStructure {
  return {
    UserName: key.user.name,
    AccessKeyId: key.accessKeyId,
    Status: key.status,
    CreateDate: formatDate(key.createdAt),
  };
}

/** A user as IAM describes it. */
export function userResult({ name, userId, arn, createdAt, tags }: User): XmlStructure {
  return {
    Path: "/",
    UserName: name,
    UserId: userId,
    Arn: arn,
    CreateDate: formatDate(createdAt),
    ...((tags?.size ?? 0) === 0 ? {} : { Tags: tagsResult(tags) }),
  };
}

function tagsResult(tags: ReadonlyMap<string, string> = new Map()): XmlStructure[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

/** A role as IAM describes it. */
export function roleResult(role: Role): XmlStructure {
  const trust = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: role.trustedPrincipalArns },
        Action: "sts:AssumeRole",
        Condition: {
          ...(role.externalId === undefined
            ? {}
            : { StringEquals: { "sts:ExternalId": role.externalId } }),
          ...(role.requireMfa ? { Bool: { "aws:MultiFactorAuthPresent": "true" } } : {}),
        },
      },
    ],
  };
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.roleId,
    Arn: role.arn,
    CreateDate: formatDate(role.createdAt),
    AssumeRolePolicyDocument: encodeURIComponent(role.trustPolicy ?? JSON.stringify(trust)),
    MaxSessionDuration: role.maxSessionDuration,
    ...((role.tags?.size ?? 0) === 0 ? {} : { Tags: tagsResult(role.tags) }),
  };
}

/** A date as IAM writes it. */
export function formatDate(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
