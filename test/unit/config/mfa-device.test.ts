import { expect, it } from "vitest";
import { mfaDeviceProblem } from "../../../src/config/mfa-device.ts";

const account = "arn:aws:iam::123456789012:";

it.each([
  ["u2f/user/bob/default-ABC", "security key or passkey"],
  ["u2f/root-account/key", "security key or passkey"],
  ["sms-mfa/bob", "SMS device"],
  ["user/bob", "ARN of a user"],
  ["role/bob", "not a device's"],
  ["root", "not a device's"],
  ["mfa/", "not a device's"],
])("takes %s for no device that shows a code", (resource, why) => {
  expect(mfaDeviceProblem(account + resource)?.what).toContain(why);
});

it.each(["arn:aws:iam::1234:mfa/bob", "ARN:AWS:iam::123456789012:mfa/bob"])(
  "takes %s for no ARN of a device",
  (serial) => {
    expect(mfaDeviceProblem(serial)?.what).toContain("twelve digits");
  },
);

it.each([
  `${account}mfa/bob`,
  `${account}mfa/team/bob@corp`,
  "arn:aws-cn:iam::123456789012:mfa/bob",
  "GAHT12345678",
  "bob",
])("has nothing against %s", (serial) => {
  expect(mfaDeviceProblem(serial)).toBeUndefined();
});
