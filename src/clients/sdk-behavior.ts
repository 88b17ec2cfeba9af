/**
 * What other programs do with a profile, as data: AWS's SDKs disagree where a profile has several ways to get credentials.
 *
 * Each row says when it applies; the first that does counts. What botocore, the JavaScript SDK and the Go SDK do was measured (a test asks them
 * again, row by row); the others are from their sources and documentation, and were not run. `unknown` stands where neither says.
 */
import type { Settings } from "../config/document.ts";
import type { AwsFiles } from "../config/files.ts";

/** The programs, by the SDK below them. */
export const consumerNames = {
  botocore: "AWS CLI, boto3",
  go: "Go, Terraform",
  js: "JavaScript, CDK",
  java: "Java",
  rust: "Rust",
  dotnet: ".NET",
  php: "PHP",
  ruby: "Ruby",
  cpp: "C++",
} as const;
export type Consumer = keyof typeof consumerNames;

/** What a program does with the profile, in words for people. */
export const outcomes = {
  process: "runs the credential_process line",
  "process-then-role": "runs the credential_process line, then assumes the role once more",
  role: "assumes the role itself",
  key: "uses the access key in the file",
  sso: "uses the SSO login's token",
  login: "uses the `aws login` session",
  error: "refuses the profile",
  unusable: "finds no credentials in the profile",
  unknown: "not known",
} as const;
export type Outcome = keyof typeof outcomes;

/** One case in which programs do the same or differ. */
type Row = {
  /** Names the case, for JSON and tests. */
  readonly rule: string;
  /** The case, and why it is so, in a sentence part. */
  readonly says: string;
  applies(found: Found): boolean;
  readonly does: Readonly<Record<Consumer, Outcome>>;
};

/** The ways to credentials that a profile has. */
type Found = {
  readonly has: (...keys: readonly string[]) => boolean;
  readonly hasProcess: boolean;
  readonly hasRole: boolean;
  readonly hasSource: boolean;
  readonly isOwnSource: boolean;
  readonly hasKeys: boolean;
  readonly hasKeysInCredentialsFile: boolean;
};

function all(outcome: Outcome, others: Partial<Record<Consumer, Outcome>> = {}): Row["does"] {
  return {
    botocore: outcome,
    go: outcome,
    js: outcome,
    java: outcome,
    rust: outcome,
    dotnet: outcome,
    php: outcome,
    ruby: outcome,
    cpp: outcome,
    ...others,
  };
}

const rows: readonly Row[] = [
  {
    rule: "own-source-and-process",
    says: "source_profile names the profile itself, beside credential_process",
    applies: ({ hasProcess, hasRole, isOwnSource }) => hasProcess && hasRole && isOwnSource,
    does: all("error", {
      js: "process",
      rust: "process-then-role",
      dotnet: "unusable",
      php: "process",
      cpp: "process",
    }),
  },
  {
    rule: "role-and-process",
    says: "role_arn with its source, beside credential_process: Go allows one way per profile, others prefer the role",
    applies: ({ hasProcess, hasRole, hasSource }) => hasProcess && hasRole && hasSource,
    does: all("role", { go: "error", dotnet: "unusable", php: "process", cpp: "process" }),
  },
  {
    rule: "role-without-source-and-process",
    says: "role_arn without a source, beside credential_process",
    applies: ({ hasProcess, hasRole }) => hasProcess && hasRole,
    does: all("process", {
      botocore: "error",
      go: "process-then-role",
      ruby: "error",
      rust: "error",
      dotnet: "unusable",
    }),
  },
  {
    rule: "source-without-role-and-process",
    says: "source_profile without role_arn, beside credential_process",
    applies: ({ hasProcess, has }) => hasProcess && has("source_profile"),
    does: all("process", { go: "error", ruby: "error", dotnet: "unusable" }),
  },
  {
    rule: "credentials-file-key-and-process",
    says: "the credentials file has an access key under the same name, which shadows credential_process",
    applies: ({ hasProcess, hasKeysInCredentialsFile }) => hasProcess && hasKeysInCredentialsFile,
    does: all("unknown", { botocore: "key", go: "key", js: "key", ruby: "key" }),
  },
  {
    rule: "key-and-process",
    says: "an access key beside credential_process in the config file",
    applies: ({ hasProcess, hasKeys }) => hasProcess && hasKeys,
    does: all("process", { js: "key", go: "key", ruby: "key", dotnet: "unusable" }),
  },
  {
    rule: "process-and-role-settings",
    says: "settings of a role beside credential_process: .NET knows no such profile",
    applies: ({ hasProcess, has }) =>
      hasProcess &&
      has("mfa_serial", "external_id", "role_session_name", "endpoint_url", "services"),
    does: all("process", { dotnet: "unusable" }),
  },
  {
    rule: "process",
    says: "credential_process is the only way to credentials",
    applies: ({ hasProcess }) => hasProcess,
    does: all("process"),
  },
  {
    rule: "role-with-mfa",
    says: "a role that wants an MFA code: SDKs fail unless the program itself asks for one",
    applies: ({ hasRole, hasSource, has }) => hasRole && hasSource && has("mfa_serial"),
    does: all("unknown", { botocore: "role", go: "error", js: "error" }),
  },
  {
    rule: "role",
    says: "a role with its source",
    applies: ({ hasRole, hasSource }) => hasRole && hasSource,
    does: all("role", { cpp: "unknown" }),
  },
  {
    rule: "web-identity",
    says: "a role with an OIDC token",
    applies: ({ hasRole, has }) => hasRole && has("web_identity_token_file"),
    does: all("role", { php: "unknown", cpp: "unknown" }),
  },
  {
    rule: "sso",
    says: "an SSO login",
    applies: ({ has }) => has("sso_account_id", "sso_role_name"),
    does: all("sso", { php: "unknown", cpp: "unknown" }),
  },
  {
    rule: "login",
    says: "an `aws login` session, which newer releases know",
    applies: ({ has }) => has("login_session"),
    does: all("unknown", { botocore: "login", js: "login" }),
  },
  {
    rule: "key",
    says: "an access key in plain text is the only way to credentials",
    applies: ({ hasKeys }) => hasKeys,
    does: all("key"),
  },
  {
    rule: "nothing",
    says: "the profile itself has no way to credentials",
    applies: () => true,
    does: all("unusable"),
  },
];

/** What programs do with a profile, and by which rule. */
export type Consumers = Pick<Row, "rule" | "says" | "does">;

/** What programs other than awsrole do with the profile NAME; keys with the prefix `awsrole_` are nothing to them. */
export function consumersOf(files: AwsFiles, name: string): Consumers {
  const settings = files.profile(name) ?? new Map();
  const found = find(settings, files.credentialsProfile(name), name);
  const { rule, says, does } = rows.find((row) => row.applies(found)) ?? rows.at(-1)!;
  return { rule, says, does };
}

function find(settings: Settings, credentials: Settings | undefined, name: string): Found {
  const has = (...keys: readonly string[]): boolean =>
    keys.some((key) => (settings.get(key)?.value ?? "") !== "");
  return {
    has,
    hasProcess: has("credential_process"),
    hasRole: has("role_arn"),
    hasSource: has("source_profile", "credential_source"),
    isOwnSource: settings.get("source_profile")?.value === name,
    hasKeys: has("aws_access_key_id"),
    hasKeysInCredentialsFile: credentials?.has("aws_access_key_id") === true,
  };
}
