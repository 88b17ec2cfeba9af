import { describe, expect, it } from "vitest";
import { parseDocument } from "../../../src/config/document.ts";
import {
  profilesWithKey,
  switchKey,
  withoutKeyProfile,
  withoutPlainKey,
  writeKeyProfile,
} from "../../../src/keys/key-profile.ts";
import { parseKey } from "../../../src/keys/read-key.ts";

const keyId = "AKIAIOSFODNN7EXAMPLE";
const line = "/usr/bin/awsrole credential-process --profile bob";
const config = (text: string) => parseDocument(text, { file: "config", kind: "config" });
const credentials = (text: string) =>
  parseDocument(text, { file: "credentials", kind: "credentials" });
const write = (text: string): string => writeKeyProfile(config(text), "bob", keyId, line).text;

describe("a key profile", () => {
  const section = `[profile bob]\ncredential_process = ${line}\nawsrole_access_key_id = ${keyId}\n`;

  it.each(["", "[profile a]\nregion = x\n", "[profile a]\nregion = x", "# only this\n"])(
    "is written to %j and removed again without a trace",
    (before) => {
      const after = write(before);
      expect(after).toContain("awsrole_access_key_id");
      expect(withoutKeyProfile(config(after), "bob").text).toBe(before);
    },
  );

  it("is made of a section that is there, whose other settings stay", () => {
    expect(write("[profile bob]\nregion = x\noutput = json\n[profile z]\n")).toBe(
      `[profile bob]\nregion = x\noutput = json\ncredential_process = ${line}\nawsrole_access_key_id = ${keyId}\n[profile z]\n`,
    );
  });

  it("takes over the same key in plain text", () => {
    const plain = `[profile bob]\naws_access_key_id = ${keyId}\naws_secret_access_key = s\nregion = x\n`;
    expect(write(plain)).toBe(
      `[profile bob]\nregion = x\ncredential_process = ${line}\nawsrole_access_key_id = ${keyId}\n`,
    );
  });

  it("can be written twice", () => expect(write(section)).toBe(section));

  it.each([
    ["a role", "awsrole_role_arn = arn", "ERR_PROFILE_EXISTS"],
    ["a standard role", "role_arn = arn", "ERR_PROFILE_EXISTS"],
    ["another key", "awsrole_access_key_id = AKIAANOTHERANOTHER00", "ERR_PROFILE_EXISTS"],
    [
      "another key in plain text",
      "aws_access_key_id = AKIAANOTHERANOTHER00",
      "ERR_CONFIG_CONFLICT",
    ],
    ["another program", "credential_process = other", "ERR_CONFIG_CONFLICT"],
  ])("is not made of %s", (_, setting, code) => {
    expect(() => write(`[profile bob]\n${setting}\n`)).toThrow(expect.objectContaining({ code }));
  });

  it("is switched to another key together with the roles that name it", () => {
    const text = `${section}[profile r]\nawsrole_role_arn = a\nawsrole_access_key_id = ${keyId} ; old\n`;
    expect(profilesWithKey(config(text), keyId)).toEqual(["bob", "r"]);
    const switched = switchKey(config(text), keyId, "AKIANEWNEWNEWNEWNEW0").text;
    expect(switched).not.toContain(keyId);
    expect(profilesWithKey(config(switched), "AKIANEWNEWNEWNEWNEW0")).toEqual(["bob", "r"]);
  });
});

describe("a plain key", () => {
  const pair = `aws_access_key_id = ${keyId}\naws_secret_access_key = s\n`;

  it.each([
    [`[bob]\n${pair}`, ""],
    [
      `[a]\nregion = x\n\n[bob]\n${pair}\n[c]\nregion = y\n`,
      "[a]\nregion = x\n\n[c]\nregion = y\n",
    ],
    [`[bob]\nregion = x\n${pair}`, "[bob]\nregion = x\n"],
    [`[bob]\naws_access_key_id = ${keyId}\n[bob]\naws_secret_access_key = s\n`, ""],
    ["[a]\nregion = x\n", "[a]\nregion = x\n"],
  ])("is taken out of %j", (before, after) => {
    expect(withoutPlainKey(credentials(before), "bob", keyId).text).toBe(after);
  });

  it("is left where it is when it is another than the one that was kept", () => {
    const other = credentials(`[bob]\n${pair.replace(keyId, "AKIAANOTHERANOTHER00")}`);
    expect(() => withoutPlainKey(other, "bob", keyId)).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG_CONFLICT" }),
    );
  });
});

