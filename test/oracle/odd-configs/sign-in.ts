/** IAM Identity Center, `aws login` and tokens of other identity providers. */
import { createHash } from "node:crypto";
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

const url = "https://corp.awsapps.com/start";
const legacy = (...more: readonly string[]): string =>
  p(`sso_start_url = ${url}`, "sso_region = eu-central-1", ssoRole, region, ...more);
const bySession = (...more: readonly string[]): string =>
  p("sso_session = corp", ssoRole, region, ...more);
const corp = { files: ssoToken("corp") } as const;
const old = { files: ssoToken(url) } as const;
const past = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+/, "");
const refreshable = {
  accessToken: "old",
  expiresAt: past,
  clientId: "client",
  clientSecret: "client-secret",
  registrationExpiresAt: "2099-01-01T00:00:00Z",
  refreshToken: "good-refresh",
} as const;

export const sso = rows("sso", [
  ["legacy", legacy(), old],
  ["by session", bySession() + ssoSession("corp"), corp],
  ["legacy, no token", legacy()],
  ["legacy, an ended token", legacy(), { files: ssoToken(url, { expiresAt: past }) }],
  ["by session, no token", bySession() + ssoSession("corp")],
  [
    "by session, ended, no refresh token",
    bySession() + ssoSession("corp"),
    { files: ssoToken("corp", { expiresAt: past }) },
  ],
  [
    "by session, ended, refreshed",
    bySession() + ssoSession("corp"),
    { files: ssoToken("corp", refreshable) },
  ],
  [
    "by session, about to end, refreshed",
    bySession() + ssoSession("corp"),
    {
      files: ssoToken("corp", {
        ...refreshable,
        accessToken: "live-old",
        expiresAt: new Date(Date.now() + 60_000).toISOString().replace(/\.\d+/, ""),
      }),
    },
  ],
  [
    "by session, refresh refused",
    bySession() + ssoSession("corp"),
    { files: ssoToken("corp", { ...refreshable, refreshToken: "bad" }) },
  ],
  [
    "by session, ended registration",
    bySession() + ssoSession("corp"),
    { files: ssoToken("corp", { ...refreshable, registrationExpiresAt: past }) },
  ],
  ["a token that the portal refuses", legacy(), { files: ssoToken(url, { accessToken: "gone" }) }],
  [
    "a token file that is no JSON",
    legacy(),
    { files: { [Object.keys(ssoToken(url))[0] ?? ""]: "hello" } },
  ],
  ["a token file without an end", legacy(), { files: ssoToken(url, { expiresAt: undefined }) }],
  [
    "an end as older CLIs wrote it",
    legacy(),
    { files: ssoToken(url, { expiresAt: "2099-01-01T00:00:00UTC" }) },
  ],
  [
    "region only in the profile",
    bySession("sso_region = eu-central-1") + ssoSession("corp", `sso_start_url = ${url}`),
    corp,
  ],
  [
    "start URL only in the profile",
    bySession(`sso_start_url = ${url}`) + ssoSession("corp", "sso_region = eu-central-1"),
    corp,
  ],
  ["the same region in both", bySession("sso_region = eu-central-1") + ssoSession("corp"), corp],
  ["another region in the profile", bySession("sso_region = us-east-1") + ssoSession("corp"), corp],
  [
    "another start URL in the profile",
    bySession("sso_start_url = https://other.awsapps.com/start") + ssoSession("corp"),
    corp,
  ],
  ["the session is not there", bySession(), corp],
  ["the session is empty", bySession() + "[sso-session corp]\n", corp],
  ["the session has no region", bySession() + ssoSession("corp", `sso_start_url = ${url}`), corp],
  [
    "the session has no start URL",
    bySession() + ssoSession("corp", "sso_region = eu-central-1"),
    corp,
  ],
  [
    "no account",
    p("sso_session = corp", "sso_role_name = Reader", region) + ssoSession("corp"),
    corp,
  ],
  [
    "no role",
    p("sso_session = corp", "sso_account_id = 123456789012", region) + ssoSession("corp"),
    corp,
  ],
  ["neither account nor role", p("sso_session = corp", region) + ssoSession("corp"), corp],
  ["only a start URL", p(`sso_start_url = ${url}`, region), old],
  ["legacy without a region", p(`sso_start_url = ${url}`, ssoRole, region), old],
  ["legacy without a start URL", p("sso_region = eu-central-1", ssoRole, region), old],
  [
    "an account with leading zeros",
    p(
      `sso_start_url = ${url}`,
      "sso_region = eu-central-1",
      "sso_account_id = 000000000012",
      "sso_role_name = Reader",
      region,
    ),
    old,
  ],
  [
    "a role with spaces",
    p(
      `sso_start_url = ${url}`,
      "sso_region = eu-central-1",
      "sso_account_id = 123456789012",
      "sso_role_name = Power User",
      region,
    ),
    old,
  ],
  [
    "a role with a slash and +",
    p(
      `sso_start_url = ${url}`,
      "sso_region = eu-central-1",
      "sso_account_id = 123456789012",
      "sso_role_name = a/b+c&d=e",
      region,
    ),
    old,
  ],
  ["no region of its own", p(`sso_start_url = ${url}`, "sso_region = eu-central-1", ssoRole), old],
  [
    "a start URL with #/",
    p(`sso_start_url = ${url}#/`, "sso_region = eu-central-1", ssoRole, region),
    { files: ssoToken(`${url}#/`) },
  ],
  [
    "a start URL with / at the end",
    p(`sso_start_url = ${url}/`, "sso_region = eu-central-1", ssoRole, region),
    { files: ssoToken(`${url}/`) },
  ],
  [
    "a start URL with a comment",
    p(`sso_start_url = ${url} # corp`, "sso_region = eu-central-1", ssoRole, region),
    old,
  ],
  [
    "registration scopes",
    bySession() +
      ssoSession(
        "corp",
        `sso_start_url = ${url}`,
        "sso_region = eu-central-1",
        "sso_registration_scopes = sso:account:access",
      ),
    corp,
  ],
  [
    "a session name with a space",
    p("sso_session = my corp", ssoRole, region) + ssoSession("'my corp'"),
    { files: ssoToken("my corp") },
  ],
  [
    "a session name in other case",
    p("sso_session = Corp", ssoRole, region) + ssoSession("corp"),
    corp,
  ],
  [
    "two sections of the session",
    bySession() +
      ssoSession("corp", `sso_start_url = ${url}`) +
      ssoSession("corp", "sso_region = eu-central-1"),
    corp,
  ],
  [
    "a profile named like the session",
    bySession() + ssoSession("corp") + profile("corp", keys("CORP")),
    corp,
  ],
  [
    "GovCloud",
    p("sso_session = corp", ssoRole, "region = us-gov-west-1") +
      ssoSession("corp", `sso_start_url = ${url}`, "sso_region = us-gov-west-1"),
    corp,
  ],
  [
    "China",
    p("sso_session = corp", ssoRole, "region = cn-north-1") +
      ssoSession("corp", `sso_start_url = ${url}`, "sso_region = cn-north-1"),
    corp,
  ],
  [
    "an endpoint in the profile",
    bySession("endpoint_url = https://own.example") + ssoSession("corp"),
    corp,
  ],
  [
    "an endpoint by services",
    bySession("services = mine") +
      ssoSession("corp") +
      "[services mine]\nsso =\n  endpoint_url = https://sso.example\n",
    corp,
  ],
  [
    "an endpoint for sso_oidc by services, refreshed",
    bySession("services = mine") +
      ssoSession("corp") +
      "[services mine]\nsso_oidc =\n  endpoint_url = https://oidc.example\n",
    { files: ssoToken("corp", refreshable) },
  ],
  [
    "an endpoint by the environment",
    bySession() + ssoSession("corp"),
    { ...corp, env: { AWS_ENDPOINT_URL: "https://env.example" } },
  ],
  [
    "an endpoint for sso by the environment",
    bySession() + ssoSession("corp"),
    { ...corp, env: { AWS_ENDPOINT_URL_SSO: "https://sso-env.example" } },
  ],
  [
    "an endpoint of [default]",
    bySession() + ssoSession("corp") + "[default]\nendpoint_url = https://stranger.example\n",
    corp,
  ],
  [
    "an endpoint of AWS_PROFILE",
    bySession() + ssoSession("corp") + profile("other", "endpoint_url = https://stranger.example"),
    { ...corp, env: { AWS_PROFILE: "other" } },
  ],
  ["FIPS", bySession("use_fips_endpoint = true") + ssoSession("corp"), corp],
  ["dual stack", bySession("use_dualstack_endpoint = true") + ssoSession("corp"), corp],
]);

