/** The set-up most tests start from: user Bob's key in the credentials file, and the managed profile `prod` for the double's role. */
import { createHome, type Home, program } from "./run-awsrole.ts";
import type { AwsDouble } from "./aws-double.ts";

/** A home with `prod` and `bob`, whose environment leads to the double. `settings` are more lines for `prod`. */
export function createRoleHome(
  sts: AwsDouble,
  { settings = [], config = "" }: { settings?: readonly string[]; config?: string } = {},
): Home {
  const home = createHome({
    config: [
      "[profile prod]",
      `credential_process = ${program.join(" ")} credential-process --profile prod`,
      "region = eu-west-1",
      "awsrole_role_arn = arn:aws:iam::123456789012:role/example-role",
      "awsrole_source_profile = bob",
      "awsrole_role_session_name = AWSCLI-Session",
      ...settings,
      config,
    ].join("\n"),
    credentials: `[bob]\naws_access_key_id = ${sts.bob.accessKeyId}\naws_secret_access_key = ${sts.bob.secretAccessKey}\n`,
  });
  return {
    ...home,
    env: { ...home.env, AWS_ENDPOINT_URL_STS: sts.url, AWS_DEFAULT_REGION: "eu-west-1" },
  };
}
