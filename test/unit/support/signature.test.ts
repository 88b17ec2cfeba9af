import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { takeViolations } from "../../support/aws-double/violations.ts";
import { sendSigned } from "../../support/signed-request.ts";
import { assume, createClient, whoAmI } from "../../support/sts-client.ts";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";

let sts: AwsDouble;
beforeEach(async () => {
  sts = await startAwsDouble();
});
afterEach(() => sts.close());

describe("who calls", () => {
  it("knows a user by the signature of its key", async () => {
    expect(await whoAmI(sts, sts.bob)).toBe("arn:aws:iam::123456789012:user/Bob");
    expect(sts.requests).toMatchObject([
      {
        action: "GetCallerIdentity",
        accessKeyId: sts.bob.accessKeyId,
        region: "eu-west-1",
        status: 200,
      },
    ]);
  });

  it("knows the session of an assumed role, whose path is not in its name", async () => {
    sts.addRole({ arn: "arn:aws:iam::123456789012:role/teams/ops/deployer" });
    const session = await assume(sts, sts.bob, {
      RoleArn: "arn:aws:iam::123456789012:role/teams/ops/deployer",
    });
    expect(await whoAmI(sts, session)).toBe(
      "arn:aws:sts::123456789012:assumed-role/deployer/session",
    );
  });

  it("refuses a wrong secret, an unknown key, an inactive one and a deleted one, each in AWS's words", async () => {
    await expect(whoAmI(sts, { ...sts.bob, secretAccessKey: "wrong" })).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
      message: expect.stringMatching(/^The request signature we calculated does not match/),
      $metadata: { httpStatusCode: 403 },
    });
    const invalid = {
      name: "InvalidClientTokenId",
      message: "The security token included in the request is invalid.",
    };
    await expect(
      whoAmI(sts, { ...sts.bob, accessKeyId: "AKIAUNKNOWNUNKNOWN00" }),
    ).rejects.toMatchObject(invalid);
    sts.setKeyStatus(sts.bob.accessKeyId, "Inactive");
    await expect(whoAmI(sts, sts.bob)).rejects.toMatchObject(invalid);
    sts.setKeyStatus(sts.bob.accessKeyId, "Active");
    await whoAmI(sts, sts.bob);
    sts.deleteKey(sts.bob.accessKeyId);
    await expect(whoAmI(sts, sts.bob)).rejects.toMatchObject(invalid);
  });

  it("refuses a session's key without its token, or with another's", async () => {
    const session = await assume(sts, sts.bob);
    const other = await assume(sts, sts.bob);
    const invalid = { name: "InvalidClientTokenId" };
    await expect(
      whoAmI(sts, { ...session, sessionToken: other.sessionToken }),
    ).rejects.toMatchObject(invalid);
    const { sessionToken: _, ...withoutToken } = session;
    await expect(whoAmI(sts, withoutToken)).rejects.toMatchObject(invalid);
    await expect(
      whoAmI(sts, { ...sts.bob, sessionToken: session.sessionToken }),
    ).rejects.toMatchObject(invalid);
  });

  it("lets a session live until its expiration and not a second longer", async () => {
    const { sessionToken: token, ...session } = await assume(sts, sts.bob, {
      DurationSeconds: 900,
    });
    const request = { keys: session, headers: { "x-amz-security-token": token } };
    sts.clock.setOffset(session.expiration.getTime() - Date.now() - 10_000);
    expect((await sendSigned(sts, {}, request)).status).toBe(200);
    sts.clock.setOffset(session.expiration.getTime() - Date.now());
    expect((await sendSigned(sts, {}, request)).body).toContain("<Code>ExpiredToken</Code>");
    sts.clock.setOffset(0);
    const another = await assume(sts, sts.bob);
    sts.expireSession(another.accessKeyId);
    await expect(whoAmI(sts, another)).rejects.toMatchObject({
      name: "ExpiredToken",
      message: "The security token included in the request is expired",
    });
  });

  it("knows a key in its own partition only", async () => {
    await expect(whoAmI(sts, sts.bob, { region: "cn-north-1" })).rejects.toMatchObject({
      name: "InvalidClientTokenId",
    });
    for (const [partition, region] of [
      ["aws-cn", "cn-north-1"],
      ["aws-us-gov", "us-gov-west-1"],
    ] as const) {
      const user = sts.addUser({ name: "Bob", partition });
      sts.addRole({ arn: `arn:${partition}:iam::123456789012:role/example-role` });
      const session = await assume(
        sts,
        user,
        { RoleArn: `arn:${partition}:iam::123456789012:role/example-role` },
        { region },
      );
      expect(await whoAmI(sts, session, { region })).toBe(
        `arn:${partition}:sts::123456789012:assumed-role/example-role/session`,
      );
    }
  });
});