const user = "arn:aws:iam::123456789012:user/bob";
/** AWS's file of an `aws login` session. */
export const loginFile = (
  more: Readonly<Record<string, unknown>> = {},
  name = user,
): Readonly<Record<string, string>> => ({
  [`.aws/login/cache/${createHash("sha256").update(name).digest("hex")}.json`]: JSON.stringify({
    accessToken: {
      accessKeyId: "ASIALOGINFILE",
      secretAccessKey: "s",
      sessionToken: "t",
      accountId: "123456789012",
      expiresAt: "2099-01-01T00:00:00Z",
    },
    tokenType: "aws_sigv4",
    refreshToken: "good-login",
    clientId: "arn:aws:signin:::devtools/same-device",
    idToken: "x",
    dpopKey:
      "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIFDZHUzOG1Pzq+6F0mjMlOSp1syN9LRPBuHMoCFXTcXhoAoGCCqGSM49\nAwEHoUQDQgAE9qhj+KtcdHj1kVgwxWWWw++tqoh7H7UHs7oXh8jBbgF47rrYGC+t\ndjiIaHK3dBvvdE7MGj5HsepzLm3Kj91bqA==\n-----END EC PRIVATE KEY-----\n",
    ...more,
  }),
});
const ended = {
  accessToken: {
    accessKeyId: "ASIAOLD",
    secretAccessKey: "s",
    sessionToken: "t",
    accountId: "123456789012",
    expiresAt: past,
  },
};
export const login = rows("login", [
  ["a live session", p(`login_session = ${user}`, region), { files: loginFile() }],
  ["no file", p(`login_session = ${user}`, region)],
  ["ended, refreshed", p(`login_session = ${user}`, region), { files: loginFile(ended) }],
  [
    "ended, refused",
    p(`login_session = ${user}`, region),
    { files: loginFile({ ...ended, refreshToken: "bad" }) },
  ],
  ["ended, refreshed, no region", p(`login_session = ${user}`), { files: loginFile(ended) }],
  [
    "ended, refreshed, AWS_DEFAULT_REGION",
    p(`login_session = ${user}`),
    { files: loginFile(ended), env: { AWS_DEFAULT_REGION: "us-west-2" } },
  ],
  [
    "no key in the file",
    p(`login_session = ${user}`, region),
    { files: loginFile({ ...ended, dpopKey: undefined }) },
  ],
  [
    "a file that is no JSON",
    p(`login_session = ${user}`, region),
    { files: { [Object.keys(loginFile())[0] ?? ""]: "hello" } },
  ],
  [
    "an own cache folder",
    p(`login_session = ${user}`, region),
    {
      env: { AWS_LOGIN_CACHE_DIRECTORY: "@HOME@/cache" },
      files: Object.fromEntries(
        Object.entries(loginFile()).map(([path, text]) => [
          path.replace(".aws/login/cache", "cache"),
          text,
        ]),
      ),
    },
  ],
  [
    "as the source of a role",
    p(arn("R"), "source_profile = m", region) + profile("m", `login_session = ${user}`, region),
    { files: loginFile() },
  ],
  [
    "an endpoint by services, refreshed",
    p(`login_session = ${user}`, region, "services = mine") +
      "[services mine]\nsignin =\n  endpoint_url = https://signin.example\n",
    { files: loginFile(ended) },
  ],
  [
    "an endpoint of [default], refreshed",
    p(`login_session = ${user}`, region) + "[default]\nendpoint_url = https://stranger.example\n",
    { files: loginFile(ended) },
  ],
  ["an empty login_session", p("login_session =", region)],
]);

