/**
 * AWS's errors, in AWS's own words, with what to do about them (texts collected from real answers).
 *
 * This is the only place that looks at AWS's codes and texts. Rows are tried in order; the first that fits wins.
 */

import { AwsRoleError, type ErrorCode, isAwsRoleError } from "../foundation/errors.ts";

/** The parts of a role request that decide what a refusal may mean. */
export type RoleAsked = {
  readonly roleArn: string;
  readonly externalId?: string;
  readonly serialNumber?: string;
  readonly sourceIdentity?: string;
  readonly tags?: readonly unknown[];
};

/** The services that awsrole calls, as messages name them. */
export type ServiceName = "STS" | "IAM" | "IAM Identity Center" | "AWS Sign-In";

/** What was being asked when AWS said no. */
export type Call = {
  readonly service: ServiceName;
  /** The operation, as in `AssumeRole`. */
  readonly action: string;
  readonly role?: RoleAsked | undefined;
  /** Whether the signing credentials are a session rather than long-term keys. */
  readonly isSession: boolean;
  /** How far AWS's clock is ahead of this machine's, when it has been seen. */
  readonly clockSkewSeconds?: number | undefined;
  /** What must not reach a message: keys and tokens. */
  readonly secrets: readonly string[];
};

/** The SDK's error as far as it matters here. */
type ServiceError = Error & {
  /** OAuth's code and text, in the errors of IAM Identity Center's OIDC service and of AWS Sign-In. */
  error?: string;
  error_description?: string;
  $metadata?: { httpStatusCode?: number; attempts?: number };
  $response?: { headers?: Record<string, string> };
};

/**
 * The error to throw for a call that failed: ERR_AWS_DENIED, ERR_AWS_REFUSED, ERR_AWS_THROTTLED, ERR_AWS_UNAVAILABLE,
 * ERR_CLOCK_SKEW, ERR_MFA_WRONG_CODE, or ERR_PROFILE_INVALID where the region has no such endpoint. What is already ours
 * (network, deadline) passes unchanged. The `cause` holds no secret either.
 */
export function explainFailure(error: unknown, call: Call): AwsRoleError {
  if (isAwsRoleError(error)) {
    return error;
  }
  const failure = error as ServiceError;
  const said = asSentence(failure.error_description || failure.message, call.secrets);
  const row = rows.find(
    ({ when, saying }) => when.test(failure.name) && (saying?.test(said) ?? true),
  );
  const [code, hint] = row ? row.advice(call, failure) : byStatus(failure, call);
  const about =
    call.role === undefined || said.includes(call.role.roleArn) ? "" : ` of ${call.role.roleArn}`;
  const words = isUnreadable(failure) ? describeAnswer(failure) : `${failure.name}: ${said}`;
  return new AwsRoleError(
    code,
    `${call.service} ${verbOf(code)} ${call.action}${about}: ${words}`,
    {
      hint,
      cause: withoutSecrets(failure, call.secrets),
    },
  );
}

/** What AWS said, of an error that `explainFailure` made: its name, OAuth's code, the HTTP status. */
export function answerOf(error: AwsRoleError): {
  readonly name?: string;
  readonly code?: string | undefined;
  readonly status?: number | undefined;
} {
  if (!(error.cause instanceof Error)) return {};
  const { name, error: code, $metadata }: ServiceError = error.cause;
  return { name, code, status: $metadata?.httpStatusCode };
}

type Advice = readonly [code: ErrorCode, hint: string | undefined];
type Row = {
  /** AWS's error code. */
  readonly when: RegExp;
  /** AWS's message, where the code alone says too little. */
  readonly saying?: RegExp;
  readonly advice: (call: Call, error: ServiceError) => Advice;
};

const samlAction = "AssumeRoleWithSAML";
const denied = /^AccessDenied(?:Exception)?$/;
const validation = /^ValidationError$/;
const signature = /^(?:SignatureDoesNotMatch|InvalidSignatureException)$/;

