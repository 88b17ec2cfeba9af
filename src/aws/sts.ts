/**
 * STS. The only file that imports its SDK client; reached by `import()`, because the client costs more than the rest of the
 * program together.
 */

import type { Credentials } from "./credentials.ts";
import {
  AssumeRoleCommand,
  AssumeRoleWithSAMLCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
  STSClient,
  type AssumeRoleResponse,
} from "@aws-sdk/client-sts";
import type { StsConnection } from "../config/connection.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { createCaller, type Answer, withoutVersionWarning } from "./client.ts";

/** AssumeRole's parameters under AWS's names in camelCase; limits are the caller's to check. */
export type AssumeRoleRequest = {
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly durationSeconds?: number;
  readonly externalId?: string;
  readonly serialNumber?: string;
  readonly tokenCode?: string;
  readonly sourceIdentity?: string;
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
  readonly transitiveTagKeys?: readonly string[];
  readonly policyArns?: readonly string[];
  /** The policy document itself. */
  readonly policy?: string;
};

/** AssumeRoleWithWebIdentity takes these and a token, and is not signed. */
export type WebIdentityRequest = Pick<
  AssumeRoleRequest,
  "roleArn" | "roleSessionName" | "durationSeconds" | "policyArns" | "policy"
> & { readonly token: string };

/** AssumeRoleWithSAML's: the assertion (the base64 of a SAML response) names the session and its tags, and is not signed by us. */
export type SamlRequest = Pick<
  AssumeRoleRequest,
  "roleArn" | "durationSeconds" | "policyArns" | "policy"
> & {
  /** The identity provider's ARN in IAM. */
  readonly principalArn: string;
  readonly assertion: string;
};

export type SessionTokenRequest = Pick<
  AssumeRoleRequest,
  "durationSeconds" | "serialNumber" | "tokenCode"
>;

/** GetFederationToken's parameters. Without a policy the session would be allowed nothing. */
export type FederationTokenRequest = {
  /** 2 to 32 characters: AWS shows it as `federated-user/NAME`. */
  readonly name: string;
  readonly policy: string;
  /** 900 to 129,600; of the account's root 3,600 at most. */
  readonly durationSeconds: number;
};

/** A new session. The lifetime granted is `credentials.expiresAt − issuedAt`, both by AWS's clock. */
export type IssuedSession = {
  /** Always with `sessionToken` and `expiresAt` (whole seconds, rounded down). */
  readonly credentials: Credentials & { readonly sessionToken: string; readonly expiresAt: Date };
  readonly issuedAt: Date;
  /** How far AWS's clock is ahead of this machine's; negative when behind. */
  readonly clockSkewSeconds: number;
  /** The assumed role's session ARN; absent for GetSessionToken and GetFederationToken. */
  readonly arn?: string;
};

export type CallerIdentity = {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  readonly clockSkewSeconds: number;
};

export type Sts = ReturnType<typeof createSts>;

/** The address that a connection leads to, by AWS's own rules for partitions, FIPS and dual stack. */
export async function stsAddress({
  region: Region,
  endpointUrl,
  useFipsEndpoint: UseFIPS,
  useDualstackEndpoint: UseDualStack,
}: StsConnection): Promise<URL> {
  if (endpointUrl !== undefined) return new URL(endpointUrl);
  const { config } = withoutVersionWarning(() => new STSClient({ region: Region }));
  return config.endpointProvider({ Region, UseFIPS, UseDualStack, UseGlobalEndpoint: false }).url;
}

/**
 * STS by one connection. Every method throws only `AwsRoleError`: ERR_AWS_DENIED, ERR_AWS_REFUSED, ERR_AWS_THROTTLED,
 * ERR_AWS_UNAVAILABLE (5xx, or an answer that makes no sense), ERR_NETWORK, ERR_CLOCK_SKEW, ERR_MFA_WRONG_CODE,
 * ERR_DEADLINE once `remainingMs()` has run out, ERR_CONFIG_READ for the CA bundle.
 */
