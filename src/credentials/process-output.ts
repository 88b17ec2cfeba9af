/** The one JSON line that SDKs read. */
import { type Credentials, formatExpiration } from "../aws/credentials.ts";

/**
 * The line of `credential_process`, with its line feed. `Version` is the number 1 and `Expiration` whole seconds in UTC with `Z`
 * (rounded down): the only form that every SDK reads.
 */
export function formatCredentialProcessOutput(credentials: Credentials): string {
  return `${JSON.stringify({
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration:
      credentials.expiresAt === undefined ? undefined : formatExpiration(credentials.expiresAt),
    AccountId: credentials.accountId,
  })}\n`;
}
