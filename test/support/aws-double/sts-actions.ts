/** The actions of STS. In which order AWS checks things is known from its answers only: see each. */
import { refusal, type XmlStructure } from "./answers.ts";
import type { ActionRequest, Actions, Parameters } from "./action-request.ts";
import {
  issueSession,
  parseRoleArn,
  userAsCaller,
  type Caller,
  type Directory,
  type Role,
  type Session,
} from "./directory.ts";
import { consumeMfaCode } from "./mfa.ts";
import { packSessionPolicy, readSessionTags, sessionPoliciesOf } from "./session-policy.ts";
import { readSamlAssertion } from "./saml.ts";
import { readWebIdentity } from "./web-identity.ts";

const DEFAULT_DURATION_SECONDS = 3600;
const MAX_CHAINED_DURATION_SECONDS = 3600;
const DEFAULT_SESSION_TOKEN_SECONDS = 43_200;

/** The signed actions by name. */
export const STS_ACTIONS: Actions = {
  AssumeRole: assumeRole,
  GetCallerIdentity: ({ caller }) => ({
    Arn: caller.arn,
    UserId: caller.userId,
    Account: caller.accountId,
  }),
  GetSessionToken: getSessionToken,
  GetFederationToken: getFederationToken,
};

type Unsigned = (request: Omit<ActionRequest, "caller">) => XmlStructure;

/** The actions that are not signed: what they are given says who calls. */
export const UNSIGNED_ACTIONS: Readonly<Record<string, Unsigned>> = {
  AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
  AssumeRoleWithSAML: assumeRoleWithSaml,
};

