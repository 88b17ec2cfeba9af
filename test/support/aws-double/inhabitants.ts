import type { Clock } from "./clock.ts";
import {
  createAccessKey,
  newIdentifier,
  parseRoleArn,
  type AccessKey,
  type Directory,
  type Role,
  type Session,
  type User,
} from "./directory.ts";
import { totpCode } from "./totp.ts";

/** The account of everybody who is not given another. */
export const DEFAULT_ACCOUNT_ID = "123456789012";

/** A user to be; what is left out is made up. `mfaSerial` and `totpSecret` belong together: no device without them. */
export type UserToAdd = {
  name: string;
  accountId?: string;
  /** `aws` unless given. A key works in the regions of its own partition only. */
  partition?: string;
  accessKeyId?: string;
  secretAccessKey?: string;
  mfaSerial?: string;
  /** Base32. */
  totpSecret?: string;
};

/** A user with the key it starts with. */
export type AddedUser = User & { accessKeyId: string; secretAccessKey: string };

/** A role to be. Unless said otherwise it lasts up to 12 hours and trusts its own account and the default one. */
export type RoleToAdd = { arn: string } & Partial<
  Pick<
    Role,
    | "maxSessionDuration"
    | "externalId"
    | "requireMfa"
    | "maxMfaAgeSeconds"
    | "trustedPrincipalArns"
    | "webIdentityIssuer"
    | "samlProvider"
  >
>;

/** The part of the double that adds, changes and removes users, keys, roles and sessions; Bob and his role are there already. */
export function createInhabitants(directory: Directory, clock: Clock) {
  const bob = addUser({
    name: "Bob",
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    mfaSerial: `arn:aws:iam::${DEFAULT_ACCOUNT_ID}:mfa/Bob`,
    totpSecret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
  });
  const role = addRole({ arn: `arn:aws:iam::${DEFAULT_ACCOUNT_ID}:role/example-role` });
  return {
    bob,
    role,
    addUser,
    addRole,
    setKeyStatus,
    deleteKey,
    sessions,
    expireSession,
    currentCode,
    giveMfaDevice,
    iam: directory as Pick<Directory, "usersByArn" | "rolesByArn" | "policiesByArn" | "keysById">,
  };

  function addUser(given: UserToAdd): AddedUser {
    const {
      name,
      accountId = DEFAULT_ACCOUNT_ID,
      partition = "aws",
      mfaSerial,
      totpSecret,
    } = given;
    const user: User = {
      name,
      arn: `arn:${partition}:iam::${accountId}:user/${name}`,
      userId: newIdentifier("AIDA"),
      accountId,
      partition,
      createdAt: clock.now(),
      mfaSerial,
      totpSecret,
      usedTotpSteps: new Set(),
    };
    directory.usersByArn.set(user.arn, user);
    const key = createAccessKey(user, clock.now(), given);
    directory.keysById.set(key.accessKeyId, key);
    return { ...user, accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey };
  }

  function addRole(given: RoleToAdd): Role {
    const parts = parseRoleArn(given.arn);
    if (parts === undefined) throw new Error(`not the ARN of a role: ${given.arn}`);
    const role: Role = {
      roleId: newIdentifier("AROA"),
      createdAt: clock.now(),
      maxSessionDuration: 43_200,
      externalId: undefined,
      requireMfa: false,
      maxMfaAgeSeconds: undefined,
      trustedPrincipalArns: [parts.accountId, DEFAULT_ACCOUNT_ID],
      webIdentityIssuer: undefined,
      ...parts,
      ...given,
    };
    directory.rolesByArn.set(role.arn, role);
    return role;
  }

  function setKeyStatus(accessKeyId: string, status: AccessKey["status"]): void {
    existing(directory.keysById, accessKeyId).status = status;
  }

  function deleteKey(accessKeyId: string): void {
    existing(directory.keysById, accessKeyId);
    directory.keysById.delete(accessKeyId);
  }

  function sessions(): Session[] {
    return [...directory.sessionsById.values()];
  }

  function expireSession(accessKeyId: string): void {
    existing(directory.sessionsById, accessKeyId).expiresAt = clock.now();
  }

  /** Registers a virtual device of the user's name. */
  function giveMfaDevice(userArn: string): User {
    const user = existing(directory.usersByArn, userArn);
    return Object.assign(user, {
      mfaSerial: userArn.replace(":user/", ":mfa/"),
      totpSecret: bob.totpSecret,
    });
  }

  function currentCode({ name, totpSecret }: User): string {
    if (totpSecret === undefined) throw new Error(`${name} has no MFA device`);
    return totpCode(totpSecret, clock.now());
  }
}

function existing<Value>(byId: ReadonlyMap<string, Value>, id: string): Value {
  const value = byId.get(id);
  if (value === undefined) throw new Error(`the double knows no ${id}`);
  return value;
}
