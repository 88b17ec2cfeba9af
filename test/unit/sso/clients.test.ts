/** What goes to IAM Identity Center and AWS Sign-In: the double takes what AWS's models take, and the tokens are real ones of its own. */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StsConnection } from "../../../src/config/connection.ts";
import { ssoClients } from "../../../src/sso/clients.ts";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
const deadline = { remainingMs: () => 20_000 };
const redirectUri = "http://127.0.0.1:54321/oauth/callback";
const codeVerifier = "v".repeat(64);
const codeChallenge = createHash("sha256").update(codeVerifier).digest("base64url");

let aws: AwsDouble;
beforeEach(async () => {
  aws = await startAwsDouble();
  aws.identityCenter.addAccount({ accountId: "111111111111", roleNames: ["Admin", "Reader"] });
  aws.identityCenter.addAccount({ accountId: "222222222222", roleNames: ["Role + one/two's*"] });
});
afterEach(() => aws.close());

const connectionTo = (endpointUrl: string): StsConnection => ({
  region: "eu-west-1",
  endpointUrl,
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  maxAttempts: 2,
  env: {},
});
const oidc = () => ssoClients.createOidc(connectionTo(aws.urls["sso-oidc"]), deadline);
const portal = () => ssoClients.createPortal(connectionTo(aws.urls.sso), deadline);
const signin = () => ssoClients.createSignin(connectionTo(aws.urls.signin), deadline);

const register = (redirectUris?: readonly string[]) =>
  oidc().register({
    name: "awsrole",
    scopes: ["sso:account:access"],
    startUrl: aws.identityCenter.settings.startUrl,
    ...(redirectUris === undefined ? {} : { redirectUris }),
  });

/** The browser: what the redirect has after the person decided. */
async function visit(url: string, query: Record<string, string>): Promise<URLSearchParams> {
  const search = new URLSearchParams({
    response_type: "code",
    redirect_uri: redirectUri,
    state: "s",
    code_challenge: codeChallenge,
    ...query,
  });
  const { headers } = await fetch(`${url}?${search.toString()}`, { redirect: "manual" });
  return new URL(headers.get("location") ?? "none:").searchParams;
}

describe("OIDC", () => {
  it("redeems an authorization code for a client of its own, then the refresh token, once", async () => {
    const client = await register(["http://127.0.0.1/oauth/callback"]);
    expect(client.expiresAt.getTime()).toBeGreaterThan(Date.now() + 89 * 86_400_000);
    const answer = await visit(`${aws.urls["sso-oidc"]}/authorize`, {
      client_id: client.clientId,
      code_challenge_method: "S256",
      scopes: "sso:account:access",
    });
    const code = answer.get("code") ?? "";
    const grant = { kind: "authorization_code", code, codeVerifier, redirectUri } as const;
    const token = await oidc().createToken(client, grant);
    expect(await portal().listAccounts(token.accessToken)).toHaveLength(2);
    const refresh = { kind: "refresh_token", refreshToken: token.refreshToken ?? "" } as const;
    const next = await oidc().createToken(client, refresh);
    expect(next.refreshToken).not.toBe(token.refreshToken);
    await expect(oidc().createToken(client, refresh)).rejects.toMatchObject({
      code: "ERR_AWS_REFUSED",
    });
    expect(aws.callsOf("RegisterClient")[0]?.input).toEqual({
      clientName: "awsrole",
      clientType: "public",
      scopes: ["sso:account:access"],
      grantTypes: ["authorization_code", "refresh_token"],
      redirectUris: ["http://127.0.0.1/oauth/callback"],
      issuerUrl: "https://example.awsapps.com/start",
    });
  });

  it("redeems a device code once the person has approved it", async () => {
    const client = await register();
    const { startUrl } = aws.identityCenter.settings;
    const started = await oidc().startDeviceAuthorization(client, startUrl);
    expect(started).toMatchObject({ intervalSeconds: 5, expiresInSeconds: 600 });
    const grant = { kind: "device_code", deviceCode: started.deviceCode } as const;
    await expect(oidc().createToken(client, grant)).rejects.toMatchObject({
      code: "ERR_AWS_REFUSED",
    });
    aws.identityCenter.decideDevice(started.userCode);
    aws.clock.advance(5000);
    expect(await oidc().createToken(client, grant)).toHaveProperty("refreshToken");
  });

  it("says what AWS says when it fails or throttles", async () => {
    const client = await register();
    const grant = { kind: "refresh_token", refreshToken: "r" } as const;
    aws.behave({ serverError: 503 });
    await expect(oidc().createToken(client, grant)).rejects.toMatchObject({
      code: "ERR_AWS_UNAVAILABLE",
    });
    expect(aws.callsOf("CreateToken").map(({ status }) => status)).toEqual([503, 503]);
  });
});