/** The assertion, then the pair of role and provider, then trust. */
function assumeRoleWithSaml(request: Omit<ActionRequest, "caller">): XmlStructure {
  const { params, directory, now } = request;
  const { RoleArn = "", PrincipalArn = "" } = params;
  const said = readSamlAssertion(params["SAMLAssertion"] ?? "", now);
  const role = findRole(directory, params);
  const pairs = said.roles.map((value) => value.split(",").map((arn) => arn.trim()));
  const isOffered = pairs.some((pair) => pair.includes(RoleArn) && pair.includes(PrincipalArn));
  if (role?.samlProvider?.arn !== PrincipalArn || !isOffered)
    throw refusal(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML");
  if (role.samlProvider.issuer !== said.issuer)
    throw refusal(400, "InvalidIdentityToken", "Issuer not present in specified provider");
  const packedPolicySize = packSessionPolicy(request.input, []);
  const named = { ...params, RoleSessionName: said.sessionName ?? "" };
  const session = issueSession(directory, roleAsCaller(role, named, undefined, new Map()), {
    ...request,
    durationSeconds: grantedDuration(params, role, false),
  });
  return {
    ...roleSessionResult(session, request, packedPolicySize),
    Subject: said.subject,
    SubjectType: "unspecified",
    Issuer: said.issuer,
    Audience: "https://signin.aws.amazon.com/saml",
  };
}

function assumeRoleWithWebIdentity(request: Omit<ActionRequest, "caller">): XmlStructure {
  const { params, directory, now } = request;
  const identity = readWebIdentity(params["WebIdentityToken"] ?? "", now);
  const role = findRole(directory, params);
  if (
    role === undefined ||
    (role.webIdentityIssuer !== undefined && role.webIdentityIssuer !== identity.issuer)
  ) {
    throw refusal(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  }
  const packedPolicySize = packSessionPolicy(request.input, []);
  const session = issueSession(directory, roleAsCaller(role, params, undefined, new Map()), {
    ...request,
    durationSeconds: grantedDuration(params, role, false),
  });
  return {
    ...roleSessionResult(session, request, packedPolicySize),
    SubjectFromWebIdentityToken: identity.subject,
    Audience: identity.audience,
    Provider: identity.issuer,
  };
}

/** AssumeRole: the MFA code, then trust, then what is asked of the session. */
function assumeRole(request: ActionRequest): XmlStructure {
  const { params, caller, directory, now } = request;
  const roleArn = params["RoleArn"] ?? "";
  if (parseRoleArn(roleArn) === undefined)
    throw refusal(400, "ValidationError", `${roleArn} is invalid`);
  const mfaAt = consumeMfaCode(params, caller, now) ? now : caller.mfaAuthenticatedAt;
  const role = findRole(directory, params);
  if (role === undefined || !trusts(role, request, mfaAt))
    throw notAuthorized(caller, "sts:AssumeRole", roleArn);
  const sourceIdentity = params["SourceIdentity"] ?? caller.sourceIdentity;
  if (caller.sourceIdentity !== undefined && sourceIdentity !== caller.sourceIdentity) {
    throw notAuthorized(caller, "sts:SetSourceIdentity", roleArn);
  }
  const { tags, transitiveTags } = readSessionTags(request.input, caller.transitiveTags);
  const packedPolicySize = packSessionPolicy(request.input, tags);
  const session = issueSession(
    directory,
    {
      ...roleAsCaller(role, params, sourceIdentity, transitiveTags),
      ...sessionPoliciesOf(request.input),
    },
    {
      ...request,
      durationSeconds: grantedDuration(params, role, caller.kind !== "user"),
    },
  );
  return roleSessionResult(session, request, packedPolicySize);
}

/** GetSessionToken: for long-term keys only (aws-sdk-php#1876). */
function getSessionToken(request: ActionRequest): XmlStructure {
  const { params, caller, directory, now } = request;
  if (caller.kind !== "user" || caller.user === undefined) {
    throw refusal(403, "AccessDenied", "Cannot call GetSessionToken with session credentials");
  }
  const mfaAt = consumeMfaCode(params, caller, now) ? now : undefined;
  const session = issueSession(directory, userAsCaller(caller.user, "user-session", mfaAt), {
    ...request,
    durationSeconds: Number(params["DurationSeconds"] ?? DEFAULT_SESSION_TOKEN_SECONDS),
  });
  return { Credentials: credentialsResult(session, request) };
}

/** GetFederationToken: for long-term keys only. What it allows is what the user's policies and the session's both do: without one, nothing. */
function getFederationToken(request: ActionRequest): XmlStructure {
  const { params, caller, directory } = request;
  if (caller.kind !== "user" || caller.user === undefined)
    throw refusal(403, "AccessDenied", "Cannot call GetFederationToken with session credentials");
  const packedPolicySize = packSessionPolicy(request.input, []);
  const name = params["Name"] ?? "";
  const arn = `arn:${caller.partition}:sts::${caller.accountId}:federated-user/${name}`;
  const session = issueSession(
    directory,
    { ...caller, kind: "federated-user", arn, userId: `${caller.accountId}:${name}` },
    { ...request, durationSeconds: Number(params["DurationSeconds"] ?? 43_200) },
  );
  return {
    Credentials: credentialsResult(session, request),
    FederatedUser: { FederatedUserId: session.caller.userId, Arn: arn },
    PackedPolicySize: packedPolicySize,
  };
}

function findRole(directory: Directory, params: Parameters): Role | undefined {
  return directory.rolesByArn.get(params["RoleArn"] ?? "");
}

/** Evaluates the role's trust policy. */
function trusts(
  role: Role,
  { params, caller, now }: ActionRequest,
  mfaAt: Date | undefined,
): boolean {
  const names = [
    caller.arn,
    caller.roleArn,
    `arn:${caller.partition}:iam::${caller.accountId}:root`,
    caller.accountId,
    "*",
  ];
  const mfaAgeSeconds = mfaAt === undefined ? Infinity : (now.getTime() - mfaAt.getTime()) / 1000;
  return (
    role.partition === caller.partition &&
    role.trustedPrincipalArns.some((arn) => names.includes(arn)) &&
    (role.externalId === undefined || role.externalId === params["ExternalId"]) &&
    (!role.requireMfa || mfaAt !== undefined) &&
    (role.maxMfaAgeSeconds === undefined || mfaAgeSeconds < role.maxMfaAgeSeconds)
  );
}

function grantedDuration(params: Parameters, role: Role, isChained: boolean): number {
  const durationSeconds = Number(params["DurationSeconds"] ?? DEFAULT_DURATION_SECONDS);
  if (isChained && durationSeconds > MAX_CHAINED_DURATION_SECONDS) {
    throw refusal(
      400,
      "ValidationError",
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    );
  }
  if (durationSeconds > role.maxSessionDuration) {
    throw refusal(
      400,
      "ValidationError",
      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
  }
  return durationSeconds;
}

function roleAsCaller(
  role: Role,
  params: Parameters,
  sourceIdentity: string | undefined,
  transitiveTags: ReadonlyMap<string, string>,
): Caller {
  const sessionName = params["RoleSessionName"] ?? "";
  return {
    kind: "role-session",
    arn: `arn:${role.partition}:sts::${role.accountId}:assumed-role/${role.name}/${sessionName}`,
    userId: `${role.roleId}:${sessionName}`,
    accountId: role.accountId,
    partition: role.partition,
    user: undefined,
    roleArn: role.arn,
    mfaAuthenticatedAt: undefined,
    transitiveTags,
    sourceIdentity,
  };
}

function roleSessionResult(
  session: Session,
  request: Omit<ActionRequest, "caller">,
  packedPolicySize: number | undefined,
): XmlStructure {
  return {
    AssumedRoleUser: { AssumedRoleId: session.caller.userId, Arn: session.caller.arn },
    Credentials: credentialsResult(session, request),
    PackedPolicySize: packedPolicySize,
    SourceIdentity: session.caller.sourceIdentity,
  };
}

function credentialsResult(
  session: Session,
  { fractionalExpiration }: Pick<ActionRequest, "fractionalExpiration">,
): XmlStructure {
  const expiration = session.expiresAt.toISOString();
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken,
    Expiration: fractionalExpiration
      ? expiration.replace(".000Z", ".789Z")
      : expiration.replace(".000Z", "Z"),
  };
}

function notAuthorized(caller: Caller, action: string, resource: string): Error {
  return refusal(
    403,
    "AccessDenied",
    `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource}`,
  );
}
