import { describe, expect, it } from "vitest";
import {
  maskCommand,
  maskLines,
  sensitiveLines,
  shownValue,
} from "../../../src/config/secret-keys.ts";

const key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

describe("a line of a config file", () => {
  it.each([
    "aws_secret_access_key = s",
    "aws_secret_access_key=s\n",
    "AWS_SECRET_ACCESS_KEY : s\r\n",
    "  aws_security_token = s",
    "#aws_secret_access_key = s",
    " ; aws_session_token=s",
    "### aws_secret_access_key = s",
    `# the old one: ${key}`,
    `# AKIAIOSFODNN7EXAMPLE ${key}`,
    `password = "${key}"`,
    `note:${key}`,
    `# ${"IQoJb3JpZ2luX2VjE".repeat(8)}`,
  ])("is secret: %j", (line) => expect(sensitiveLines([line])).toEqual(["secret"]));

  it.each([
    "credential_process = /bin/x --password p",
    "#credential_process = /bin/x --password p",
    "mfa_process = op item get aws --otp",
    "awsrole_mfa_process=oathtool --totp -b SEED",
    "awsrole_saml_process = login --password p",
    "credential_process = /bin/x --password p /opt/awsrole credential-process --profile p",
    "credential_process = PASSWORD=x /opt/awsrole credential-process --profile p",
  ])("is another program's command line: %j", (line) =>
    expect(sensitiveLines([line])).toEqual(["command"]),
  );

  it.each([
    "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n",
    "aws_secret_access_key =\n",
    "# a secret\r\n",
    "\r\n",
    "role_arn = arn:aws:iam::123456789012:role/TheRoleOfAllAccountsOfTheWholeOrganisation",
    "awsrole_policy_file = /Users/Alice/Documents/AwsRole/Policies/For/Production/ReadOnly",
    "credential_process = /opt/awsrole credential-process --profile p",
    'credential_process = "/opt/my tools/awsrole" credential-process --profile p',
    "credential_process = /usr/bin/node /opt/awsrole/bin/awsrole.js credential-process --profile=p",
    "credential_process = /usr/bin/node /usr/local/bin/awsrole credential-process --profile p",
    "mfa_process = /usr/local/bin/my-code",
    "# 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
  ])("is none of them: %j", (line) => expect(sensitiveLines([line])).toEqual([undefined]));

  it("that continues a secret or a command line is one, in a comment too", () => {
    const lines = [
      "aws_secret_access_key =",
      "",
      "  SECRET = x",
      "  more",
      "region = x",
      "#aws_secret_access_key =",
      "#   SECRET",
      "# awsrole_mfa_process =",
      "#   op --password x",
      "output = json",
    ];
    expect(sensitiveLines(lines)).toEqual([
      undefined,
      undefined,
      "secret",
      "secret",
      undefined,
      undefined,
      "secret",
      undefined,
      "command",
      undefined,
    ]);
    expect(maskLines(lines).join("\n")).not.toMatch(/SECRET = |more|op --password/);
  });

  it("is no comment below awsrole's own command line; a line that continues it is one", () => {
    const own = "credential_process = /opt/awsrole credential-process --profile p";
    expect(sensitiveLines([own, "  # inner"])).toEqual([undefined, undefined]);
    expect(sensitiveLines([own, "  --password x"])).toEqual([undefined, "command"]);
    expect(sensitiveLines([`# ${own}`, "#   op --password x"])).toEqual([undefined, "command"]);
    expect(sensitiveLines(["credential_process = op --x", "  # --y"])).toEqual([
      "command",
      "command",
    ]);
  });

  it("keeps its end, its key and its program when it is masked", () => {
    expect(
      maskLines(["#aws_secret_access_key = s\r\n", "mfa_process = op --otp x\n", `# old ${key}\n`]),
    ).toEqual(["#aws_secret_access_key = ****\r\n", "mfa_process = op ****\n", "# ****\n"]);
  });
});

describe("a value that is shown", () => {
  it.each([
    ["/bin/x", "/bin/x"],
    ["/bin/x --password p", "/bin/x ****"],
    ['"/bin/with space" p', '"/bin/with space" ****'],
    ["PASSWORD=x op get", "PASSWORD=**** ****"],
    ["PASSWORD=x", "PASSWORD=****"],
  ])("of the command line %j is %j", (line, shown) => expect(maskCommand(line)).toBe(shown));

  it("of a secret says nothing of its length", () => {
    expect(shownValue("aws_secret_access_key", "x")).toBe("****");
    expect(shownValue("s3", "\naws_session_token = abc")).toBe("\naws_session_token = ****");
  });
});