const rows: readonly Row[] = [
  {
    when: denied,
    saying: /invalid MFA one time pass code/i,
    advice: (_call, { $metadata }) => [
      "ERR_MFA_WRONG_CODE",
      ($metadata?.attempts ?? 1) > 1
        ? "wait for the next code: this one may have been used by an attempt whose response was lost"
        : "wait for the next code (each works once); if it keeps failing, check the clock of the MFA device",
    ],
  },
  {
    when: denied,
    saying: /unable to validate MFA code/i,
    advice: () => [
      "ERR_AWS_DENIED",
      "check mfa_serial: it must be a device of the user whose keys sign, like arn:aws:iam::ACCOUNT:mfa/NAME (not :user/)",
    ],
  },
  {
    when: denied,
    saying: /must provide both MFA serial number/i,
    advice: () => [
      "ERR_AWS_DENIED",
      "set the MFA device of the profile (awsrole edit-profile NAME --mfa-serial ARN)",
    ],
  },
  {
    when: denied,
    saying: /assumed by root accounts/i,
    advice: () => [
      "ERR_AWS_DENIED",
      "sign with an IAM user or a role instead of the account's root",
    ],
  },
  {
    when: denied,
    saying: /Get(?:Session|Federation)Token with (?:session|federation) credentials/i,
    advice: () => [
      "ERR_AWS_DENIED",
      "such a session can only be made from an IAM user's long-term keys",
    ],
  },
  { when: denied, advice: (call) => ["ERR_AWS_DENIED", deniedHint(call)] },
  {
    when: validation,
    saying: /1 hour session limit/i,
    advice: () => [
      "ERR_AWS_REFUSED",
      "the source credentials are temporary: set the duration to 3600 or less (awsrole edit-profile NAME --duration-seconds 3600)",
    ],
  },
  {
    when: validation,
    saying: /exceeds the MaxSessionDuration/i,
    advice: () => [
      "ERR_AWS_REFUSED",
      "lower the duration (awsrole edit-profile NAME --duration-seconds 3600), or raise the role's maximum session duration",
    ],
  },
  {
    when: validation,
    saying: /roleSessionName/,
    advice: () => [
      "ERR_AWS_REFUSED",
      "role_session_name must be 2 to 64 of: letters, digits, _ + = , . @ -",
    ],
  },
  { when: validation, advice: () => ["ERR_AWS_REFUSED", "correct the setting that AWS names"] },
  {
    when: /^ExpiredToken(?:Exception)?$/,
    advice: (call) => [
      call.isSession ? "ERR_AWS_SESSION_ENDED" : "ERR_AWS_REFUSED",
      call.action === "AssumeRoleWithWebIdentity"
        ? "the web identity token has expired: renew the token file"
        : call.action === samlAction
          ? "AWS accepts an assertion for five minutes: awsrole_saml_process must sign in again, not print an old response; check the clock of the identity provider"
          : "the source's session has expired: renew it (awsrole login, or the tool that created it)",
    ],
  },
  {
    when: /^(?:InvalidClientTokenId|UnrecognizedClientException)$/,
    advice: (call) => [
      call.isSession ? "ERR_AWS_SESSION_ENDED" : "ERR_AWS_REFUSED",
      call.isSession
        ? "the session has expired or belongs to another partition, or this region is not enabled for the account: renew the session, check the region"
        : "the access key was deleted or is inactive, belongs to another partition, or this region is not enabled for the account",
    ],
  },
  {
    when: signature,
    saying: /Signature expired|Signature not yet current|is now (?:earlier|later) than/i,
    advice: (call, error) => ["ERR_CLOCK_SKEW", skewHint(call, error)],
  },
  {
    when: /^(?:RequestExpired|RequestInTheFuture|RequestTimeTooSkewed)$/,
    advice: (call, error) => ["ERR_CLOCK_SKEW", skewHint(call, error)],
  },
  {
    when: signature,
    advice: () => [
      "ERR_AWS_REFUSED",
      "the secret access key does not belong to the access key id: check it for missing characters, a trailing comment or quotes",
    ],
  },
  {
    when: /^RegionDisabledException$/,
    advice: () => [
      "ERR_AWS_REFUSED",
      "choose another region (region or awsrole_region), or activate STS for this one: IAM console, Account settings",
    ],
  },
  {
    when: /^PackedPolicyTooLarge(?:Exception)?$/,
    advice: () => ["ERR_AWS_REFUSED", "shorten the policy, or use fewer tags and policy ARNs"],
  },
  {
    when: /^MalformedPolicyDocument(?:Exception)?$/,
    advice: () => ["ERR_AWS_REFUSED", "correct the policy document"],
  },
  {
    when: /^(?:InvalidIdentityToken|IDPRejectedClaim)(?:Exception)?$/,
    advice: (call) => [
      "ERR_AWS_REFUSED",
      call.action === samlAction
        ? "check that the assertion is of the identity provider in IAM that its Role attribute names, with that provider's current metadata, and has a RoleSessionName"
        : "check that the token file holds a current token of the identity provider which the role trusts",
    ],
  },
  {
    when: /^IDPCommunicationError(?:Exception)?$/,
    advice: () => ["ERR_AWS_UNAVAILABLE", "AWS could not reach the identity provider: try again"],
  },
  {
    // IAM's quota, which shares its code with throttling elsewhere.
    when: /^LimitExceeded(?:Exception)?$/,
    advice: () => [
      "ERR_AWS_REFUSED",
      "delete what is no longer needed, or ask AWS for a higher quota",
    ],
  },
  {
    when: /^(?:Throttl|RequestLimitExceeded$|TooManyRequests|RequestThrottled|SlowDown$)/,
    advice: () => ["ERR_AWS_THROTTLED", "try again in a moment"],
  },
  {
    when: /^EndpointError$/,
    advice: () => [
      "ERR_PROFILE_INVALID",
      "check region, use_fips_endpoint and use_dualstack_endpoint",
    ],
  },
];

