/** Roles and where their credentials come from. */
import {
  arn,
  base,
  keys,
  p,
  process,
  profile,
  region,
  rows,
  ssoRole,
  ssoSession,
  ssoToken,
} from "./pieces.ts";

const environment = {
  env: { AWS_ACCESS_KEY_ID: "AKIAENV", AWS_SECRET_ACCESS_KEY: "secret/env" },
} as const;
const session = {
  env: { ...environment.env, AWS_SESSION_TOKEN: "token/env" },
} as const;
const token = { files: { token: "web-token" } } as const;
const from = (name: string, ...more: readonly string[]): string =>
  p(arn("R"), `source_profile = ${name}`, region, ...more);

export const sources = rows("source", [
  ["a role of a role", from("m") + profile("m", arn("M"), "source_profile = base") + base],
  [
    "three roles",
    from("m") +
      profile("m", arn("M"), "source_profile = n") +
      profile("n", arn("N"), "source_profile = base") +
      base,
  ],
  ["itself, with keys", p(arn("R"), "source_profile = p", region, keys("SELF"))],
  [
    "itself, with keys in the credentials file",
    p(arn("R"), "source_profile = p", region),
    { credentials: `[p]\n${keys("SELF")}\n` },
  ],
  ["itself, with nothing", p(arn("R"), "source_profile = p", region)],
  ["itself, with a process", p(arn("R"), "source_profile = p", region, process())],
  [
    "itself, with SSO",
    p(arn("R"), "source_profile = p", region, "sso_session = corp", ssoRole) + ssoSession("corp"),
    { files: ssoToken("corp") },
  ],
  ["a circle of two", from("m") + profile("m", arn("M"), "source_profile = p")],
  [
    "a circle beside the way",
    from("m") +
      profile("m", arn("M"), "source_profile = n") +
      profile("n", arn("N"), "source_profile = m"),
  ],
  ["one that does not exist", from("nowhere")],
  ["one that is empty", from("m") + profile("m", "region = us-east-1")],
  ["one in the credentials file", from("base"), { credentials: `[base]\n${keys("CRED")}\n` }],
  ["one in both files", from("base") + base, { credentials: `[base]\n${keys("CRED")}\n` }],
  [
    "a session in the credentials file",
    from("base"),
    { credentials: `[base]\n${keys("CRED")}\naws_session_token = t\n` },
  ],
  [
    "aws_security_token",
    from("base"),
    { credentials: `[base]\n${keys("CRED")}\naws_security_token = t\n` },
  ],
  ["a process", from("m") + profile("m", process("M"))],
  ["a process beside keys", from("m") + profile("m", process("M"), keys("BESIDE"))],
  [
    "a process and keys in the credentials file",
    from("m") + profile("m", process("M")),
    { credentials: `[m]\n${keys("CRED")}\n` },
  ],
  [
    "a role with keys",
    from("m") + profile("m", arn("M"), "source_profile = base", keys("MKEY")) + base,
  ],
  [
    "a role with keys in the credentials file",
    from("m") + profile("m", arn("M"), "source_profile = base") + base,
    { credentials: `[m]\n${keys("MKEY")}\n` },
  ],
  [
    "a role with half a key",
    from("m") +
      profile("m", arn("M"), "source_profile = base", "aws_access_key_id = AKIAHALF") +
      base,
  ],
  ["a role without a source", from("m") + profile("m", arn("M"))],
  [
    "SSO",
    from("m") + profile("m", "sso_session = corp", ssoRole) + ssoSession("corp"),
    { files: ssoToken("corp") },
  ],
  ["SSO, no token", from("m") + profile("m", "sso_session = corp", ssoRole) + ssoSession("corp")],
  [
    "web identity",
    from("m") + profile("m", arn("M"), "web_identity_token_file = @HOME@/token"),
    token,
  ],
  [
    "a source of the metadata service",
    from("m") + profile("m", arn("M"), "credential_source = Ec2InstanceMetadata"),
  ],
  ["no source", p(arn("R"), region)],
  ["no source but keys", p(arn("R"), region, keys("OWN"))],
  [
    "no source but keys in the credentials file",
    p(arn("R"), region),
    { credentials: `[p]\n${keys("OWN")}\n` },
  ],
  ["no source but a process", p(arn("R"), region, process())],
  [
    "no source but SSO",
    p(arn("R"), region, "sso_session = corp", ssoRole) + ssoSession("corp"),
    { files: ssoToken("corp") },
  ],
  [
    "a source and a credential_source",
    from("base", "credential_source = Environment") + base,
    environment,
  ],
  [
    "a source and a token file",
    from("base", "web_identity_token_file = @HOME@/token") + base,
    token,
  ],
  ["a source and a process", from("base", process()) + base],
  ["a source and keys", from("base", keys("OWN")) + base],
  [
    "a source and keys in the credentials file",
    from("base") + base,
    { credentials: `[p]\n${keys("OWN")}\n` },
  ],
  [
    "a source and SSO",
    from("base", "sso_session = corp", ssoRole) + base + ssoSession("corp"),
    { files: ssoToken("corp") },
  ],
  ["a source without a role", p("source_profile = base", region) + base],
  [
    "a source without a role, beside a process",
    p("source_profile = base", region, process()) + base,
  ],
  ["a source without a role, beside keys", p("source_profile = base", region, keys("OWN")) + base],
  [
    "the role in the credentials file",
    "",
    {
      credentials: `[p]\n${arn("R")}\nsource_profile = base\n${region}\n[base]\n${keys("CRED")}\n`,
    },
  ],
  [
    "the role in the credentials file, more in config",
    p(region, "external_id = abc") + base,
    { credentials: `[p]\n${arn("R")}\nsource_profile = base\n` },
  ],
  [
    "the role in both files",
    p(arn("ONE"), "source_profile = base", region) + base,
    { credentials: `[p]\n${arn("TWO")}\n` },
  ],
  ["[profile p] in the credentials file", "", { credentials: `[profile p]\n${keys("CRED")}\n` }],
  ["environment keys beside a profile", from("base") + base, environment],
  [
    "AWS_PROFILE names another",
    from("base") + base + profile("other", keys("OTHER"), "region = us-east-1"),
    { env: { AWS_PROFILE: "other" } },
  ],
  [
    "[default] has a role",
    from("base") + base + `[default]\n${arn("DEF")}\nsource_profile = base\n`,
  ],
  [
    "[default] has a region",
    p(arn("R"), "source_profile = base") + base + "[default]\nregion = us-west-2\n",
  ],
]);

