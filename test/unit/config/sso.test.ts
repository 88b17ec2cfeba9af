import { describe, expect, it } from "vitest";
import { readProfile } from "../../../src/config/profiles.ts";
import type { AwsRoleError } from "../../../src/foundation/errors.ts";
import { readSsoSession } from "../../../src/config/sso.ts";
import { awsFiles } from "../../support/aws-files.ts";

const session =
  "[sso-session corp]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n";
const role = "sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n";
const managed = role.replaceAll("sso_", "awsrole_sso_");
const read = (text: string) => readProfile(awsFiles(text), "p");
const failure = (text: string) => {
  try {
    read(text);
  } catch (error) {
    const { code, message, hint } = error as AwsRoleError;
    return {
      code,
      message: message.replaceAll(/(?:[A-Za-z]:\\|\/)\S+[\\/]config(?=:)/g, "CONFIG"),
      hint,
    };
  }
  throw new Error("it was read");
};

describe("a profile of IAM Identity Center", () => {
  it("is a role of its session, native and managed alike", () => {
    for (const [keys, isManaged] of [
      [role, false],
      [managed, true],
    ] as const) {
      expect(read(`[profile p]\n${keys}${session}`)).toMatchObject({
        kind: "sso",
        managed: isManaged,
        accountId: "123456789012",
        roleName: "Reader",
        session: {
          name: "corp",
          startUrl: "https://example.awsapps.com/start",
          region: { value: "eu-west-1" },
          scopes: ["sso:account:access"],
        },
      });
    }
  });

  it.each([
    [
      "sso_region = us-east-1",
      "profile p: sso_region (CONFIG:2) differs from that of [sso-session corp] (CONFIG:8)",
    ],
    [
      "sso_start_url = https://other.awsapps.com/start",
      "profile p: sso_start_url (CONFIG:2) differs from that of [sso-session corp] (CONFIG:7)",
    ],
  ])("that contradicts its session is refused by name: %s", (line, message) => {
    expect(failure(`[profile p]\n${line}\n${role}${session}`)).toMatchObject({
      code: "ERR_PROFILE_INVALID",
      message,
    });
  });

  it("whose session lacks what the profile has: where it belongs", () => {
    const text = `[profile p]\nsso_region = eu-west-1\n${role}${session.replace("sso_region = eu-west-1\n", "")}`;
    expect(failure(text)).toMatchObject({
      message:
        "profile p: sso_region is in the profile (CONFIG:2), but [sso-session corp] has none",
      hint: "move it to [sso-session corp]",
    });
  });

  it.each([
    "policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess",
    "tags = a=b",
    "policy_file = /p.json",
    "duration_seconds = 900",
    "role_session_name = me",
  ])("is never silently unnarrowed: awsrole_%s", (line) => {
    for (const keys of [role, managed]) {
      expect(failure(`[profile p]\n${keys}awsrole_${line}\n${session}`)).toMatchObject({
        code: "ERR_PROFILE_INVALID",
        message: expect.stringMatching(
          /^profile p: awsrole_\w+ \(CONFIG:5\) cannot be applied to a role of IAM Identity Center$/,
        ),
        hint: "remove it, or move it to a role profile that has this one as its source",
      });
    }
  });

  it.each([["awsrole_sso_account_id = 12", "an account id has 12 digits"]])(
    "with %s is refused",
    (line, hint) => {
      const keys = managed.replace(
        /awsrole_sso_account_id.*\n/,
        line.includes("account") ? "" : "$&",
      );
      expect(failure(`[profile p]\n${keys}${line}\n${session}`)).toMatchObject({ hint });
    },
  );
});

describe("an sso-session", () => {
  it("has the scopes that it names", () => {
    const files = awsFiles(
      `${session}sso_registration_scopes = sso:account:access, codecatalyst:read_write\n`,
    );
    expect(readSsoSession(files, "corp").scopes).toEqual([
      "sso:account:access",
      "codecatalyst:read_write",
    ]);
  });

  it.each(["d-1234567890", "javascript:alert(1)", "file:///etc/passwd", "start"])(
    "whose start URL is %s is refused",
    (url) => {
      const files = awsFiles(session.replace(/https.*/, url));
      expect(() => readSsoSession(files, "corp")).toThrow(/sso_start_url is not a web address/);
    },
  );
});
