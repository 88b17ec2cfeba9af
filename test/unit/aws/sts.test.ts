import type { Credentials } from "../../../src/aws/credentials.ts";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSts, type Sts } from "../../../src/aws/sts.ts";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";
import { createWebIdentityToken } from "../../support/aws-double/web-identity.ts";

const HOUR_MS = 3_600_000;
const roleArn = "arn:aws:iam::123456789012:role/example-role";
const request = { roleArn, roleSessionName: "AWSCLI-Session" };

let double: AwsDouble;
beforeEach(async () => {
  double = await startAwsDouble();
});
afterEach(() => double.close());

describe("what comes back", () => {
  it("an assumed role with its account, its whole-second end and STS's own clock", async () => {
    double.behave({ fractionalExpiration: true, unknownFields: true });
    const session = await sts().assumeRole(bob(), { ...request, durationSeconds: 900 });
    expect(session.arn).toBe("arn:aws:sts::123456789012:assumed-role/example-role/AWSCLI-Session");
    expect(session.credentials).toMatchObject({
      accessKeyId: expect.stringMatching(/^ASIA/),
      accountId: "123456789012",
    });
    expect(session.credentials.expiresAt.getMilliseconds()).toBe(0);
    const grantedSeconds =
      (session.credentials.expiresAt.getTime() - session.issuedAt.getTime()) / 1000;
    expect(grantedSeconds).toBeGreaterThan(898);
    expect(grantedSeconds).toBeLessThanOrEqual(901);
    expect(session.clockSkewSeconds).toBeCloseTo(0, -1);
  });

  it("a session that signs the next hop", async () => {
    const first = await sts().assumeRole(bob(), request);
    double.addRole({ arn: "arn:aws:iam::123456789012:role/second" });
    const second = await sts().assumeRole(first.credentials, {
      roleArn: "arn:aws:iam::123456789012:role/second",
      roleSessionName: "hop",
    });
    expect(await sts().getCallerIdentity(second.credentials)).toMatchObject({
      account: "123456789012",
      arn: "arn:aws:sts::123456789012:assumed-role/second/hop",
    });
  });

  it("an MFA session, which keeps the account of its keys", async () => {
    const { credentials, arn } = await sts().getSessionToken(
      { ...bob(), accountId: "123456789012" },
      { durationSeconds: 900 },
    );
    expect(arn).toBeUndefined();
    expect(credentials).toMatchObject({
      sessionToken: expect.any(String),
      accountId: "123456789012",
    });
  });

  it("tokens of any length", async () => {
    double.behave({ tokenLength: 60_000 });
    const { credentials } = await sts().assumeRole(bob(), request);
    expect(credentials.sessionToken).toHaveLength(60_000);
  });
});

it("every parameter reaches STS under AWS's name", async () => {
  const before = double.callsOf("AssumeRole").length;
  await sts().assumeRole(bob(), {
    ...request,
    durationSeconds: 1800,
    externalId: "external",
    sourceIdentity: "alice",
    tags: [{ key: "team", value: "ops" }],
    transitiveTagKeys: ["team"],
    policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    policy: '{"Version":"2012-10-17","Statement":[]}',
  });
  expect(double.callsOf("AssumeRole")[before]?.params).toMatchObject({
    RoleArn: roleArn,
    RoleSessionName: "AWSCLI-Session",
    DurationSeconds: "1800",
    ExternalId: "external",
    SourceIdentity: "alice",
    "Tags.member.1.Key": "team",
    "Tags.member.1.Value": "ops",
    "TransitiveTagKeys.member.1": "team",
    "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
    Policy: '{"Version":"2012-10-17","Statement":[]}',
  });
});

