/**
 * The same requests to the double and to moto, whose answers were written by others: where moto checks something, the two
 * must agree.
 */
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  DeleteAccessKeyCommand,
  EnableMFADeviceCommand,
  GetAccessKeyLastUsedCommand,
  GetUserCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListMFADevicesCommand,
  ListRolesCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand,
  GetCallerIdentityCommand,
  STSClient,
  type AssumeRoleCommandOutput,
  type STSServiceException,
} from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isMotoInstalled, MOTO_MISSING, startMoto } from "../support/moto.ts";
import { takeViolations } from "../support/aws-double/violations.ts";
import { startAwsDouble } from "../support/aws-double.ts";

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
/** A server with user Bob, his key, and a role that trusts him. */
type Peer = { url: string; bob: Keys; close: () => Promise<void> };

const BOB = "arn:aws:iam::123456789012:user/Bob";
const ROLE = "arn:aws:iam::123456789012:role/example-role";
const EXTERNAL_ID = "secret-handshake";

const installed = isMotoInstalled();

describe.skipIf(!installed)(`the double and moto${installed ? "" : ` (${MOTO_MISSING})`}`, () => {
  let double: Peer;
  let moto: Peer;
  beforeAll(async () => {
    [double, moto] = await Promise.all([startDouble(), startMotoWithBob()]);
  });
  afterAll(() => Promise.all([double?.close(), moto?.close()]));

  it("name a user and a role's session alike", async () => {
    const arns = await onBoth(async (peer) => {
      const session = await assume(peer);
      return [
        await whoAmI(peer, peer.bob),
        await whoAmI(peer, credentialsOf(session)),
        session.AssumedRoleUser?.Arn,
      ];
    });
    expect(arns.double).toEqual([
      BOB,
      ...Array<string>(2).fill("arn:aws:sts::123456789012:assumed-role/example-role/session"),
    ]);
    expect(arns.double).toEqual(arns.moto);
  });

  it("answer AssumeRole in the same shape", async () => {
    const shapes = await onBoth(async (peer) => {
      const policy = JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
      });
      const { $metadata, ...answer } = await assume(peer, { Policy: policy });
      return { status: $metadata.httpStatusCode, answer: shapeOf(answer) };
    });
    expect(shapes.double).toEqual(shapes.moto);
  });

  it.each<[string, (keys: Required<Keys>, bob: Keys) => Keys]>([
    ["a wrong secret", (_, bob) => ({ ...bob, secretAccessKey: "wrong" })],
    ["an unknown key", (_, bob) => ({ ...bob, accessKeyId: "AKIAUNKNOWNUNKNOWN00" })],
    ["a session's wrong secret", (session) => ({ ...session, secretAccessKey: "wrong" })],
    [
      "a session's token changed",
      (session) => ({ ...session, sessionToken: `${session.sessionToken}x` }),
    ],
    [
      "a session's token missing",
      ({ accessKeyId, secretAccessKey }) => ({ accessKeyId, secretAccessKey }),
    ],
    [
      "a session's token on a user's key",
      (session, bob) => ({ ...bob, sessionToken: session.sessionToken }),
    ],
  ])("refuse %s with the same code and status", async (_, spoil) => {
    const refusals = await onBoth(async (peer) => {
      const session = credentialsOf(await assume(peer));
      return refusalOf(whoAmI(peer, spoil(session, peer.bob)));
    });
    expect(refusals.double).toEqual(refusals.moto);
    expect(refusals.double.status).toBe(403);
  });

  it("refuse a wrong external id with the same code and status", async () => {
    const refusals = await onBoth((peer) => refusalOf(assume(peer, { ExternalId: "wrong" })));
    expect(refusals.double).toEqual(refusals.moto);
    expect(refusals.double.code).toBe("AccessDenied");
  });

  it("refuse a session name that is too long with the same words", async () => {
    const refusals = await onBoth((peer) =>
      assume(peer, { RoleSessionName: "s".repeat(65) }).then(
        () => "accepted",
        (error: Error) => error.message.replaceAll(/\s+/g, " "),
      ),
    );
    expect(refusals.double).toEqual(refusals.moto);
    expect(takeViolations()).toHaveLength(1);
  });

  it("answer IAM's questions about a user's keys in the same shape", async () => {
    const shapes = await onBoth(async ({ url, bob }) => {
      const iam = new IAMClient(clientOptions(url, bob));
      const made = await iam.send(new CreateAccessKeyCommand({}));
      const key = { AccessKeyId: made.AccessKey?.AccessKeyId };
      const answers = [
        made,
        await refusalOf(iam.send(new CreateAccessKeyCommand({}))),
        await iam.send(new UpdateAccessKeyCommand({ ...key, Status: "Inactive" })),
        (await iam.send(new ListAccessKeysCommand({}))).AccessKeyMetadata, // moto forgets IsTruncated
        await iam.send(new GetAccessKeyLastUsedCommand(key)),
        await iam.send(new DeleteAccessKeyCommand(key)),
        await refusalOf(iam.send(new DeleteAccessKeyCommand(key))),
        await refusalOf(iam.send(new ListAccessKeysCommand({ UserName: "Nobody" }))),
        await iam.send(new ListMFADevicesCommand({ UserName: "Bob" })),
        { ...(await iam.send(new GetUserCommand({}))).User, UserId: "moto's has no prefix" },
        await iam.send(new ListRolesCommand({})),
      ];
      return answers.map((answer) =>
        shapeOf(Array.isArray(answer) ? answer : { ...answer, $metadata: undefined }),
      );
    });
    expect(shapes.double).toEqual(shapes.moto);
  });

  async function onBoth<Result>(
    ask: (peer: Peer) => Promise<Result>,
  ): Promise<{ double: Result; moto: Result }> {
    const [ofDouble, ofMoto] = await Promise.all([ask(double), ask(moto)]);
    return { double: ofDouble, moto: ofMoto };
  }
});

