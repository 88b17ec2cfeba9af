/** A home whose profiles lead to the double's IAM Identity Center and AWS Sign-In, and what AWS's tools keep there of a sign-in. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AwsDouble } from "./aws-double.ts";
import type { SignedIn } from "./aws-double/identity-center.ts";
import {
  createHome,
  type Finished,
  type Home,
  type RunOptions,
  runAwsrole,
} from "./run-awsrole.ts";

export const ssoAccountId = "123456789012";

/** `[sso-session corp]`, and `reader`, a role of it as AWS's tools write it. */
export const ssoConfig = `[profile reader]
sso_session = corp
sso_account_id = ${ssoAccountId}
sso_role_name = Reader
region = eu-west-1
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
`;

export type SsoHome = Home & {
  /** AWS's file of a session's token. */
  readonly tokenFile: string;
  readToken(): Record<string, string>;
  writeToken(token: Partial<SignedIn>): void;
  /** Signed in as if by the AWS CLI; the token seems to last so long. */
  signIn(minutes?: number): SignedIn;
  loginFile(session: string): string;
  /** `awsrole WORDS`, with `--store none` unless they say where. */
  run(words: readonly string[], options?: Partial<RunOptions>): Promise<Finished>;
};

/** The double has the account and role that `ssoConfig` names. */
export function createSsoHome(aws: AwsDouble, config = ssoConfig, session = "corp"): SsoHome {
  aws.identityCenter.addAccount({ accountId: ssoAccountId, roleNames: ["Reader", "Admin"] });
  const home = createHome({ config });
  const env = { ...home.env, ...aws.env };
  const tokenFile = join(
    home.path,
    ".aws/sso/cache",
    `${createHash("sha1").update(session).digest("hex")}.json`,
  );
  const write = (file: string, value: unknown): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(value), { mode: 0o600 });
  };
  return {
    ...home,
    env,
    tokenFile,
    readToken: () => JSON.parse(readFileSync(tokenFile, "utf8")) as Record<string, string>,
    writeToken: (token) => write(tokenFile, token),
    signIn: (minutes = 60) => {
      const expiresAt = new Date(Date.now() + minutes * 60_000);
      const token = {
        ...aws.identityCenter.signIn(),
        expiresAt: expiresAt.toISOString().replace(/\.\d+/, ""),
      };
      write(tokenFile, token);
      return token;
    },
    loginFile: (name) =>
      join(
        home.path,
        ".aws/login/cache",
        `${createHash("sha256").update(name).digest("hex")}.json`,
      ),
    run: (words, options = {}) =>
      runAwsrole([...words, ...(words.includes("--store") ? [] : ["--store", "none"])], {
        ...options,
        env: { ...env, ...options.env },
      }),
  };
}
