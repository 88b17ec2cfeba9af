/** What the endpoint says: credentials in the form of the container credentials protocol, or why there are none. */
import { type Credentials, formatExpiration } from "../aws/credentials.ts";
import { type AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";

/** What is handed out. */
export type Provided = { readonly credentials: Credentials; readonly roleArn: string | undefined };

/**
 * The answer that all SDKs read. `Token` and `Expiration` must be there (botocore and the JavaScript SDK fail without): for a long-term
 * key the one is empty, and the other says when to ask again.
 */
export function credentialsBody({ credentials, roleArn }: Provided, now: Date): object {
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken ?? "",
    Expiration: formatExpiration(credentials.expiresAt ?? new Date(now.getTime() + 3_600_000)),
    RoleArn: roleArn,
    AccountId: credentials.accountId,
  };
}

/** Both spellings: Java's SDK reads the small ones, the JavaScript SDK the capitals, Go's either; botocore shows the whole text. */
export function errorBody(code: string, message: string): object {
  return { code, message, Code: code, Message: message };
}

/** 5xx where trying again may help (SDKs do), 403 for AWS's refusals, else 400: a person has to act first. */
export function failureOf(error: unknown): { readonly status: number; readonly body: object } {
  if (!isAwsRoleError(error))
    return {
      status: 500,
      body: errorBody("ERR_INTERNAL", "awsrole: internal error"),
    };
  return { status: statusOf(error), body: errorBody(error.code, messageOf(error)) };
}

function messageOf({ message, hint }: AwsRoleError): string {
  return `awsrole: ${message}${hint === undefined ? "" : ` (${hint})`}`;
}

function statusOf({ code }: AwsRoleError): number {
  switch (code) {
    case "ERR_NETWORK":
    case "ERR_AWS_UNAVAILABLE":
    case "ERR_AWS_THROTTLED":
    case "ERR_DEADLINE":
      return 503;
    case "ERR_INTERNAL":
      return 500;
    case "ERR_AWS_DENIED":
    case "ERR_AWS_REFUSED":
    case "ERR_AWS_SESSION_ENDED":
      return 403;
    default:
      return 400;
  }
}
