/** Who exists in the double: users with their keys and devices, roles, and the sessions it has issued. */
import { randomBytes } from "node:crypto";

/** An IAM user; with `mfaSerial` and `totpSecret` (base32) it has a device. */
export type User = {
  name: string;
  arn: string;
  userId: string;
  accountId: string;
  partition: string;
  createdAt: Date;
  mfaSerial: string | undefined;
  totpSecret: string | undefined;
  /** The steps whose code was used: each is good once. */
  usedTotpSteps: Set<number>;
  /** What others gave it: a console password, groups, inline policies. Names only. */
  hasPassword?: boolean;
  groups?: readonly string[];
  inlinePolicies?: readonly string[];
} & Partial<Entity>;

/** What a user or role has that was made by IAM calls. */
type Entity = {
  tags: Map<string, string>;
  /** Managed policies. Who has this may do what they say; who has it not may do everything. */
  attachedPolicyArns: Set<string>;
};

/** A customer managed policy. */
export type Policy = {
  arn: string;
  name: string;
  tags: Map<string, string>;
  /** The oldest first. */
  versions: { id: string; document: string; createdAt: Date; isDefault: boolean }[];
};

/** A long-term access key of a user. */
export type AccessKey = {
  accessKeyId: string;
  secretAccessKey: string;
  user: User;
  status: "Active" | "Inactive";
  createdAt: Date;
  lastUsed: { at: Date; service: string; region: string } | undefined;
  /** How many requests are still answered as if the key did not exist: IAM is eventually consistent. */
  unknownForRequests: number;
};

/** A role and the conditions of its trust policy. */
export type Role = {
  arn: string;
  name: string;
  path: string;
  roleId: string;
  accountId: string;
  partition: string;
  createdAt: Date;
  maxSessionDuration: number;
  externalId: string | undefined;
  /** `aws:MultiFactorAuthPresent`. */
  requireMfa: boolean;
  /** `aws:MultiFactorAuthAge`, in seconds. */
  maxMfaAgeSeconds: number | undefined;
  /** ARNs of users, roles, role sessions, account roots (`arn:aws:iam::ACCOUNT:root`), or `*`. */
  trustedPrincipalArns: readonly string[];
  /** The issuer of web identity tokens that it trusts; undefined: any. */
  webIdentityIssuer: string | undefined;
  /** The identity provider in IAM whose SAML assertions it trusts, and the issuer in that provider's metadata. */
  samlProvider?: { arn: string; issuer: string };
  /** The document as it was given, of roles that were made by IAM calls. */
  trustPolicy?: string;
} & Partial<Entity>;

/** Who makes a request. */
export type Caller = {
  kind: "user" | "user-session" | "role-session" | "federated-user";
  arn: string;
  userId: string;
  accountId: string;
  partition: string;
  /** Of users and their sessions. */
  user: User | undefined;
  /** Of role sessions. */
  roleArn: string | undefined;
  /** When the session's MFA code was given. Sessions of AssumeRole do not carry it on, those of GetSessionToken do. */
  mfaAuthenticatedAt: Date | undefined;
  /** Session tags that a next hop inherits, by lower-cased key. */
  transitiveTags: ReadonlyMap<string, string>;
  sourceIdentity: string | undefined;
  /** What a session is allowed at most: inline documents and ARNs of policies; absent: what its role is. */
  sessionPolicies?: readonly string[];
};

/** Temporary credentials that the double has issued. */
export type Session = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiresAt: Date;
  caller: Caller;
};

/** Everything there is, by what it is looked up with. */
export type Directory = {
  usersByArn: Map<string, User>;
  rolesByArn: Map<string, Role>;
  policiesByArn: Map<string, Policy>;
  keysById: Map<string, AccessKey>;
  sessionsById: Map<string, Session>;
};

/** An empty one. */
export function createDirectory(): Directory {
  return {
    usersByArn: new Map(),
    rolesByArn: new Map(),
    policiesByArn: new Map(),
    keysById: new Map(),
    sessionsById: new Map(),
  };
}

/** A new, active key. */
export function createAccessKey(
  user: User,
  createdAt: Date,
  given: { accessKeyId?: string | undefined; secretAccessKey?: string | undefined } = {},
): AccessKey {
  return {
    accessKeyId: given.accessKeyId ?? newIdentifier("AKIA"),
    secretAccessKey: given.secretAccessKey ?? newSecret(),
    user,
    status: "Active",
    createdAt,
    lastUsed: undefined,
    unknownForRequests: 0,
  };
}

/** Issues temporary credentials to `caller`. Their life is counted in whole seconds, as AWS states it. */
export function issueSession(
  directory: Directory,
  caller: Caller,
  {
    now,
    durationSeconds,
    tokenLength,
  }: { now: Date; durationSeconds: number; tokenLength: number },
): Session {
  const session: Session = {
    accessKeyId: newIdentifier("ASIA"),
    secretAccessKey: newSecret(),
    sessionToken: randomBytes(tokenLength).toString("base64").slice(0, tokenLength),
    expiresAt: new Date(Math.floor(now.getTime() / 1000) * 1000 + durationSeconds * 1000),
    caller,
  };
  directory.sessionsById.set(session.accessKeyId, session);
  return session;
}

/** The user itself as a caller, `kind` being how it signs. */
export function userAsCaller(
  user: User,
  kind: "user" | "user-session",
  mfaAuthenticatedAt: Date | undefined,
): Caller {
  return {
    kind,
    arn: user.arn,
    userId: user.userId,
    accountId: user.accountId,
    partition: user.partition,
    user,
    roleArn: undefined,
    mfaAuthenticatedAt,
    transitiveTags: new Map(),
    sourceIdentity: undefined,
  };
}

/** The parts of `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`; undefined if it is not a role's ARN. */
export function parseRoleArn(
  arn: string,
): { partition: string; accountId: string; path: string; name: string } | undefined {
  const match =
    /^arn:(aws[\w-]*):iam::(\d{12}):role(\/(?:[\u0021-\u007e]+\/)?)([\w+=,.@-]{1,64})$/.exec(arn);
  if (match === null) return undefined;
  const [, partition = "", accountId = "", path = "", name = ""] = match;
  return { partition, accountId, path, name };
}

/** The partition that a region belongs to: keys of one are unknown in the others. */
export function partitionOfRegion(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  if (region.startsWith("us-gov-")) return "aws-us-gov";
  return "aws";
}

/** An AWS identifier: four letters that say of what, and 16 of base32. */
export function newIdentifier(prefix: string): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return prefix + Array.from(randomBytes(16), (byte) => letters.charAt(byte % 32)).join("");
}

function newSecret(): string {
  return randomBytes(30).toString("base64");
}
