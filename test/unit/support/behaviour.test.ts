import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { assume, createClient, whoAmI } from "../../support/sts-client.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAwsDouble, type AwsDouble } from "../../support/aws-double.ts";

const PATIENTLY = { timeout: 120_000 };

let sts: AwsDouble;
beforeEach(async () => {
  sts = await startAwsDouble();
});
afterEach(() => sts.close());

describe("misbehaviour", () => {
  it("throttles so many times, then answers", async () => {
    sts.behave({ throttle: {}, times: 1 });
    await createClient(sts, sts.bob, { maxAttempts: 2 }).send(new GetCallerIdentityCommand({}));
    expect(sts.requests.map((request) => request.errorCode)).toEqual(["Throttling", undefined]);
  });

  it("throttles with 429 and Retry-After", async () => {
    sts.behave({ throttle: { status: 429, retryAfterSeconds: 7 } });
    const body = new URLSearchParams({ Action: "GetCallerIdentity", Version: "2011-06-15" });
    const response = await fetch(sts.url, { method: "POST", body });
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "7"]);
  });

  it("fails with 500 or 503 as long as it is told to, for the actions it is told", async () => {
    sts.behave({ serverError: 503, only: ["AssumeRole"] });
    await expect(assume(sts, sts.bob)).rejects.toMatchObject({
      name: "ServiceUnavailable",
      $metadata: { httpStatusCode: 503 },
    });
    await whoAmI(sts, sts.bob);
    sts.behave({ serverError: 500 });
    await expect(whoAmI(sts, sts.bob)).rejects.toMatchObject({ name: "InternalFailure" });
    sts.behave({});
    await whoAmI(sts, sts.bob);
    expect(sts.callsOf("AssumeRole")).toHaveLength(1);
  });

  it("denies, and switches regions off but for GetCallerIdentity", async () => {
    sts.behave({ deny: "because of a service control policy" });
    await expect(assume(sts, sts.bob)).rejects.toMatchObject({
      name: "AccessDenied",
      message: "because of a service control policy",
    });
    sts.behave({ disabledRegions: ["eu-west-1"] });
    await expect(assume(sts, sts.bob)).rejects.toMatchObject({ name: "RegionDisabledException" });
    await assume(sts, sts.bob, {}, { region: "us-east-1" });
    await whoAmI(sts, sts.bob);
  });

  it("resets the connection", async () => {
    sts.behave({ reset: true });
    await expect(whoAmI(sts, sts.bob)).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("is slow", async () => {
    sts.behave({ delayMs: 150 });
    const startedAt = performance.now();
    await whoAmI(sts, sts.bob);
    expect(performance.now() - startedAt).toBeGreaterThan(140); // timers may fire a little early
  });

  it.each(["accept", "headers", "body"] as const)(
    "hangs before the %s, and still closes",
    async (hang) => {
      sts.behave({ hang });
      const received = sendUnsigned();
      if (hang !== "accept") await expect.poll(() => sts.requests.length, PATIENTLY).toBe(1);
      if (hang === "body")
        await expect.poll(received, PATIENTLY).toMatch(/^HTTP\/1\.1 403 [\s\S]*<ErrorResponse/);
      await setTimeout(100);
      if (hang !== "body") expect(received()).toBe("");
      expect(received()).not.toContain("</ErrorResponse>");
      expect(sts.requests).toHaveLength(hang === "accept" ? 0 : 1);
    },
  );

  it.each(["truncated", "wrong-content-type", "garbage", "empty"] as const)(
    "answers with %s text, after doing its work",
    async (malformed) => {
      sts.behave({ malformed, times: 1 });
      await expect(assume(sts, sts.bob)).rejects.toThrow();
      expect(sts.sessions()).toHaveLength(1);
    },
  );

  it("adds elements that clients must ignore, and no client minds", async () => {
    sts.behave({ unknownFields: true });
    expect(await whoAmI(sts, await assume(sts, sts.bob))).toBe(
      "arn:aws:sts::123456789012:assumed-role/example-role/session",
    );
  });

  it("issues long tokens and expirations with milliseconds", async () => {
    sts.behave({ tokenLength: 8000, fractionalExpiration: true });
    const session = await assume(sts, sts.bob);
    expect(session.sessionToken).toHaveLength(8000);
    expect(session.expiration.getTime() % 1000).toBe(789);
    await whoAmI(sts, session);
  });
});

/** Sends a request. Answers what has come back so far, each time it is asked. */
function sendUnsigned(): () => string {
  let text = "";
  const body = "Action=GetCallerIdentity&Version=2011-06-15";
  const { host, port } = new URL(sts.url);
  connect(Number(port), "127.0.0.1")
    .on("data", (chunk: Buffer) => (text += chunk.toString()))
    .on("error", () => undefined)
    .write(
      `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  return () => text;
}
