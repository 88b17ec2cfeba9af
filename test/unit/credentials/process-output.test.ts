import { formatExpiration } from "../../../src/aws/credentials.ts";
import { formatCredentialProcessOutput } from "../../../src/credentials/process-output.ts";
import fc from "fast-check";
import { expect, it } from "vitest";

it("an expiration is written as ISO 8601 has it, in UTC, without fractions", () => {
  const dates = fc.date({
    min: new Date("1970-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59.999Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(dates, (date) => {
      expect(formatExpiration(date)).toBe(date.toISOString().replace(/\.\d+Z$/, "Z"));
    }),
  );
});

it("a long-term key is written without an end, a session token or an account that is not known", () => {
  const key = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" };
  expect(formatCredentialProcessOutput(key)).toBe(
    '{"Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"secret"}\n',
  );
});
