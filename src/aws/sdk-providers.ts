/**
 * AWS's own credential providers, for the leaves whose caches and refresh rules are AWS's business: SSO, `aws login`, metadata services.
 * The only file that imports them; reached by `import()`.
 *
 * They say what went wrong in prose. So the request handler that is handed in keeps what really happened (our own network error, the last HTTP
 * status), and the prose is only the last resort.
 */
import type { Credentials } from "./credentials.ts";
import type { Environment } from "../foundation/environment.ts";
import type { Profile } from "../config/profiles.ts";
import {
  fromContainerMetadata,
  fromHttp,
  fromInstanceMetadata,
  fromLoginCredentials,
  fromSSO,
} from "@aws-sdk/credential-providers";
import { SSOClient } from "@aws-sdk/nested-clients/sso";
import type { StsConnection } from "../config/connection.ts";
import type { Deadline } from "../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { clientConfig, withoutVersionWarning } from "./client.ts";
import { createRequestHandler, type RequestHandler } from "./http.ts";

/** IAM Identity Center, with the ways to its two services: the portal (role credentials) and OIDC (tokens). */
export type SsoSource = Extract<Profile, { kind: "sso" }> & {
  readonly portal: StsConnection;
  readonly oidc: StsConnection;
};

/** A session of `aws login`, with the way to the sign-in service that renews it. */
export type LoginSource = Extract<Profile, { kind: "login" }> & { readonly signin: StsConnection };

export type ProvidersOptions = {
  readonly env: Environment;
  readonly deadline: Deadline;
};

export type Providers = ReturnType<typeof createProviders>;

/** One function for each provider; credentials or ERR_LOGIN_NEEDED, ERR_AWS_DENIED, ERR_NETWORK, ERR_SOURCE_UNAVAILABLE. */
export function createProviders({ env, deadline }: ProvidersOptions) {
  const remainingMs = () => deadline.remainingMs();
  /** What one provider's requests met. */
  const watch = () => {
    const met: { error?: AwsRoleError; status?: number } = {};
    /** Everything a client needs for this connection: left alone, it takes the endpoint of AWS_PROFILE's or `[default]`'s section. */
    const configOf = (connection: StsConnection) => {
      const handler = createRequestHandler(connection, remainingMs);
      const requestHandler: RequestHandler = {
        handle: async (request) => {
          try {
            const answer = await handler.handle(request);
            met.status = answer.response.statusCode;
            return answer;
          } catch (error) {
            if (isAwsRoleError(error)) met.error = error;
            throw error;
          }
        },
      };
      return { ...clientConfig(connection, undefined, remainingMs), requestHandler };
    };
    return { met, configOf };
  };

  return {
    /** A role's credentials from the SSO portal; refreshes AWS's own token file in place where it can be. */
    async sso(
      { ssoSession, startUrl, ssoRegion, accountId, roleName, portal, oidc }: SsoSource,
      profileName: string,
    ): Promise<Credentials> {
      const { met, configOf } = watch();
      const provider = () =>
        fromSSO({
          profile: profileName,
          ...(ssoSession === undefined ? {} : { ssoSession }),
          ssoStartUrl: startUrl,
          ssoRegion: ssoRegion.value,
          ssoAccountId: accountId,
          ssoRoleName: roleName,
          // Two services with an endpoint each: the first is for the token, the second for the role's credentials.
          clientConfig: configOf(oidc),
          ssoClient: new SSOClient(configOf(portal)),
        })();
      return ask(provider, (error) => {
        if (met.error !== undefined) return met.error;
        if (met.status === 403) {
          return new AwsRoleError(
            "ERR_AWS_DENIED",
            `profile ${profileName}: SSO gives no access to role ${roleName} in account ${accountId}`,
            {
              hint: "ask who assigns permission sets, or choose a role that aws sso login lists",
              cause: error,
            },
          );
        }
        return loginNeeded(
          profileName,
          "the SSO session has expired or was never started",
          `aws sso login --profile ${profileName}`,
          error,
        );
      });
    },

    /** Credentials of an `aws login` session; refreshes AWS's own cache in place. */
    async login({ signin }: LoginSource, profileName: string): Promise<Credentials> {
      const { met, configOf } = watch();
      const provider = fromLoginCredentials({
        profile: profileName,
        clientConfig: configOf(signin),
      });
      return ask(
        provider,
        (error) =>
          met.error ??
          loginNeeded(
            profileName,
            "the login session has expired or was never started",
            `aws login --profile ${profileName}`,
            error,
          ),
      );
    },

    /** The EC2 instance's role, by IMDSv2. */
    async instanceMetadata({ profileName }: { profileName: string }): Promise<Credentials> {
      // Known to the SDK's default chain and to the AWS CLI's provider, but not to this one.
      if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") {
        throw unavailable(
          profileName,
          "AWS_EC2_METADATA_DISABLED forbids asking the EC2 instance metadata service",
          "unset it, or give the profile another source",
          undefined,
        );
      }
      return ask(
        fromInstanceMetadata({ timeout: 1000, maxRetries: 1, profile: profileName, logger }),
        (error) =>
          unavailable(
            profileName,
            "the EC2 instance metadata service gave no credentials",
            "this works on an EC2 instance that has a role",
            error,
          ),
      );
    },

    /** The container's role (ECS, EKS Pod Identity, `awsrole serve`), by AWS_CONTAINER_CREDENTIALS_*_URI. */
    async container({ profileName }: { profileName: string }): Promise<Credentials> {
      const full = env["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
      const relative = env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
      if (!full && !relative) {
        throw unavailable(
          profileName,
          "there is no container credentials endpoint",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI is set inside ECS and EKS",
          undefined,
        );
      }
      const provider = relative
        ? fromContainerMetadata({ timeout: 1000, maxRetries: 1 })
        : fromHttp({ timeout: 1000, maxRetries: 1, logger });
      return ask(provider, (error) =>
        unavailable(
          profileName,
          "the container credentials endpoint gave no credentials",
          "see whether the task has a role",
          error,
        ),
      );
    },
  };
}

/** Without one they warn on stderr, which is for our words alone. */
const logger = { debug: silent, info: silent, warn: silent, error: silent };

function silent(): void {}

type Provided = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
  accountId?: string;
};

async function ask(
  provider: () => Promise<Provided>,
  explain: (error: unknown) => AwsRoleError,
): Promise<Credentials> {
  let provided: Provided;
  try {
    provided = await withoutVersionWarning(provider);
  } catch (error) {
    throw explain(error);
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiration, accountId } = provided;
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiration === undefined ? {} : { expiresAt: expiration }),
    ...(accountId === undefined ? {} : { accountId }),
  };
}

function loginNeeded(
  profileName: string,
  what: string,
  command: string,
  cause: unknown,
): AwsRoleError {
  return new AwsRoleError("ERR_LOGIN_NEEDED", `profile ${profileName}: ${what}`, {
    hint: `run: ${command}`,
    cause,
  });
}

function unavailable(
  profileName: string,
  what: string,
  hint: string,
  cause: unknown,
): AwsRoleError {
  return new AwsRoleError("ERR_SOURCE_UNAVAILABLE", `profile ${profileName}: ${what}`, {
    hint,
    cause,
  });
}
