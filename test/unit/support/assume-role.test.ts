import { createHash } from "node:crypto";
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleCommandInput,
} from "@aws-sdk/client-sts";
import { takeViolations } from "../../support/aws-double/violations.ts";
import { createWebIdentityToken } from "../../support/aws-double/web-identity.ts";
import { sendSigned } from "../../support/signed-request.ts";
import { assume, createClient, sessionToken } from "../../support/sts-client.ts";
const HOUR = 3_600_000;
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";

let sts: AwsDouble;
beforeEach(async () => {
  sts = await startAwsDouble();
});
afterEach(() => sts.close());

describe("AssumeRole", () => {
  it("answers with everything a client needs, expiring in whole seconds by the double's clock", async () => {
    sts.clock.setOffset(100_000);
    const before = sts.clock.now().getTime();
    const answer = await createClient(sts, sts.bob).send(
      new AssumeRoleCommand({
        RoleArn: sts.role.arn,
        RoleSessionName: "session",
        SourceIdentity: "bob@example.com",
      }),
    );
    expect(answer.AssumedRoleUser).toEqual({
      Arn: "arn:aws:sts::123456789012:assumed-role/example-role/session",
      AssumedRoleId: `${sts.role.roleId}:session`,
    });
    expect(answer.SourceIdentity).toBe("bob@example.com");
    expect(answer.Credentials?.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(answer.Credentials?.SecretAccessKey).toHaveLength(40);
    const expiresAt = answer.Credentials?.Expiration?.getTime() ?? 0;
    expect(expiresAt % 1000).toBe(0);
    expect(Math.abs(expiresAt - before - HOUR)).toBeLessThan(30_000);
  });

  it.each<[string, Partial<AssumeRoleCommandInput>, string]>([
    [
      "a session name with a space",
      { RoleSessionName: "a b" },
      "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    ],
    [
      "a duration too short",
      { DurationSeconds: 899 },
      "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    ],
    [
      "a tag value too long",
      { Tags: [{ Key: "a", Value: "b".repeat(257) }] },
      "at 'tags.1.member.value' failed to satisfy constraint",
    ],
    [
      "51 tags",
      { Tags: Array.from({ length: 51 }, (_, n) => ({ Key: `k${n}`, Value: "" })) },
      "at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50",
    ],
  ])("refuses %s, and the test that sends it fails", async (_, input, text) => {
    await expect(assume(sts, sts.bob, input)).rejects.toMatchObject({
      name: "ValidationError",
      message: expect.stringContaining(text),
      $metadata: { httpStatusCode: 400 },
    });
    expect(takeViolations()).toHaveLength(1);
  });

  it("refuses the ARN of a user", async () => {
    const RoleArn = "arn:aws:iam::123456789012:user/Bob";
    await expect(assume(sts, sts.bob, { RoleArn })).rejects.toThrow(`${RoleArn} is invalid`);
  });

  it("names every violation at once, and what is missing", async () => {
    await expect(
      assume(sts, sts.bob, { RoleSessionName: " ", DurationSeconds: 1 }),
    ).rejects.toThrow(/^3 validation errors detected: .*; .*; /);
    const { body } = await sendSigned(sts, { Action: "AssumeRole" });
    expect(body).toContain(
      "Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
    );
    expect(takeViolations()).toHaveLength(5);
  });

  it("refuses a role that is not there, or does not trust the caller, in the same words", async () => {
    sts.addRole({
      arn: "arn:aws:iam::123456789012:role/private",
      trustedPrincipalArns: ["arn:aws:iam::123456789012:user/Alice"],
    });
    for (const RoleArn of [
      "arn:aws:iam::123456789012:role/missing",
      "arn:aws:iam::123456789012:role/private",
    ]) {
      await expect(assume(sts, sts.bob, { RoleArn })).rejects.toMatchObject({
        name: "AccessDenied",
        message: `User: arn:aws:iam::123456789012:user/Bob is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
        $metadata: { httpStatusCode: 403 },
      });
    }
    await assume(sts, sts.addUser({ name: "Alice" }), {
      RoleArn: "arn:aws:iam::123456789012:role/private",
    });
  });

  it("trusts a role's sessions by the role's ARN, another account by its root", async () => {
    const target = "arn:aws:iam::999999999999:role/target";
    sts.addRole({
      arn: target,
      trustedPrincipalArns: [sts.role.arn, "arn:aws:iam::222222222222:root"],
    });
    await expect(assume(sts, sts.bob, { RoleArn: target })).rejects.toMatchObject({
      name: "AccessDenied",
    });
    await assume(sts, await assume(sts, sts.bob), { RoleArn: target });
    await assume(sts, sts.addUser({ name: "Carol", accountId: "222222222222" }), {
      RoleArn: target,
    });
  });

  it("wants the external id, the right one", async () => {
    const RoleArn = sts.addRole({
      arn: "arn:aws:iam::123456789012:role/customer",
      externalId: "secret-handshake",
    }).arn;
    await expect(assume(sts, sts.bob, { RoleArn })).rejects.toMatchObject({ name: "AccessDenied" });
    await expect(assume(sts, sts.bob, { RoleArn, ExternalId: "wrong" })).rejects.toMatchObject({
      name: "AccessDenied",
    });
    await assume(sts, sts.bob, { RoleArn, ExternalId: "secret-handshake" });
  });

  it("keeps to the role's longest session, and to one hour along a chain", async () => {
    const RoleArn = sts.addRole({
      arn: "arn:aws:iam::123456789012:role/short",
      maxSessionDuration: 3600,
    }).arn;
    await assume(sts, sts.bob, { RoleArn, DurationSeconds: 3600 });
    await expect(assume(sts, sts.bob, { RoleArn, DurationSeconds: 3601 })).rejects.toMatchObject({
      name: "ValidationError",
      message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    });
    const session = await assume(sts, sts.bob, { DurationSeconds: 43_200 });
    await assume(sts, session, { DurationSeconds: 3600 });
    for (const source of [session, await sessionToken(sts, sts.bob)]) {
      await expect(assume(sts, source, { DurationSeconds: 3601 })).rejects.toMatchObject({
        name: "ValidationError",
        message:
          "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
      });
    }
  });

  it("hands transitive tags and the source identity on along a chain, where they cannot be changed", async () => {
    const session = await assume(sts, sts.bob, {
      Tags: [
        { Key: "Project", Value: "one" },
        { Key: "Team", Value: "ops" },
      ],
      TransitiveTagKeys: ["project"],
      SourceIdentity: "bob",
    });
    await assume(sts, session, { Tags: [{ Key: "team", Value: "dev" }], SourceIdentity: "bob" });
    await expect(
      assume(sts, session, { Tags: [{ Key: "PROJECT", Value: "two" }] }),
    ).rejects.toMatchObject({ name: "InvalidParameterValue" });
    await expect(assume(sts, session, { SourceIdentity: "eve" })).rejects.toMatchObject({
      name: "AccessDenied",
    });
    const next = sts.sessions().find((one) => one.accessKeyId === session.accessKeyId)?.caller;
    expect([...(next?.transitiveTags ?? [])]).toEqual([["project", "one"]]);
  });

  it("refuses tags twice the same, and transitive keys that are no tags", async () => {
    const tag = { Key: "a", Value: "1" };
    await expect(assume(sts, sts.bob, { Tags: [tag, { Key: "A", Value: "2" }] })).rejects.toThrow(
      /^Duplicate tag keys/,
    );
    await expect(assume(sts, sts.bob, { Tags: [tag], TransitiveTagKeys: ["b"] })).rejects.toThrow(
      /must be included in the requested tags/,
    );
  });

  it("refuses a policy that is none, or too large, and tags that are too large, and states the size of others", async () => {
    await expect(assume(sts, sts.bob, { Policy: "{" })).rejects.toMatchObject({
      name: "MalformedPolicyDocumentException",
    });
    const large = JSON.stringify({ Version: "2012-10-17", Statement: [], Id: "x".repeat(2100) });
    await expect(assume(sts, sts.bob, { Policy: large })).rejects.toMatchObject({
      name: "PackedPolicyTooLargeException",
    });
    const Tags = Array.from({ length: 50 }, (_, n) => ({
      Key: `key${n}`,
      Value: createHash("sha512").update(`${n}`).digest("hex"),
    }));
    await expect(assume(sts, sts.bob, { Tags })).rejects.toThrow(
      /^Packed size of session tags consumes \d{3}% of allotted space\.$/,
    );
    const small = JSON.stringify({ Version: "2012-10-17", Statement: [] });
    const answer = await createClient(sts, sts.bob).send(
      new AssumeRoleCommand({ RoleArn: sts.role.arn, RoleSessionName: "session", Policy: small }),
    );
    expect(answer.PackedPolicySize).toBeGreaterThan(0);
  });
});

describe("AssumeRoleWithWebIdentity", () => {
  it("takes a token instead of a signature", async () => {
    const answer = await assumeWithToken(
      createWebIdentityToken({ subject: "system:pod", expiresAt: later() }),
    );
    expect(answer).toMatchObject({
      SubjectFromWebIdentityToken: "system:pod",
      Audience: "sts.amazonaws.com",
    });
    expect(sts.requests).toMatchObject([
      { action: "AssumeRoleWithWebIdentity", accessKeyId: undefined },
    ]);
  });

  it("refuses what is no token, a token that is over, and an issuer the role does not trust", async () => {
    await expect(assumeWithToken("not a token")).rejects.toMatchObject({
      name: "InvalidIdentityTokenException",
    });
    await expect(
      assumeWithToken(createWebIdentityToken({ expiresAt: sts.clock.now() })),
    ).rejects.toMatchObject({
      name: "ExpiredTokenException",
    });
    sts.addRole({ arn: sts.role.arn, webIdentityIssuer: "https://ours.example.com" });
    await expect(
      assumeWithToken(createWebIdentityToken({ expiresAt: later() })),
    ).rejects.toMatchObject({
      name: "AccessDenied",
      message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    });
  });

  function assumeWithToken(WebIdentityToken: string) {
    const input = { RoleArn: sts.role.arn, RoleSessionName: "session", WebIdentityToken };
    return createClient(sts, sts.bob).send(new AssumeRoleWithWebIdentityCommand(input));
  }

  function later(): Date {
    return new Date(sts.clock.now().getTime() + HOUR);
  }
});
