/** The home in which the commands of the docs are run: Bob and his role, and the programs that the docs mention beside awsrole. */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHome, type Home, program } from "./run-awsrole.ts";
import type { AwsDouble } from "./aws-double.ts";
import { storeKeyIn } from "./store-key.ts";

/** `prod`, as add-profile writes it, is there unless left out; so is Bob's key in the credentials file. `[sso-session acme]`, signed in, and `dev` of it, where it is asked for. */
export function createDocsWorld(
  aws: AwsDouble,
  {
    withProd = true,
    withBob = true,
    withSignIn = false,
  }: { withProd?: boolean; withBob?: boolean; withSignIn?: boolean } = {},
): Home {
  const { bob, url } = aws;
  const role = "arn:aws:iam::123456789012:role/example-role";
  const home = createHome({
    config: [
      "[profile staging]",
      "region = eu-west-1",
      `role_arn = ${role}`,
      "source_profile = bob",
      ...(withProd
        ? [
            "[profile prod]",
            `credential_process = ${program.join(" ")} credential-process --profile prod`,
            "region = eu-west-1",
            `awsrole_role_arn = ${role}`,
            "awsrole_source_profile = bob",
          ]
        : []),
      ...(withSignIn
        ? [
            "[sso-session acme]",
            "sso_start_url = https://example.awsapps.com/start",
            "sso_region = eu-west-1",
            "[profile dev]",
            `credential_process = ${program.join(" ")} credential-process --profile dev`,
            "region = eu-west-1",
            "awsrole_sso_session = acme",
            "awsrole_sso_account_id = 123456789012",
            "awsrole_sso_role_name = Reader",
          ]
        : []),
      "",
    ].join("\n"),
    credentials: withBob
      ? `[bob]\naws_access_key_id = ${bob.accessKeyId}\naws_secret_access_key = ${bob.secretAccessKey}\n`
      : "",
  });
  if (withSignIn) {
    aws.identityCenter.addAccount({
      accountId: "123456789012",
      accountName: "Acme",
      roleNames: ["Reader", "Admin"],
    });
    const folder = join(home.path, ".aws/sso/cache");
    mkdirSync(folder, { recursive: true });
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, "");
    writeFileSync(
      join(folder, `${createHash("sha1").update("acme").digest("hex")}.json`),
      JSON.stringify({ ...aws.identityCenter.signIn(), expiresAt }),
      { mode: 0o600 },
    );
  }
  const bin = join(home.path, "bin");
  mkdirSync(bin);
  const words = program.map((word) => `'${word}'`).join(" ");
  addProgram(bin, "awsrole", `exec ${words} "$@"`);
  // Whatever is asked of AWS under a profile: the credentials must be there. And a new key, for those who pipe it.
  addProgram(
    bin,
    "aws",
    `case "$*" in
*create-access-key*) echo '{"AccessKey":{"AccessKeyId":"${bob.accessKeyId}","SecretAccessKey":"${bob.secretAccessKey}"}}' ;;
*) profile=$AWS_PROFILE
  while [ $# -gt 0 ]; do [ "$1" = --profile ] && profile=$2; shift; done
  if [ -n "$profile" ]; then exec awsrole credential-process --profile "$profile" > /dev/null; fi
  [ -n "$AWS_ACCESS_KEY_ID$AWS_CONTAINER_CREDENTIALS_FULL_URI" ] ;;
esac`,
  );
  for (const name of ["terraform", "cdk"]) addProgram(bin, name, 'exec aws "$@"');
  // Its environment file must have a session in it.
  addProgram(bin, "docker", 'cat "$4" | grep -q ^AWS_SESSION_TOKEN=');
  addProgram(
    bin,
    "aws-vault",
    `while [ "$1" != -- ]; do shift; done
shift
AWS_ACCESS_KEY_ID=${bob.accessKeyId} AWS_SECRET_ACCESS_KEY=${bob.secretAccessKey} exec "$@"`,
  );
  const passphraseFile = join(home.path, "passphrase");
  writeFileSync(passphraseFile, "correct horse battery staple", { mode: 0o600 });
  mkdirSync(join(home.path, ".config", "fish", "completions"), { recursive: true });
  return {
    ...home,
    env: {
      ...home.env,
      ...(withSignIn ? aws.env : {}),
      PATH: `${bin}:${process.env["PATH"]}`,
      USER: "bob",
      LOGNAME: "bob",
      AWS_ENDPOINT_URL: url,
      AWS_DEFAULT_REGION: "eu-west-1",
      AWSROLE_STORE: "file",
      AWSROLE_PASSPHRASE_FILE: passphraseFile,
      ...storeKeyIn(home.path),
    },
  };
}

function addProgram(folder: string, name: string, script: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}
