/** Where machines get credentials: the EC2 instance metadata service (IMDSv2 only) and the container credentials endpoint. */
import { randomBytes } from "node:crypto";
import { refusal } from "./answers.ts";
import type { Clock } from "./clock.ts";
import {
  issueSession,
  parseRoleArn,
  type Directory,
  type Role,
  type Session,
} from "./directory.ts";
import type { ServiceActions, ServiceCall } from "./service-call.ts";

/** The part of the double that is EC2's and ECS's; both give sessions of `settings.role`. */
export function createMetadata(directory: Directory, clock: Clock, role: Role) {
  const tokens = new Map<string, Date>();
  const settings = {
    role,
    /** The instance has a role. */
    hasRole: true,
    /** The container endpoint's path, and the Authorization header that it wants. */
    containerPath: "/v2/credentials/task",
    containerAuthorization: undefined as string | undefined,
    durationSeconds: 6 * 3600,
    /** How long ago what it gives expired: as when EC2 cannot renew it. */
    expiredForSeconds: undefined as number | undefined,
  };

  return {
    settings,
    instance: {
      GetToken: getToken,
      GetRoleName: getRoleName,
      GetRoleCredentials: getRoleCredentials,
    } as ServiceActions,
    container: { GetCredentials: getCredentials } as ServiceActions,
  };

  function getToken({ input, now }: ServiceCall<{ ttl: number }>) {
    const token = randomBytes(40).toString("base64");
    tokens.set(token, new Date(now.getTime() + input.ttl * 1000));
    return { text: token };
  }

  function getRoleName({ input, now }: ServiceCall<{ token: string }>) {
    requireToken(input.token, now);
    if (!settings.hasRole) throw refusal(404, "NotFound", "Not Found");
    return { text: settings.role.name };
  }

  function getRoleCredentials({ input, now }: ServiceCall<{ token: string; role: string }>) {
    requireToken(input.token, now);
    if (!settings.hasRole || input.role !== settings.role.name)
      throw refusal(404, "NotFound", "Not Found");
    const LastUpdated = now.toISOString().replace(/\.\d+/, "");
    return {
      json: {
        Code: "Success",
        LastUpdated,
        Type: "AWS-HMAC",
        ...credentialsOf(issue("i-0123456789abcdef0")),
      },
    };
  }

  function getCredentials({ input }: ServiceCall<{ path: string; authorization?: string }>) {
    if (`/${input.path}` !== settings.containerPath) throw refusal(404, "NotFound", "no such path");
    if (input.authorization !== settings.containerAuthorization)
      throw refusal(401, "Unauthorized", "Unauthorized");
    return { json: { RoleArn: settings.role.arn, ...credentialsOf(issue("task")) } };
  }

  function requireToken(token: string, now: Date): void {
    const expiresAt = tokens.get(token);
    if (expiresAt === undefined || expiresAt <= now)
      throw refusal(401, "Unauthorized", "Unauthorized");
  }

  function credentialsOf({ accessKeyId, secretAccessKey, sessionToken, expiresAt }: Session) {
    const { expiredForSeconds } = settings;
    const stated =
      expiredForSeconds === undefined
        ? expiresAt
        : new Date(clock.now().getTime() - expiredForSeconds * 1000);
    return {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: stated.toISOString().replace(/\.\d+/, ""),
    };
  }

  function issue(sessionName: string): Session {
    const { role } = settings;
    const { accountId = "", partition = "", name } = { ...parseRoleArn(role.arn), name: role.name };
    return issueSession(
      directory,
      {
        kind: "role-session",
        arn: `arn:${partition}:sts::${accountId}:assumed-role/${name}/${sessionName}`,
        userId: `${role.roleId}:${sessionName}`,
        accountId,
        partition,
        user: undefined,
        roleArn: role.arn,
        mfaAuthenticatedAt: undefined,
        transitiveTags: new Map(),
        sourceIdentity: undefined,
      },
      { now: clock.now(), durationSeconds: settings.durationSeconds, tokenLength: 356 },
    );
  }
}