describe("the portal", () => {
  it("is asked for a role with both names in the query, encoded, and the token in a header", async () => {
    const { accessToken } = aws.identityCenter.signIn();
    const role = { accountId: "222222222222", roleName: "Role + one/two's*" };
    const session = await portal().roleCredentials(accessToken, role);
    expect(session.credentials).toMatchObject({ accountId: "222222222222" });
    const query = new URL(aws.requests[0]?.target ?? "", aws.url).searchParams;
    expect(Object.fromEntries(query)).toEqual({
      role_name: role.roleName,
      account_id: role.accountId,
    });
    expect(aws.requests[0]).toMatchObject({ headers: { "x-amz-sso_bearer_token": accessToken } });
  });

  it("is asked for every page of accounts and of roles", async () => {
    aws.identityCenter.settings.pageSize = 1;
    const { accessToken } = aws.identityCenter.signIn();
    const accounts = await portal().listAccounts(accessToken);
    expect(accounts.map(({ id }) => id)).toEqual(["111111111111", "222222222222"]);
    expect(await portal().listAccountRoles(accessToken, "111111111111")).toEqual([
      "Admin",
      "Reader",
    ]);
    expect(aws.requests.map(({ action }) => action)).toEqual([
      "ListAccounts",
      "ListAccounts",
      "ListAccountRoles",
      "ListAccountRoles",
    ]);
  });

  it.each<[string, () => void, string]>([
    ["an ended sign-in", () => aws.identityCenter.endSessions(), "ERR_LOGIN_NEEDED"],
    [
      "a role one has not",
      () => aws.identityCenter.removeAccount("111111111111"),
      "ERR_AWS_DENIED",
    ],
    ["throttling", () => aws.behave({ throttle: {} }), "ERR_AWS_THROTTLED"],
    ["a failure", () => aws.behave({ serverError: 500 }), "ERR_AWS_UNAVAILABLE"],
  ])("has an error of its own for %s", async (_what, happen, code) => {
    const { accessToken } = aws.identityCenter.signIn();
    happen();
    const role = { accountId: "111111111111", roleName: "Admin" };
    await expect(portal().roleCredentials(accessToken, role)).rejects.toMatchObject({ code });
  });

  it("ends the sign-in, and does not mind one that has ended", async () => {
    const { accessToken } = aws.identityCenter.signIn();
    await portal().logout(accessToken);
    await expect(portal().listAccounts(accessToken)).rejects.toMatchObject({
      code: "ERR_LOGIN_NEEDED",
    });
    await portal().logout(accessToken);
    expect(aws.callsOf("Logout").map(({ method, status }) => [method, status])).toEqual([
      ["POST", 200],
      ["POST", 401],
    ]);
  });
});

describe("AWS Sign-In", () => {
  it("redeems a code, and the refresh token with a proof by the same key, each time another proof", async () => {
    const { dpopKey, clientId } = aws.signin.logIn();
    const answer = await visit(`${aws.urls.signin}/v1/authorize`, {
      client_id: clientId,
      code_challenge_method: "SHA-256",
      scope: "openid",
    });
    const code = answer.get("code") ?? "";
    const first = { clientId, grantType: "authorization_code", code, codeVerifier, redirectUri };
    const login = await signin().createToken(first, String(dpopKey));
    expect(aws.sessions().at(-1)?.accessKeyId).toBe(login.credentials.accessKeyId);
    const { refreshToken } = login;
    const next = { clientId, grantType: "refresh_token", refreshToken };
    await signin().createToken(next, String(dpopKey));
    await expect(signin().createToken(next, String(dpopKey))).rejects.toMatchObject({
      code: "ERR_AWS_DENIED",
    });
  });

  it("does not renew with another key", async () => {
    const [one, other] = [aws.signin.logIn(), aws.signin.logIn()];
    const { clientId, refreshToken } = one;
    const request = { clientId, grantType: "refresh_token", refreshToken };
    await expect(signin().createToken(request, String(other.dpopKey))).rejects.toThrow();
  });
});