async function startDouble(): Promise<Peer> {
  const { url, bob, addRole, close } = await startAwsDouble();
  addRole({ arn: ROLE, trustedPrincipalArns: [BOB], externalId: EXTERNAL_ID });
  return { url, bob, close };
}

async function startMotoWithBob(): Promise<Peer> {
  const setUp = [
    new CreateUserCommand({ UserName: "Bob" }),
    new PutUserPolicyCommand({
      UserName: "Bob",
      PolicyName: "everything",
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: { Effect: "Allow", Action: "*", Resource: "*" },
      }),
    }),
    new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: "Bob" }),
    new EnableMFADeviceCommand({
      UserName: "Bob",
      SerialNumber: "arn:aws:iam::123456789012:mfa/Bob",
      AuthenticationCode1: "123456",
      AuthenticationCode2: "654321",
    }),
    new CreateRoleCommand({
      RoleName: "example-role",
      AssumeRolePolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: {
          Effect: "Allow",
          Action: "sts:AssumeRole",
          Principal: { AWS: BOB },
          Condition: { StringEquals: { "sts:ExternalId": EXTERNAL_ID } },
        },
      }),
    }),
  ];
  const { url, close } = await startMoto({ freeActions: setUp.length + 1 });
  const iam = new IAMClient({
    ...clientOptions(url, { accessKeyId: "any", secretAccessKey: "any" }),
  });
  for (const command of setUp) await iam.send(command as CreateUserCommand);
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: "Bob" }));
  return {
    url,
    close,
    bob: { accessKeyId: key?.AccessKeyId ?? "", secretAccessKey: key?.SecretAccessKey ?? "" },
  };
}

function clientOptions(endpoint: string, credentials: Keys) {
  return { endpoint, credentials, region: "us-east-1", maxAttempts: 1 };
}

function assume(
  { url, bob }: Peer,
  input: { Policy?: string; ExternalId?: string; RoleSessionName?: string } = {},
) {
  const command = new AssumeRoleCommand({
    RoleArn: ROLE,
    RoleSessionName: "session",
    ExternalId: EXTERNAL_ID,
    ...input,
  });
  return new STSClient(clientOptions(url, bob)).send(command);
}

async function whoAmI({ url }: Peer, keys: Keys): Promise<string | undefined> {
  return (await new STSClient(clientOptions(url, keys)).send(new GetCallerIdentityCommand({}))).Arn;
}

function credentialsOf({ Credentials }: AssumeRoleCommandOutput): Required<Keys> {
  return {
    accessKeyId: Credentials?.AccessKeyId ?? "",
    secretAccessKey: Credentials?.SecretAccessKey ?? "",
    sessionToken: Credentials?.SessionToken ?? "",
  };
}

async function refusalOf(
  answer: Promise<unknown>,
): Promise<{ code: string; status: number | undefined }> {
  const refused = await answer.then(
    () => undefined,
    (error: STSServiceException) => error,
  );
  return { code: refused?.name ?? "not refused", status: refused?.$metadata.httpStatusCode };
}

/** Names and types, with the prefix of every identifier. */
function shapeOf(value: unknown): unknown {
  if (value instanceof Date) return "date"; // moto's have milliseconds, AWS's have not
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
  }
  return typeof value === "string"
    ? (/^A[A-Z]{3}(?=[A-Z0-9]{16})/.exec(value)?.[0] ?? "string")
    : typeof value;
}
