import { describe, expect, it } from "vitest";
import { profileNotFound, readProfile } from "../../../src/config/profiles.ts";
import type { AwsRoleError } from "../../../src/foundation/errors.ts";
import { awsFiles } from "../../support/aws-files.ts";

const arn = "arn:aws:iam::123456789012:role/example-role";
const managed = (...lines: string[]): string =>
  `[profile prod]\nawsrole_role_arn = ${arn}\nawsrole_source_profile = bob\n${lines.join("\n")}\n`;
const standard = (...lines: string[]): string =>
  `[profile prod]\nrole_arn = ${arn}\nsource_profile = bob\n${lines.join("\n")}\n`;

function failure(config: string, name = "prod"): AwsRoleError {
  try {
    readProfile(awsFiles(config), name);
  } catch (error) {
    return error as AwsRoleError;
  }
  throw new Error("the profile was accepted");
}

describe("a managed profile", () => {
  it("is read from its prefixed keys", () => {
    const profile = readProfile(
      awsFiles(
        managed(
          "region = eu-west-1",
          "awsrole_role_session_name = me",
          "awsrole_duration_seconds = 900",
          "awsrole_external_id = a:b/c",
          "awsrole_source_identity = alice",
          "awsrole_tags = team=a=b, cost = 1",
          "awsrole_transitive_tag_keys = team",
          "awsrole_policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess",
          "awsrole_mfa_serial = arn:aws:iam::123456789012:mfa/alice",
          "awsrole_mfa_process = /bin/code --for alice",
        ),
      ),
      "prod",
    );
    expect(profile).toMatchObject({
      kind: "role",
      managed: true,
      source: { kind: "profile", name: "bob" },
      role: {
        arn,
        sessionName: "me",
        durationSeconds: 900,
        externalId: "a:b/c",
        sourceIdentity: "alice",
        tags: [
          { key: "team", value: "a=b" },
          { key: "cost", value: "1" },
        ],
        transitiveTagKeys: ["team"],
        policyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
      },
      mfa: {
        serial: "arn:aws:iam::123456789012:mfa/alice",
        process: "/bin/code --for alice",
        prompt: "terminal",
        sessionSeconds: 43_200,
      },
    });
  });

  it("may have a keychain key as its source, and is a key profile without a role", () => {
    const key = "awsrole_access_key_id = AKIAIOSFODNN7EXAMPLE";
    expect(
      readProfile(awsFiles(`[profile prod]\nawsrole_role_arn = ${arn}\n${key}\n`), "prod"),
    ).toMatchObject({
      kind: "role",
      source: { kind: "keychain-key", accessKeyId: "AKIAIOSFODNN7EXAMPLE" },
    });
    expect(readProfile(awsFiles(`[profile bob]\n${key}\n`), "bob")).toMatchObject({
      kind: "keychain-key",
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    });
  });

  it("may carry region, endpoint_url and output for the services", () => {
    expect(
      readProfile(
        awsFiles(
          managed("region = eu-west-1", "endpoint_url = http://127.0.0.1:1", "output = json"),
        ),
        "prod",
      ).kind,
    ).toBe("role");
  });
});

