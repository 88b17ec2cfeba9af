/** The clients whose behavior is measured, and what they can do with a profile. */

/** Clients, by the SDK below them. */
export const clientNames = {
  botocore: "boto3",
  cli: "AWS CLI",
  go: "Go, Terraform",
  goV1: "Go v1",
  js: "JavaScript, CDK",
  jsV2: "JavaScript v2",
  java: "Java",
  javaV1: "Java v1",
  kotlin: "Kotlin",
  rust: "Rust",
  ruby: "Ruby",
  cpp: "C++",
  crt: "C++ (CRT)",
  php: "PHP",
  dotnet: ".NET",
} as const;
export type Client = keyof typeof clientNames;

/** What a client does with the profile, in words for people. */
export const outcomes = {
  process: "runs the credential_process line",
  "process-then-role": "runs the credential_process line, then assumes the role once more",
  role: "assumes the role itself",
  "role-without-code": "assumes the role itself, without an MFA code",
  "web-identity": "assumes the role with the web identity token",
  key: "uses the access key in the file",
  sso: "uses the SSO login's token",
  login: "uses the `aws login` session",
  error: "reports that it has no credentials",
  unusable: "uses the machine's own credentials, if there are any",
  "not-measured": "not measured",
} as const;
export type Outcome = keyof typeof outcomes;
