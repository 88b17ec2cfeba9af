/** What the double of AWS does as Identity Center, AWS Sign-In and the metadata services: by hand, so that no SDK's habits are in it. */
import { createHash, createPrivateKey, randomUUID, sign, createPublicKey } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";
import { takeViolations } from "../../support/aws-double/violations.ts";

const CALLBACK = "http://127.0.0.1:54321/oauth/callback";
const VERIFIER = "v".repeat(64);
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");

let aws: AwsDouble;
beforeEach(async () => {
  aws = await startAwsDouble();
  aws.identityCenter.addAccount({ accountId: "111111111111", roleNames: ["Admin", "Reader"] });
  aws.identityCenter.addAccount({ accountId: "222222222222", roleNames: ["Reader"] });
});
afterEach(() => aws.close());

type Json = Record<string, unknown>;

async function post(path: string, body: Json, headers: Record<string, string> = {}) {
  const base = path.startsWith("/v1/") ? aws.urls.signin : aws.urls["sso-oidc"];
  const response = await fetch(`${base}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    body: (await response.json()) as Json,
    type: response.headers.get("x-amzn-errortype"),
  };
}

async function get(path: string, token: string | undefined, query: Record<string, string> = {}) {
  const headers = token === undefined ? {} : { "x-amz-sso_bearer_token": token };
  const response = await fetch(`${aws.urls.sso}${path}?${new URLSearchParams(query).toString()}`, {
    headers,
  });
  return { status: response.status, body: (await response.json()) as Json };
}

async function register(more: Json = {}) {
  const { body } = await post("/client/register", {
    clientName: "test",
    clientType: "public",
    grantTypes: ["authorization_code", "refresh_token"],
    redirectUris: ["http://127.0.0.1/oauth/callback"],
    scopes: ["sso:account:access"],
    ...more,
  });
  return { clientId: String(body["clientId"]), clientSecret: String(body["clientSecret"]) };
}

async function authorize(clientId: string, more: Record<string, string> = {}): Promise<URL> {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: CALLBACK,
    state: "the-state",
    code_challenge_method: "S256",
    scopes: "sso:account:access",
    code_challenge: CHALLENGE,
    ...more,
  });
  const response = await fetch(`${aws.urls["sso-oidc"]}/authorize?${query.toString()}`, {
    redirect: "manual",
  });
  return new URL(response.headers.get("location") ?? "none:");
}

describe("signing in with PKCE", () => {
  it("gives tokens for the code and its verifier, once", async () => {
    const client = await register();
    const redirect = await authorize(client.clientId);
    expect(redirect.searchParams.get("state")).toBe("the-state");
    const code = redirect.searchParams.get("code");
    const grant = {
      ...client,
      grantType: "authorization_code",
      redirectUri: CALLBACK,
      codeVerifier: VERIFIER,
      code,
    };
    const first = await post("/token", grant);
    expect(first).toMatchObject({ status: 200, body: { tokenType: "Bearer", expiresIn: 3600 } });
    expect(await get("/assignment/accounts", String(first.body["accessToken"]))).toMatchObject({
      status: 200,
    });
    expect(await post("/token", grant)).toEqual({
      status: 400,
      body: { error: "invalid_grant", error_description: "Invalid grant provided" },
      type: "InvalidGrantException:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/",
    });
  });

  it.each([
    ["another verifier", { codeVerifier: "w".repeat(64) }],
    ["another redirect", { redirectUri: "http://127.0.0.1:54322/oauth/callback" }],
  ])("refuses %s", async (_what, wrong) => {
    const client = await register();
    const code = (await authorize(client.clientId)).searchParams.get("code");
    const grant = {
      ...client,
      grantType: "authorization_code",
      redirectUri: CALLBACK,
      codeVerifier: VERIFIER,
      code,
    };
    expect(await post("/token", { ...grant, ...wrong })).toMatchObject({
      status: 400,
      body: { error: "invalid_grant" },
    });
  });

  it("hands on that the person denies", async () => {
    const client = await register();
    aws.identityCenter.settings.person = "denies";
    expect((await authorize(client.clientId)).searchParams.get("error")).toBe("access_denied");
  });

  it("refuses a challenge with padding, and a scope that was not registered", async () => {
    const client = await register();
    expect((await authorize(client.clientId, { code_challenge: `${CHALLENGE}=` })).href).toBe(
      "none:",
    );
    expect(takeViolations()).toEqual([expect.stringContaining("code_challenge")]);
    expect(
      (await authorize(client.clientId, { scopes: "sso:account:access more:scope" })).href,
    ).toBe("none:");
  });
});

describe("signing in by device code", () => {
  const start = async () => {
    const client = await register({ grantTypes: undefined, redirectUris: undefined });
    const { body } = await post("/device_authorization", {
      ...client,
      startUrl: aws.identityCenter.settings.startUrl,
    });
    const grant = {
      ...client,
      grantType: "urn:ietf:params:oauth:grant-type:device_code",
      deviceCode: body["deviceCode"],
    };
    return { userCode: String(body["userCode"]), poll: () => post("/token", grant) };
  };

  it("is pending until the person approves, and wants its interval kept", async () => {
    const { userCode, poll } = await start();
    expect(await poll()).toMatchObject({ status: 400, body: { error: "authorization_pending" } });
    expect(await poll()).toMatchObject({ status: 400, body: { error: "slow_down" } });
    aws.identityCenter.decideDevice(userCode);
    aws.clock.advance(10_000);
    expect(await poll()).toMatchObject({ status: 200, body: { refreshToken: expect.any(String) } });
    aws.clock.advance(10_000);
    expect(await poll()).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  });

  it("ends when the person denies, and after ten minutes", async () => {
    const denied = await start();
    aws.identityCenter.decideDevice(denied.userCode, "denies");
    expect(await denied.poll()).toMatchObject({ body: { error: "access_denied" } });
    const late = await start();
    aws.clock.advance(600_000);
    expect(await late.poll()).toMatchObject({ body: { error: "expired_token" } });
  });
});

describe("refreshing", () => {
  const refresh = ({
    clientId,
    clientSecret,
    refreshToken,
  }: Record<"clientId" | "clientSecret" | "refreshToken", string>) =>
    post("/token", { clientId, clientSecret, grantType: "refresh_token", refreshToken });

  it("takes each refresh token once", async () => {
    const signedIn = aws.identityCenter.signIn();
    const next = await refresh(signedIn);
    expect(next).toMatchObject({ status: 200 });
    expect(await refresh(signedIn)).toMatchObject({
      status: 400,
      body: { error: "invalid_grant", error_description: "Invalid refresh token provided" },
    });
    expect(
      await refresh({ ...signedIn, refreshToken: String(next.body["refreshToken"]) }),
    ).toMatchObject({ status: 200 });
  });

  it("ends with the portal session", async () => {
    const signedIn = aws.identityCenter.signIn();
    aws.identityCenter.endSessions();
    expect(await refresh(signedIn)).toMatchObject({ status: 400 });
    expect(await refresh({ ...signedIn, clientSecret: "wrong" })).toMatchObject({
      status: 401,
      body: { error: "invalid_client" },
    });
  });
});

describe("the portal", () => {
  it("gives a role's credentials, which STS takes", async () => {
    const { accessToken } = aws.identityCenter.signIn();
    const { body } = await get("/federation/credentials", accessToken, {
      role_name: "Reader",
      account_id: "222222222222",
    });
    expect(body).toMatchObject({ roleCredentials: { expiration: expect.any(Number) } });
    expect(aws.sessions().at(-1)?.caller.arn).toMatch(
      /^arn:aws:sts::222222222222:assumed-role\/AWSReservedSSO_Reader_[0-9a-f]{16}\/bob@example.com$/,
    );
  });

  it("pages", async () => {
    const { accessToken } = aws.identityCenter.signIn();
    const first = await get("/assignment/accounts", accessToken, { max_result: "1" });
    expect(first.body).toMatchObject({ accountList: [{ accountId: "111111111111" }] });
    const nextToken = String(first.body["nextToken"]);
    const last = await get("/assignment/accounts", accessToken, {
      max_result: "1",
      next_token: nextToken,
    });
    expect(last.body).toEqual({
      accountList: [expect.objectContaining({ accountId: "222222222222" })],
    });
    const stolen = { account_id: "111111111111", next_token: nextToken };
    expect(await get("/assignment/roles", accessToken, stolen)).toMatchObject({ status: 400 });
  });

  it("has 401 for an ended token, 403 for a role that one has not, 429 for too many", async () => {
    const { accessToken } = aws.identityCenter.signIn();
    const role = { role_name: "Owner", account_id: "222222222222" };
    expect(await get("/federation/credentials", accessToken, role)).toMatchObject({
      status: 403,
      body: { message: "No access" },
    });
    expect(await get("/federation/credentials", "made up", role)).toMatchObject({ status: 401 });
    aws.behave({ perSecond: 2, only: ["ListAccounts"] });
    const all = [];
    for (let count = 0; count < 3; count += 1)
      all.push((await get("/assignment/accounts", accessToken)).status);
    expect(all).toEqual([200, 200, 429]);
    aws.behave({});
    await fetch(`${aws.urls.sso}/logout`, {
      method: "POST",
      headers: { "x-amz-sso_bearer_token": accessToken },
    });
    expect(await get("/assignment/accounts", accessToken)).toMatchObject({ status: 401 });
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "a query that is lost",
      () => get("/federation/credentials", "t"),
      /Value null at 'roleName'.*/,
    ],
    [
      "a query of another name",
      () => get("/federation/credentials", "t", { roleName: "r", account_id: "1" }),
      /has no roleName in its query/,
    ],
    [
      "a missing token",
      () => get("/assignment/accounts", undefined),
      /Value null at 'accessToken'/,
    ],
    [
      "a page that is too long",
      () => get("/assignment/accounts", "t", { max_result: "101" }),
      /less than or equal to 100/,
    ],
    [
      "another path",
      () => get("/assignment/account", "t"),
      /sso has no operation GET \/assignment\/account/,
    ],
    ["another method", () => post("/assignment/accounts", {}), /sso-oidc has no operation POST/],
    [
      "an unknown member",
      () => register({ redirectUrls: [] }),
      /RegisterClient has no member redirectUrls/,
    ],
    [
      "a member of another type",
      () => register({ scopes: "sso:account:access" }),
      /scopes is not a list/,
    ],
    [
      "a signature where none is wanted",
      () =>
        post(
          "/client/register",
          { clientName: "a", clientType: "public" },
          { authorization: "AWS4-HMAC-SHA256 …".slice(0, 16) },
        ),
      /no header authorization/,
    ],
  ])("refuses %s, and the test that sends it fails", async (_what, send, message) => {
    await send().catch(() => {});
    expect(takeViolations().join("\n")).toMatch(message);
  });
});

describe("aws login", () => {
  const proofOf = (dpopKey: string | Buffer, claims: Json = {}): string => {
    const key = createPrivateKey(dpopKey);
    const { crv, kty, x, y } = createPublicKey(key).export({ format: "jwk" });
    const parts = [
      { typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } },
      {
        htm: "POST",
        htu: `${aws.urls.signin}/v1/token`,
        iat: Math.floor(Date.now() / 1000),
        jti: randomUUID(),
        ...claims,
      },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
    const signature = sign("sha256", Buffer.from(parts.join(".")), {
      key,
      dsaEncoding: "ieee-p1363",
    });
    return [...parts, signature.toString("base64url")].join(".");
  };
  const refresh = (
    { clientId, refreshToken }: { clientId: string; refreshToken: string },
    proof: string,
  ) => post("/v1/token", { clientId, grantType: "refresh_token", refreshToken }, { dpop: proof });

  it("refreshes once, with a proof by the same key", async () => {
    const session = aws.signin.logIn();
    expect(await refresh(session, proofOf(session.dpopKey))).toMatchObject({
      status: 200,
      body: { expiresIn: 900, tokenType: "aws_sigv4" },
    });
    expect(await refresh(session, proofOf(session.dpopKey))).toMatchObject({
      status: 400,
      body: { error: "TOKEN_EXPIRED" },
    });
    const [one, other] = [aws.signin.logIn(), aws.signin.logIn()];
    expect(await refresh(one, proofOf(other.dpopKey))).toMatchObject({
      status: 400,
      body: { error: "TOKEN_EXPIRED" },
    });
  });

  it.each<[string, Json]>([
    ["another address", { htu: "https://signin.example/v1/token" }],
    ["another method", { htm: "GET" }],
    ["an old proof", { iat: 1 }],
  ])("refuses a proof for %s", async (_what, claims) => {
    const session = aws.signin.logIn();
    expect(await refresh(session, proofOf(session.dpopKey, claims))).toMatchObject({
      status: 400,
      body: { error: "INVALID_REQUEST" },
    });
  });

  it("refuses a proof twice, and none", async () => {
    const session = aws.signin.logIn();
    const proof = proofOf(session.dpopKey);
    const { body } = await refresh(session, proof);
    expect(
      await refresh({ ...session, refreshToken: String(body["refreshToken"]) }, proof),
    ).toMatchObject({ status: 400 });
    expect(
      await post("/v1/token", {
        clientId: session.clientId,
        grantType: "refresh_token",
        refreshToken: "r",
      }),
    ).toMatchObject({ status: 400 });
  });
});

describe("metadata services", () => {
  it("give credentials for a token with a lifetime, and for a path", async () => {
    const { imds, container } = aws.urls;
    const put = await fetch(`${imds}/latest/api/token`, {
      method: "PUT",
      headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" },
    });
    const headers = { "x-aws-ec2-metadata-token": await put.text() };
    const base = `${imds}/latest/meta-data/iam/security-credentials/`;
    const role = await (await fetch(base, { headers })).text();
    expect(await (await fetch(base + role, { headers })).json()).toMatchObject({ Code: "Success" });
    aws.clock.advance(61_000);
    expect((await fetch(base + role, { headers })).status).toBe(401);
    aws.metadata.settings.containerAuthorization = "let me in";
    const ask = (authorization: string) =>
      fetch(`${container}/v2/credentials/task`, { headers: { authorization } });
    expect((await ask("let me in")).status).toBe(200);
    expect((await ask("wrong")).status).toBe(401);
  });

  it("refuse version 1, and a region that nobody asked for", async () => {
    expect(
      (await fetch(`${aws.urls.imds}/latest/meta-data/iam/security-credentials/`)).status,
    ).toBe(400);
    await fetch(`${aws.urls.imds}/latest/meta-data/placement/region`);
    expect(takeViolations()).toEqual([
      expect.stringContaining("Value null at 'token'"),
      expect.stringContaining("placement/region"),
    ]);
  });
});
