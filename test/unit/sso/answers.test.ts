/** What IAM Identity Center and AWS Sign-In answer, whole and with something missing; and the addresses that a browser is sent to. */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StsConnection } from "../../../src/config/connection.ts";
import { ssoClients } from "../../../src/sso/clients.ts";

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
const deadline = { remainingMs: () => 20_000 };
const client = {
  clientId: "id",
  clientSecret: "secret",
  expiresAt: new Date(Date.now() + 86_400_000),
};
const inAnHour = Math.ceil(Date.now() / 1000) * 1000 + 3_600_000;
const { privateKey } = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

let server: Server;
let answers: readonly unknown[] = [];
let status = 200;
beforeAll(async () => {
  let at = 0;
  server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(answers[at % answers.length]));
      at += 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => void server.close());

const toAws: StsConnection = {
  region: "eu-west-1",
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  maxAttempts: 1,
  env: {},
};
const connection = (): StsConnection => ({
  ...toAws,
  endpointUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
});
const oidc = () => ssoClients.createOidc(connection(), deadline);
const portal = () => ssoClients.createPortal(connection(), deadline);
const signin = () => ssoClients.createSignin(connection(), deadline);

/** Each operation, an answer to it that is whole, and the members that it needs. */
const operations = {
  RegisterClient: {
    whole: { clientId: "id", clientSecret: "secret", clientSecretExpiresAt: inAnHour / 1000 },
    needs: ["clientId", "clientSecret", "clientSecretExpiresAt"],
    ask: () =>
      oidc().register({ name: "awsrole", scopes: [], startUrl: "https://x.awsapps.com/start" }),
    gives: { clientId: "id", clientSecret: "secret", expiresAt: new Date(inAnHour) },
  },
  StartDeviceAuthorization: {
    whole: { deviceCode: "d", userCode: "u", verificationUri: "https://device.example" },
    needs: ["deviceCode", "userCode", "verificationUri"],
    ask: () => oidc().startDeviceAuthorization(client, "https://x.awsapps.com/start"),
    gives: {
      deviceCode: "d",
      userCode: "u",
      verificationUri: "https://device.example",
      verificationUriComplete: "https://device.example",
      expiresInSeconds: 600,
      intervalSeconds: 5,
    },
  },
  CreateToken: {
    whole: { accessToken: "a", expiresIn: 3600 },
    needs: ["accessToken", "expiresIn"],
    ask: () => oidc().createToken(client, { kind: "refresh_token", refreshToken: "r" }),
    gives: { accessToken: "a" },
  },
} as const;

describe.each(Object.entries(operations))("%s", (action, { whole, needs, ask, gives }) => {
  it("is read whole", async () => {
    answers = [whole];
    expect(await ask()).toMatchObject(gives);
  });

  it.each(needs)("is refused without %s", async (member) => {
    answers = [{ ...whole, [member]: undefined }];
    await expect(ask()).rejects.toMatchObject({
      code: "ERR_AWS_UNAVAILABLE",
      message: `IAM Identity Center returned no usable response for ${action}`,
      hint: "check that endpoint_url and the proxy lead to AWS",
    });
  });
});

describe("the optional parts of answers", () => {
  it("of a device authorization are taken as they come", async () => {
    const more = {
      verificationUriComplete: "https://device.example?c=u",
      expiresIn: 300,
      interval: 1,
    };
    answers = [{ ...operations.StartDeviceAuthorization.whole, ...more }];
    expect(await operations.StartDeviceAuthorization.ask()).toMatchObject({
      verificationUriComplete: "https://device.example?c=u",
      expiresInSeconds: 300,
      intervalSeconds: 1,
    });
  });

  it("of a token: its end is counted from now, and a life of no seconds is refused", async () => {
    answers = [{ accessToken: "a", expiresIn: 3600, refreshToken: "r" }];
    const token = await operations.CreateToken.ask();
    expect(token).toMatchObject({ refreshToken: "r" });
    expect(Math.abs(token.expiresAt.getTime() - Date.now() - 3_600_000)).toBeLessThan(60_000);
    for (const expiresIn of [0, -1]) {
      answers = [{ accessToken: "a", expiresIn }];
      await expect(operations.CreateToken.ask()).rejects.toMatchObject({
        code: "ERR_AWS_UNAVAILABLE",
      });
    }
  });
});