const token = { files: { token: "web-token" } } as const;
const web = (...more: readonly string[]): string =>
  p(arn("R"), "web_identity_token_file = @HOME@/token", region, ...more);
export const webIdentity = rows("web identity", [
  ["as it should be", web(), token],
  ["a session name", web("role_session_name = job"), token],
  ["a duration", web("duration_seconds = 1800"), token],
  ["an external id", web("external_id = abc"), token],
  ["the token ends in a line feed", web(), { files: { token: "web-token\n" } }],
  ["the token file is empty", web(), { files: { token: "" } }],
  ["the token file is missing", web()],
  ["the token file is a folder", web(), { files: { "token/x": "" } }],
  ["no role", p("web_identity_token_file = @HOME@/token", region), token],
  ["a relative path", p(arn("R"), "web_identity_token_file = token", region), token],
  ["a tilde", p(arn("R"), "web_identity_token_file = ~/token", region), token],
  ["a variable", p(arn("R"), "web_identity_token_file = $HOME/token", region), token],
  ["and a source", web("source_profile = base") + base, token],
  ["and a source that does not exist", web("source_profile = nowhere"), token],
  ["and a credential_source", web("credential_source = Environment"), token],
  ["and a process", web(process()), token],
  ["and keys", web(keys("OWN")), token],
  ["and keys in credentials", web(), { ...token, credentials: `[p]\n${keys("OWN")}\n` }],
  [
    "and SSO",
    web("sso_session = corp", ssoRole) + ssoSession("corp"),
    { files: { ...token.files, ...ssoToken("corp") } },
  ],
  [
    "AWS_WEB_IDENTITY_TOKEN_FILE beside a profile with a role",
    p(arn("R"), region),
    { ...token, env: { AWS_WEB_IDENTITY_TOKEN_FILE: "@HOME@/token" } },
  ],
  [
    "AWS_ROLE_ARN beside a profile with a token",
    web(),
    { ...token, env: { AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/ENV" } },
  ],
  ["AWS_ROLE_SESSION_NAME", web(), { ...token, env: { AWS_ROLE_SESSION_NAME: "env-name" } }],
  [
    "the environment's identity beside keys",
    p(keys("ONE"), region),
    {
      ...token,
      env: {
        AWS_WEB_IDENTITY_TOKEN_FILE: "@HOME@/token",
        AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/ENV",
      },
    },
  ],
  ["no region", p(arn("R"), "web_identity_token_file = @HOME@/token"), token],
  [
    "a role that AWS refuses",
    p(arn("Denied"), "web_identity_token_file = @HOME@/token", region),
    token,
  ],
]);
