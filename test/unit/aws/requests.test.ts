/** What goes out, part by part: the double knows what AWS's models allow, and these say which of it is meant. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { GetRoleCredentialsCommand, SSOClient } from "@aws-sdk/nested-clients/sso";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { clientConfig } from "../../../src/aws/client.ts";
import { createRequestHandler } from "../../../src/aws/http.ts";
import { createSts } from "../../../src/aws/sts.ts";
import type { StsConnection } from "../../../src/config/connection.ts";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";
import { createWebIdentityToken } from "../../support/aws-double/web-identity.ts";

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
const roleArn = "arn:aws:iam::123456789012:role/example-role";
const deadline = { remainingMs: () => 20_000 };
const connectionTo = (endpointUrl: string | undefined, more: Partial<StsConnection> = {}) => ({
  region: "eu-central-1",
  ...(endpointUrl === undefined ? {} : { endpointUrl }),
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  maxAttempts: 2,
  env: {},
  ...more,
});

let aws: AwsDouble;
beforeEach(async () => {
  aws = await startAwsDouble();
});
afterEach(() => aws.close());

describe("a request to STS", () => {
  it("has every member of AssumeRole under AWS's name, and is signed for its region", async () => {
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: [] });
    await createSts(connectionTo(aws.urls.sts), deadline).assumeRole(aws.bob, {
      roleArn,
      roleSessionName: "a-session",
      durationSeconds: 1800,
      externalId: "an-external-id",
      serialNumber: aws.bob.mfaSerial ?? "",
      tokenCode: aws.currentCode(aws.bob),
      sourceIdentity: "a-source",
      tags: [{ key: "project", value: "one" }],
      transitiveTagKeys: ["project"],
      policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
      policy,
    });
    expect(aws.requests).toMatchObject([
      { method: "POST", target: "/", region: "eu-central-1", accessKeyId: aws.bob.accessKeyId },
    ]);
    expect(aws.requests[0]?.input).toEqual({
      RoleArn: roleArn,
      RoleSessionName: "a-session",
      DurationSeconds: 1800,
      ExternalId: "an-external-id",
      SerialNumber: aws.bob.mfaSerial,
      TokenCode: expect.stringMatching(/^\d{6}$/),
      SourceIdentity: "a-source",
      Tags: [{ Key: "project", Value: "one" }],
      TransitiveTagKeys: ["project"],
      PolicyArns: [{ arn: "arn:aws:iam::aws:policy/ReadOnlyAccess" }],
      Policy: policy,
    });
  });

  it("has no member that was not asked for, and empty lists are none", async () => {
    const sts = createSts(connectionTo(aws.urls.sts), deadline);
    const asked = { roleArn, roleSessionName: "a-session", tags: [], policyArns: [] };
    await sts.assumeRole(aws.bob, asked);
    expect(aws.requests[0]?.params).toEqual({
      Action: "AssumeRole",
      Version: "2011-06-15",
      RoleArn: roleArn,
      RoleSessionName: "a-session",
    });
  });

  it("is given up when the answer is larger than any of AWS's, and the host is named", async () => {
    const endless = createServer((_, response) => {
      response.on("error", () => {});
      response.end("x".repeat(9 * 1024 * 1024));
    });
    await new Promise<void>((resolve) => endless.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
    try {
      await expect(
        createSts(connectionTo(url), deadline).getCallerIdentity(aws.bob),
      ).rejects.toMatchObject({
        code: "ERR_AWS_UNAVAILABLE",
        message: "the response from 127.0.0.1 is larger than 8 MiB; AWS sends nothing that large",
        hint: expect.stringContaining("AWS_ENDPOINT_URL"),
      });
    } finally {
      endless.closeAllConnections();
      endless.close();
    }
  });

  it("is unsigned with a web identity, whatever is at hand", async () => {
    const token = createWebIdentityToken({ expiresAt: new Date(Date.now() + 60_000) });
    const sts = createSts(connectionTo(aws.urls.sts), deadline);
    await sts.assumeRoleWithWebIdentity({ roleArn, roleSessionName: "a-session", token });
    expect(aws.requests).toMatchObject([
      { accessKeyId: undefined, input: { WebIdentityToken: token } },
    ]);
    expect(aws.requests[0]?.headers).not.toHaveProperty("authorization");
  });
});

describe("a request to the portal", () => {
  const getRoleCredentials = async (roleName = "Reader") => {
    const connection = connectionTo(aws.urls.sso);
    const requestHandler = createRequestHandler(connection, deadline.remainingMs);
    const config = clientConfig(connection, undefined, deadline.remainingMs);
    const { accessToken } = aws.identityCenter.signIn();
    const input = { accessToken, accountId: "123456789012", roleName };
    await new SSOClient({ ...config, requestHandler }).send(new GetRoleCredentialsCommand(input));
    return accessToken;
  };
  const roleName = "Role + one/two's*";
  beforeEach(() =>
    aws.identityCenter.addAccount({ accountId: "123456789012", roleNames: ["Reader", roleName] }),
  );

  it("has its query, encoded, and the token in its header; it is not signed", async () => {
    const token = await getRoleCredentials(roleName);
    expect(aws.requests).toMatchObject([
      {
        method: "GET",
        target:
          "/federation/credentials?role_name=Role%20%2B%20one%2Ftwo%27s%2A&account_id=123456789012",
        headers: { "x-amz-sso_bearer_token": token },
        input: { roleName },
      },
    ]);
  });

  it("is sent once more after a throttled one, and no more often", async () => {
    aws.behave({ throttle: {}, times: 1 });
    await getRoleCredentials();
    expect(aws.requests.map(({ status }) => status)).toEqual([429, 200]);
    aws.behave({ throttle: {} });
    await expect(getRoleCredentials()).rejects.toMatchObject({ name: "TooManyRequestsException" });
    expect(aws.requests).toHaveLength(4);
  });
});

describe("without an endpoint of one's own", () => {
  let proxy: Server;
  const asked: string[] = [];
  beforeAll(async () => {
    proxy = createServer()
      .on("connect", ({ url = "" }, socket) => {
        asked.push(url);
        socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      })
      .on("request", ({ url = "" }, response) => {
        asked.push(url);
        response.writeHead(502).end();
      });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => void proxy.close());

  it.each<[string, Partial<StsConnection>, string]>([
    ["eu-central-1", {}, "sts.eu-central-1.amazonaws.com:443"],
    ["us-east-1", {}, "sts.us-east-1.amazonaws.com:443"],
    ["cn-north-1", {}, "sts.cn-north-1.amazonaws.com.cn:443"],
    ["us-east-1", { useFipsEndpoint: true }, "sts-fips.us-east-1.amazonaws.com:443"],
    ["eu-west-1", { useDualstackEndpoint: true }, "sts.eu-west-1.api.aws:443"],
  ])("STS in %s with %j is %s, by TLS", async (region, settings, host) => {
    const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const env = { HTTPS_PROXY, HTTP_PROXY: HTTPS_PROXY };
    const connection = connectionTo(undefined, { region, env, maxAttempts: 1, ...settings });
    await expect(createSts(connection, deadline).getCallerIdentity(aws.bob)).rejects.toMatchObject({
      code: "ERR_NETWORK",
    });
    expect(asked.splice(0)).toEqual([host]);
  });
});