describe("the portal", () => {
  const role = { accountId: "123456789012", roleName: "Reader" };
  const whole = {
    accessKeyId: "ASIAEXAMPLE",
    secretAccessKey: "s",
    sessionToken: "t",
    expiration: inAnHour + 999,
  };

  it("gives credentials with an end in whole seconds", async () => {
    answers = [{ roleCredentials: whole }];
    const { credentials } = await portal().roleCredentials("token", role);
    expect(credentials).toMatchObject({
      accessKeyId: "ASIAEXAMPLE",
      expiresAt: new Date(inAnHour),
    });
  });

  it.each(["accessKeyId", "secretAccessKey", "sessionToken", "expiration"])(
    "is refused without %s",
    async (member) => {
      answers = [{ roleCredentials: { ...whole, [member]: undefined } }];
      await expect(portal().roleCredentials("token", role)).rejects.toMatchObject({
        code: "ERR_AWS_UNAVAILABLE",
        message: "IAM Identity Center returned no credentials for GetRoleCredentials",
        hint: "check that endpoint_url and the proxy lead to AWS",
      });
    },
  );

  it("is refused with credentials that have already expired", async () => {
    answers = [{ roleCredentials: { ...whole, expiration: Date.now() - 60_000 } }];
    await expect(portal().roleCredentials("token", role)).rejects.toMatchObject({
      message:
        "IAM Identity Center returned credentials that have already expired for GetRoleCredentials",
    });
  });

  it("has no accounts and roles where its lists are absent, and leaves out what has no name", async () => {
    answers = [{}];
    expect(await portal().listAccounts("token")).toEqual([]);
    expect(await portal().listAccountRoles("token", role.accountId)).toEqual([]);
    answers = [{ accountList: [{ accountName: "x" }, { accountId: "1" }] }];
    expect(await portal().listAccounts("token")).toMatchObject([{ id: "1" }]);
    answers = [{ roleList: [{}, { roleName: "Reader" }] }];
    expect(await portal().listAccountRoles("token", role.accountId)).toEqual(["Reader"]);
  });

  it("is refused when it sends the same page again, which would never end", async () => {
    answers = [{ accountList: [], nextToken: "next" }];
    await expect(portal().listAccounts("token")).rejects.toMatchObject({
      code: "ERR_AWS_UNAVAILABLE",
      message: "IAM Identity Center returned the same page again for a list",
    });
  });

  it("says for 401 that the sign-in ended; signing out of one that ended is no error, of another it is", async () => {
    answers = [{ message: "Session token not found or invalid", __type: "UnauthorizedException" }];
    status = 401;
    await expect(portal().listAccounts("token")).rejects.toMatchObject({
      code: "ERR_LOGIN_NEEDED",
      message: "the sign-in to IAM Identity Center has expired",
    });
    await portal().logout("token");
    answers = [{ message: "no", __type: "InvalidRequestException" }];
    status = 400;
    await expect(portal().logout("token")).rejects.toMatchObject({ code: "ERR_AWS_REFUSED" });
    status = 200;
  });
});

describe("AWS Sign-In", () => {
  const keys = { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "s", sessionToken: "t" };
  const whole = { accessToken: keys, tokenType: "aws_sigv4", expiresIn: 600, refreshToken: "r" };
  const ask = () =>
    signin().createToken(
      { clientId: "c", grantType: "refresh_token", refreshToken: "old" },
      privateKey,
    );

  it("gives credentials, whose end is counted from now, and the identity where there is one", async () => {
    answers = [whole];
    const login = await ask();
    expect(login).toMatchObject({ credentials: keys, refreshToken: "r" });
    expect(login).not.toHaveProperty("idToken");
    expect(Math.abs(login.credentials.expiresAt.getTime() - Date.now() - 600_000)).toBeLessThan(
      60_000,
    );
    answers = [{ ...whole, idToken: "i" }];
    expect(await ask()).toMatchObject({ idToken: "i" });
  });

  it.each([
    ["accessKeyId", { accessToken: { ...keys, accessKeyId: undefined } }],
    ["secretAccessKey", { accessToken: { ...keys, secretAccessKey: undefined } }],
    ["sessionToken", { accessToken: { ...keys, sessionToken: undefined } }],
    ["refreshToken", { refreshToken: undefined }],
  ])("is refused without %s", async (_, missing) => {
    answers = [{ ...whole, ...missing }];
    await expect(ask()).rejects.toMatchObject({
      code: "ERR_AWS_UNAVAILABLE",
      message: "AWS Sign-In returned no usable response for CreateOAuth2Token",
      hint: "check that endpoint_url and the proxy lead to AWS",
    });
  });
});

describe("the address in the browser", () => {
  const request = {
    clientId: "c",
    redirectUri: "http://127.0.0.1:1/x",
    state: "s",
    codeChallenge: "h",
  };
  const partsOf = (href: string) => {
    const { origin, pathname, searchParams } = new URL(href);
    return { address: origin + pathname, query: Object.fromEntries(searchParams) };
  };

  it.each([
    [toAws, "https://oidc.eu-west-1.amazonaws.com/authorize"],
    [{ ...toAws, region: "cn-north-1" }, "https://oidc.cn-north-1.amazonaws.com.cn/authorize"],
    [{ ...toAws, endpointUrl: "https://vpce.example" }, "https://vpce.example/authorize"],
    [{ ...toAws, endpointUrl: "https://x.example/a//" }, "https://x.example/a/authorize"],
  ])("of IAM Identity Center follows the connection: %#", (to, address) => {
    const url = ssoClients
      .createOidc(to, deadline)
      .authorizeUrl({ ...request, scopes: ["sso:account:access", "x"] });
    expect(partsOf(url)).toEqual({
      address,
      query: {
        response_type: "code",
        client_id: "c",
        redirect_uri: "http://127.0.0.1:1/x",
        state: "s",
        code_challenge_method: "S256",
        code_challenge: "h",
        scopes: "sso:account:access x",
      },
    });
  });

  it.each([
    [toAws, "https://eu-west-1.signin.aws.amazon.com"],
    [{ ...toAws, endpointUrl: "https://x.example/a//" }, "https://x.example/a"],
  ])("of AWS Sign-In follows the connection: %#", (to, base) => {
    const service = ssoClients.createSignin(to, deadline);
    expect(partsOf(service.authorizeUrl(request))).toEqual({
      address: `${base}/v1/authorize`,
      query: {
        response_type: "code",
        client_id: "c",
        redirect_uri: "http://127.0.0.1:1/x",
        state: "s",
        code_challenge_method: "SHA-256",
        code_challenge: "h",
        scope: "openid",
      },
    });
    expect(service.confirmationUrl()).toBe(`${base}/v1/sessions/confirmation`);
  });
});
