/** The limits that AWS's service models (as botocore ships them) set for the parameters of each action. */
import type { Constraint, Constraints } from "./constraints.ts";

const ROLE_ARN_PATTERN =
  "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+";
const ARN: Constraint = { minLength: 20, maxLength: 2048, pattern: ROLE_ARN_PATTERN };
const POLICY: Constraint = { minLength: 1, pattern: "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+" };
const SERIAL_NUMBER: Constraint = { minLength: 9, maxLength: 256, pattern: "[\\w+=/:,.@-]*" };
const TOKEN_CODE: Constraint = { minLength: 6, maxLength: 6, pattern: "[\\d]*" };
const SESSION_NAME: Constraint = { minLength: 2, maxLength: 64, pattern: "[\\w+=,.@-]*" };
const TAG_KEY: Constraint = {
  minLength: 1,
  maxLength: 128,
  pattern: "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+",
};
const TAG_VALUE: Constraint = { maxLength: 256, pattern: "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*" };
const ROLE_SESSION: Constraints = {
  RoleArn: { required: true, ...ARN },
  RoleSessionName: { required: true, ...SESSION_NAME },
  DurationSeconds: { minValue: 900, maxValue: 43_200 },
  Policy: POLICY,
  PolicyArns: { maxLength: 10 },
  "PolicyArns.member.arn": ARN,
};

/** By action, from sts/2011-06-15/service-2.json; the numbers of policies from the API reference. */
export const STS_LIMITS: Readonly<Record<string, Constraints>> = {
  AssumeRole: {
    ...ROLE_SESSION,
    ExternalId: { minLength: 2, maxLength: 1224, pattern: "[\\w+=,.@:\\/-]*" },
    SerialNumber: SERIAL_NUMBER,
    TokenCode: TOKEN_CODE,
    SourceIdentity: SESSION_NAME,
    Tags: { maxLength: 50 },
    "Tags.member.Key": { required: true, ...TAG_KEY },
    "Tags.member.Value": { required: true, ...TAG_VALUE },
    TransitiveTagKeys: { maxLength: 50 },
    "TransitiveTagKeys.member": TAG_KEY,
    ProvidedContexts: { maxLength: 5 },
  },
  AssumeRoleWithWebIdentity: {
    ...ROLE_SESSION,
    WebIdentityToken: { required: true, minLength: 4, maxLength: 20_000 },
    ProviderId: { minLength: 4, maxLength: 2048 },
  },
  GetCallerIdentity: {},
  GetSessionToken: {
    DurationSeconds: { minValue: 900, maxValue: 129_600 },
    SerialNumber: SERIAL_NUMBER,
    TokenCode: TOKEN_CODE,
  },
};

const USER_NAME: Constraint = { minLength: 1, maxLength: 128, pattern: "[\\w+=,.@-]+" };
const ACCESS_KEY_ID: Constraint = {
  required: true,
  minLength: 16,
  maxLength: 128,
  pattern: "[\\w]+",
};
const PAGE: Constraints = {
  MaxItems: { minValue: 1, maxValue: 1000 },
  Marker: { minLength: 1, maxLength: 320 },
};

/** By action, from iam/2010-05-08/service-2.json. */
export const IAM_LIMITS: Readonly<Record<string, Constraints>> = {
  CreateAccessKey: { UserName: USER_NAME },
  ListAccessKeys: { UserName: USER_NAME, ...PAGE },
  UpdateAccessKey: {
    UserName: USER_NAME,
    AccessKeyId: ACCESS_KEY_ID,
    Status: { required: true, oneOf: ["Active", "Inactive", "Expired"] },
  },
  DeleteAccessKey: { UserName: USER_NAME, AccessKeyId: ACCESS_KEY_ID },
  GetAccessKeyLastUsed: { AccessKeyId: ACCESS_KEY_ID },
  GetUser: { UserName: USER_NAME },
  ListMFADevices: { UserName: USER_NAME, ...PAGE },
  ListRoles: {
    PathPrefix: { minLength: 1, maxLength: 512, pattern: "\\u002F[\\u0021-\\u007F]*" },
    ...PAGE,
  },
};
