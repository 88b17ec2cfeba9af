/**
 * Which credentials a profile leads to: each kind of source as the first and as a later hop, precedence between several, cycles and what is
 * missing. The expected answers are from the AWS CLI's documentation and sources; where botocore can express a row, it is asked too.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Hop, resolveChain } from "../../src/credentials/chain.ts";
import { isAwsRoleError } from "../../src/foundation/errors.ts";
import { awsFiles } from "../support/aws-files.ts";

type Row = {
  readonly what: string;
  readonly config: string;
  readonly credentials?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** `ROLE<-…<-KEY`, a source's kind where it has no key, or an error code. */
  readonly expected: string;
  /** What botocore says where it is not the same; `undefined`: it cannot express the row. */
  readonly botocore?: string | undefined;
};

const arn = (name: string): string => `role_arn = arn:aws:iam::123456789012:role/${name}`;
const keys = (id: string): string => `aws_access_key_id = ${id}\naws_secret_access_key = secret`;
const profile = (name: string, ...lines: string[]): string =>
  `[profile ${name}]\n${lines.join("\n")}\n`;
const command =
  'credential_process = printf \'{"Version":1,"AccessKeyId":"process","SecretAccessKey":"s"}\'';
const base = profile("base", keys("BASE"));
const sso =
  "sso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = reader";
const ssoSession =
  "[sso-session corp]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n";
const p = (...lines: string[]): string => profile("p", ...lines);
const managed = (...lines: string[]): string =>
  p("awsrole_role_arn = arn:aws:iam::123456789012:role/R", ...lines);
const envKeys = { AWS_ACCESS_KEY_ID: "ENV", AWS_SECRET_ACCESS_KEY: "s" };
const only = { botocore: undefined };