describe("a key on standard input", () => {
  const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  it.each([
    JSON.stringify({ AccessKey: { AccessKeyId: keyId, SecretAccessKey: secret } }),
    JSON.stringify({ AccessKeyId: keyId, SecretAccessKey: secret }),
    `\uFEFFAccess key ID,Secret access key\r\n${keyId},${secret}\r\n`,
    `${keyId}\n${secret}\n`,
    `\n  ${keyId}  \n${secret}`,
    `User name,Password,Access key ID,Secret access key,Console login link\r\nbob,"a,b""c",${keyId},${secret},https://x.signin.aws.amazon.com/console\r\n`,
    `User Name,Access key ID,Secret access key\nbob,${keyId},${secret}\n`,
    `"Access key ID","Secret access key"\n"${keyId}","${secret}"`,
    `[bob]\naws_access_key_id = ${keyId}\naws_secret_access_key=${secret}\nregion = eu-west-1\n`,
    `export AWS_ACCESS_KEY_ID=${keyId}\nexport AWS_SECRET_ACCESS_KEY="${secret}"\n`,
    `$env:AWS_ACCESS_KEY_ID="${keyId}"\n$env:AWS_SECRET_ACCESS_KEY='${secret}'`,
    `set AWS_ACCESS_KEY_ID=${keyId}\r\nset AWS_SECRET_ACCESS_KEY=${secret}`,
    `Access key ID: ${keyId}\nSecret access key: ${secret}`,
    `access_key = "${keyId}"\nsecret_key = "${secret}"`,
    `AccessKeyId: ${keyId}\nSecretAccessKey: ${secret}`,
    `aws_secret_access_key: ${secret}\naws_access_key_id: ${keyId}`,
    JSON.stringify({ aws_access_key_id: keyId, aws_secret_access_key: secret }),
    JSON.stringify(
      {
        AccessKey: {
          UserName: "bob",
          AccessKeyId: keyId,
          Status: "Active",
          SecretAccessKey: secret,
        },
      },
      null,
      2,
    ),
    `${keyId}\t${secret}`,
    `${keyId} ${secret}`,
    `\u00a0${keyId}\u200b\n${secret}\u00a0`,
    `Access key ID;Secret access key\n${keyId};${secret}`,
    `Access key ID\tSecret access key\r\n${keyId}\t${secret}\r\n`,
    `export AWS_ACCESS_KEY_ID=${keyId} AWS_SECRET_ACCESS_KEY=${secret}`,
    `docker run -e AWS_ACCESS_KEY_ID=${keyId} -e AWS_SECRET_ACCESS_KEY=${secret}`,
    `set -gx AWS_ACCESS_KEY_ID ${keyId}; set -gx AWS_SECRET_ACCESS_KEY ${secret}`,
    `AccessKey:\n  AccessKeyId: ${keyId}\n  SecretAccessKey: ${secret}\n  Status: Active\n`,
    `ACCESSKEY\t${keyId}\t2026-12-01T10:00:00+00:00\t${secret}\tActive\tbob`,
    `|  AccessKeyId     |  ${keyId}  |\n|  SecretAccessKey |  ${secret}  |`,
    `AWS_ACCESS_KEY_ID='${keyId}' # bob\nAWS_SECRET_ACCESS_KEY='${secret}' # bob`,
    `cloud.aws.credentials.access-key=${keyId}\ncloud.aws.credentials.secret-key=${secret}`,
    `${keyId}:${secret}`,
  ])("is read from %j", (text) => {
    expect(parseKey(text)).toEqual({ accessKeyId: keyId, secretAccessKey: secret });
  });

  it.each([
    "",
    "{",
    "{}",
    "null",
    keyId,
    `${keyId}\n${secret}\nmore`,
    `${keyId},`,
    `User name,Access key ID,Secret access key\na,${keyId},${secret}\nb,${keyId},${secret}`,
    `export AWS_ACCESS_KEY_ID=${keyId}`,
    `[a]\naws_access_key_id=${keyId}\naws_secret_access_key=${secret}\n[b]\naws_access_key_id=${keyId}\naws_secret_access_key=${secret}`,
    "[".repeat(50_000),
    `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`,
    `${keyId}\nshort`,
  ])("is not found in %j, which is not repeated", (text) => {
    expect(() => parseKey(text)).toThrow(expect.objectContaining({ code: "ERR_USAGE" }));
  });

  it("must not be a session's", () => {
    expect(() => parseKey(`ASIAIOSFODNN7EXAMPLE\n${secret}`)).toThrow("is a temporary key");
    const assigned = `AWS_ACCESS_KEY_ID=${keyId}\nAWS_SECRET_ACCESS_KEY=${secret}\nAWS_SESSION_TOKEN=t`;
    expect(() => parseKey(assigned)).toThrow("is a temporary key");
  });
});
