/**
 * `awsrole doctor` on set-ups that are broken in one way each: the finding is there, and is gone when the fix that it names has been applied, by
 * `--fix` where it says that it can.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { catalogue, type FindingId } from "../../src/commands/doctor/rules.ts";
import { checkEnvironment } from "../../src/commands/doctor/checks/environment.ts";
import { checkProgram } from "../../src/commands/doctor/checks/program.ts";
import { checkState } from "../../src/commands/doctor/checks/state.ts";
import { runChecks as examineContext } from "../../src/commands/doctor/run-checks.ts";
import { applyFixes } from "../../src/commands/doctor/fixes.ts";
import { processContext } from "../../src/context.ts";
import { awsFiles } from "../support/aws-files.ts";
import { titled } from "../support/installed.ts";
import { createHome, type Home, program } from "../support/run-awsrole.ts";
import { noTerminal, openTerminal } from "../support/terminal.ts";
import { runInProcess } from "../support/run-in-process.ts";
import { openItemIndex } from "../../src/state/item-index.ts";
import { openStore } from "../../src/stores/open.ts";

type Found = {
  id: FindingId;
  profile?: string;
  file?: string;
  line?: number;
  what: string;
  why: string;
  fix: string;
  severity: string;
  fixable: boolean;
};
type Report = {
  findings: Found[];
  errorCount: number;
  warningCount: number;
  fix?: { done: boolean; diff: string; modes: string[] };
};

const line = (profile: string, words = program.join(" ")): string =>
  `credential_process = ${words} credential-process --profile ${profile}`;
const roleArn = "arn:aws:iam::123456789012:role/example-role";
const prod = (...more: string[]): string =>
  [
    "[profile prod]",
    line("prod"),
    "region = eu-west-1",
    `awsrole_role_arn = ${roleArn}`,
    "awsrole_source_profile = base",
    ...more,
    "",
  ].join("\n");
const base = [
  "[profile base]",
  "region = eu-west-1",
  "sso_start_url = https://example.awsapps.com/start",
  "sso_region = eu-west-1",
  "sso_account_id = 123456789012",
  "sso_role_name = reader",
  "",
].join("\n");
const clean = prod() + base;
const keys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = planted-secret\n";
const isRoot = process.getuid?.() === 0;

type Case = {
  readonly id: FindingId;
  /** Where there are several of one id. */
  readonly how?: string;
  readonly config?: string;
  readonly credentials?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly breaks?: (home: Home) => void | Promise<void>;
  /** Where the finding points, in the config file. */
  readonly line?: number;
  /** What a person does: another config or environment, or something else. Absent: `--fix`. */
  readonly by?: {
    config?: string;
    credentials?: string;
    env?: NodeJS.ProcessEnv;
    does?: (home: Home) => void | Promise<void>;
  };
};

