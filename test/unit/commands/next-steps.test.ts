/** What `awsrole` alone proposes, by what is in the AWS files. */
import { describe, expect, it } from "vitest";
import { nextSteps } from "../../../src/commands/next-steps.ts";
import { awsFiles } from "../../support/aws-files.ts";

const role = (name: string, source = "bob"): string =>
  `[profile ${name}]\nrole_arn = arn:aws:iam::123456789012:role/${name}\nsource_profile = ${source}\n`;
const key = "[bob]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n";
const proposed = (config: string, credentials = ""): readonly string[] =>
  nextSteps(awsFiles(config, credentials)).map(({ command }) => command);

describe("the next steps", () => {
  it("on an empty machine are the four ways in", () => {
    expect(proposed("")).toEqual([
      "awsrole login",
      "awsrole add-key NAME",
      "awsrole add-profile",
      "awsrole setup NAME --admin-profile ADMIN",
    ]);
  });

  it("with a key in plain text move it, then make a role profile", () => {
    expect(proposed("", key)).toEqual([
      "awsrole add-key bob --from-credentials-file",
      "awsrole add-profile",
      "awsrole setup NAME --admin-profile bob",
    ]);
  });

  it("with roles whose source has no credentials, as aws-vault leaves them, store its key first", () => {
    const bob =
      "[profile bob]\nregion = eu-west-1\nmfa_serial = arn:aws:iam::123456789012:mfa/bob\n";
    expect(proposed(bob + role("prod"))).toEqual(["awsrole add-key bob", "awsrole adopt prod"]);
    expect(proposed(bob + role("prod") + role("staging"))).toEqual([
      "awsrole add-key bob",
      "awsrole adopt --all",
    ]);
  });

  it("with a session of IAM Identity Center sign in and sync", () => {
    expect(
      proposed(
        "[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\n",
      ),
    ).toEqual(["awsrole login acme", "awsrole sync acme"]);
  });
});
