/**
 * IAM Identity Center's OIDC service: who signs in, and how a token is renewed. All its calls are unsigned.
 * Reached by `import()`: the SDK's client is large.
 */
import {
  CreateTokenCommand,
  type CreateTokenCommandInput,
  RegisterClientCommand,
  SSOOIDCClient,
  StartDeviceAuthorizationCommand,
} from "@aws-sdk/client-sso-oidc";
import { type Answer, createCaller, withoutVersionWarning } from "../aws/client.ts";
import type { StsConnection } from "../config/connection.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import type { OidcClient } from "./token.ts";

/** What a token is asked for with: what the browser brought back, an approved code, or the last refresh token. */
export type Grant =
  | {
      readonly kind: "authorization_code";
      readonly code: string;
      readonly codeVerifier: string;
      readonly redirectUri: string;
    }
  | { readonly kind: "device_code"; readonly deviceCode: string }
  | { readonly kind: "refresh_token"; readonly refreshToken: string };

/** A token as issued; `expiresAt` by this machine's clock. */
export type IssuedToken = {
  readonly accessToken: string;
  readonly expiresAt: Date;
  readonly refreshToken?: string;
};

export type DeviceAuthorization = {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  /** With the code in it already. */
  readonly verificationUriComplete: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
};

export type Oidc = ReturnType<typeof createOidc>;

const grantTypes = {
  authorization_code: "authorization_code",
  device_code: "urn:ietf:params:oauth:grant-type:device_code",
  refresh_token: "refresh_token",
} as const;

/**
 * The service by one connection. Throws AwsRoleError: ERR_AWS_REFUSED (its `cause` has AWS's error name), ERR_AWS_THROTTLED,
 * ERR_AWS_UNAVAILABLE, ERR_NETWORK, ERR_DEADLINE.
 */
export function createOidc(
  connection: StsConnection,
  { remainingMs }: { readonly remainingMs: () => number },
) {
  const call = createCaller("IAM Identity Center", connection, remainingMs);
  return {
    /** A client of this machine, good for some 90 days. `redirectUris`: for a sign-in in the browser. */
    async register(request: {
      readonly name: string;
      readonly scopes: readonly string[];
      readonly startUrl: string;
      readonly redirectUris?: readonly string[];
    }): Promise<OidcClient> {
      const action = "RegisterClient";
      const { output } = await call({ action }, undefined, (config) =>
        new SSOOIDCClient(config).send(
          new RegisterClientCommand({
            clientName: request.name,
            clientType: "public",
            scopes: [...request.scopes],
            ...(request.redirectUris === undefined
              ? {}
              : {
                  grantTypes: [grantTypes.authorization_code, grantTypes.refresh_token],
                  redirectUris: [...request.redirectUris],
                  issuerUrl: request.startUrl,
                }),
          }),
        ),
      );
      const { clientId, clientSecret, clientSecretExpiresAt } = output;
      if (!clientId || !clientSecret || !clientSecretExpiresAt) throw senseless(action);
      return { clientId, clientSecret, expiresAt: new Date(clientSecretExpiresAt * 1000) };
    },

    /** Where the person signs in, in the browser. */
    authorizeUrl(request: {
      readonly clientId: string;
      readonly redirectUri: string;
      readonly state: string;
      readonly codeChallenge: string;
      readonly scopes: readonly string[];
    }): string {
      const url = new URL(addressOf(connection).href.replace(/\/*$/, "/authorize"));
      url.search = new URLSearchParams({
        response_type: "code",
        client_id: request.clientId,
        redirect_uri: request.redirectUri,
        state: request.state,
        code_challenge_method: "S256",
        scopes: request.scopes.join(" "),
        code_challenge: request.codeChallenge,
      }).toString();
      return url.href;
    },

    async startDeviceAuthorization(
      { clientId, clientSecret }: OidcClient,
      startUrl: string,
    ): Promise<DeviceAuthorization> {
      const action = "StartDeviceAuthorization";
      const { output } = await call({ action, secrets: [clientSecret] }, undefined, (config) =>
        new SSOOIDCClient(config).send(
          new StartDeviceAuthorizationCommand({ clientId, clientSecret, startUrl }),
        ),
      );
      const { deviceCode, userCode, verificationUri, verificationUriComplete } = output;
      if (!deviceCode || !userCode || !verificationUri) throw senseless(action);
      return {
        deviceCode,
        userCode,
        verificationUri,
        verificationUriComplete: verificationUriComplete || verificationUri,
        expiresInSeconds: output.expiresIn || 600,
        intervalSeconds: output.interval || 5,
      };
    },

    async createToken({ clientId, clientSecret }: OidcClient, grant: Grant): Promise<IssuedToken> {
      const { kind, ...input } = grant;
      const request: CreateTokenCommandInput = {
        clientId,
        clientSecret,
        grantType: grantTypes[kind],
        ...input,
      };
      const { redirectUri: _, ...secrets } = { redirectUri: "", ...input };
      const action = "CreateToken";
      const answer = await call(
        { action, secrets: [clientSecret, ...Object.values(secrets)] },
        undefined,
        (config) => new SSOOIDCClient(config).send(new CreateTokenCommand(request)),
      );
      return issued(action, answer);
    },
  };
}

/** AWS's own rules for partitions, FIPS and dual stack, unless there is an endpoint. */
function addressOf({
  region: Region,
  endpointUrl,
  useFipsEndpoint: UseFIPS,
  useDualstackEndpoint: UseDualStack,
}: StsConnection): URL {
  if (endpointUrl !== undefined) return new URL(endpointUrl);
  const { config } = withoutVersionWarning(() => new SSOOIDCClient({ region: Region }));
  return config.endpointProvider({ Region, UseFIPS, UseDualStack }).url;
}

function issued(
  action: string,
  {
    output: { accessToken, expiresIn, refreshToken },
  }: Answer<{
    accessToken?: string | undefined;
    expiresIn?: number | undefined;
    refreshToken?: string | undefined;
  }>,
): IssuedToken {
  if (!accessToken || !expiresIn || expiresIn <= 0) throw senseless(action);
  return {
    accessToken,
    expiresAt: new Date(Date.now() + expiresIn * 1000),
    ...(refreshToken ? { refreshToken } : {}),
  };
}

function senseless(action: string): AwsRoleError {
  return new AwsRoleError(
    "ERR_AWS_UNAVAILABLE",
    `IAM Identity Center returned no usable response for ${action}`,
    { hint: "check that endpoint_url and the proxy lead to AWS" },
  );
}
