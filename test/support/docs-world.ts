/** The home in which the commands of the docs are run: Bob and his role, and the programs that the docs mention beside awsrole. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHome, type Home, program } from "./run-awsrole.ts";
import type { AwsDouble } from "./aws-double.ts";

/** `prod`, as add-profile writes it, is there unless left out; so is Bob's key in the credentials file. */
export function createDocsWorld(
  { bob, url }: AwsDouble,
  { withProd = true, withBob = true }: { withProd?: boolean; withBob?: boolean } = {},
): Home {
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
      "",
    ].join("\n"),
    credentials: withBob
      ? `[bob]\naws_access_key_id = ${bob.accessKeyId}\naws_secret_access_key = ${bob.secretAccessKey}\n`
      : "",
  });
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
  addProgram(bin, "terraform", 'exec aws "$@"');
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
      PATH: `${bin}:${process.env["PATH"]}`,
      USER: "bob",
      LOGNAME: "bob",
      AWS_ENDPOINT_URL: url,
      AWS_DEFAULT_REGION: "eu-west-1",
      AWSROLE_STORE: "file",
      AWSROLE_PASSPHRASE_FILE: passphraseFile,
    },
  };
}

function addProgram(folder: string, name: string, script: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}