const rows: readonly Row[] = [
  // One source, first hop
  { what: "static keys in the config file", config: p(keys("KEY")), expected: "KEY" },
  {
    what: "static keys in the credentials file",
    config: "",
    credentials: `[p]\n${keys("KEY")}\n`,
    expected: "KEY",
  },
  {
    what: "a profile in both files: the credentials file wins",
    config: p(keys("CONFIG")),
    credentials: `[p]\n${keys("CRED")}\n`,
    expected: "CRED",
  },
  { what: "temporary keys", config: p(keys("KEY"), "aws_session_token = t"), expected: "KEY" },
  { what: "a credential_process", config: p(command), expected: "process" },
  {
    what: "a role from a source profile",
    config: p(arn("R"), "source_profile = base") + base,
    expected: "R<-BASE",
  },
  {
    what: "a role from a source in the credentials file",
    config: p(arn("R"), "source_profile = base"),
    credentials: `[base]\n${keys("CRED")}\n`,
    expected: "R<-CRED",
  },
  {
    what: "a role from the environment",
    config: p(arn("R"), "credential_source = Environment"),
    env: envKeys,
    expected: "R<-environment",
    botocore: "R<-ENV",
  },
  {
    what: "a role from EC2 metadata",
    config: p(arn("R"), "credential_source = Ec2InstanceMetadata"),
    expected: "R<-ec2-instance-metadata",
  },
  {
    what: "a role from the container",
    config: p(arn("R"), "credential_source = EcsContainer"),
    expected: "R<-ecs-container",
  },
  {
    what: "a role by web identity",
    config: p(arn("R"), "web_identity_token_file = @FOLDER@/token"),
    expected: "R<-web-identity",
  },
  { what: "SSO, legacy", config: p(sso), expected: "sso" },
  {
    what: "SSO by session",
    config:
      p("sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = reader") + ssoSession,
    expected: "sso",
  },
  {
    what: "SSO by session, its start URL and region repeated",
    config: p("sso_session = corp", sso) + ssoSession,
    expected: "sso",
  },
  {
    what: "SSO by session, but another region",
    config: p("sso_session = corp", sso.replace("eu-west-1", "us-east-1")) + ssoSession,
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "SSO by session, but another start URL",
    config: p("sso_session = corp", sso.replace("example.", "other.")) + ssoSession,
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "SSO by session, its region in the profile only (botocore takes that for credentials, not for tokens)",
    config: p("sso_session = corp", sso) + ssoSession.replace("sso_region = eu-west-1\n", ""),
    expected: "ERR_PROFILE_INVALID",
    botocore: "sso",
  },
  {
    what: "sso_session alone: a token, no credentials",
    config: p("sso_session = corp") + ssoSession,
    expected: "ERR_PROFILE_INVALID",
    ...only,
  },
  {
    what: "a secret alone in the credentials file: the config file's pair, whole",
    config: p(keys("CONFIG")),
    credentials: "[p]\naws_secret_access_key = other\n",
    expected: "CONFIG",
  },
  {
    what: "a key id alone in the credentials file: half a pair",
    config: p(keys("CONFIG")),
    credentials: "[p]\naws_access_key_id = CRED\n",
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "managed SSO",
    config:
      p(
        "awsrole_sso_session = corp",
        "awsrole_sso_account_id = 123456789012",
        "awsrole_sso_role_name = reader",
      ) + ssoSession,
    expected: "sso",
    ...only,
  },
  {
    what: "managed SSO beside a role",
    config:
      managed("awsrole_source_profile = base", "awsrole_sso_role_name = reader") +
      base +
      ssoSession,
    expected: "ERR_PROFILE_INVALID",
    ...only,
  },
  {
    what: "a login session",
    config: p("login_session = arn:aws:iam::123456789012:user/Bob"),
    expected: "login",
    ...only,
  },
  {
    what: "a keychain key",
    config: p("awsrole_access_key_id = AKIAIOSFODNN7EXAMPLE"),
    expected: "AKIAIOSFODNN7EXAMPLE",
    ...only,
  },
  // The same as a later hop
  {
    what: "later: a role",
    config:
      p(arn("R"), "source_profile = m") + profile("m", arn("M"), "source_profile = base") + base,
    expected: "R<-M<-BASE",
  },
  {
    what: "later: three roles",
    config:
      p(arn("R"), "source_profile = a") +
      profile("a", arn("A"), "source_profile = b") +
      profile("b", arn("B"), "source_profile = base") +
      base,
    expected: "R<-A<-B<-BASE",
  },
  {
    what: "later: a credential_process",
    config: p(arn("R"), "source_profile = m") + profile("m", command),
    expected: "R<-process",
  },
  {
    what: "later: a role from the environment",
    config:
      p(arn("R"), "source_profile = m") + profile("m", arn("M"), "credential_source = Environment"),
    env: envKeys,
    expected: "R<-M<-environment",
    botocore: "R<-M<-ENV",
  },
  {
    what: "later: a role from EC2 metadata",
    config:
      p(arn("R"), "source_profile = m") +
      profile("m", arn("M"), "credential_source = Ec2InstanceMetadata"),
    expected: "R<-M<-ec2-instance-metadata",
  },
  {
    what: "later: a role from the container",
    config:
      p(arn("R"), "source_profile = m") +
      profile("m", arn("M"), "credential_source = EcsContainer"),
    expected: "R<-M<-ecs-container",
  },
  {
    what: "later: a role by web identity",
    config:
      p(arn("R"), "source_profile = m") +
      profile("m", arn("M"), "web_identity_token_file = @FOLDER@/token"),
    expected: "R<-M<-web-identity",
  },
  {
    what: "later: SSO, legacy",
    config: p(arn("R"), "source_profile = m") + profile("m", sso),
    expected: "R<-sso",
    ...only,
  },
  {
    what: "later: SSO by session",
    config:
      p(arn("R"), "source_profile = m") +
      profile("m", "sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = r") +
      ssoSession,
    expected: "R<-sso",
    ...only,
  },
  {
    what: "later: a login session",
    config:
      p(arn("R"), "source_profile = m") +
      profile("m", "login_session = arn:aws:iam::123456789012:user/Bob"),
    expected: "R<-login",
    ...only,
  },
  {
    what: "later: a keychain key",
    config:
      p(arn("R"), "source_profile = m") +
      profile("m", "awsrole_access_key_id = AKIAIOSFODNN7EXAMPLE"),
    expected: "R<-AKIAIOSFODNN7EXAMPLE",
    ...only,
  },
  {
    what: "later: [default]",
    config: p(arn("R"), "source_profile = default") + `[default]\n${keys("DEFAULT")}\n`,
    expected: "R<-DEFAULT",
  },
  // Several in one profile, first hop
  {
    what: "a role before static keys",
    config: p(arn("R"), "source_profile = base", keys("KEY")) + base,
    expected: "R<-BASE",
  },
  {
    what: "a role before a process",
    config: p(arn("R"), "source_profile = base", command) + base,
    expected: "R<-BASE",
  },
  {
    what: "a role before SSO",
    config: p(arn("R"), "source_profile = base", sso) + base,
    expected: "R<-BASE",
  },
  {
    what: "web identity before a source profile",
    config: p(arn("R"), "source_profile = base", "web_identity_token_file = @FOLDER@/token") + base,
    expected: "R<-web-identity",
  },
  {
    what: "web identity before static keys",
    config: p(arn("R"), "web_identity_token_file = @FOLDER@/token", keys("KEY")),
    expected: "R<-web-identity",
  },
  { what: "SSO before static keys", config: p(sso, keys("KEY")), expected: "sso", ...only },
  { what: "SSO before a process", config: p(sso, command), expected: "sso", ...only },
  {
    what: "keys of the credentials file before a process",
    config: p(command),
    credentials: `[p]\n${keys("CRED")}\n`,
    expected: "CRED",
  },
  {
    what: "a process before keys of the config file",
    config: p(command, keys("KEY")),
    expected: "process",
  },
  {
    what: "a login session before a process",
    config: p(command, "login_session = x"),
    expected: "login",
    ...only,
  },
  {
    what: "keys of the credentials file before a login session",
    config: p("login_session = x"),
    credentials: `[p]\n${keys("CRED")}\n`,
    expected: "CRED",
  },
  // Several in one profile, later hop
  {
    what: "later: static keys before a role",
    config:
      p(arn("R"), "source_profile = m") +
      profile("m", arn("M"), "source_profile = base", keys("KEY")) +
      base,
    expected: "R<-KEY",
  },
  {
    what: "later: web identity before static keys",
    config:
      p(arn("R"), "source_profile = m") +
      profile("m", arn("M"), "web_identity_token_file = @FOLDER@/token", keys("KEY")),
    expected: "R<-M<-web-identity",
  },
  {
    what: "later: a process before keys of the config file",
    config: p(arn("R"), "source_profile = m") + profile("m", command, keys("KEY")),
    expected: "R<-process",
  },
  {
    what: "later: keys of the credentials file before a process",
    config: p(arn("R"), "source_profile = m") + profile("m", command),
    credentials: `[m]\n${keys("CRED")}\n`,
    expected: "R<-CRED",
  },
  {
    what: "later: a role before a process",
    config:
      p(arn("R"), "source_profile = m") +
      profile("m", arn("M"), "source_profile = base", command) +
      base,
    expected: "R<-M<-BASE",
  },
  // Itself, cycles
  {
    what: "itself with static keys",
    config: p(arn("R"), "source_profile = p", keys("KEY")),
    expected: "R<-KEY",
  },
  {
    what: "itself with keys in the credentials file",
    config: p(arn("R"), "source_profile = p"),
    credentials: `[p]\n${keys("CRED")}\n`,
    expected: "R<-CRED",
  },
  {
    what: "itself without keys",
    config: p(arn("R"), "source_profile = p"),
    expected: "ERR_PROFILE_CYCLE",
    botocore: "error",
  },
  {
    what: "itself with a process",
    config: p(arn("R"), "source_profile = p", command),
    expected: "ERR_PROFILE_CYCLE",
    botocore: "error",
  },
  {
    what: "a circle of two",
    config: p(arn("R"), "source_profile = m") + profile("m", arn("M"), "source_profile = p"),
    expected: "ERR_PROFILE_CYCLE",
    botocore: "error",
  },
  {
    what: "a circle of three",
    config:
      p(arn("R"), "source_profile = a") +
      profile("a", arn("A"), "source_profile = b") +
      profile("b", arn("B"), "source_profile = p"),
    expected: "ERR_PROFILE_CYCLE",
    botocore: "error",
  },
  {
    what: "a circle that does not lead back to the start",
    config:
      p(arn("R"), "source_profile = a") +
      profile("a", arn("A"), "source_profile = b") +
      profile("b", arn("B"), "source_profile = a"),
    expected: "ERR_PROFILE_CYCLE",
    botocore: "error",
  },
  {
    what: "a circle broken by static keys",
    config:
      p(arn("R"), "source_profile = m") + profile("m", arn("M"), "source_profile = p", keys("KEY")),
    expected: "R<-KEY",
  },
  // Missing and wrong
  {
    what: "a role without a source",
    config: p(arn("R")),
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "a role without a source, with a process",
    config: p(arn("R"), command),
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "a role without a source, with static keys",
    config: p(arn("R"), keys("KEY")),
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "two sources",
    config: p(arn("R"), "source_profile = base", "credential_source = Environment") + base,
    env: envKeys,
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "an unknown credential_source",
    config: p(arn("R"), "credential_source = Nowhere"),
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "a credential_source in the wrong case",
    config: p(arn("R"), "credential_source = environment"),
    env: envKeys,
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "a source that does not exist",
    config: p(arn("R"), "source_profile = nobody"),
    expected: "ERR_PROFILE_NOT_FOUND",
    botocore: "error",
  },
  {
    what: "a source without credentials",
    config: p(arn("R"), "source_profile = m") + profile("m", "region = eu-west-1"),
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "half a key",
    config: p("aws_access_key_id = KEY"),
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "half a key in the source",
    config: p(arn("R"), "source_profile = m") + profile("m", "aws_access_key_id = KEY"),
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "a source_profile without a role",
    config: p("source_profile = base") + base,
    expected: "ERR_PROFILE_INVALID",
    botocore: undefined,
  },
  {
    what: "a profile that does not exist",
    config: base,
    expected: "ERR_PROFILE_NOT_FOUND",
    botocore: "error",
  },
  {
    what: "names that differ in case",
    config: p(arn("R"), "source_profile = Base") + base,
    expected: "ERR_PROFILE_NOT_FOUND",
    botocore: "error",
  },
  {
    what: "web identity without a role",
    config: p("web_identity_token_file = @FOLDER@/token"),
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "an SSO session that does not exist",
    config: p("sso_session = corp\nsso_account_id = 1\nsso_role_name = r"),
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "SSO without an account",
    config: p("sso_start_url = x\nsso_region = y\nsso_role_name = r"),
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  // Settings do not leak from one profile into another
  {
    what: "a role key of [default] is not inherited",
    config: p(arn("R")) + "[default]\nsource_profile = base\n" + base,
    expected: "ERR_PROFILE_INVALID",
    botocore: "error",
  },
  {
    what: "environment keys do not shadow a named profile",
    config: p(keys("KEY")),
    env: envKeys,
    expected: "KEY",
  },
  // Managed
  {
    what: "managed: from a profile",
    config: managed("awsrole_source_profile = base") + base,
    expected: "R<-BASE",
    ...only,
  },
  {
    what: "managed: from a managed role",
    config:
      managed("awsrole_source_profile = m") +
      profile(
        "m",
        "awsrole_role_arn = arn:aws:iam::123456789012:role/M",
        "awsrole_source_profile = base",
      ) +
      base,
    expected: "R<-M<-BASE",
    ...only,
  },
  {
    what: "managed: with its credential_process line",
    config:
      managed(
        "awsrole_source_profile = base",
        "credential_process = awsrole credential-process --profile p",
      ) + base,
    expected: "R<-BASE",
    ...only,
  },
  {
    what: "managed: as the source of a standard role",
    config:
      p(arn("R"), "source_profile = m") +
      profile(
        "m",
        "awsrole_role_arn = arn:aws:iam::123456789012:role/M",
        "awsrole_source_profile = base",
      ) +
      base,
    expected: "R<-M<-BASE",
    ...only,
  },
  {
    what: "managed: from the environment",
    config: managed("awsrole_credential_source = Environment"),
    env: envKeys,
    expected: "R<-environment",
    ...only,
  },
  {
    what: "managed: by web identity",
    config: managed("awsrole_web_identity_token_file = /t"),
    expected: "R<-web-identity",
    ...only,
  },
  {
    what: "managed: from a keychain key of its own",
    config: managed("awsrole_access_key_id = AKIAIOSFODNN7EXAMPLE"),
    expected: "R<-AKIAIOSFODNN7EXAMPLE",
    ...only,
  },
  {
    what: "managed: itself",
    config: managed("awsrole_source_profile = p"),
    expected: "ERR_PROFILE_CYCLE",
    ...only,
  },
  {
    what: "managed: two sources",
    config:
      managed("awsrole_source_profile = base", "awsrole_access_key_id = AKIAIOSFODNN7EXAMPLE") +
      base,
    expected: "ERR_PROFILE_INVALID",
    ...only,
  },
  {
    what: "managed: beside stale keys in the credentials file",
    config: managed("awsrole_source_profile = base") + base,
    credentials: `[p]\n${keys("STALE")}\n`,
    expected: "ERR_PROFILE_INVALID",
    ...only,
  },
];

/** The chain in botocore's words. */
function describeChain(hop: Hop): string {
  if (hop.kind === "role") return `${hop.role.arn.split("/").at(-1)}<-${describeChain(hop.signer)}`;
  if (hop.kind === "user-session") return `session<-${describeChain(hop.signer)}`;
  if (hop.kind === "sso") return "sso";
  return hop.source.kind === "static" || hop.source.kind === "keychain-key"
    ? hop.source.accessKeyId
    : hop.source.kind;
}

function ours({ config, credentials = "", env = {} }: Row): string {
  try {
    return describeChain(resolveChain(awsFiles(config, credentials), "p", env));
  } catch (error) {
    return isAwsRoleError(error) ? error.code : String(error);
  }
}

describe("the source of a profile's credentials", () => {
  it.each(rows)("$what: $expected", (row) => {
    expect(ours(row)).toBe(row.expected);
  });
});

const reason =
  spawnSync("python3", ["-c", "import botocore"]).status === 0
    ? undefined
    : "botocore is not installed";
describe.skipIf(reason !== undefined)(
  `botocore agrees${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  () => {
    const asked = rows.filter((row) => !("botocore" in row) || row.botocore !== undefined);
    const input = JSON.stringify(
      asked.map(({ config, credentials = "", env = {} }) => ({
        config,
        credentials,
        env,
        profile: "p",
      })),
    );
    const script = fileURLToPath(new URL("../support/botocore-chain.py", import.meta.url));
    const answers =
      reason === undefined
        ? (JSON.parse(
            spawnSync("python3", [script], { input, encoding: "utf8", timeout: 60_000 }).stdout,
          ) as string[])
        : [];
    it.each(asked.map((row, index) => ({ ...row, answer: answers[index] })))(
      "$what",
      ({ answer, expected, botocore = expected }) => {
        expect(answer).toBe(botocore);
      },
    );
  },
);