const nothing = { env: {} };
const cases: readonly Case[] = [
  // The files
  ...["[profile dev]#ours", "[profile dev];ours"].map((header): Case => ({
    id: "odd-header",
    how: header,
    config: `${clean}${header}\nregion = eu-west-1\n`,
    line: 12,
  })),
  {
    id: "odd-header",
    how: "a comment with a bracket",
    config: `${clean}[profile dev] # [ours]\nregion = eu-west-1\n`,
    line: 12,
    by: { config: `${clean}# [ours]\n[profile dev]\nregion = eu-west-1\n` },
  },
  {
    id: "odd-header",
    how: "two brackets",
    config: `${clean}[[profile dev]]\nregion = eu-west-1\n`,
    line: 12,
    by: { config: `${clean}[profile dev]\nregion = eu-west-1\n` },
  },
  {
    id: "twin-section",
    how: "one with spaces, which to write plain would make a second one that the AWS CLI refuses",
    config: `${clean}[profile dev]\nregion = eu-west-1\n[ profile dev ]\noutput = json\n`,
    line: 14,
    by: { config: `${clean}[profile dev]\nregion = eu-west-1\noutput = json\n` },
  },
  ...[
    `Role_ARN = ${roleArn}\nsource_profile = base`,
    `role_arn = ${roleArn}\nSource_Profile = base`,
    "Credential_Process = /bin/true",
    "AWS_ACCESS_KEY_ID = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = planted-secret",
    "SSO_Session = acme\nsso_account_id = 123456789012\nsso_role_name = reader\n[sso-session acme]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1",
  ].map((settings): Case => ({
    id: "capital-key",
    how: settings.split("=")[0] ?? "",
    config: `${clean}[profile dev]\nregion = eu-west-1\n${settings}\n`,
  })),
  {
    id: "capital-key",
    how: "in an sso-session",
    config: `${clean}[sso-session acme]\nSSO_Start_URL = https://example.awsapps.com/start\nsso_region = eu-west-1\n`,
    line: 13,
  },
  ...["sso_region = us-east-1", "sso_start_url = https://other.awsapps.com/start"].map(
    (contradiction): Case => {
      const session = `[sso-session acme]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n`;
      const settings = `region = eu-west-1\nsso_session = acme\nsso_account_id = 123456789012\nsso_role_name = reader\n`;
      return {
        id: "profile-invalid",
        how: `${contradiction} beside another one in its sso-session`,
        config: `${clean}[profile dev]\n${settings}${contradiction}\n${session}`,
        by: { config: `${clean}[profile dev]\n${settings}${session}` },
      };
    },
  ),
  {
    id: "not-utf-8",
    how: "in a comment",
    breaks: (home) => {
      writeFileSync(home.configFile, Buffer.from(`${clean}# caf\u00e9\n`, "latin1"));
    },
    line: 12,
    by: { config: `${clean}# caf\u00e9\n` },
  },
  {
    id: "file-unreadable",
    breaks: (home) => {
      chmodSync(home.configFile, 0o600);
      writeFileSync(home.configFile, Buffer.from("\ufeff[default]\n", "utf16le"));
    },
    by: { config: clean },
  },
  { id: "byte-order-mark", config: `\ufeff${clean}`, line: 1 },
  {
    id: "byte-order-mark",
    how: "of the credentials file",
    credentials: `\ufeff[bob]\n${keys}`,
    by: { credentials: `[bob]\n${keys}` },
  },
  { id: "config-syntax", config: `${clean}[profile x]\nregion\n`, line: 13, by: { config: clean } },
  {
    id: "config-syntax",
    how: "a header",
    config: `${clean}[profile x\nregion = eu-west-1\n`,
    by: { config: clean },
  },
  {
    id: "indented-comment",
    config: clean
      .replace("region", "  # mine\nregion")
      .replace(/^(\[profile prod\]\n.*\n)/, "[profile prod]\n  # ours\n" + line("prod") + "\n"),
    line: 2,
  },
  {
    id: "odd-header",
    how: "quoted",
    config: clean
      .replace("[profile base]", '[profile "base"]')
      .replace(prod(), `${prod()}# mine\n`),
    line: 7,
  },
  {
    id: "odd-header",
    how: "quoted, with a space in the name",
    config: `${clean}[profile 'my own']\nregion = eu-west-1\n`,
    by: { config: clean },
  },
  {
    id: "odd-header",
    how: "spaces within",
    config: clean.replace("[profile prod]", "[ profile prod ] # ours"),
    line: 1,
  },
  {
    id: "odd-header",
    how: "two spaces",
    config: clean.replace("[profile prod]", "[profile  prod]"),
    line: 1,
  },
  {
    id: "odd-header",
    how: "a capital",
    config: clean.replace("[profile prod]", "[Profile prod]"),
    line: 1,
  },
  {
    id: "odd-header",
    how: "a capital of another kind",
    config: `${clean}[SSO-Session corp]\nsso_region = eu-west-1\n`,
    line: 12,
  },
  {
    id: "odd-header",
    how: "a capital default",
    config: `${clean}[Default]\nregion = eu-west-1\n`,
    line: 12,
  },
  {
    id: "odd-header",
    how: "a word that is none",
    config: `${clean}[profiles x]\nregion = eu-west-1\n`,
    line: 12,
    by: { config: clean },
  },
  {
    id: "odd-header",
    how: "a no-break space",
    config: clean.replace("[profile prod]", "[profile\u00a0prod]"),
    line: 1,
  },
  {
    id: "odd-header",
    how: "a zero-width space before it",
    config: `${prod()}${base.replace("[", "\u200b[")}`,
    line: 6,
  },
  {
    id: "indented-header",
    how: "and what is below it, too",
    config: clean.replaceAll(/^/gm, "\t").trimEnd() + "\n",
    line: 1,
  },
  {
    id: "indented-header",
    how: "below a setting",
    config: `${prod()}${base.replaceAll(/^(?=.)/gm, "  ")}`,
    line: 6,
  },
  {
    id: "odd-header",
    how: "a bracket in the name",
    config: `${clean}[profile X)]\nregion = eu-west-1\n`,
    line: 12,
    by: { config: clean },
  },
  {
    id: "odd-header",
    how: "of the credentials file",
    credentials: `[ bob ]\nregion = eu-west-1\n`,
    by: { credentials: "" },
  },
  {
    id: "twin-section",
    config: `${clean}[profile "prod"]\noutput = json\n`,
    line: 12,
    by: { config: clean },
  },
  {
    id: "twin-section",
    how: "of two odd ones",
    config: `${clean}[profile "x"]\noutput = json\n[profile  x]\noutput = json\n`,
    line: 12,
    by: { config: clean },
  },
  { id: "indented-setting", config: clean.replaceAll(/^(?!\[)(?=.)/gm, "    "), line: 2 },
  {
    id: "indented-setting",
    how: "with nested ones and a comment",
    config: `${clean}[profile deep]\n\t# ours\n\tregion = eu-west-1\n\ts3 =\n\t  max_queue_size = 3\n`,
    line: 13,
  },
  {
    id: "indented-setting",
    how: "of the credentials file",
    credentials: "[bob]\n  region = eu-west-1\n",
    by: { credentials: "" },
  },
  {
    id: "invisible-character",
    how: "behind the value",
    config: clean.replace(roleArn, `${roleArn}\u00a0`),
    line: 4,
  },
  {
    id: "invisible-character",
    how: "around =",
    config: clean.replace("region =", "region\u00a0=\u00a0"),
    line: 3,
  },
  {
    id: "invisible-character",
    how: "before the key",
    config: clean.replace("region =", "\u200bregion ="),
    line: 3,
  },
  {
    id: "invisible-character",
    how: "within the value",
    config: clean.replace("example-role", "exam\u200bple-role"),
    line: 4,
  },
  {
    id: "invisible-character",
    how: "that has a width, within",
    config: clean.replace("example-role", "example\u00a0role"),
    line: 4,
    by: { config: clean },
  },
  { id: "odd-key", config: `${clean}odd key = 1\n`, by: { config: clean } },
  { id: "unread-section", config: `${clean}[prod]\nregion = eu-west-1\n`, by: { config: clean } },
  {
    id: "two-defaults",
    config: `${clean}[default]\nregion = eu-west-1\n[profile default]\nregion = eu-west-1\n`,
    by: { config: clean },
  },
  {
    id: "duplicate-section",
    config: `${clean}[profile base]\noutput = json\n`,
    line: 12,
    by: { config: `${clean}output = json\n` },
  },
  {
    id: "duplicate-key",
    config: prod("region = eu-west-1") + base,
    line: 6,
    by: { config: clean },
  },
  {
    id: "file-readable",
    credentials: `[bob]\n${keys}`,
    breaks: (home) => chmodSync(home.credentialsFile, 0o644),
  },
  {
    id: "link-broken",
    breaks: (home) => {
      renameSync(home.configFile, join(home.path, "elsewhere"));
      symlinkSync("/nonexistent/config", home.configFile);
    },
    by: {
      does: (home) => renameSync(join(home.path, "elsewhere"), home.configFile),
    },
  },
  {
    id: "file-writable",
    how: "behind a link",
    breaks: (home) => {
      renameSync(home.configFile, join(home.path, "elsewhere"));
      symlinkSync(join(home.path, "elsewhere"), home.configFile);
      chmodSync(join(home.path, "elsewhere"), 0o664);
    },
    by: { does: (home) => chmodSync(join(home.path, "elsewhere"), 0o644) },
  },
  {
    id: "file-writable",
    how: "in a folder that is a link",
    breaks: (home) => {
      renameSync(dirname(home.configFile), join(home.path, "dotfiles"));
      symlinkSync(join(home.path, "dotfiles"), dirname(home.configFile));
      chmodSync(join(home.path, "dotfiles"), 0o777);
    },
    by: { does: (home) => chmodSync(join(home.path, "dotfiles"), 0o755) },
  },
  { id: "file-writable", breaks: (home) => chmodSync(home.configFile, 0o622) },
  {
    id: "file-writable",
    how: "the folder",
    breaks: (home) => chmodSync(dirname(home.configFile), 0o777),
  },
  ...(isRoot
    ? [
        {
          id: "file-owner",
          breaks: (home: Home) => chownSync(home.configFile, 4242, 4242),
          by: { does: (home: Home) => chownSync(home.configFile, 0, 0) },
        } as const,
      ]
    : []),

  // Profiles
  { id: "profile-invalid", config: clean.replace(roleArn, "example-role"), by: { config: clean } },
  {
    id: "profile-invalid",
    how: "no source",
    config: clean.replace("awsrole_source_profile = base\n", ""),
    by: { config: clean },
  },
  {
    id: "profile-invalid",
    how: "a device at a temporary source",
    config: prod("awsrole_mfa_serial = arn:aws:iam::123456789012:mfa/bob") + base,
    by: { config: clean },
  },
  {
    id: "profile-cycle",
    config: clean.replace("profile = base", "profile = prod"),
    line: 5,
    by: { config: clean },
  },
  { id: "source-missing", config: prod(), line: 5, by: { config: clean } },
  {
    id: "continued-value",
    how: "a comment",
    config: clean.replace("region", "  # mine\nregion"),
    line: 2,
  },
  {
    id: "continued-value",
    how: "a setting",
    config: clean.replace("region", "  region"),
    line: 2,
  },
  {
    id: "continued-value",
    how: "words",
    config: clean.replace("region", "  --debug\nregion"),
    line: 2,
    by: { config: clean },
  },
  {
    id: "unknown-key",
    config: clean.replace("awsrole_source_profile", "awsrole_source_profil"),
    line: 5,
  },
  {
    id: "unknown-key",
    how: "like none",
    config: prod("awsrole_colour = blue") + base,
    line: 6,
    by: { config: clean },
  },
  { id: "plain-and-prefixed", config: prod(`role_arn = ${roleArn}`) + base, line: 6 },
  {
    id: "plain-and-prefixed",
    how: "without a twin",
    config: prod("external_id = x-1") + base,
    line: 6,
  },
  {
    id: "plain-and-prefixed",
    how: "that differ",
    config: prod("source_profile = other") + base,
    line: 6,
    by: { config: clean },
  },
  {
    id: "role-and-process",
    config: clean.replaceAll("awsrole_", ""),
    line: 2,
    by: { config: clean },
  },
  { id: "shadowed", credentials: `[prod]\n${keys}`, by: { credentials: "" } },
  {
    id: "short-session",
    config: prod("awsrole_duration_seconds = 900") + base,
    line: 6,
    by: { config: prod("awsrole_duration_seconds = 3600") + base },
  },
  {
    id: "capped-session",
    config: prod("awsrole_duration_seconds = 7200") + base,
    line: 6,
    by: { config: prod("awsrole_duration_seconds = 3600") + base },
  },
  {
    id: "no-region",
    config: clean.replace("region = eu-west-1\n", ""),
    by: { env: { AWS_REGION: "eu-west-1" } },
  },
  {
    id: "clients-disagree",
    config: `${clean}[profile two]\ncredential_process = /bin/echo\nregion = eu-west-1\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = reader\n`,
    line: 13,
    by: { config: clean },
  },
  {
    id: "java-v1-file",
    credentials: "[bob]\nregion = eu-west-1\n",
    by: { env: { AWS_CREDENTIAL_PROFILES_FILE: "@HOME@/.aws/config" } },
  },
  {
    id: "name-for-crt",
    config: `${clean}[profile team.prod]\nregion = eu-west-1\noutput = json\n`,
    line: 13,
    by: { config: clean },
  },
  {
    id: "clients-disagree",
    how: "a source without a role",
    config: `${clean}[profile other]\nsource_profile = base\nregion = us-east-1\n`,
    by: { config: clean },
  },
  {
    id: "inline-comment",
    config: clean.replace("region = eu-west-1", "region = eu-west-1 # Ireland"),
    line: 3,
  },
  {
    id: "inline-comment",
    how: "twice in a profile",
    config: `${clean.replace("region = eu-west-1", "region = eu-west-1 ; Ireland")}output = json\t# for scripts\n`,
  },
  {
    id: "inline-comment",
    how: "in place of a value",
    config: `${clean}output = # json\n`,
    line: 12,
    by: { config: clean },
  },
  {
    id: "inline-comment",
    how: "behind a nested setting",
    config: `${clean}s3 =\n  max_queue_size = 3 # few\n`,
    line: 13,
  },
  {
    id: "inline-comment",
    how: "at the head of nested settings",
    config: `${clean}s3 = # ours\n  max_queue_size = 3\n`,
    line: 12,
  },
  {
    id: "inline-comment",
    how: "of an sso-session",
    config: `${clean}[sso-session corp]\nsso_start_url = https://x.awsapps.com/start # or custom\nsso_region = eu-west-1\n`,
    line: 13,
  },
  {
    id: "inline-comment",
    how: "within quotes",
    config: `${clean}[profile other]\nregion = eu-west-1\ncredential_process = /bin/sh -c 'echo #1 # 2'\n`,
    line: 14,
    by: { config: clean },
  },
  {
    id: "mfa-device",
    config: prod("awsrole_mfa_serial = arn:aws:iam::123456789012:u2f/user/bob/key-ABC") + base,
    line: 6,
    by: { config: clean },
  },
  {
    id: "mfa-device",
    how: "a user's ARN",
    config: `${clean}[profile role]\nrole_arn = ${roleArn}\nsource_profile = base\nregion = eu-west-1\nmfa_serial = arn:aws:iam::123456789012:user/bob\n`,
    by: { config: clean },
  },
  ...[
    "arn:aws:iam::123456789012:role/bob",
    "arn:aws:sts::123456789012:assumed-role/a/b",
    "arn:aws:iam::123456789012:root",
    "arn:aws:iam::1234:mfa/bob",
    "ARN:AWS:iam::123456789012:mfa/bob",
    "arn:aws-cn:iam::123456789012:mfa/bob",
    "arn:aws-cn:iam::123456789012:sms-mfa/bob",
    "arn:aws:iam::123456789012:u2f/root-account/k",
  ].map((serial): Case => ({
    id: "mfa-device",
    how: serial,
    config: `${clean}[profile role]\nrole_arn = ${roleArn}\nsource_profile = base\nregion = eu-west-1\nmfa_serial = ${serial}\n`,
    line: 16,
    by: { config: clean },
  })),
  ...[
    "op get|head -1",
    "~/otp.sh",
    "$HOME/otp.sh",
    "X=1 op get",
    "op get > /dev/null",
    "op get 2>/dev/null",
    'op get "$NAME"',
    "a && b",
    "a; b",
    "op $(cat x)",
    "op `cat x`",
    "cat <file",
    "op --file=~/x",
    "op get &",
    "(op get)",
    "op get 'aws",
    "op get aws\\",
  ].map((command): Case => ({
    id: "mfa-process-shell",
    how: command,
    config: prod(`awsrole_mfa_process = ${command}`) + base,
    line: 6,
    by: { config: clean },
  })),
  {
    id: "process-shell",
    config: `${clean}[profile other]\nregion = eu-west-1\ncredential_process = ~/bin/helper | jq .\n`,
    line: 14,
    by: { config: clean },
  },
  ...[
    ["cn-north-1", "aws"],
    ["us-gov-west-1", "aws"],
    ["eusc-de-east-1", "aws"],
    ["eu-west-1", "aws-cn"],
    ["us-east-1", "aws-us-gov"],
    ["us-iso-east-1", "aws-iso-b"],
  ].map(([region = "", partition = ""]): Case => ({
    id: "region-partition",
    how: `${region} for ${partition}`,
    config: clean
      .replace("region = eu-west-1", `region = ${region}`)
      .replace("arn:aws:", `arn:${partition}:`),
    line: 3,
    by: { config: clean },
  })),
  {
    id: "mfa-process-shell",
    config: prod("awsrole_mfa_process = op item get aws --otp | head -1") + base,
    line: 6,
    by: { config: prod("awsrole_mfa_process = sh -c 'op item get aws --otp | head -1'") + base },
  },
  {
    id: "region-unknown",
    config: clean.replace("region = eu-west-1", "region = eu-west-1a"),
    line: 3,
  },
  {
    id: "region-unknown",
    how: "in capitals",
    config: clean.replace("region = eu-west-1", "region = EU_West_1"),
    line: 3,
  },
  {
    id: "region-unknown",
    how: "of an sso-session",
    config: `${clean}[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1c\n`,
    line: 14,
  },
  ...[
    "us-east",
    "eu-est-1",
    "ue-west-1",
    "us-east-01",
    "Ireland",
    "us-east-11",
    "uswest-2",
    "eu",
    // To name the region alone would leave FIPS.
    "us-east-1-fips",
    "fips-us-east-1",
  ].map((region): Case => ({
    id: "region-unknown",
    how: region,
    config: clean.replace("region = eu-west-1", `region = ${region}`),
    line: 3,
    by: { config: clean },
  })),
  ...["us-west-2-lax-1a", '"us-east-1"', "us-east-1-wl1-bos-wlz-1", "us_east_1"].map(
    (region): Case => ({
      id: "region-unknown",
      how: region,
      config: clean.replace("region = eu-west-1", `region = ${region}`),
      line: 3,
    }),
  ),
  {
    id: "region-unknown",
    how: "None",
    config: clean.replace("region = eu-west-1", "region = None"),
    by: { config: clean },
  },
  { id: "env-profile-empty", env: { AWS_PROFILE: "" }, by: { env: {} } },
  { id: "env-empty", env: { AWS_DEFAULT_REGION: "" }, by: nothing },
  { id: "env-empty", how: "AWS_RETRY_MODE", env: { AWS_RETRY_MODE: "" }, by: nothing },
  { id: "env-half-key", env: { AWS_ACCESS_KEY_ID: "AKIA" }, by: nothing },
  {
    id: "env-half-key",
    how: "the other half",
    env: { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "x" },
    by: nothing,
  },
  { id: "env-region-unknown", env: { AWS_REGION: "eu-west-1b" }, by: nothing },
  { id: "env-region-unknown", how: "None", env: { AWS_DEFAULT_REGION: "None" }, by: nothing },
  {
    id: "env-two-regions",
    env: { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "us-east-1" },
    by: nothing,
  },
  { id: "plaintext-key", credentials: `[bob]\n${keys}`, by: { credentials: "" } },
  {
    id: "token-file-missing",
    config: clean.replace(
      "awsrole_source_profile = base",
      "awsrole_web_identity_token_file = /nonexistent/token",
    ),
    line: 5,
    by: { config: clean },
  },
  {
    id: "key-not-stored",
    config: `${clean}[profile kept]\n${line("kept")}\nregion = eu-west-1\nawsrole_access_key_id = AKIAIOSFODNN7EXAMPLE\n`,
    line: 15,
    by: { config: clean },
  },

  // The program
  { id: "no-process-line", config: clean.replace(/^credential_process.*\n/m, "") },
  {
    id: "other-profile-in-line",
    config: clean.replace("--profile prod", "--profile base"),
    line: 2,
  },
  {
    id: "line-unreadable",
    config: clean.replace(line("prod"), "credential_process = /bin/echo hello"),
    line: 2,
    by: { config: clean },
  },
  {
    id: "line-quotes",
    config: clean.replace(
      line("prod"),
      `credential_process = "${program.join(" ")}" credential-process --profile "prod"`,
    ),
  },
  {
    id: "line-unreadable",
    how: "an open quote",
    config: clean.replace(line("prod"), `${line("prod")} --no-input --store "file`),
    line: 2,
  },
  {
    id: "line-options",
    config: clean.replace(line("prod"), `${line("prod")} --store plaintext --force-refresh`),
    line: 2,
  },
  { id: "line-variables", config: clean.replace(line("prod"), line("prod", "~/bin/awsrole")) },
  { id: "program-not-absolute", config: clean.replace(line("prod"), line("prod", "awsrole")) },
  {
    id: "program-missing",
    how: "node vanished with an upgrade",
    config: clean.replace(program[0] ?? "", "/opt/node/v1.2.3/bin/node"),
  },
  {
    id: "program-spaces",
    breaks: (home) => {
      mkdirSync(join(home.path, "my tools"));
      symlinkSync(program.at(-1) ?? "", join(home.path, "my tools", "awsrole"));
      writeFileSync(
        home.configFile,
        clean.replace(line("prod"), line("prod", `${home.path}/my tools/awsrole`)),
      );
    },
  },
  {
    id: "program-quoted",
    breaks: (home) => {
      mkdirSync(join(home.path, "my tools"));
      symlinkSync(program.at(-1) ?? "", join(home.path, "my tools", "awsrole"));
      writeFileSync(
        home.configFile,
        clean.replace(line("prod"), line("prod", `"${home.path}/my tools/awsrole"`)),
      );
    },
    by: { config: clean },
  },
  {
    id: "program-missing",
    how: "of another system",
    config: clean.replace(line("prod"), line("prod", "/opt/homebrew/bin/awsrole")),
    line: 2,
    by: { config: clean },
  },
  {
    id: "program-unreliable",
    how: "npx's cache",
    breaks: (home) => {
      mkdirSync(join(home.path, "_npx", "1"), { recursive: true });
      writeFileSync(join(home.path, "_npx", "1", "awsrole"), "");
      writeFileSync(
        home.configFile,
        clean.replace(line("prod"), line("prod", `${home.path}/_npx/1/awsrole`)),
      );
    },
  },
  {
    id: "program-unreliable",
    how: "anybody can replace it",
    breaks: (home) => {
      writeFileSync(join(home.path, "awsrole"), "");
      chmodSync(join(home.path, "awsrole"), 0o777);
      writeFileSync(
        home.configFile,
        clean.replace(line("prod"), line("prod", `${home.path}/awsrole`)),
      );
    },
  },

  // The environment
  { id: "env-key", env: { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "x" }, by: nothing },
  {
    id: "env-expired",
    env: {
      AWS_ACCESS_KEY_ID: "ASIA",
      AWS_SECRET_ACCESS_KEY: "x",
      AWS_CREDENTIAL_EXPIRATION: "2020-01-01T00:00:00Z",
    },
    by: nothing,
  },
  { id: "env-legacy", env: { AWS_SECURITY_TOKEN: "t" }, by: nothing },
  { id: "env-profile-missing", env: { AWS_PROFILE: "pord" }, by: { env: { AWS_PROFILE: "prod" } } },
  {
    id: "env-two-profiles",
    env: { AWS_PROFILE: "prod", AWS_DEFAULT_PROFILE: "base" },
    by: { env: { AWS_PROFILE: "prod" } },
  },
  {
    id: "env-file-missing",
    env: { AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials" },
    by: nothing,
  },
  {
    id: "default-first",
    config: `${clean}[default]\nregion = eu-west-1\nlogin_session = arn:aws:iam::123456789012:user/bob\n`,
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1:1/credentials" },
    line: 14,
    by: { config: clean },
  },
  { id: "env-chain", env: { AWSROLE_CHAIN: "prod" }, by: nothing },
  {
    id: "proxy-invalid",
    env: { HTTPS_PROXY: "socks5://127.0.0.1:1080" },
    by: { env: { HTTPS_PROXY: "http://127.0.0.1:1080" } },
  },
  { id: "ca-bundle-unreadable", env: { AWS_CA_BUNDLE: "/nonexistent/ca.pem" }, by: nothing },
  {
    id: "ca-bundle-unreadable",
    how: "of a profile",
    config: prod("ca_bundle = /dev/null") + base,
    by: { config: clean },
  },
  { id: "store-unknown", env: { AWSROLE_STORE: "keyring" }, by: nothing },

  // Node
  { id: "node-options", env: { NODE_OPTIONS: "--require /somewhere.js" }, by: nothing },
  { id: "node-options", env: { BUN_OPTIONS: "--preload /somewhere.js" }, by: nothing },
  { id: "node-tls-off", env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" }, by: nothing },
  { id: "node-debug", env: { NODE_DEBUG: "http" }, by: nothing },
  {
    id: "node-extra-certificates",
    env: { NODE_EXTRA_CA_CERTS: "/nonexistent/ca.pem" },
    by: nothing,
  },

  // What awsrole keeps
  {
    id: "state-open",
    breaks: (home) => {
      mkdirSync(stateOf(home), { recursive: true });
      chmodSync(stateOf(home), 0o755);
    },
  },
  {
    id: "row-orphaned",
    breaks: (home) =>
      openItemIndex(stateOf(home)).put({
        account: "session/v1/gone/1",
        kind: "role",
        store: "plaintext",
        profile: "gone",
      }),
    by: { config: `${clean}[profile gone]\nregion = eu-west-1\n` },
  },
  {
    id: "row-expired",
    breaks: (home) =>
      openItemIndex(stateOf(home)).put({
        account: "session/v1/prod/1",
        kind: "role",
        store: "plaintext",
        profile: "prod",
        expiresAt: "2020-01-01T00:00:00Z",
      }),
    by: { does: (home) => openItemIndex(stateOf(home)).remove("session/v1/prod/1") },
  },
  {
    id: "store-locked",
    env: { AWSROLE_STORE: "file" },
    breaks: async (home) => {
      writeFileSync(join(home.path, "passphrase"), "correct horse battery", { mode: 0o600 });
      const store = await openStore("file", {
        platform: process.platform,
        env: { AWSROLE_PASSPHRASE_FILE: join(home.path, "passphrase") },
        stateFolder: stateOf(home),
        runtimeFolder: undefined,
        homeFolder: home.path,
        atTerminal: undefined,
        silentAfterMs: () => 10_000,
        askPassphrase: () => Promise.reject(new Error("nobody")),
      });
      const row = { account: "session/v1/prod/1", store: "file", profile: "prod" } as const;
      await openItemIndex(stateOf(home)).put({ ...row, kind: "role" });
      await store.set(row.account, "{}");
    },
    by: { env: { AWSROLE_STORE: "file", AWSROLE_PASSPHRASE_FILE: "@HOME@/passphrase" } },
  },
  {
    id: "bus-refused",
    env: { AWSROLE_STORE: "keychain", DBUS_SESSION_BUS_ADDRESS: "unix:abstract=/tmp/dbus-x" },
    by: { env: { AWSROLE_STORE: "keychain", DBUS_SESSION_BUS_ADDRESS: "disabled:" } },
  },
  { id: "store-refused", env: { AWSROLE_STORE: "keychain" }, by: nothing },
  {
    // Before there is a store, too.
    id: "store-refused",
    env: { AWSROLE_STORE: "file", AWSROLE_KEY_FILE: "/nonexistent/store.key" },
    by: { env: { AWSROLE_STORE: "file" } },
  },
  { id: "store-unusable", env: { AWSROLE_STORE: "" }, by: nothing },
];

/** Set-ups that look like one of the above, and are right. */
const rightOnes: readonly Pick<Case, "how" | "config" | "credentials" | "env" | "breaks">[] = [
  {
    how: "an sso_session alone, as bearer tokens are asked for (CodeCatalyst)",
    config: `${clean}[profile bearer]\nregion = eu-west-1\nsso_session = acme\n[sso-session acme]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n`,
  },
  { how: "a # without a space before it", config: `${clean}output = json#1\n` },
  { how: "a comment on a line of its own", config: `# ours\n${clean}# output = json # x\n` },
  {
    how: "a comment after a header",
    config: clean.replace("[profile prod]", "[profile prod] # ours"),
  },
  { how: "nested settings", config: `${clean}s3 =\n  max_queue_size = 3\n` },
  { how: "a header in a comment", config: `${clean}#  [ profile "x" ]\n` },
  { how: "plugins of the AWS CLI", config: `${clean}[plugins]\nx = y\n` },
  { how: "a section of another tool", config: `${clean}[granted x]\nx = y\n` },
  { how: "a new region", config: clean.replace("region = eu-west-1", "region = nz-west-2") },
  ...[
    "us-gov-west-1 aws-us-gov",
    "cn-northwest-1 aws-cn",
    "us-isob-east-1 aws-iso-b",
    "eusc-de-east-1 aws-eusc",
  ].map((words) => {
    const [region = "", partition = ""] = words.split(" ");
    return {
      how: words,
      config: clean.replaceAll("eu-west-1", region).replace("arn:aws:", `arn:${partition}:`),
    };
  }),
  {
    how: "a region of another service than AWS's",
    config: clean.replace("region = eu-west-1", "region = auto\nendpoint_url = https://s3.example"),
  },
  ...[
    "op get aws --otp",
    "/bin/zsh -lc 'op get | head -1'",
    "env X=1 sh -c 'a | b'",
    "op get 'a | b'",
    'op get "a; b"',
    "curl https://x/?a=1&b=2",
    "ykman oath accounts code -s aws~x",
  ].map((command) => ({ how: command, config: prod(`awsrole_mfa_process = ${command}`) + base })),
  {
    how: "a command through a shell",
    config: `${clean}[profile other]\nregion = eu-west-1\ncredential_process = /bin/sh -c '~/bin/helper | jq .'\n`,
  },
  {
    how: "the regions of the environment alike",
    env: { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "eu-west-1" },
  },
  {
    how: "empty variables that mean none",
    env: {
      AWS_PAGER: "",
      AWS_REGION: "",
      AWS_ACCESS_KEY_ID: "",
      AWS_SESSION_TOKEN: "",
      AWS_ENDPOINT_URL: "",
    },
  },
  {
    how: "a credentials file with the same names",
    credentials: "[prod]\noutput = json\n[base]\noutput = json\n",
  },
  {
    how: "a link to files of ours",
    breaks: (home) => {
      renameSync(dirname(home.configFile), join(home.path, "dotfiles"));
      symlinkSync(join(home.path, "dotfiles"), dirname(home.configFile));
    },
  },
  {
    how: "letters that are no ASCII, in a comment",
    config: `# r\u00e9gion\u00a0: Paris\n${clean}`,
  },
  {
    how: "the key of the environment, where a profile uses it",
    config: `${clean}[profile e]\nregion = eu-west-1\nrole_arn = ${roleArn}\ncredential_source = Environment\n`,
    env: { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "x" },
  },
];

function stateOf(home: Home): string {
  return join(home.path, "state", "awsrole");
}

describe("doctor", () => {
  const made: Home[] = [];
  const make = ({
    config = clean,
    credentials = "",
  }: Partial<Pick<Case, "config" | "credentials">> = {}): Home => {
    const home = createHome({ config, credentials });
    made.push(home);
    // Signed in, as far as doctor can see: it opens no token.
    const cache = join(home.path, ".aws", "sso", "cache");
    mkdirSync(cache, { recursive: true });
    const startUrl = "https://example.awsapps.com/start";
    for (const session of [startUrl, "acme"])
      writeFileSync(
        join(cache, `${createHash("sha1").update(session).digest("hex")}.json`),
        JSON.stringify({
          startUrl,
          region: "eu-west-1",
          accessToken: "planted-secret",
          expiresAt: "2099-01-01T00:00:00Z",
        }),
        { mode: 0o600 },
      );
    return { ...home, env: { ...home.env, AWSROLE_STORE: "plaintext" } };
  };
  const examine = async (
    home: Home,
    env: NodeJS.ProcessEnv = {},
    words: readonly string[] = [],
  ): Promise<Report & { code: number }> => {
    const { stdout, code } = await runInProcess(["doctor", ...words, "--json"], {
      ...home.env,
      ...Object.fromEntries(
        Object.entries(env).map(([name, value]) => [name, value?.replace("@HOME@", home.path)]),
      ),
    });
    return { ...(JSON.parse(stdout) as Report), code };
  };
  afterEach(async () => {
    for (const home of made.splice(0)) await home.remove();
  });

  it("finds nothing where nothing is wrong, and writes nothing", async () => {
    const home = make();
    expect(await examine(home)).toMatchObject({
      findings: [],
      errorCount: 0,
      warningCount: 0,
      code: 0,
    });
    const { stdout, stderr } = await runInProcess(["doctor"], home.env);
    expect({ stdout, stderr }).toEqual({ stdout: "No problems found\n", stderr: "" });
    expect(readFileSync(home.configFile, "utf8")).toBe(clean);
    expect(existsSync(stateOf(home))).toBe(false);
  });

  it("says how a section that nobody reads was probably meant", async () => {
    const home = make({
      config: `${clean}[dev]\nregion = eu-west-1\n[dev!]\nregion = eu-west-1\n`,
      credentials: "[profile bob]\nregion = eu-west-1\n",
    });
    const { findings } = await examine(home);
    expect(findings.map(({ id, fix }) => `${id}: ${fix}`)).toEqual([
      "unread-section: write [profile dev]",
      expect.stringMatching(/^unread-section: write \[profile NAME\], a name of letters/),
      "unread-section: write [bob]",
      expect.stringMatching(/^java-v1-file: /),
    ]);
  });

  it.for(
    cases.map((one) => ({
      ...one,
      title: one.how === undefined ? one.id : `${one.id}: ${one.how}`,
    })),
  )(
    "finds $title, and no more when it is fixed",
    async ({ id, config, credentials, env = {}, breaks, line: expectedLine, by }) => {
      const home = make({
        ...(config === undefined ? {} : { config }),
        ...(credentials === undefined ? {} : { credentials }),
      });
      await breaks?.(home);
      const broken = await examine(home, env);
      const found = broken.findings.find((one) => one.id === id);
      expect(
        broken.findings.filter((one) => one.id === id && one.line === found?.line),
        "one cause, one finding",
      ).toHaveLength(1);
      expect(found, JSON.stringify(broken.findings)).toMatchObject({
        severity: catalogue[id].severity,
        why: catalogue[id].why,
        fixable: by === undefined,
        ...(expectedLine === undefined ? {} : { file: home.configFile, line: expectedLine }),
      });
      expect(found?.what).toMatch(/\S/);
      expect(found?.fix).toMatch(/\S/);
      expect(JSON.stringify(broken)).not.toContain("planted-secret");
      expect(broken.code).toBe(broken.errorCount > 0 ? 1 : 0);
      if (by === undefined) {
        const { fix } = await examine(home, env, ["--fix", "--force"]);
        expect(fix?.done).toBe(true);
      } else {
        if (by.config !== undefined) writeFileSync(home.configFile, by.config);
        if (by.credentials === "") rmSync(home.credentialsFile);
        else if (by.credentials !== undefined) writeFileSync(home.credentialsFile, by.credentials);
        await by.does?.(home);
      }
      const fixed = await examine(
        home,
        by?.env ??
          (by === undefined || by.does !== undefined ? env : by.config === undefined ? {} : env),
      );
      expect(fixed.findings.filter((one) => one.id === id)).toEqual([]);
      const known = new Set(broken.findings.map((one) => one.id));
      expect(
        fixed.findings.filter((one) => !known.has(one.id)),
        "the fix breaks nothing else",
      ).toEqual([]);
    },
  );

  it.for(rightOnes)("says nothing of $how", async ({ config, credentials, env, breaks }) => {
    const home = make({
      ...(config === undefined ? {} : { config }),
      ...(credentials === undefined ? {} : { credentials }),
    });
    await breaks?.(home);
    expect((await examine(home, env)).findings).toEqual([]);
  });

  /** What this machine alone cannot show, and the test that has it broken, and right. */
  const shownElsewhere: Partial<Record<FindingId, string>> = {
    "login-expired": "integration/sso-tokens.test.ts",
    "saml-process-shell": "integration/saml.test.ts",
    "node-old": "integration/doctor.test.ts",
    "program-extension": "integration/doctor.test.ts",
    "runtime-folder-missing": "integration/doctor.test.ts",
    "runtime-folder-taken": "integration/foreign-owners.test.ts",
    "key-unreachable": "integration/without-a-session.test.ts",
    "aws-unreachable": "integration/doctor-online.test.ts",
    "clock-wrong": "integration/doctor-online.test.ts",
    "key-old": "integration/doctor-online.test.ts",
    "key-unchecked": "integration/doctor-online.test.ts",
    "item-missing": "integration/doctor-online.test.ts",
    "env-two-homes": "windows/main-job.ts",
    ...(isRoot ? {} : { "file-owner": "integration/doctor.test.ts" }),
  };

  it("has a set-up for every finding: here, or in the test that is named", () => {
    const here = new Set<string>(cases.map(({ id }) => id));
    for (const [id, file] of Object.entries(shownElsewhere)) {
      expect(here.has(id), `${id} is in the table: it need not be named`).toBe(false);
      const text = readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), "utf8");
      expect(text.replace(/shownElsewhere: [^;]*;/, ""), `${file} has ${id}`).toContain(`"${id}"`);
    }
    expect(Object.keys(catalogue).filter((id) => !here.has(id) && !(id in shownElsewhere))).toEqual(
      [],
    );
  });

  it.for<readonly [string, string, NodeJS.ProcessEnv]>([
    ["an indented header", `${clean}\t[profile dev]\nregion = eu-west-1\n`, {}],
    ["an indented header at the top", `  [default]\nregion = eu-west-1\n${clean}`, {}],
    [
      "a header with a character that cannot be seen",
      `${clean}\u200b[profile dev]\nregion = x\n`,
      {},
    ],
    ["a region of the environment", clean, { AWS_REGION: "eu-west-1a" }],
    [
      "keys in capitals",
      `${clean}[profile dev]\nregion = eu-west-1\nRole_ARN = ${roleArn}\nsource_profile = base\n`,
      {},
    ],
  ])("has one finding for %s", async ([, config, env]) => {
    const { findings } = await examine(make({ config }), env);
    expect(findings.map(({ id, what }) => `${id}: ${what}`)).toHaveLength(1);
  });

  it("has one finding for a folder that is a broken link", async () => {
    const home = make();
    const folder = dirname(home.configFile);
    renameSync(folder, join(home.path, "elsewhere"));
    symlinkSync(join(home.path, "nowhere"), folder);
    expect((await examine(home)).findings.map(({ id }) => id)).toEqual(["link-broken"]);
  });

  it("shows a header, and says how to write it, as its file has it", async () => {
    const home = make({
      config: `${clean}["profile dev"]\nregion = eu-west-1\n[profile uat]\u00a0\nregion = eu-west-1\n`,
      credentials: "[dév]\nregion = eu-west-1\n",
    });
    const { findings } = await examine(home);
    expect(findings.filter(({ id }) => id === "odd-header")).toMatchObject([
      { what: expect.stringMatching(/^\["profile dev"\] /) as string, fix: "write [profile dev]" },
      {
        what: expect.stringMatching(/^\[profile uat\]\\u\{a0\} /) as string,
        fix: "write [profile uat]",
      },
      {
        what: expect.stringMatching(/^\[dév\] /) as string,
        fix: expect.stringMatching(/^write \[NAME\], /) as string,
      },
    ]);
  });

  it("has an entry for every finding that the code can make, and makes all of them", () => {
    const folder = fileURLToPath(new URL("../../src/commands/doctor/", import.meta.url));
    const code = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && file !== "rules.ts")
      .map((file) => readFileSync(join(folder, file), "utf8"))
      .join("\n");
    expect(Object.keys(catalogue).filter((id) => !code.includes(`"${id}"`))).toEqual([]);
  });

  it("knows which node is too old", () => {
    const facts = (nodeVersion: string) =>
      checkEnvironment({
        env: {},
        platform: "linux",
        files: awsFiles(""),
        names: [],
        now: new Date(),
        nodeVersion,
        stateFolder: "",
        rows: [],
        runtime: { folder: "", rejected: [] },
        program: () => undefined,
      }).map(({ id }) => id);
    for (const old of ["18.20.4", "20.18.0", "21.7.3", "22.11.0"])
      expect(facts(old)).toEqual(["node-old"]);
    for (const good of ["20.19.0", "22.12.0", "23.0.0", "24.1.0"]) expect(facts(good)).toEqual([]);
  });

  it("says why running processes have no folder to meet in", () => {
    const rejected = [{ path: "/run/user/1/awsrole", reason: "others may enter it" }];
    const found = checkState({
      env: {},
      platform: "linux",
      files: awsFiles(""),
      names: [],
      now: new Date(),
      nodeVersion: "24.0.0",
      stateFolder: "/nonexistent",
      rows: [],
      runtime: { folder: undefined, rejected },
      program: () => undefined,
    });
    expect(found).toMatchObject([
      {
        id: "runtime-folder-missing",
        what: expect.stringContaining("others may enter it") as string,
      },
    ]);
  });

  it("knows what Windows and its shell make of a program's path", () => {
    const ids = (path: string) =>
      checkProgram({
        env: {},
        platform: "win32",
        files: awsFiles(
          `[profile p]\ncredential_process = ${path} credential-process --profile p\n`,
        ),
        names: ["p"],
        now: new Date(),
        nodeVersion: "24.0.0",
        stateFolder: "",
        rows: [],
        runtime: { folder: "", rejected: [] },
        program: () => undefined,
      }).map(({ id }) => id);
    expect(ids("awsrole.cmd")).toEqual(["program-not-absolute"]);
    expect(ids('"C:\\Program Files\\awsrole.cmd"')).toEqual(["program-spaces"]);
    expect(ids("%APPDATA%\\npm\\awsrole.cmd")).toEqual(["line-variables"]);
    expect(ids("C:\\npm\\awsrole")).toEqual(["program-extension"]);
    expect(ids("C:\\npm\\awsrole.cmd")).toEqual(["program-missing"]);
  });

  it.skipIf(noTerminal !== undefined)(
    titled("asks at a terminal, and takes no for an answer", noTerminal),
    async () => {
      const broken = prod(`role_arn = ${roleArn}`) + base;
      const home = make({ config: broken });
      const terminal = openTerminal(home.env);
      const run = (): void =>
        terminal.enter(`clear; ${program.join(" ")} doctor --fix; echo "code $?"`);
      try {
        run();
        await terminal.waitFor(/◆  Apply these fixes/);
        expect(terminal.screen()).toContain(`-role_arn = ${roleArn}`);
        terminal.press("Down");
        terminal.press("Enter");
        await terminal.waitFor(/code 1/);
        expect(readFileSync(home.configFile, "utf8")).toBe(broken);
        run();
        await terminal.waitFor(/◆  Apply these fixes/);
        terminal.press("Enter");
        await terminal.waitFor(
          /✓ no problems in: AWS files, 2 profiles, [^]*fixed: No problems found\s+code 0/,
        );
        expect(readFileSync(home.configFile, "utf8")).toBe(clean);
      } finally {
        terminal.close();
      }
    },
  );

  it("names a cause once, whatever profiles it is in, and counts it once", async () => {
    const gone = (name: string): string => prod().replaceAll("prod", name);
    const config = [gone("a1"), gone("a2"), gone("a3"), base]
      .join("")
      .replaceAll(program.join(" "), "/nowhere/awsrole");
    const home = make({ config });
    const { stdout } = await runInProcess(["doctor"], home.env);
    expect(stdout.match(/^error: /gm)).toHaveLength(1);
    expect(stdout).toMatch(/also affects: a2 \(~\/\.aws\/config:\d+\), a3 /);
    expect(stdout).toMatch(/^1 error, 0 warnings; 1 can be fixed with awsrole doctor --fix$/m);
    // Programs get each place.
    expect((await examine(home)).errorCount).toBe(3);
  });

  it("tells what is seen only after fixing", async () => {
    const config = `${prod()}\n[profile other]\n${line("other")}\nregion = eu-west-1\n`;
    const home = make({
      config: `${config}awsrole_role_arn = ${roleArn}\nawsrole_source_profil = nobody\n${base}`,
    });
    const { stdout } = await runInProcess(["doctor", "--fix", "--force"], home.env);
    const [shown = "", seen = ""] = stdout.split("\n+awsrole_source_profile = nobody\n");
    expect(shown).not.toContain("source-missing");
    expect(seen).toContain("error: source-missing  profile other");
    expect(seen).toMatch(/remaining:  1 error, 0 warnings\n$/);
  });

  it("says nothing of tabs and more spaces in the program's line, and keeps another system's path", async () => {
    const spaced = line("prod").replace(
      " credential-process --profile ",
      "  credential-process\t--profile  ",
    );
    const home = make({ config: clean.replace(line("prod"), spaced) });
    expect((await examine(home)).findings).toEqual([]);
    const elsewhere = line("prod", "C:\\Users\\bob\\awsrole.cmd");
    writeFileSync(home.configFile, clean.replace(line("prod"), elsewhere));
    expect((await examine(home)).findings).toMatchObject([
      { id: "program-missing", fixable: false },
    ]);
  });

  it("guesses the profile that a variable names with its header", async () => {
    const { findings } = await examine(make(), { AWS_PROFILE: "profile prod" });
    expect(findings).toMatchObject([{ id: "env-profile-missing", fix: "did you mean prod?" }]);
  });

  it("keeps the options of the line that it writes again", async () => {
    const gone = line("prod", "/opt/gone/awsrole");
    const home = make({ config: clean.replace(line("prod"), `${gone} --store file --no-input`) });
    await examine(home, {}, ["--fix", "--force"]);
    expect(readFileSync(home.configFile, "utf8")).toMatch(
      /^credential_process = .* credential-process --profile prod --store file --no-input$/m,
    );
  });

  it("fixes nothing if the file is another one than the change was shown for", async () => {
    const home = make({ config: prod(`role_arn = ${roleArn}`) + base });
    const context = { ...processContext(), env: home.env };
    const scope = { name: undefined, isOnline: false, store: "none", input: false, quiet: true };
    const findings = await examineContext(context, scope);
    const { change } = await applyFixes(context, findings);
    const changed = `# mine\n${readFileSync(home.configFile, "utf8")}`;
    writeFileSync(home.configFile, changed);
    await expect(applyFixes(context, findings, change?.diff)).rejects.toMatchObject({
      code: "ERR_CONFIG_CONFLICT",
    });
    expect(readFileSync(home.configFile, "utf8")).toBe(changed);
  });

  it("leaves the mode of what a link points to", async () => {
    const home = make({ credentials: `[bob]\n${keys}` });
    const target = join(home.path, "shared-credentials");
    renameSync(home.credentialsFile, target);
    chmodSync(target, 0o644);
    symlinkSync(target, home.credentialsFile);
    const { findings, fix } = await examine(home, {}, ["--fix", "--force"]);
    expect(findings.map(({ id }) => id)).toContain("file-readable");
    expect(fix?.modes).toEqual([]);
    expect(statSync(target).mode & 0o777).toBe(0o644);
  });

  it("shows the change first, does it only with a yes, and undo takes it back", async () => {
    const broken = prod(`role_arn = ${roleArn}`) + base;
    const home = make({ config: broken });
    const asked = await runInProcess(["doctor", "--fix"], home.env);
    expect(asked.stdout).toContain(`-role_arn = ${roleArn}`);
    expect(asked.stderr).toContain("cannot ask for confirmation here; use --force");
    expect(asked.code).toBe(1);
    expect(readFileSync(home.configFile, "utf8")).toBe(broken);
    const done = await runInProcess(["doctor", "--fix", "--force"], home.env);
    expect(done.stdout).toMatch(/fixed: No problems found\n$/);
    expect(done.code).toBe(0);
    expect(readFileSync(home.configFile, "utf8")).toBe(clean);
    await runInProcess(["undo"], home.env);
    expect(readFileSync(home.configFile, "utf8")).toBe(broken);
  });

  it("keeps a comment that an indented line has made a part of the program's line", async () => {
    const gone = clean.replace(program[0] ?? "", "/opt/node/v1/bin/node");
    const home = make({ config: gone.replace("region", "  # mine\nregion") });
    await examine(home, {}, ["--fix", "--force"]);
    expect(readFileSync(home.configFile, "utf8")).toBe(gone.replace("region", "# mine\nregion"));
    // Now that the line can be read, it can be fixed, too.
    expect((await examine(home)).findings.map(({ id }) => id)).toEqual(["program-missing"]);
    await examine(home, {}, ["--fix", "--force"]);
    expect(readFileSync(home.configFile, "utf8")).toContain("\n# mine\n");
    expect((await examine(home)).findings).toEqual([]);
  });

  it("looks at one profile and its sources only, when one is named", async () => {
    const home = make({ config: `${clean}[profile bad]\nawsrole_role_arn = ${roleArn}\n` });
    expect((await examine(home, {}, ["prod"])).findings).toEqual([]);
    const ids = (await examine(home, {}, ["bad"])).findings.map(({ id }) => id);
    expect(ids).toContain("no-process-line");
    expect((await runInProcess(["doctor", "nobody"], home.env)).code).toBe(1);
  });

  it("escapes what a config could do to a terminal", async () => {
    const home = make({
      config: `${clean}[profile x]\nawsrole_b\u0007d = 1\nawsrole_zzzz = \u001b[2J\nsource_profile = \u001b[2J\nrole_arn = ${roleArn}\n`,
    });
    const { stdout } = await runInProcess(["doctor"], home.env);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).not.toContain("\u0007");
  });

  it("runs no program of the config", async () => {
    const home = make();
    const marker = join(home.path, "marker");
    writeFileSync(
      home.configFile,
      `[profile p]\nregion = eu-west-1\nrole_arn = ${roleArn}\nsource_profile = q\nmfa_process = touch ${marker}\n[profile q]\ncredential_process = touch ${marker}\n`,
    );
    await examine(home);
    expect(existsSync(marker)).toBe(false);
  });

  it("is listed, finding by finding, in docs/reference/doctor.md", () => {
    const page = readFileSync(
      fileURLToPath(new URL("../../docs/reference/doctor.md", import.meta.url)),
      "utf8",
    );
    const documented = [...page.matchAll(/^\| `([a-z0-9-]+)` +\| (error|warning|note) +\|/gm)].map(
      ([, id, severity]) => [id, severity],
    );
    expect(documented).toEqual(
      Object.entries(catalogue).map(([id, { severity }]) => [id, severity]),
    );
  });
});