export function createSts(
  connection: StsConnection,
  { remainingMs }: { remainingMs: () => number },
) {
  const call = createCaller("STS", connection, remainingMs);

  return {
    async assumeRole(credentials: Credentials, request: AssumeRoleRequest): Promise<IssuedSession> {
      const action = "AssumeRole";
      const answer = await call({ action, role: request }, credentials, (config) =>
        new STSClient(config).send(new AssumeRoleCommand(assumeRoleInput(request))),
      );
      return issued(action, answer);
    },

    async assumeRoleWithWebIdentity({
      token,
      ...request
    }: WebIdentityRequest): Promise<IssuedSession> {
      const action = "AssumeRoleWithWebIdentity";
      const answer = await call({ action, role: request, secrets: [token] }, undefined, (config) =>
        new STSClient(config).send(
          new AssumeRoleWithWebIdentityCommand({
            ...assumeRoleInput(request),
            WebIdentityToken: token,
          }),
        ),
      );
      return issued(action, answer);
    },

    async assumeRoleWithSaml({
      assertion,
      principalArn,
      ...request
    }: SamlRequest): Promise<IssuedSession> {
      const action = "AssumeRoleWithSAML";
      const { RoleArn, DurationSeconds, PolicyArns, Policy } = assumeRoleInput(request);
      const facts = { action, role: request, secrets: [assertion] };
      const answer = await call(facts, undefined, (config) =>
        new STSClient(config).send(
          new AssumeRoleWithSAMLCommand({
            RoleArn,
            DurationSeconds,
            PolicyArns,
            Policy,
            PrincipalArn: principalArn,
            SAMLAssertion: assertion,
          }),
        ),
      );
      return issued(action, answer);
    },

    /** `credentials` must be an IAM user's long-term keys. */
    async getSessionToken(
      credentials: Credentials,
      request: SessionTokenRequest,
    ): Promise<IssuedSession> {
      const action = "GetSessionToken";
      const answer = await call({ action }, credentials, (config) =>
        new STSClient(config).send(
          new GetSessionTokenCommand({
            DurationSeconds: request.durationSeconds,
            SerialNumber: request.serialNumber,
            TokenCode: request.tokenCode,
          }),
        ),
      );
      return issued(action, answer, credentials.accountId);
    },

    /** `credentials` must be an IAM user's long-term keys. AWS takes no MFA code here. */
    async getFederationToken(
      credentials: Credentials,
      { name, policy, durationSeconds }: FederationTokenRequest,
    ): Promise<IssuedSession> {
      const action = "GetFederationToken";
      const answer = await call({ action }, credentials, (config) =>
        new STSClient(config).send(
          new GetFederationTokenCommand({
            Name: name,
            Policy: policy,
            DurationSeconds: durationSeconds,
          }),
        ),
      );
      return issued(action, answer, credentials.accountId);
    },

    async getCallerIdentity(credentials: Credentials): Promise<CallerIdentity> {
      const action = "GetCallerIdentity";
      const { output, clockSkewSeconds } = await call({ action }, credentials, (config) =>
        new STSClient(config).send(new GetCallerIdentityCommand({})),
      );
      const { Account, Arn, UserId } = output;
      if (!Account || !Arn || !UserId) {
        throw invalidAnswer(action, "no identity");
      }
      return { account: Account, arn: Arn, userId: UserId, clockSkewSeconds };
    },
  };
}

function assumeRoleInput(request: Partial<AssumeRoleRequest> & { readonly roleArn: string }) {
  return {
    RoleArn: request.roleArn,
    RoleSessionName: request.roleSessionName,
    DurationSeconds: request.durationSeconds,
    ExternalId: request.externalId,
    SerialNumber: request.serialNumber,
    TokenCode: request.tokenCode,
    SourceIdentity: request.sourceIdentity,
    Tags: listOrNothing(request.tags?.map(({ key, value }) => ({ Key: key, Value: value }))),
    TransitiveTagKeys: listOrNothing(request.transitiveTagKeys),
    PolicyArns: listOrNothing(request.policyArns?.map((arn) => ({ arn }))),
    Policy: request.policy,
  };
}

/** An empty list would be sent as `Tags=`: no other client does, and what is not asked for is not said. */
function listOrNothing<T>(list: readonly T[] | undefined): T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : [...list];
}

/** STS's answer, checked: everything that makes a session is there and its end lies ahead. */
function issued(
  action: string,
  {
    output,
    answeredAt,
    clockSkewSeconds,
  }: Answer<Pick<AssumeRoleResponse, "Credentials" | "AssumedRoleUser">>,
  knownAccountId?: string,
): IssuedSession {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = output.Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken) {
    throw invalidAnswer(action, "no credentials");
  }
  if (!Expiration || !(Expiration.getTime() > answeredAt.getTime())) {
    throw invalidAnswer(action, "credentials without an expiration, or that have already expired");
  }
  const arn = output.AssumedRoleUser?.Arn;
  const accountId = /^arn:[^:]+:sts::(\d{12}):/.exec(arn ?? "")?.[1] ?? knownAccountId;
  return {
    credentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiresAt: new Date(Math.floor(Expiration.getTime() / 1000) * 1000),
      ...(accountId !== undefined && { accountId }),
    },
    issuedAt: answeredAt,
    clockSkewSeconds,
    ...(arn !== undefined && { arn }),
  };
}

function invalidAnswer(action: string, what: string): AwsRoleError {
  return new AwsRoleError("ERR_AWS_UNAVAILABLE", `STS returned ${what} for ${action}`, {
    hint: "check that endpoint_url and the proxy lead to AWS",
  });
}