describe("the signature's time", () => {
  it("is refused when it is older than 15 minutes, with both times in the text", async () => {
    const { body } = await sendSigned(
      sts,
      {},
      { signedAt: new Date(sts.clock.now().getTime() - 16 * MINUTE) },
    );
    expect(body).toContain("<Code>SignatureDoesNotMatch</Code>");
    expect(body).toMatch(
      /Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)/,
    );
  });

  it("is refused when it lies more than 5 minutes ahead", async () => {
    const { body } = await sendSigned(
      sts,
      {},
      { signedAt: new Date(sts.clock.now().getTime() + 6 * MINUTE) },
    );
    expect(body).toMatch(
      /Signature not yet current: \S+ is still later than \S+ \(\S+ \+ 5 min\.\)/,
    );
  });

  it.each([3 * HOUR, -3 * HOUR])(
    "is put right by the SDK from the Date header, when the clocks are %i ms apart",
    async (offset) => {
      sts.clock.setOffset(offset);
      const client = createClient(sts, sts.bob, { maxAttempts: 2 });
      await client.send(new GetCallerIdentityCommand({}));
      expect(sts.requests.map((request) => request.errorCode)).toEqual([
        "SignatureDoesNotMatch",
        undefined,
      ]);
      expect(Math.abs(client.config.systemClockOffset - offset)).toBeLessThan(MINUTE);
    },
  );
});

describe("a request that no SDK would send", () => {
  it("is accepted when it is signed right, whatever the order and spacing of its headers", async () => {
    expect((await sendSigned(sts, {}, { headers: { "x-note": "a   b" } })).status).toBe(200);
  });

  it.each([
    ["has no signature", { authorization: "" }, "MissingAuthenticationToken"],
    [
      "has another algorithm",
      { authorization: "AWS4-HMAC-SHA1 Credential=x" },
      "IncompleteSignature",
    ],
    [
      "lacks the signature's parts",
      { authorization: "AWS4-HMAC-SHA256 Credential=x" },
      "IncompleteSignature",
    ],
    [
      "has a bad scope",
      { authorization: "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=0" },
      "IncompleteSignature",
    ],
  ])("is refused when it %s", async (_, replaced, code) => {
    expect((await sendSigned(sts, {}, { replaced })).body).toContain(`<Code>${code}</Code>`);
  });

  it("is refused when its body, a signed header, the service or the day is not what was signed", async () => {
    for (const options of [
      { sentBody: "Action=GetCallerIdentity&Version=2011-06-15&Extra=1" },
      { replaced: { "content-type": "application/x-www-form-urlencoded; charset=latin1" } },
      { service: "s3" },
      { day: "20200101" },
      { signedHeaders: ["host"] },
    ]) {
      expect((await sendSigned(sts, {}, options)).body).toContain(
        "<Code>SignatureDoesNotMatch</Code>",
      );
    }
    expect(takeViolations()).toEqual([expect.stringContaining("no parameter Extra")]);
  });

  it("is refused when the session token is not among the signed headers", async () => {
    const { sessionToken, ...session } = await assume(sts, sts.bob);
    const { body } = await sendSigned(
      sts,
      {},
      { keys: session, replaced: { "x-amz-security-token": sessionToken } },
    );
    expect(body).toContain("'x-amz-security-token' must be a 'SignedHeader'");
  });

  it("is refused when it asks for an action or version that is not there, or by GET", async () => {
    expect((await sendSigned(sts, { Action: "constructor" })).body).toContain(
      "<Code>InvalidAction</Code>",
    );
    expect((await sendSigned(sts, { Version: "1999-01-01" })).body).toContain(
      "<Code>InvalidAction</Code>",
    );
    expect((await fetch(sts.url)).status).toBe(400);
    expect(takeViolations().join("\n")).toMatch(/GET \/ is not POST \//);
  });

  it("has what it sent escaped in the answer", async () => {
    const { body } = await sendSigned(sts, {
      Action: "AssumeRole",
      RoleArn: "<b>&amp;</b> not an ARN at all",
      RoleSessionName: "session",
    });
    expect(body).toContain("&lt;b&gt;&amp;amp;&lt;/b&gt; not an ARN at all is invalid");
  });
});
