import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createIam, type Iam } from "../../../src/aws/iam.ts";
import { isMotoInstalled, MOTO_MISSING, startMoto } from "../../support/moto.ts";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";

process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
const account = "arn:aws:iam::123456789012";

describe("what a user may choose from", () => {
  let double: AwsDouble;
  let iam: Iam;
  beforeEach(async () => {
    double = await startAwsDouble();
    iam = iamAt(double.url, double.bob);
  });
  afterEach(() => double.close());

  it("is every role, page after page, but those of AWS's own services", async () => {
    for (let number = 0; number < 1001; number += 1)
      double.addRole({ arn: `${account}:role/z-${String(number).padStart(4, "0")}` });
    double.addRole({
      arn: `${account}:role/team/asks`,
      requireMfa: true,
      maxSessionDuration: 7200,
    });
    double.addRole({ arn: `${account}:role/aws-service-role/support.amazonaws.com/Support` });
    double.addRole({ arn: `${account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_x_1` });
    const roles = await iam.listRoles();
    expect(double.callsOf("ListRoles")).toHaveLength(2);
    expect(roles).toHaveLength(1003);
    expect(roles.slice(0, 3)).toEqual([
      { arn: `${account}:role/team/asks`, maxSessionSeconds: 7200, asksForMfa: true },
      { arn: `${account}:role/example-role`, maxSessionSeconds: 43_200, asksForMfa: false },
      { arn: `${account}:role/z-0000`, maxSessionSeconds: 43_200, asksForMfa: false },
    ]);
  });

  it("is the user's own devices", async () => {
    expect(await iam.listMfaDevices()).toEqual([double.bob.mfaSerial]);
    const eve = double.addUser({ name: "Eve" });
    expect(await iamAt(double.url, eve).listMfaDevices()).toEqual([]);
  });

  it("is nothing where AWS refuses, and AWS's words are kept", async () => {
    double.behave({ deny: "User: Bob is not authorized to perform: iam:ListRoles" });
    await expect(iam.listRoles()).rejects.toMatchObject({
      code: "ERR_AWS_DENIED",
      message: expect.stringContaining("not authorized to perform: iam:ListRoles") as string,
    });
  });
});

const isInstalled = isMotoInstalled();
it.skipIf(!isInstalled)(
  `lists what moto has${isInstalled ? "" : ` (skipped: ${MOTO_MISSING})`}`,
  async () => {
    const moto = await startMoto();
    try {
      const credentials = { accessKeyId: "AKIAADMINADMINADMIN0", secretAccessKey: "s" };
      const client = new IAMClient({ region: "us-east-1", endpoint: moto.url, credentials });
      const trust = { Version: "2012-10-17", Statement: [] };
      for (const RoleName of ["second", "first"]) {
        const AssumeRolePolicyDocument = JSON.stringify(trust);
        await client.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
      }
      const roles = await iamAt(moto.url, credentials).listRoles();
      expect(roles.map(({ arn }) => arn)).toEqual([
        `${account}:role/first`,
        `${account}:role/second`,
      ]);
    } finally {
      await moto.close();
    }
  },
);

function iamAt(
  url: string,
  { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string },
): Iam {
  const connection = {
    region: "us-east-1",
    endpointUrl: url,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    maxAttempts: 1,
    env: {},
  };
  return createIam(connection, { accessKeyId, secretAccessKey }, { remainingMs: () => 18_000 });
}