export const credentialSources = rows("credential_source", [
  ["Environment", p(arn("R"), "credential_source = Environment", region), environment],
  ["Environment, a session", p(arn("R"), "credential_source = Environment", region), session],
  ["Environment, nothing there", p(arn("R"), "credential_source = Environment", region)],
  [
    "Environment, half a key there",
    p(arn("R"), "credential_source = Environment", region),
    { env: { AWS_ACCESS_KEY_ID: "AKIAHALF" } },
  ],
  [
    "environment in lower case",
    p(arn("R"), "credential_source = environment", region),
    environment,
  ],
  ["ENVIRONMENT in capitals", p(arn("R"), "credential_source = ENVIRONMENT", region), environment],
  ["Ec2InstanceMetadata", p(arn("R"), "credential_source = Ec2InstanceMetadata", region)],
  ["ec2InstanceMetadata", p(arn("R"), "credential_source = ec2InstanceMetadata", region)],
  [
    "EcsContainer, relative",
    p(arn("R"), "credential_source = EcsContainer", region),
    { env: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/abc" } },
  ],
  [
    "EcsContainer, full, Pod Identity",
    p(arn("R"), "credential_source = EcsContainer", region),
    {
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN: "pod-token",
      },
    },
  ],
  [
    "EcsContainer, full, IPv6",
    p(arn("R"), "credential_source = EcsContainer", region),
    {
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://[fd00:ec2::23]/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN: "pod-token",
      },
    },
  ],
  [
    "EcsContainer, token file",
    p(arn("R"), "credential_source = EcsContainer", region),
    {
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "@HOME@/token",
      },
      files: { token: "file-token" },
    },
  ],
  [
    "EcsContainer, token file missing",
    p(arn("R"), "credential_source = EcsContainer", region),
    {
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "@HOME@/missing",
      },
    },
  ],
  [
    "EcsContainer, token with a line feed",
    p(arn("R"), "credential_source = EcsContainer", region),
    {
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "@HOME@/token",
      },
      files: { token: "file-token\n" },
    },
  ],
  [
    "EcsContainer, both token and file",
    p(arn("R"), "credential_source = EcsContainer", region),
    {
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN: "pod-token",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "@HOME@/token",
      },
      files: { token: "file-token" },
    },
  ],
  [
    "EcsContainer, both URIs",
    p(arn("R"), "credential_source = EcsContainer", region),
    {
      env: {
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/abc",
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
      },
    },
  ],
  [
    "EcsContainer, a foreign host",
    p(arn("R"), "credential_source = EcsContainer", region),
    { env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://stranger.example/creds" } },
  ],
  [
    "EcsContainer, https",
    p(arn("R"), "credential_source = EcsContainer", region),
    { env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "https://stranger.example/creds" } },
  ],
  ["EcsContainer, nothing there", p(arn("R"), "credential_source = EcsContainer", region)],
  ["an unknown one", p(arn("R"), "credential_source = Nowhere", region)],
  ["an empty one", p(arn("R"), "credential_source =", region)],
  ["without a role", p("credential_source = Environment", region), environment],
]);

