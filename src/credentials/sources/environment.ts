/** `credential_source = Environment`. */
import type { Environment } from "../../foundation/environment.ts";
import type { Credentials } from "../../aws/credentials.ts";
import { AwsRoleError } from "../../foundation/errors.ts";

/** The keys in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. @throws ERR_SOURCE_UNAVAILABLE. */
export function credentialsFromEnvironment(env: Environment, profileName: string): Credentials {
  const accessKeyId = env["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"];
  const sessionToken = env["AWS_SESSION_TOKEN"];
  if (!accessKeyId || !secretAccessKey) {
    throw new AwsRoleError(
      "ERR_SOURCE_UNAVAILABLE",
      `profile ${profileName}: the environment has no AWS keys`,
      {
        hint: env["AWS_WEB_IDENTITY_TOKEN_FILE"]
          ? "AWS_WEB_IDENTITY_TOKEN_FILE is set, as in an EKS pod: set that file as web_identity_token_file of a profile with the role in AWS_ROLE_ARN, and make it the source"
          : "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or set another source for the profile",
      },
    );
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}