it("a web identity is not signed, and its token is never shown", async () => {
  const expiresAt = new Date(Date.now() + HOUR_MS);
  const good = createWebIdentityToken({ expiresAt });
  const session = await sts().assumeRoleWithWebIdentity({ ...request, token: good });
  expect(session.credentials.accountId).toBe("123456789012");
  expect(double.callsOf("AssumeRoleWithWebIdentity")).toMatchObject([{ accessKeyId: undefined }]);

  const old = createWebIdentityToken({ expiresAt: new Date(Date.now() - HOUR_MS) });
  const error = await failure(sts().assumeRoleWithWebIdentity({ ...request, token: old }));
  expect(error).toMatchObject({
    code: "ERR_AWS_REFUSED",
    message: expect.stringContaining("ExpiredTokenException: Token expired:"),
    hint: "the web identity token has expired: renew the token file",
  });
});

describe("a clock that is wrong by three hours", () => {
  it.each([3, -3])("is corrected once and reported (%i h)", async (hours) => {
    double.clock.advance(hours * HOUR_MS);
    const client = sts();
    const session = await client.assumeRole(bob(), { ...request, durationSeconds: 900 });
    expect(session.clockSkewSeconds / 3600).toBeCloseTo(hours, 1);
    const granted = session.credentials.expiresAt.getTime() - session.issuedAt.getTime();
    expect(granted / 1000 / 900).toBeCloseTo(1, 1);
    expect(double.requests).toHaveLength(2);

    await client.getCallerIdentity(session.credentials);
    expect(double.requests).toHaveLength(3);
  });

  it("is an error with its size where there is no second attempt", async () => {
    double.clock.advance(3 * HOUR_MS);
    const error = await failure(sts({ maxAttempts: 1 }).assumeRole(bob(), request));
    expect(error).toMatchObject({
      code: "ERR_CLOCK_SKEW",
      message: expect.stringContaining("SignatureDoesNotMatch: Signature expired: "),
      hint: "set this machine's clock: it is 180 min behind",
    });
  });
});

describe("attempts", () => {
  it("a passing failure is tried once more", async () => {
    for (const behaviour of [{ serverError: 500 }, { throttle: {} }, { reset: true }] as const) {
      double.behave({ ...behaviour, times: 1 });
      await sts().assumeRole(bob(), request);
    }
    expect(double.callsOf("AssumeRole")).toHaveLength(6);
  });

  it("a refusal is not", async () => {
    double.behave({ deny: "no" });
    await failure(sts().assumeRole(bob(), request));
    expect(double.requests).toHaveLength(1);
  });

  it("wait as long as AWS asks", async () => {
    double.behave({ throttle: { status: 429, retryAfterSeconds: 1 }, times: 1 });
    const started = Date.now();
    await sts().assumeRole(bob(), request);
    expect(Date.now() - started).toBeGreaterThanOrEqual(990);
  });

  it("do not wait for what would come too late", async () => {
    double.behave({ throttle: { status: 503, retryAfterSeconds: 60 } });
    const started = Date.now();
    expect(await failure(sts().assumeRole(bob(), request))).toMatchObject({
      code: "ERR_AWS_THROTTLED",
      message: `STS throttled AssumeRole of ${roleArn}: Throttling: Rate exceeded`,
    });
    expect(Date.now() - started).toBeLessThan(5000);
    expect(double.requests).toHaveLength(1);
  });
});

