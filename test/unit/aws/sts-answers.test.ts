/** What STS answers with something missing, and the address that a connection leads to. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSts, stsAddress } from "../../../src/aws/sts.ts";
import type { StsConnection } from "../../../src/config/connection.ts";
import { formatAnswer, type XmlStructure } from "../../support/aws-double/answers.ts";

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
const toAws: StsConnection = {
  region: "eu-west-1",
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  maxAttempts: 1,
  env: {},
};
const bob = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "s" };
const keys = { AccessKeyId: "ASIAEXAMPLE", SecretAccessKey: "s", SessionToken: "t" };
const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
const whole = { ...keys, Expiration: inAnHour };

let server: Server;
let answer: XmlStructure = {};
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const action = new URLSearchParams(body).get("Action") ?? "";
      response.writeHead(200, { "content-type": "text/xml" });
      response.end(
        formatAnswer("https://sts.amazonaws.com/doc/2011-06-15/", action, answer, "request"),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => void server.close());

const sts = () => {
  const endpointUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return createSts({ ...toAws, endpointUrl }, { remainingMs: () => 20_000 });
};
const roleArn = "arn:aws:iam::123456789012:role/example-role";
const assumeRole = () => sts().assumeRole(bob, { roleArn, roleSessionName: "s" });

describe("a session", () => {
  it.each(["AccessKeyId", "SecretAccessKey", "SessionToken"])(
    "is refused without %s",
    async (member) => {
      answer = { Credentials: { ...whole, [member]: undefined } };
      await expect(assumeRole()).rejects.toMatchObject({
        code: "ERR_AWS_UNAVAILABLE",
        message: expect.stringContaining("no credentials"),
      });
    },
  );

  it.each([undefined, "2020-01-01T00:00:00Z"])("is refused with the end %s", async (Expiration) => {
    answer = { Credentials: { ...keys, Expiration } };
    await expect(assumeRole()).rejects.toMatchObject({
      code: "ERR_AWS_UNAVAILABLE",
      message: expect.stringContaining("without an expiration, or that have already expired"),
    });
  });

  it("has the account of its ARN, else the one that is known, else none", async () => {
    const user = {
      Arn: "arn:aws:sts::210987654321:assumed-role/example-role/s",
      AssumedRoleId: "A:s",
    };
    answer = { Credentials: whole, AssumedRoleUser: user };
    expect(await assumeRole()).toMatchObject({
      arn: user.Arn,
      credentials: { accountId: "210987654321" },
    });
    answer = { Credentials: whole };
    const plain = await assumeRole();
    expect(plain).not.toHaveProperty("arn");
    expect(plain.credentials).not.toHaveProperty("accountId");
    answer = { Credentials: whole, AssumedRoleUser: { ...user, Arn: `x ${user.Arn}` } };
    expect((await assumeRole()).credentials).not.toHaveProperty("accountId");
  });
});

describe("an identity", () => {
  const identity = {
    Account: "123456789012",
    Arn: "arn:aws:iam::123456789012:user/bob",
    UserId: "A",
  };
  it.each(["Account", "Arn", "UserId"])("is refused without its %s", async (member) => {
    answer = { ...identity, [member]: undefined };
    await expect(sts().getCallerIdentity(bob)).rejects.toMatchObject({
      code: "ERR_AWS_UNAVAILABLE",
      message: expect.stringContaining("no identity"),
    });
  });
});

describe("the address of STS", () => {
  it.each([
    [toAws, "https://sts.eu-west-1.amazonaws.com/"],
    [{ ...toAws, region: "us-east-1" }, "https://sts.us-east-1.amazonaws.com/"],
    [{ ...toAws, region: "cn-north-1" }, "https://sts.cn-north-1.amazonaws.com.cn/"],
    [
      { ...toAws, region: "us-east-1", useFipsEndpoint: true },
      "https://sts-fips.us-east-1.amazonaws.com/",
    ],
    [{ ...toAws, useDualstackEndpoint: true }, "https://sts.eu-west-1.api.aws/"],
    [{ ...toAws, endpointUrl: "https://vpce.example/x" }, "https://vpce.example/x"],
  ])("is AWS's own, or the endpoint that is set: %#", async (connection, address) => {
    expect((await stsAddress(connection)).href).toBe(address);
  });
});