function byStatus(error: ServiceError, call: Call): Advice {
  const status = error.$metadata?.httpStatusCode;
  if (status === undefined) {
    return ["ERR_INTERNAL", undefined];
  }
  if (status === 429) {
    return ["ERR_AWS_THROTTLED", "try again in a moment"];
  }
  if (status >= 500) {
    return [
      "ERR_AWS_UNAVAILABLE",
      "try again in a moment; https://health.aws.amazon.com shows known trouble",
    ];
  }
  if (isUnreadable(error)) {
    return ["ERR_AWS_UNAVAILABLE", "check that endpoint_url and the proxy lead to AWS"];
  }
  return status === 403 ? ["ERR_AWS_DENIED", deniedHint(call)] : ["ERR_AWS_REFUSED", undefined];
}

/** True when an answer came in which the SDK found neither a result nor an error code. */
function isUnreadable(error: ServiceError): boolean {
  return (
    error.$metadata?.httpStatusCode !== undefined &&
    /^(?:Unknown|Error|TypeError|SyntaxError)$/.test(error.name)
  );
}

function describeAnswer({ $metadata, $response }: ServiceError): string {
  const status = $metadata?.httpStatusCode ?? 0;
  const type = $response?.headers?.["content-type"];
  return `HTTP ${status}${type === undefined ? "" : ` with ${type}`}${status < 300 ? ", not an AWS response" : ""}`;
}

function deniedHint({ service, action, role, isSession }: Call): string | undefined {
  if (service !== "STS" && service !== "IAM") return undefined;
  const may = `that the identity which signs may call ${service.toLowerCase()}:${action}`;
  if (action === samlAction)
    return "check that the role's trust policy allows sts:AssumeRoleWithSAML by the identity provider in IAM that the assertion names, and which SAML:aud and other conditions it has";
  if (action === "GetFederationToken")
    return "attach a policy to the user that allows sts:GetFederationToken on the resource which AWS names; a role profile needs no such policy";
  if (role === undefined) {
    return `check ${may}`;
  }
  const conditions = [
    role.externalId === undefined ? "an external ID (--external-id)" : "another external ID",
    ...(role.serialNumber === undefined && !isSession ? ["MFA (--mfa-serial)"] : []),
  ];
  const allowed = [
    ...(role.tags?.length ? ["sts:TagSession"] : []),
    ...(role.sourceIdentity === undefined ? [] : ["sts:SetSourceIdentity"]),
  ];
  const also = allowed.length === 0 ? "" : `, and that it allows ${allowed.join(" and ")}`;
  return `check ${may}; that the role's trust policy names it, and whether that requires ${conditions.join(" or ")}${also}`;
}

function skewHint({ clockSkewSeconds }: Call, { message }: ServiceError): string {
  const seconds = clockSkewSeconds ?? skewFromText(message);
  if (seconds === undefined || Math.abs(seconds) < 60) {
    return "set this machine's clock";
  }
  const minutes = Math.round(Math.abs(seconds) / 60);
  return `set this machine's clock: it is ${minutes} min ${seconds > 0 ? "behind" : "ahead"}`;
}

/** `Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z (20260101T011500Z - 15 min.)` */
function skewFromText(message: string): number | undefined {
  const [ours, , aws] = (message.match(/\b\d{8}T\d{6}Z\b/g) ?? []).map((text) =>
    Date.parse(text.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, "$1-$2-$3T$4:$5:$6Z")),
  );
  return ours === undefined || aws === undefined ? undefined : (aws - ours) / 1000;
}

function verbOf(code: ErrorCode): string {
  switch (code) {
    case "ERR_AWS_THROTTLED":
      return "throttled";
    case "ERR_AWS_UNAVAILABLE":
      return "gave no usable response to";
    case "ERR_PROFILE_INVALID":
      return "has no endpoint for";
    case "ERR_INTERNAL":
      return "could not be called for";
    default:
      return "refused";
  }
}

/**
 * AWS's text, without what the caller's secrets would show. Only its first paragraph: in a signature error the rest
 * quotes the request, session token included.
 */
function asSentence(message: string, secrets: readonly string[]): string {
  const [paragraph = ""] = message.trim().split(/\r?\n/);
  return redact(paragraph, secrets).slice(0, 2000) || "no message";
}

function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce(
    (rest, secret) => (secret.length < 6 ? rest : rest.replaceAll(secret, "[hidden]")),
    text,
  );
}

/** A plain copy for `cause`: the SDK's own error drags request and response along. */
function withoutSecrets(error: ServiceError, secrets: readonly string[]): Error {
  const copy: ServiceError = new Error(asSentence(error.message, secrets));
  copy.name = error.name;
  if (error.error !== undefined) copy.error = error.error;
  const { httpStatusCode } = error.$metadata ?? {};
  if (httpStatusCode !== undefined) copy.$metadata = { httpStatusCode };
  const frames = (error.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
  copy.stack = [`${copy.name}: ${copy.message}`, ...frames].join("\n");
  return copy;
}