describe("what is refused, with where and how to fix it", () => {
  const rows: readonly (readonly [what: string, config: string, message: RegExp, hint: RegExp])[] =
    [
      [
        "an unknown profile",
        managed().replace("profile prod", "profile prood"),
        /^profile prod not found$/,
        /did you mean prood\?/,
      ],
      [
        "a section that lacks the word profile",
        managed().replace("[profile prod]", "[prod]"),
        /^profile prod not found$/,
        /:1 has \[prod\], which no AWS tool reads: write \[profile prod\]$/,
      ],
      [
        "a malformed ARN",
        managed().replace(arn, "arn:aws:iam::12:role/x"),
        /awsrole_role_arn = arn:aws:iam::12:role\/x is not valid \(.*config:2\)/,
        /looks like/,
      ],
      [
        "both plain and prefixed",
        managed("role_arn = x"),
        /has both role_arn \(.*:4\) and awsrole_role_arn \(.*:2\)/,
        /keep one/,
      ],
      [
        "a plain key that an SDK would use",
        managed("aws_access_key_id = AKIA"),
        /has both aws_access_key_id .* and awsrole_role_arn/,
        /remove it/,
      ],
      [
        "a plain twin in a standard profile",
        standard("duration_seconds = 900", "awsrole_duration_seconds = 900"),
        /has both duration_seconds/,
        /keep one/,
      ],
      [
        "an unknown key",
        managed("awsrole_role_sesion_name = me"),
        /unknown key awsrole_role_sesion_name \(.*:4\)/,
        /awsrole_role_session_name\?/,
      ],
      [
        "no source",
        `[profile prod]\nawsrole_role_arn = ${arn}\n`,
        /no source/,
        /awsrole_source_profile/,
      ],
      [
        "no source in a standard profile",
        `[profile prod]\nrole_arn = ${arn}\n`,
        /no source/,
        /add source_profile/,
      ],
      [
        "two sources",
        managed("awsrole_credential_source = Environment"),
        /has both awsrole_source_profile .* and awsrole_credential_source/,
        /one source/,
      ],
      [
        "an unknown credential source",
        standard().replace("source_profile = bob", "credential_source = Ec2"),
        /credential_source = Ec2/,
        /Ec2InstanceMetadata/,
      ],
      [
        "899 seconds",
        managed("awsrole_duration_seconds = 899"),
        /awsrole_duration_seconds = 899 is not valid/,
        /900 to 43200/,
      ],
      [
        "43201 seconds",
        standard("duration_seconds = 43201"),
        /duration_seconds = 43201 is not valid/,
        /900 to 43200/,
      ],
      [
        "seconds that are no number",
        managed("awsrole_duration_seconds = 1e3"),
        /1e3 is not valid/,
        /whole number/,
      ],
      [
        "a session name with a space",
        managed("awsrole_role_session_name = a b"),
        /= a b is not valid/,
        /letters, digits/,
      ],
      [
        "a session name of one letter",
        managed("awsrole_role_session_name = a"),
        /= a is not valid/,
        /2 to 64/,
      ],
      [
        "an external id with a star",
        managed("awsrole_external_id = a*"),
        /external_id/,
        /2 to 1224/,
      ],
      [
        "a tag without a value sign",
        managed("awsrole_tags = team"),
        /awsrole_tags = team/,
        /key=value/,
      ],
      ["a tag twice", managed("awsrole_tags = a=1,A=2"), /awsrole_tags/, /each key once/],
      [
        "eleven policies",
        managed(`awsrole_policy_arns = ${Array.from({ length: 11 }, (_, i) => `p${i}`).join(",")}`),
        /policy_arns/,
        /at most 10/,
      ],
      [
        "half an access key",
        "[profile prod]\naws_access_key_id = AKIA\n",
        /has no aws_secret_access_key/,
        /pair/,
      ],
      [
        "an sso session that does not exist",
        "[profile prod]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n",
        /no \[sso-session corp\]/,
        /awsrole login/,
      ],
      [
        "a strange prompt",
        managed("awsrole_mfa_serial = arn:aws:iam::1:mfa/a", "awsrole_mfa_prompt = voice"),
        /mfa_prompt = voice/,
        /terminal, gui/,
      ],
    ];
  it.each(rows)("%s", (_what, config, message, hint) => {
    const error = failure(config);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    expect(error.message.split("\n")).toHaveLength(1);
  });

  it("an unknown profile whose name cannot be written: no advice to write it", () => {
    const files = awsFiles("[profile it's]\nregion = eu-west-1\n");
    const { hint } = profileNotFound(files, "it's");
    expect(hint).toMatch(
      /config:1 has it in a header that has a name with characters .*: give it a name of letters/,
    );
    expect(hint).not.toContain("write [profile");
  });
});

describe("a standard profile", () => {
  it("is a role first, but gives its static keys when it is another profile's source", () => {
    const files = awsFiles(
      standard("aws_access_key_id = AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key = s"),
    );
    expect(readProfile(files, "prod", "first").kind).toBe("role");
    expect(readProfile(files, "prod", "source").kind).toBe("static");
  });

  it("takes what AWS lacks from prefixed keys", () => {
    expect(
      readProfile(
        awsFiles(standard("awsrole_tags = a=1", "mfa_serial = 123456789", "mfa_process = code")),
        "prod",
      ),
    ).toMatchObject({
      managed: false,
      role: { tags: [{ key: "a", value: "1" }] },
      mfa: { serial: "123456789", process: "code" },
    });
  });

  it("counts an empty setting as absent", () => {
    expect(readProfile(awsFiles(standard("external_id =")), "prod")).toMatchObject({
      role: { externalId: undefined },
    });
  });
});

describe("an access key in a file", () => {
  const key = (id: string): string =>
    `aws_access_key_id = ${id}\naws_secret_access_key = s-${id}\n`;
  const read = (config: string, credentials: string) =>
    readProfile(awsFiles(`[profile k]\n${config}`, `[k]\n${credentials}`), "k");

  it("comes whole from the credentials file where that has its id", () => {
    expect(
      read(`${key("ONE")}aws_session_token = of ONE\naws_account_id = 123456789012`, key("TWO")),
    ).toMatchObject({
      accessKeyId: "TWO",
      secretAccessKey: "s-TWO",
      sessionToken: undefined,
      accountId: "123456789012",
    });
    expect(
      read(key("ONE"), "aws_secret_access_key = other\naws_session_token = other"),
    ).toMatchObject({ accessKeyId: "ONE", secretAccessKey: "s-ONE", sessionToken: undefined });
  });

  it("is not put together from two files", () => {
    for (const [config, credentials] of [
      ["aws_access_key_id = ONE", "aws_secret_access_key = s"],
      ["aws_secret_access_key = s", "aws_access_key_id = ONE"],
      [key("ONE"), "aws_access_key_id = TWO"],
    ] as const)
      expect(() => read(config, credentials)).toThrow(
        /^profile k: has its access key ID and secret in two files \(the other is at .*:\d\)$/,
      );
  });

  it("has its token under the older name too, which counts first", () => {
    expect(read("", `${key("A")}aws_security_token = old`)).toMatchObject({ sessionToken: "old" });
    expect(read("", `${key("A")}aws_session_token = new\naws_security_token = old`)).toMatchObject({
      sessionToken: "old",
    });
  });
});
