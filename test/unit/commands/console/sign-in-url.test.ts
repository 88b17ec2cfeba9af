/** Where a session is sent to become a sign-in token: seen by a proxy that lets nothing out. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { consoleUrlOf, signInUrl } from "../../../../src/commands/console/sign-in-url.ts";
import { startAwsDouble, type AwsDouble } from "../../../support/aws-double.ts";
import { assume, type Keys } from "../../../support/sts-client.ts";

let credentials: Required<Keys>;
const asked: string[] = [];
let proxy: Server;
let double: AwsDouble;
beforeAll(async () => {
  proxy = createServer().on("connect", ({ url = "" }, socket) => {
    asked.push(url);
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  double = await startAwsDouble();
  credentials = await assume(double, double.bob);
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  proxy.close();
  return double.close();
});

const signIn = async (
  partition: string,
  region: string,
  env: Record<string, string>,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> =>
  signInUrl(
    {
      settings: new Map(
        Object.entries(settings).map(([key, value]) => [key, { value, file: "config", line: 1 }]),
      ),
      credentials,
      partition,
      destination: `${consoleUrlOf(partition)}?region=${region}`,
      sessionSeconds: undefined,
    },
    { region, env, useFipsEndpoint: false, useDualstackEndpoint: false, maxAttempts: 1 },
    { remainingMs: () => 5000 },
  ).then(({ url }) => url);

it.each([
  ["aws", "eu-west-1", "signin.aws.amazon.com", "console.aws.amazon.com"],
  ["aws-cn", "cn-north-1", "signin.amazonaws.cn", "console.amazonaws.cn"],
  ["aws-us-gov", "us-gov-west-1", "signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"],
  [
    "aws-eusc",
    "eusc-de-east-1",
    "eusc-de-east-1.signin.amazonaws-eusc.eu",
    "console.amazonaws-eusc.eu",
  ],
])(
  "partition %s: through the proxy to its own sign-in, on to its own console",
  async (partition, region, signInHost, consoleHost) => {
    const { port } = proxy.address() as AddressInfo;
    const error: unknown = await signIn(partition, region, {
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
    }).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "ERR_NETWORK" });
    expect(String(error)).not.toContain(credentials.secretAccessKey);
    expect(asked.splice(0)).toEqual([`${signInHost}:443`]);
    const url = new URL(
      await signIn(partition, region, { AWS_ENDPOINT_URL_SIGNIN: double.urls.signin }),
    );
    expect(url.searchParams.get("Destination")).toBe(`https://${consoleHost}/?region=${region}`);
  },
);

it("asks AWS's own sign-in where the environment, else the profile, ignores configured endpoints", async () => {
  const { port } = proxy.address() as AddressInfo;
  const env = {
    HTTPS_PROXY: `http://127.0.0.1:${port}`,
    AWS_ENDPOINT_URL_SIGNIN: double.urls.signin,
  };
  const ignoring = { ignore_configured_endpoint_urls: "true" };
  const variable = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
  await expect(signIn("aws", "eu-west-1", env, ignoring)).rejects.toThrow();
  await expect(signIn("aws", "eu-west-1", { ...env, [variable]: "TRUE" })).rejects.toThrow();
  expect(asked.splice(0)).toEqual(Array(2).fill("signin.aws.amazon.com:443"));
  const listened = await signIn("aws", "eu-west-1", { ...env, [variable]: "false" }, ignoring);
  expect(new URL(listened).origin).toBe(double.urls.signin);
  await expect(signIn("aws", "eu-west-1", { ...env, [variable]: "yes" })).rejects.toMatchObject({
    code: "ERR_PROFILE_INVALID",
  });
});

it("sends nothing for a partition without a known console, or without TLS", async () => {
  const before = double.requests.length;
  await expect(
    signIn("aws-iso", "us-iso-east-1", { AWS_ENDPOINT_URL_SIGNIN: double.urls.signin }),
  ).rejects.toMatchObject({ code: "ERR_AWS_REFUSED" });
  expect(double.requests).toHaveLength(before);
  await expect(
    signIn("aws", "eu-west-1", { AWS_ENDPOINT_URL_SIGNIN: "http://signin.example" }),
  ).rejects.toMatchObject({
    code: "ERR_NETWORK",
    message: expect.stringMatching(/not an https URL/) as string,
  });
});
