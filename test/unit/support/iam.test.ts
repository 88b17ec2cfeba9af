import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  GetUserCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListMFADevicesCommand,
  ListRolesCommand,
  paginateListRoles,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sendSigned } from "../../support/signed-request.ts";
import { takeViolations } from "../../support/aws-double/violations.ts";
import { assume, sessionToken, whoAmI, type Keys } from "../../support/sts-client.ts";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";

let sts: AwsDouble;
beforeEach(async () => {
  sts = await startAwsDouble();
});
afterEach(() => sts.close());

describe("a user's keys", () => {
  it("are made, used, listed, switched off and deleted, by the user itself", async () => {
    const made = await createKey();
    expect(made.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(await whoAmI(sts, made)).toBe(sts.bob.arn);
    expect(await listKeys()).toEqual([
      [sts.bob.accessKeyId, "Active"],
      [made.accessKeyId, "Active"],
    ]);
    const old = { AccessKeyId: sts.bob.accessKeyId };
    await iam(made).send(new UpdateAccessKeyCommand({ ...old, Status: "Inactive" }));
    await expect(whoAmI(sts, sts.bob)).rejects.toMatchObject({ name: "InvalidClientTokenId" });
    await iam(made).send(new UpdateAccessKeyCommand({ ...old, Status: "Active" }));
    await whoAmI(sts, sts.bob);
    await iam(made).send(new DeleteAccessKeyCommand(old));
    expect(await listKeys(made)).toEqual([[made.accessKeyId, "Active"]]);
  });

  it("are two at most, the inactive counted", async () => {
    const { accessKeyId } = await createKey();
    sts.setKeyStatus(accessKeyId, "Inactive");
    await expect(createKey()).rejects.toMatchObject({
      name: "LimitExceededException",
      message: "Cannot exceed quota for AccessKeysPerUser: 2",
    });
  });

  it("can be unknown for a while after they were made", async () => {
    sts.behave({ newKeyUnknownFor: 2 });
    const made = await createKey();
    sts.behave({});
    const answers = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      answers.push(await whoAmI(sts, made).catch((error: Error) => error.name));
    }
    expect(answers).toEqual(["InvalidClientTokenId", "InvalidClientTokenId", sts.bob.arn]);
  });

  it("say when and for what they were used last", async () => {
    const made = await createKey();
    const ask = new GetAccessKeyLastUsedCommand({ AccessKeyId: made.accessKeyId });
    expect(await iam().send(ask)).toMatchObject({
      UserName: "Bob",
      AccessKeyLastUsed: { ServiceName: "N/A", Region: "N/A" },
    });
    await whoAmI(sts, made, { region: "eu-central-1" });
    expect((await iam().send(ask)).AccessKeyLastUsed).toEqual({
      ServiceName: "sts",
      Region: "eu-central-1",
      LastUsedDate: expect.any(Date),
    });
  });

  it("are only those of the user that is meant", async () => {
    const eve = sts.addUser({ name: "Eve" });
    const theirs = { AccessKeyId: sts.bob.accessKeyId };
    for (const command of [
      new DeleteAccessKeyCommand(theirs),
      new DeleteAccessKeyCommand({ ...theirs, UserName: "Eve" }),
    ]) {
      await expect(iam(eve).send(command)).rejects.toMatchObject({
        name: "NoSuchEntityException",
        message: `The Access Key with id ${sts.bob.accessKeyId} cannot be found.`,
      });
    }
    await expect(
      iam().send(new ListAccessKeysCommand({ UserName: "Nobody" })),
    ).rejects.toMatchObject({
      name: "NoSuchEntityException",
      message: "The user with name Nobody cannot be found.",
    });
    expect(await listKeys(sts.bob)).toHaveLength(1);
  });
});

describe("IAM", () => {
  it("knows the user and its device", async () => {
    expect((await iam().send(new GetUserCommand({}))).User).toMatchObject({
      UserName: "Bob",
      Arn: sts.bob.arn,
      Path: "/",
    });
    expect((await iam().send(new ListMFADevicesCommand({}))).MFADevices).toMatchObject([
      { UserName: "Bob", SerialNumber: sts.bob.mfaSerial },
    ]);
    sts.addUser({ name: "Eve" });
    expect((await iam().send(new ListMFADevicesCommand({ UserName: "Eve" }))).MFADevices).toEqual(
      [],
    );
  });

  it("lists the account's roles, page by page, with their trust policies", async () => {
    for (let number = 0; number < 5; number++)
      sts.addRole({ arn: `arn:aws:iam::123456789012:role/team/role-${number}` });
    sts.addRole({ arn: "arn:aws:iam::999999999999:role/elsewhere" });
    const arns = [];
    for await (const page of paginateListRoles({ client: iam(), pageSize: 2 }, {}))
      arns.push(page.Roles?.map((role) => role.RoleName));
    expect(arns).toEqual([
      ["example-role", "role-0"],
      ["role-1", "role-2"],
      ["role-3", "role-4"],
    ]);
    const { Roles: inTeam = [] } = await iam().send(new ListRolesCommand({ PathPrefix: "/team/" }));
    expect(inTeam).toHaveLength(5);
    expect(JSON.parse(decodeURIComponent(inTeam[0]?.AssumeRolePolicyDocument ?? ""))).toMatchObject(
      {
        Statement: [{ Effect: "Allow", Action: "sts:AssumeRole" }],
      },
    );
  });

  it("lets in sessions of the user with MFA only, and wants the user's name from role sessions", async () => {
    await expect(listKeys(await sessionToken(sts, sts.bob))).rejects.toMatchObject({
      name: "InvalidClientTokenId",
    });
    const code = {
      SerialNumber: "arn:aws:iam::123456789012:mfa/Bob",
      TokenCode: sts.currentCode(sts.bob),
    };
    expect(await listKeys(await sessionToken(sts, sts.bob, code))).toHaveLength(1);
    const role = await assume(sts, sts.bob);
    await expect(listKeys(role)).rejects.toMatchObject({
      name: "ValidationError",
      message: "Must specify userName when calling with non-User credentials",
    });
    await iam(role).send(new ListAccessKeysCommand({ UserName: "Bob" }));
  });

  it("refuses what breaks its limits, and a signature for another service", async () => {
    await expect(iam().send(new ListAccessKeysCommand({ UserName: "a b" }))).rejects.toThrow(
      /at 'userName' failed to satisfy constraint/,
    );
    const status = { AccessKeyId: sts.bob.accessKeyId, Status: "Gone" as "Active" };
    await expect(iam().send(new UpdateAccessKeyCommand(status))).rejects.toThrow(
      "1 validation error detected: Value 'Gone' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive, Expired]",
    );
    expect(takeViolations()).toHaveLength(2);
    const { body } = await sendSigned(
      sts,
      { Action: "GetUser", Version: "2010-05-08" },
      { service: "sts" },
    );
    expect(body).toContain("Credential should be scoped to correct service: 'iam'");
  });
});

function iam(credentials: Keys = sts.bob): IAMClient {
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  return new IAMClient({ endpoint: sts.url, region: "us-east-1", maxAttempts: 1, credentials });
}

async function createKey(): Promise<Keys> {
  const { AccessKey: key } = await iam().send(new CreateAccessKeyCommand({}));
  return { accessKeyId: key?.AccessKeyId ?? "", secretAccessKey: key?.SecretAccessKey ?? "" };
}

async function listKeys(credentials?: Keys) {
  const { AccessKeyMetadata: keys } = await iam(credentials).send(new ListAccessKeysCommand({}));
  return keys?.map((key) => [key.AccessKeyId, key.Status]);
}
