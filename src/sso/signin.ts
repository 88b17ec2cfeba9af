/**
 * The AWS Sign-In service: what `aws login` asks for credentials. Its call is not signed but proven by a key (DPoP, RFC 9449).
 * Reached by `import()`: the SDK's client is large, and has no package of its own.
 */
import { createPrivateKey, createPublicKey, randomUUID, sign } from "node:crypto";
import {
  CreateOAuth2TokenCommand,
  type CreateOAuth2TokenRequestBody,
  SigninClient,
} from "@aws-sdk/nested-clients/signin";
import { createCaller, withoutVersionWarning } from "../aws/client.ts";
import type { StsConnection } from "../config/connection.ts";
import type { Credentials } from "../aws/credentials.ts";
import { AwsRoleError } from "../foundation/errors.ts";

/** Credentials as issued; `expiresAt` by this machine's clock. */
export type IssuedLogin = {
  readonly credentials: Credentials & { readonly sessionToken: string; readonly expiresAt: Date };
  readonly refreshToken: string;
  /** Names the console identity, in the answer to an authorization code. */
  readonly idToken?: string;
};

export type Signin = ReturnType<typeof createSignin>;

/** The service by one connection. Throws AwsRoleError as `createCaller` does; `answerOf` has AWS's reason for a refusal. */
export function createSignin(
  connection: StsConnection,
  { remainingMs }: { readonly remainingMs: () => number },
) {
  const call = createCaller("AWS Sign-In", connection, remainingMs);
  return {
    /** Where the person signs in, in the browser. */
    authorizeUrl(request: {
      readonly clientId: string;
      readonly redirectUri: string;
      readonly state: string;
      readonly codeChallenge: string;
    }): string {
      const url = addressOf(connection, "/v1/authorize");
      url.search = new URLSearchParams({
        response_type: "code",
        client_id: request.clientId,
        state: request.state,
        code_challenge_method: "SHA-256",
        scope: "openid",
        redirect_uri: request.redirectUri,
        code_challenge: request.codeChallenge,
      }).toString();
      return url.href;
    },

    /** The page that shows another device's code. */
    confirmationUrl(): string {
      return addressOf(connection, "/v1/sessions/confirmation").href;
    },

    /** Redeems an authorization code or a refresh token. `dpopKey`: PEM of an EC P-256 key. */
    async createToken(
      request: CreateOAuth2TokenRequestBody,
      dpopKey: string,
    ): Promise<IssuedLogin> {
      const action = "CreateOAuth2Token";
      const secrets = [request.refreshToken, request.code, request.codeVerifier].filter(
        (secret) => secret !== undefined,
      );
      const { output } = await call({ action, secrets }, undefined, (config) => {
        const client = new SigninClient(config);
        client.middlewareStack.add(
          (next) => (args) => {
            const sent = (args as { request: HttpRequest }).request;
            sent.headers["DPoP"] = proof(dpopKey, sent.method, urlOf(sent));
            return next(args);
          },
          { step: "finalizeRequest", name: "dpop", override: true },
        );
        return client.send(new CreateOAuth2TokenCommand({ tokenInput: request }));
      });
      const { accessToken, expiresIn = 900, refreshToken, idToken } = output.tokenOutput ?? {};
      const { accessKeyId, secretAccessKey, sessionToken } = accessToken ?? {};
      if (!accessKeyId || !secretAccessKey || !sessionToken || !refreshToken) {
        throw new AwsRoleError(
          "ERR_AWS_UNAVAILABLE",
          `AWS Sign-In returned no usable response for ${action}`,
          { hint: "check that endpoint_url and the proxy lead to AWS" },
        );
      }
      return {
        credentials: {
          accessKeyId,
          secretAccessKey,
          sessionToken,
          expiresAt: new Date(Date.now() + expiresIn * 1000),
        },
        refreshToken,
        ...(idToken === undefined ? {} : { idToken }),
      };
    },
  };
}

/** AWS's own rules for partitions, FIPS and dual stack, unless there is an endpoint. */
function addressOf(
  {
    region: Region,
    endpointUrl,
    useFipsEndpoint: UseFIPS,
    useDualstackEndpoint: UseDualStack,
  }: StsConnection,
  path: string,
): URL {
  const base =
    endpointUrl ??
    withoutVersionWarning(() => new SigninClient({ region: Region })).config.endpointProvider({
      Region,
      UseFIPS,
      UseDualStack,
    }).url.href;
  return new URL(base.replace(/\/*$/, path));
}

type HttpRequest = {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
};

function urlOf({ protocol, hostname, port, path }: HttpRequest): string {
  return `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`;
}

/** A JWT that says: the owner of this key sends this request now. */
function proof(dpopKey: string, method: string, url: string): string {
  const key = createPrivateKey(dpopKey);
  const { kty, crv, x, y } = createPublicKey(key).export({ format: "jwk" });
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = [
    part({ typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } }),
    part({ htm: method, htu: url, iat: Math.floor(Date.now() / 1000), jti: randomUUID() }),
  ].join(".");
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}
