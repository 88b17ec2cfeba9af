import { expect, it } from "vitest";
import { explainFailure, type Call } from "../../../src/aws/error-hints.ts";
import { AwsRoleError, type ErrorCode } from "../../../src/foundation/errors.ts";

const roleArn = "arn:aws:iam::123456789012:role/example-role";
const call: Call = {
  service: "STS",
  action: "AssumeRole",
  role: { roleArn },
  isSession: false,
  secrets: [],
};
const MFA = "MultiFactorAuthentication failed";

/** AWS's code, status and text as collected from real answers, our code, and what the advice must say. */
const answers: readonly [string, number, string, ErrorCode, RegExp][] = [
  [
    "AccessDenied",
    403,
    `User: arn:aws:iam::123456789012:user/Bob is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
    "ERR_AWS_DENIED",
    /may call sts:AssumeRole; .*trust policy.*an external ID \(--external-id\) or MFA \(--mfa-serial\)$/,
  ],
  [
    "AccessDenied",
    403,
    `${MFA} with invalid MFA one time pass code. `,
    "ERR_MFA_WRONG_CODE",
    /^wait for the next code/,
  ],
  [
    "AccessDenied",
    403,
    `${MFA}, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.`,
    "ERR_AWS_DENIED",
    /mfa_serial.*:mfa\/NAME \(not :user\/\)/,
  ],
  [
    "AccessDenied",
    403,
    `${MFA}, must provide both MFA serial number and one time pass code.`,
    "ERR_AWS_DENIED",
    /^set the MFA device of the profile/,
  ],
  ["AccessDenied", 403, "Roles may not be assumed by root accounts.", "ERR_AWS_DENIED", /root/],
  [
    "AccessDenied",
    403,
    "Cannot call GetSessionToken with session credentials",
    "ERR_AWS_DENIED",
    /long-term keys/,
  ],
  [
    "ValidationError",
    400,
    "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    "ERR_AWS_REFUSED",
    /lower the duration \(awsrole edit-profile NAME --duration-seconds 3600\)/,
  ],
  [
    "ValidationError",
    400,
    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    "ERR_AWS_REFUSED",
    /source credentials are temporary.*3600/,
  ],
  [
    "ValidationError",
    400,
    "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    "ERR_AWS_REFUSED",
    /2 to 64/,
  ],
  ["ValidationError", 400, "Something else", "ERR_AWS_REFUSED", /setting that AWS names/],
  [
    "ExpiredToken",
    400,
    "The security token included in the request is expired",
    "ERR_AWS_REFUSED",
    /awsrole login/,
  ],
  [
    "ExpiredTokenException",
    400,
    "The security token included in the request is expired",
    "ERR_AWS_REFUSED",
    /renew/,
  ],
  [
    "InvalidClientTokenId",
    403,
    "The security token included in the request is invalid.",
    "ERR_AWS_REFUSED",
    /deleted or is inactive.*partition.*not enabled/,
  ],
  [
    "SignatureDoesNotMatch",
    403,
    "Signature expired: 20261124T000000Z is now earlier than 20261124T024500Z (20261124T030000Z - 15 min.)",
    "ERR_CLOCK_SKEW",
    /it is 180 min behind$/,
  ],
  [
    "SignatureDoesNotMatch",
    403,
    "Signature not yet current: 20261124T030000Z is still later than 20261124T001500Z (20261124T000000Z + 15 min.)",
    "ERR_CLOCK_SKEW",
    /it is 180 min ahead$/,
  ],
  [
    "SignatureDoesNotMatch",
    403,
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
    "ERR_AWS_REFUSED",
    /secret access key.*trailing comment/,
  ],
  [
    "RegionDisabledException",
    403,
    "STS is not activated in this region for account:123456789012.",
    "ERR_AWS_REFUSED",
    /another region.*Account settings/,
  ],
  [
    "PackedPolicyTooLarge",
    400,
    "Packed policy consumes 151% of allotted space, please use smaller policy.",
    "ERR_AWS_REFUSED",
    /fewer tags/,
  ],
  [
    "PackedPolicyTooLargeException",
    400,
    "Packed policy is too large",
    "ERR_AWS_REFUSED",
    /fewer tags/,
  ],
  [
    "MalformedPolicyDocument",
    400,
    "Syntax errors in policy.",
    "ERR_AWS_REFUSED",
    /policy document/,
  ],
  [
    "InvalidIdentityToken",
    400,
    "No OpenIDConnect provider found in your account for https://x",
    "ERR_AWS_REFUSED",
    /token file/,
  ],
  ["IDPCommunicationError", 400, "could not reach", "ERR_AWS_UNAVAILABLE", /try again/],
  ["Throttling", 400, "Rate exceeded", "ERR_AWS_THROTTLED", /try again/],
  ["ThrottlingException", 400, "Rate exceeded", "ERR_AWS_THROTTLED", /try again/],
  ["Unknown", 429, "Unknown", "ERR_AWS_THROTTLED", /try again/],
  [
    "ServiceUnavailable",
    503,
    "Service is unavailable. Please try again later.",
    "ERR_AWS_UNAVAILABLE",
    /try again/,
  ],
  ["InternalFailure", 500, "We encountered an internal error.", "ERR_AWS_UNAVAILABLE", /try again/],
  [
    "LimitExceededException",
    409,
    "Cannot exceed quota for AccessKeysPerUser: 2",
    "ERR_AWS_REFUSED",
    /quota/,
  ],
  [
    "OptInRequired",
    403,
    "The AWS Access Key Id needs a subscription for the service",
    "ERR_AWS_DENIED",
    /may call/,
  ],
];

it.each(answers)("%s (%i) “%s” is %s with its advice", (name, status, text, code, advice) => {
  const error = explainFailure(awsError(name, status, text), call);
  expect(error.code).toBe(code);
  expect(error.hint).toMatch(advice);
  expect(error.hint).not.toMatch(/\.$|\n/);
  if (text !== "Unknown") {
    expect(error.message).toContain(text.trim());
  }
  expect(error.message.split(roleArn)).toHaveLength(2);
});

it("the advice names what this request asked for", () => {
  const denied = awsError(
    "AccessDenied",
    403,
    "User: X is not authorized to perform: sts:TagSession",
  );
  const role = { roleArn, externalId: "e", serialNumber: "m", sourceIdentity: "alice", tags: [{}] };
  expect(explainFailure(denied, { ...call, role }).hint).toMatch(
    /requires another external ID, and that it allows sts:TagSession and sts:SetSourceIdentity$/,
  );
  const session = explainFailure(awsError("InvalidClientTokenId", 403, "x"), {
    ...call,
    isSession: true,
  });
  expect(session.hint).toMatch(/^the session has expired/);
  expect(session.code).toBe("ERR_AWS_SESSION_ENDED");
});

it("a code that may have been used up by a lost attempt is called so", () => {
  const error = awsError("AccessDenied", 403, `${MFA} with invalid MFA one time pass code.`);
  error.$metadata.attempts = 2;
  expect(explainFailure(error, call).hint).toMatch(/an attempt whose response was lost$/);
});

it("IAM is called IAM", () => {
  const iam: Call = { service: "IAM", action: "CreateUser", isSession: false, secrets: [] };
  const error = explainFailure(awsError("AccessDenied", 403, "User: X is not authorized"), iam);
  expect(error.message).toBe("IAM refused CreateUser: AccessDenied: User: X is not authorized");
  expect(error.hint).toBe("check that the identity which signs may call iam:CreateUser");
});

it("the SDK's own failures are ours to fix, those of its endpoint rules the user's", () => {
  const error = Object.assign(new Error("Region is missing"), { name: "Error" });
  expect(explainFailure(error, call).code).toBe("ERR_INTERNAL");
  const fips = "FIPS is enabled but this partition does not support FIPS";
  const unsupported = Object.assign(new Error(fips), { name: "EndpointError" });
  expect(explainFailure(unsupported, call)).toMatchObject({
    code: "ERR_PROFILE_INVALID",
    message: expect.stringContaining(fips),
  });
});

it("what is ours already stays as it is", () => {
  const error = new AwsRoleError("ERR_NETWORK", "x");
  expect(explainFailure(error, call)).toBe(error);
});

function awsError(name: string, httpStatusCode: number, message: string) {
  const $metadata: { httpStatusCode: number; attempts?: number } = { httpStatusCode };
  return Object.assign(new Error(message), { name, $metadata });
}