const imds = (...more: readonly string[]): string =>
  p(arn("R"), "credential_source = Ec2InstanceMetadata", region, ...more);
export const instanceMetadata = rows("instance metadata", [
  ["mode IPv6 in the profile", imds("ec2_metadata_service_endpoint_mode = IPv6")],
  ["mode ipv6 in lower case", imds("ec2_metadata_service_endpoint_mode = ipv6")],
  ["mode IPv4", imds("ec2_metadata_service_endpoint_mode = IPv4")],
  ["a mode that is none", imds("ec2_metadata_service_endpoint_mode = IPv5")],
  [
    "mode IPv6 by the environment",
    imds(),
    { env: { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv6" } },
  ],
  [
    "mode ipV6 by the environment",
    imds(),
    { env: { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "ipV6" } },
  ],
  [
    "a mode that is none by the environment",
    imds(),
    { env: { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "nine" } },
  ],
  ["an endpoint in the profile", imds("ec2_metadata_service_endpoint = http://[fd00:ec2::254]")],
  ["an endpoint with a slash", imds("ec2_metadata_service_endpoint = http://[fd00:ec2::254]/")],
  [
    "an endpoint by the environment",
    imds(),
    { env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://[fd00:ec2::254]" } },
  ],
  [
    "environment before profile",
    imds("ec2_metadata_service_endpoint = http://169.254.170.2"),
    { env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://[fd00:ec2::254]" } },
  ],
  [
    "endpoint before mode",
    imds(
      "ec2_metadata_service_endpoint = http://169.254.169.254",
      "ec2_metadata_service_endpoint_mode = IPv6",
    ),
  ],
  [
    "an endpoint of [default]",
    imds() + "[default]\nec2_metadata_service_endpoint = http://169.254.170.2\n",
  ],
  [
    "an endpoint of AWS_PROFILE",
    imds() + profile("other", "ec2_metadata_service_endpoint = http://169.254.170.2"),
    { env: { AWS_PROFILE: "other" } },
  ],
  [
    "an endpoint of the source",
    p(arn("R"), "source_profile = m", region) +
      profile(
        "m",
        arn("M"),
        "credential_source = Ec2InstanceMetadata",
        "ec2_metadata_service_endpoint = http://[fd00:ec2::254]",
      ),
  ],
  ["switched off", imds(), { env: { AWS_EC2_METADATA_DISABLED: "true" } }],
  ["switched off in capitals", imds(), { env: { AWS_EC2_METADATA_DISABLED: "TRUE" } }],
  ["version 1 switched off", imds("ec2_metadata_v1_disabled = true")],
  [
    "version 1 switched off by the environment",
    imds(),
    { env: { AWS_EC2_METADATA_V1_DISABLED: "true" } },
  ],
]);

const withRole = (...more: readonly string[]): string => from("base", ...more) + base;
export const settings = rows("role setting", [
  ["role_session_name", withRole("role_session_name = bob")],
  ["role_session_name too short", withRole("role_session_name = b")],
  ["role_session_name with a space", withRole("role_session_name = b o b")],
  ["role_session_name with all allowed", withRole("role_session_name = a+=,.@-_Z9")],
  ["external_id", withRole("external_id = abc/1:2")],
  ["external_id of one letter", withRole("external_id = a")],
  ["duration_seconds", withRole("duration_seconds = 1800")],
  ["duration_seconds 900", withRole("duration_seconds = 900")],
  ["duration_seconds 43200", withRole("duration_seconds = 43200")],
  ["duration_seconds 899", withRole("duration_seconds = 899")],
  ["duration_seconds 43201", withRole("duration_seconds = 43201")],
  ["duration_seconds that is no number", withRole("duration_seconds = 1h")],
  ["duration_seconds with a sign", withRole("duration_seconds = +1800")],
  ["duration_seconds with a zero before", withRole("duration_seconds = 01800")],
  ["duration_seconds with a point", withRole("duration_seconds = 1800.0")],
  [
    "duration_seconds over an hour in a chain",
    from("m", "duration_seconds = 7200") + profile("m", arn("M"), "source_profile = base") + base,
  ],
  [
    "duration_seconds over an hour from a session",
    from("base", "duration_seconds = 7200"),
    { credentials: `[base]\n${keys("CRED")}\naws_session_token = t\n` },
  ],
  [
    "settings of the inner role",
    from("m") +
      profile(
        "m",
        arn("M"),
        "source_profile = base",
        "external_id = inner",
        "role_session_name = inner",
        "duration_seconds = 900",
      ) +
      base,
  ],
  ["mfa_serial", withRole("mfa_serial = arn:aws:iam::123456789012:mfa/bob")],
  ["mfa_serial of hardware", withRole("mfa_serial = GAHT12345678")],
  [
    "mfa_serial in a long role",
    withRole("mfa_serial = arn:aws:iam::123456789012:mfa/bob", "duration_seconds = 7200"),
  ],
  [
    "mfa_serial on a chained role",
    from("m", "mfa_serial = arn:aws:iam::123456789012:mfa/bob") +
      profile("m", arn("M"), "source_profile = base") +
      base,
  ],
  [
    "mfa_serial at the source key",
    from("base") + profile("base", keys("BASE"), "mfa_serial = arn:aws:iam::123456789012:mfa/bob"),
  ],
  [
    "mfa_serial at the inner role",
    from("m") +
      profile(
        "m",
        arn("M"),
        "source_profile = base",
        "mfa_serial = arn:aws:iam::123456789012:mfa/bob",
      ) +
      base,
  ],
  [
    "mfa_serial beside web identity",
    p(
      arn("R"),
      "web_identity_token_file = @HOME@/token",
      region,
      "mfa_serial = arn:aws:iam::123456789012:mfa/bob",
    ),
    token,
  ],
  [
    "a role in China",
    p(
      "role_arn = arn:aws-cn:iam::123456789012:role/R",
      "source_profile = base",
      "region = cn-north-1",
    ) + base,
  ],
  [
    "a role in China, no region",
    p("role_arn = arn:aws-cn:iam::123456789012:role/R", "source_profile = base") + base,
  ],
  [
    "a role in GovCloud",
    p(
      "role_arn = arn:aws-us-gov:iam::123456789012:role/R",
      "source_profile = base",
      "region = us-gov-west-1",
    ) + base,
  ],
  [
    "a role with a path",
    p("role_arn = arn:aws:iam::123456789012:role/a/b/R", "source_profile = base", region) + base,
  ],
  [
    "an ARN that is a user's",
    p("role_arn = arn:aws:iam::123456789012:user/bob", "source_profile = base", region) + base,
  ],
  ["an ARN that is none", p("role_arn = R", "source_profile = base", region) + base],
  [
    "an ARN with a short account",
    p("role_arn = arn:aws:iam::12345:role/R", "source_profile = base", region) + base,
  ],
  [
    "an ARN with %",
    p("role_arn = arn:aws:iam::123456789012:role/R%20x", "source_profile = base", region) + base,
  ],
  ["a role that AWS refuses", p(arn("Denied"), "source_profile = base", region) + base],
  ["a role with a packed policy", p(arn("Packed"), "source_profile = base", region) + base],
  [
    "an inner role that AWS refuses",
    from("m") + profile("m", arn("Denied"), "source_profile = base") + base,
  ],
  ["a region that is disabled", p(arn("Disabled"), "source_profile = base", region) + base],
]);
