/** Ways to get base credentials, each loaded when it is needed. */
import type { Environment } from "../../foundation/environment.ts";
import type { Credentials } from "../../aws/credentials.ts";
import type { StsConnection } from "../../config/connection.ts";
import type { Deadline } from "../../foundation/deadline.ts";
import type { BaseCredentials } from "../base-credentials.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import type { Signin } from "../../sso/signin.ts";
import type { KeyStores } from "./keychain-key.ts";

/** What the sources may use. */
export type SourceDependencies = {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly homeFolder: string;
  readonly now: () => Date;
  readonly deadline: Deadline;
  readonly runtimeDir: string | undefined;
  readonly openSignin: (connection: StsConnection) => Promise<Signin>;
  readonly keys: KeyStores;
};

/** Base credentials, from their source. @throws ERR_SOURCE_UNAVAILABLE, ERR_PROCESS_FAILED, ERR_LOGIN_NEEDED, ERR_AWS_DENIED, ERR_NETWORK. */
export async function resolveBaseCredentials(
  { source, profileName, path }: BaseCredentials,
  deps: SourceDependencies,
): Promise<Credentials> {
  switch (source.kind) {
    case "static": {
      const { accessKeyId, secretAccessKey, sessionToken, accountId } = source;
      return {
        accessKeyId,
        secretAccessKey,
        ...(sessionToken === undefined ? {} : { sessionToken }),
        ...(accountId === undefined ? {} : { accountId }),
      };
    }
    case "environment":
      return (await import("./environment.ts")).credentialsFromEnvironment(deps.env, profileName);
    case "process": {
      const { credentialsFromProcess } = await import("./process.ts");
      return credentialsFromProcess({
        ...deps,
        profileName,
        command: source.command,
        accountId: source.settings.get("aws_account_id")?.value || undefined,
        inFlight: path,
      });
    }
    case "login": {
      const { loginCredentials } = await import("../../sso/login-session.ts");
      return of(
        profileName,
        loginCredentials(profileName, source.loginSession, source.signin, deps),
      );
    }
    case "ec2-instance-metadata": {
      // Known to the AWS CLI and the SDK's default chain.
      if (deps.env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true")
        throw new AwsRoleError(
          "ERR_SOURCE_UNAVAILABLE",
          `profile ${profileName}: the EC2 instance metadata service is disabled by AWS_EC2_METADATA_DISABLED`,
          { hint: "unset it, or set another source for the profile" },
        );
      const { instanceMetadataCredentials } = await import("../../aws/instance-metadata.ts");
      return of(profileName, instanceMetadataCredentials(source.address, deps));
    }
    case "ecs-container": {
      const { containerCredentials } = await import("../../aws/container-credentials.ts");
      return of(profileName, containerCredentials(deps.env, deps));
    }
    case "keychain-key": {
      const { credentialsFromKeychain } = await import("./keychain-key.ts");
      return credentialsFromKeychain(source.accessKeyId, profileName, deps.keys);
    }
    case "web-identity":
    case "saml":
      throw new AwsRoleError(
        "ERR_INTERNAL",
        `profile ${profileName}: ${source.kind} is not resolved here`,
      );
  }
}

/** Says whose credentials they would have been. */
async function of(profileName: string, credentials: Promise<Credentials>): Promise<Credentials> {
  try {
    return await credentials;
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    const { code, message, hint } = error;
    throw new AwsRoleError(code, `profile ${profileName}: ${message}`, { hint, cause: error });
  }
}