describe("answers that make no sense are one error", () => {
  it.each(["truncated", "wrong-content-type", "garbage", "empty"] as const)(
    "%s",
    async (malformed) => {
      double.behave({ malformed });
      expect(await failure(sts().assumeRole(bob(), request))).toMatchObject({
        code: "ERR_AWS_UNAVAILABLE",
        message: expect.stringMatching(
          /^STS (?:gave no usable response to|returned .* for) AssumeRole/,
        ),
        hint: "check that endpoint_url and the proxy lead to AWS",
      });
    },
  );

  it.each([
    ["no end", ""],
    ["an end that is no date", "tomorrow"],
    ["an end in the past", "2001-01-01T00:00:00Z"],
  ])("%s", async (_what, expiration) => {
    const sent = answering((response) => response.end(assumed(expiration)));
    expect(await failure(sent)).toMatchObject({ code: "ERR_AWS_UNAVAILABLE" });
  });

  it("a redirect is not followed", async () => {
    const sent = answering((response) =>
      response.writeHead(302, { location: `${double.url}/` }).end(),
    );
    expect(await failure(sent)).toMatchObject({
      code: "ERR_AWS_UNAVAILABLE",
      message: expect.stringMatching(/: HTTP 302$/),
    });
    expect(double.requests).toHaveLength(0);
  });

  it("an endless one is cut", async () => {
    const sent = answering((response) => {
      const megabyte = Buffer.alloc(1024 * 1024, " ");
      const pour = () => response.destroyed || response.write(megabyte, () => setImmediate(pour));
      pour();
    });
    expect(await failure(sent)).toMatchObject({ code: "ERR_AWS_UNAVAILABLE" });
  });

  it("but a right one under a wrong content type is right", async () => {
    const sent = answering((response) =>
      response.setHeader("content-type", "application/json").end(assumed("2100-01-01T00:00:00Z")),
    );
    expect(await sent).toMatchObject({ credentials: { accessKeyId: "ASIAISSUED" } });
  });

  it("without STS's clock the session counts from ours", async () => {
    const sent = answering((response) => {
      response.sendDate = false;
      response.end(assumed("2100-01-01T00:00:00Z"));
    });
    const { issuedAt, clockSkewSeconds } = await sent;
    expect(Math.abs(issuedAt.getTime() - Date.now())).toBeLessThan(30_000);
    expect(clockSkewSeconds).toBe(0);
  });
});

it("a secret that AWS quotes is in neither message nor cause", async () => {
  const quoted = "SECRET-that-AWS-quotes";
  const sent = answering(
    (response) =>
      response
        .writeHead(403)
        .end(refused("SignatureDoesNotMatch", `does ${quoted} not match\n\nPOST x-amz: ${quoted}`)),
    { accessKeyId: "ASIA", secretAccessKey: "also-secret", sessionToken: quoted },
  );
  const error = await failure(sent);
  expect(error).toMatchObject({
    code: "ERR_AWS_REFUSED",
    message: `STS refused AssumeRole of ${roleArn}: SignatureDoesNotMatch: does [hidden] not match`,
    cause: expect.any(Error),
  });
  expect(describeDeeply(error)).not.toContain(quoted);
});

function sts(overrides: { maxAttempts?: number; endpointUrl?: string } = {}): Sts {
  const connection = {
    region: "eu-west-1",
    endpointUrl: double.url,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    maxAttempts: 2,
    env: {},
    ...overrides,
  };
  const deadline = Date.now() + 18_000;
  return createSts(connection, { remainingMs: () => deadline - Date.now() });
}

function bob(): Credentials {
  const { accessKeyId, secretAccessKey } = double.bob;
  return { accessKeyId, secretAccessKey };
}

/** The outcome of one AssumeRole against a server that always answers so. */
async function answering(
  answer: (response: ServerResponse, request: IncomingMessage) => unknown,
  credentials = bob(),
) {
  const server = createServer((incoming, response) => {
    incoming.resume();
    answer(response, incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpointUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return await sts({ endpointUrl }).assumeRole(credentials, request);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function failure(outcome: PromiseLike<unknown>): Promise<unknown> {
  try {
    await outcome;
  } catch (error) {
    return error;
  }
  throw new Error("it succeeded");
}

function assumed(expiration: string): string {
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
    <Credentials><AccessKeyId>ASIAISSUED</AccessKeyId><SecretAccessKey>issued-secret</SecretAccessKey>
    <SessionToken>issued-token</SessionToken><Expiration>${expiration}</Expiration></Credentials>
    </AssumeRoleResult></AssumeRoleResponse>`;
}

function refused(code: string, message: string): string {
  return `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
}

/** Everything that could be printed of an error. */
function describeDeeply(error: unknown): string {
  return inspect(error, { depth: 20, showHidden: true });
}
