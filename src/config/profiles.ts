/**
 * Sections → typed, validated profiles.
 *
 * A *managed* profile has `awsrole_role_arn`, `awsrole_access_key_id` or `awsrole_sso_role_name` and is read from its `awsrole_` keys alone.
 * A *standard* profile is read as the AWS CLI reads it; `awsrole_` keys may add what AWS has no setting for.
 * A setting given both plain and prefixed is an error, never a precedence.
 */
import { roleSessionSeconds, userSessionSeconds } from "./aws-limits.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import type { Setting, Settings } from "./document.ts";
import type { AwsFiles } from "./files.ts";
import { oddForms, oddHeaderOf } from "./odd-headers.ts";
import { isName } from "./grammar.ts";
import { closestMatch } from "../foundation/edit-distance.ts";
import {
  invalidValue,
  type Named,
  findNamed,
  parseDuration,
  parseList,
  parsePolicyArns,
  parseTags,
  requireMfaSerial,
  requireRule,
  rules,
  type Tag,
} from "./role-values.ts";
import { readSsoRole, type SsoRole } from "./sso.ts";

/** What one AssumeRole call is asked for; within the limits of the STS API. */
export type Role = {
  readonly arn: string;
  readonly sessionName: string | undefined;
  readonly durationSeconds: number | undefined;
  readonly externalId: string | undefined;
  readonly sourceIdentity: string | undefined;
  readonly tags: readonly Tag[];
  readonly transitiveTagKeys: readonly string[];
  readonly policyArns: readonly string[];
  /** Absolute path; the file's content enters the cache key. */
  readonly policyFile: string | undefined;
};

/** How a person proves presence, where the profile asks for it. */
export type Mfa = {
  readonly serial: string;
  /** A command line that prints a code; run without a shell. */
  readonly process: string | undefined;
  /** True where its seed is in the store (`add-mfa`), so that codes are computed. */
  readonly hasSeed?: true;
  readonly prompt: "terminal" | "gui";
  /** Lifetime of the GetSessionToken session that the device's roles share, in seconds. */
  readonly sessionSeconds: number;
};

/** Where a role's signing credentials come from. */
export type RoleSource =
  | { readonly kind: "profile"; readonly name: string }
  | { readonly kind: "keychain-key"; readonly accessKeyId: string }
  | { readonly kind: "web-identity"; readonly tokenFile: string }
  | { readonly kind: "saml"; readonly command: string }
  | { readonly kind: "ec2-instance-metadata" }
  | { readonly kind: "environment" | "ecs-container" };

type Common = { readonly name: string; readonly settings: Settings };

export type RoleProfile = Common & {
  readonly kind: "role";
  readonly managed: boolean;
  readonly role: Role;
  readonly mfa: Mfa | undefined;
  readonly source: RoleSource;
};

/** A profile as awsrole understands it. `settings` keeps origin (file and line) of every key. */
export type Profile =
  | RoleProfile
  | (Common & {
      readonly kind: "keychain-key";
      readonly accessKeyId: string;
      readonly mfa: Mfa | undefined;
    })
  | (Common & {
      readonly kind: "static";
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | undefined;
      readonly accountId: string | undefined;
    })
  | (Common & SsoRole & { readonly kind: "sso"; readonly managed: boolean })
  | (Common & { readonly kind: "login"; readonly loginSession: string })
  | (Common & { readonly kind: "process"; readonly command: string })
  | (Common & { readonly kind: "empty" });

/** Role settings that AWS also has: plain in standard profiles, prefixed in managed ones. */
export const plainRoleKeys: readonly string[] = [
  "role_arn",
  "source_profile",
  "credential_source",
  "web_identity_token_file",
  "role_session_name",
  "duration_seconds",
  "external_id",
  "mfa_serial",
];

/** The closed list of awsrole's own keys, without the prefix. */
export const awsroleKeys: readonly string[] = [
  ...plainRoleKeys,
  "mfa_process",
  "mfa_seed",
  "mfa_prompt",
  "mfa_session_seconds",
  "source_identity",
  "tags",
  "transitive_tag_keys",
  "policy_arns",
  "policy_file",
  "access_key_id",
  "region",
  "endpoint_url",
  "store",
  "log",
  "sso_session",
  "sso_account_id",
  "sso_role_name",
  "sso_account_name",
  "sso_login",
  "synced_from",
  "exported_from",
  "exported_until",
  "saml_process",
];

/** Plain keys that a managed profile may not have: by these an SDK finds credentials (or fails) before it asks awsrole. */
export const plainKeysThatShadow: readonly string[] = [
  ...plainRoleKeys,
  "aws_access_key_id",
  "aws_secret_access_key",
  "aws_session_token",
  "aws_security_token",
  "sso_session",
  "sso_start_url",
  "sso_account_id",
  "sso_role_name",
  "login_session",
];

/** Any of these makes a profile awsrole's, the first that it has being what it is. */
const managedMarkers = [
  "awsrole_role_arn",
  "awsrole_access_key_id",
  "awsrole_sso_role_name",
] as const;

/** True when the section is one that awsrole manages. */
export function isManaged(settings: Settings): boolean {
  return managedMarkers.some((key) => settings.has(key));
}

/**
 * The profile NAME, validated. A profile reached as a source uses its keys before its role.
 * @throws ERR_PROFILE_NOT_FOUND (with the nearest name), ERR_PROFILE_INVALID, ERR_CONFIG_SYNTAX.
 */
export function readProfile(
  files: AwsFiles,
  name: string,
  position: "first" | "source" = "first",
): Profile {
  const settings = files.profile(name);
  if (settings === undefined) throw profileNotFound(files, name);
  checkAwsroleKeys(name, settings);
  if (isManaged(settings)) return readManaged(files, name, settings);
  return readStandard(files, name, settings, position);
}

/** The error for a profile that does not exist, naming the section that may be meant for it, or the nearest profile that does. */
export function profileNotFound(files: AwsFiles, name: string): AwsRoleError {
  const { config } = files;
  // A name of other characters has no section that it could be written in.
  const [bare] = isName(name) ? config.find("", name) : [];
  const odd = oddHeaderOf(config, name);
  const guess = closestMatch(name, files.profileNames());
  return new AwsRoleError("ERR_PROFILE_NOT_FOUND", `profile ${name} not found`, {
    hint:
      bare !== undefined
        ? `${config.file}:${config.lineAt(bare.start)} has [${name}], which no AWS tool reads: write [profile ${name}]`
        : odd !== undefined
          ? `${config.file}:${odd.line} has it in a header that ${oddForms[odd.form]}: ${isName(name) ? "awsrole doctor --fix writes it plain" : "give it a name of letters, digits and _ - / . % @ : +"}`
          : guess === undefined
            ? `${config.file} was read; run awsrole list to see your profiles`
            : `did you mean ${guess}? run awsrole list to see your profiles`,
  });
}

/** The value of `awsrole_mfa_seed`: the seed itself is never in a file of AWS's. */
export const storedSeed = "stored";

type Lookup = (key: string) => Named | undefined;

function checkAwsroleKeys(name: string, settings: Settings): void {
  const login = settings.get("awsrole_sso_login");
  if (login !== undefined && login.value !== "auto")
    throw invalid(
      name,
      `awsrole_sso_login = ${login.value} is not valid (${at(login)})`,
      "the only value is auto",
    );
  for (const [key, setting] of settings) {
    if (!key.startsWith("awsrole_") || awsroleKeys.includes(key.slice("awsrole_".length))) continue;
    const guess = closestMatch(key.slice("awsrole_".length), awsroleKeys);
    throw invalid(
      name,
      `unknown key ${key} (${at(setting)})`,
      guess === undefined
        ? "awsrole edit-profile --help lists the settings"
        : `did you mean awsrole_${guess}?`,
    );
  }
}

function readManaged(files: AwsFiles, name: string, settings: Settings): Profile {
  const marker = managedMarkers.find((key) => settings.has(key)) ?? managedMarkers[0];
  for (const key of plainKeysThatShadow) {
    const plain = settings.get(key);
    if (plain === undefined) continue;
    const twin = settings.has(`awsrole_${key}`) ? `awsrole_${key}` : marker;
    throw invalid(
      name,
      `has both ${key} (${at(plain)}) and ${twin} (${at(settings.get(twin)!)})`,
      awsroleKeys.includes(key)
        ? `keep one: remove ${key}, or write it as awsrole_${key}`
        : `remove it: SDKs would use ${key} and never call awsrole`,
    );
  }
  const others = managedMarkers.filter((key) => key !== marker && settings.has(key));
  if (others.includes("awsrole_sso_role_name"))
    throw invalid(
      name,
      `has both ${marker} (${at(settings.get(marker)!)}) and awsrole_sso_role_name (${at(settings.get("awsrole_sso_role_name")!)})`,
      "keep one of them: a role of IAM Identity Center can be the source of another profile",
    );
  const get: Lookup = (key) => findNamed(settings, `awsrole_${key}`);
  if (get("role_arn") !== undefined) return readRole(name, settings, get, true);
  if (marker === "awsrole_sso_role_name")
    return {
      kind: "sso",
      name,
      settings,
      managed: true,
      ...readSsoRole(files, name, settings, "awsrole_"),
    };
  const accessKey = get("access_key_id");
  if (accessKey === undefined)
    throw invalid(
      name,
      `${marker} is empty (${at(settings.get(marker)!)})`,
      "give it a value, or remove the profile",
    );
  return {
    kind: "keychain-key",
    name,
    settings,
    accessKeyId: requireRule(name, accessKey, rules.accessKeyId),
    mfa: readMfa(name, get),
  };
}

/**
 * The order of the AWS CLI (botocore's credentials.py): a role; web identity; SSO; keys of the credentials file; `aws login`;
 * credential_process; keys of the config file. Other SDKs differ where a profile has several; `explain` says how.
 */
function readStandard(
  files: AwsFiles,
  name: string,
  settings: Settings,
  position: "first" | "source",
): Profile {
  const get: Lookup = (key) => {
    const plain = findNamed(settings, key);
    const prefixed = findNamed(settings, `awsrole_${key}`);
    if (
      plain !== undefined &&
      prefixed !== undefined &&
      key !== "region" &&
      key !== "endpoint_url"
    ) {
      throw invalid(
        name,
        `has both ${key} (${at(plain.setting)}) and awsrole_${key} (${at(prefixed.setting)})`,
        "keep one of them",
      );
    }
    return prefixed ?? plain;
  };
  const has = (...keys: readonly string[]): boolean =>
    keys.some((key) => findNamed(settings, key) !== undefined);
  const hasStaticKeys = has("aws_access_key_id", "aws_secret_access_key");
  const hasWebIdentity = has("web_identity_token_file");
  const saml = settings.get(samlKey);
  if (saml !== undefined)
    throw invalid(
      name,
      `has ${samlKey} (${at(saml)}) but no awsrole_role_arn`,
      "add awsrole_role_arn: the role is assumed with the assertion that the command prints",
    );
  if (has("role_arn") && !hasWebIdentity && !(position === "source" && hasStaticKeys)) {
    return readRole(name, settings, get, false);
  }
  if (hasWebIdentity) return readRole(name, settings, get, false);
  if (has("sso_account_id", "sso_role_name"))
    return { kind: "sso", name, settings, managed: false, ...readSsoRole(files, name, settings) };
  if (files.credentialsProfile(name)?.has("aws_access_key_id") === true) {
    return readStatic(files, name, settings);
  }
  const loginSession = findNamed(settings, "login_session")?.setting.value;
  if (loginSession !== undefined) return { kind: "login", name, settings, loginSession };
  const command = findNamed(settings, "credential_process")?.setting.value;
  if (command !== undefined) return { kind: "process", name, settings, command };
  return hasStaticKeys ? readStatic(files, name, settings) : { kind: "empty", name, settings };
}

/**
 * A key whole from one file, the credentials file's if it has an access key id: parts of two keys make none. `aws_security_token` is the
 * token's older name, which the AWS CLI reads first.
 */
function readStatic(files: AwsFiles, name: string, settings: Settings): Profile {
  const credentials = files.credentialsProfile(name);
  const file =
    credentials !== undefined && findNamed(credentials, "aws_access_key_id") !== undefined
      ? credentials
      : (files.configProfile(name) ?? settings);
  const value = (key: string): string | undefined => findNamed(file, key)?.setting.value;
  const accessKeyId = value("aws_access_key_id");
  const secretAccessKey = value("aws_secret_access_key");
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = accessKeyId === undefined ? "aws_access_key_id" : "aws_secret_access_key";
    const elsewhere = findNamed(settings, missing);
    throw invalid(
      name,
      elsewhere === undefined
        ? `has no ${missing}`
        : `has its access key ID and secret in two files (the other is at ${at(elsewhere.setting)})`,
      elsewhere === undefined
        ? `an access key is a pair: add ${missing}, or remove the other`
        : "put both into the credentials file",
    );
  }
  const sessionToken = value("aws_security_token") ?? value("aws_session_token");
  return {
    kind: "static",
    name,
    settings,
    accessKeyId,
    secretAccessKey,
    sessionToken,
    accountId: findNamed(settings, "aws_account_id")?.setting.value,
  };
}

function readRole(name: string, settings: Settings, get: Lookup, managed: boolean): RoleProfile {
  const prefix = managed ? "awsrole_" : "";
  const arn = get("role_arn");
  if (arn === undefined) throw invalid(name, `${prefix}role_arn is empty`, rules.roleArn.hint);
  const optional = <T>(key: string, read: (found: Named) => T): T | undefined => {
    const found = get(key);
    return found === undefined ? undefined : read(found);
  };
  return {
    kind: "role",
    name,
    settings,
    managed,
    role: {
      arn: requireRule(name, arn, rules.roleArn),
      sessionName: optional("role_session_name", (found) =>
        requireRule(
          name,
          found,
          found.key.startsWith("awsrole_") ? rules.sessionNameTemplate : rules.sessionName,
        ),
      ),
      durationSeconds: optional("duration_seconds", (found) =>
        parseDuration(name, found, roleSessionSeconds),
      ),
      externalId: optional("external_id", (found) => requireRule(name, found, rules.externalId)),
      sourceIdentity: optional("source_identity", (found) =>
        requireRule(name, found, rules.sourceIdentity),
      ),
      tags: optional("tags", (found) => parseTags(name, found)) ?? [],
      transitiveTagKeys:
        optional("transitive_tag_keys", (found) => parseList(name, found, 50)) ?? [],
      policyArns: optional("policy_arns", (found) => parsePolicyArns(name, found)) ?? [],
      policyFile: optional("policy_file", ({ setting }) => setting.value),
    },
    mfa: readMfa(name, get),
    source: readSource(name, get, managed),
  };
}

function readSource(name: string, get: Lookup, managed: boolean): RoleSource {
  const keys = [
    "source_profile",
    "credential_source",
    "web_identity_token_file",
    ...(managed ? ["access_key_id", "saml_process"] : []),
  ];
  const webIdentity = managed ? undefined : get("web_identity_token_file");
  const [first, second] =
    webIdentity === undefined ? keys.flatMap((key) => get(key) ?? []) : [webIdentity];
  if (first === undefined) throw noSource(name, managed ? "awsrole_" : "");
  if (second !== undefined) {
    throw invalid(
      name,
      `has both ${first.key} (${at(first.setting)}) and ${second.key} (${at(second.setting)})`,
      "a role has one source: keep one of them",
    );
  }
  const { value } = first.setting;
  if (first.key.endsWith("source_profile")) return { kind: "profile", name: value };
  if (first.key.endsWith("access_key_id"))
    return { kind: "keychain-key", accessKeyId: requireRule(name, first, rules.accessKeyId) };
  if (first.key.endsWith("web_identity_token_file"))
    return { kind: "web-identity", tokenFile: value };
  if (first.key === samlKey) {
    refuseBesideSaml(name, first, get);
    return { kind: "saml", command: value };
  }
  if (value === "Environment") return { kind: "environment" };
  if (value === "Ec2InstanceMetadata") return { kind: "ec2-instance-metadata" };
  if (value === "EcsContainer") return { kind: "ecs-container" };
  throw invalidValue(name, first, "choose from Environment, Ec2InstanceMetadata, EcsContainer");
}

const samlKey = "awsrole_saml_process";

/** What AssumeRoleWithSAML has no parameter for (STS API Reference). */
const keysBesideNoSaml = [
  "role_session_name",
  "source_identity",
  "tags",
  "transitive_tag_keys",
  "external_id",
  "mfa_serial",
  "mfa_process",
] as const;

/** @throws ERR_PROFILE_INVALID. */
function refuseBesideSaml(name: string, saml: Named, get: Lookup): void {
  const other = keysBesideNoSaml.flatMap((key) => get(key) ?? [])[0];
  if (other === undefined) return;
  throw invalid(
    name,
    `has both ${samlKey} (${at(saml.setting)}) and ${other.key} (${at(other.setting)})`,
    /external_id|mfa_/.test(other.key)
      ? `remove ${other.key}: AWS takes none with a SAML assertion`
      : `remove ${other.key}: with SAML the identity provider sets it; or make a role profile with this one as its source`,
  );
}

function readMfa(name: string, get: Lookup): Mfa | undefined {
  const serial = get("mfa_serial");
  if (serial === undefined) return undefined;
  const prompt = get("mfa_prompt");
  if (
    prompt !== undefined &&
    prompt.setting.value !== "gui" &&
    prompt.setting.value !== "terminal"
  ) {
    throw invalidValue(name, prompt, "choose from terminal, gui");
  }
  const process = get("mfa_process");
  const seed = get("mfa_seed");
  if (seed !== undefined && seed.setting.value !== storedSeed)
    throw invalidValue(name, seed, `awsrole add-mfa writes it: it is ${storedSeed}, never a seed`);
  if (seed !== undefined && process !== undefined)
    throw invalid(
      name,
      `has both ${seed.key} (${at(seed.setting)}) and ${process.key} (${at(process.setting)})`,
      "a code comes from one of them",
    );
  const sessionSeconds = get("mfa_session_seconds");
  return {
    serial: requireMfaSerial(name, serial),
    process: process?.setting.value,
    ...(seed === undefined ? {} : { hasSeed: true }),
    prompt: prompt?.setting.value === "gui" ? "gui" : "terminal",
    sessionSeconds:
      sessionSeconds === undefined
        ? userSessionSeconds.usual
        : parseDuration(name, sessionSeconds, userSessionSeconds),
  };
}

function noSource(name: string, prefix: string): AwsRoleError {
  return invalid(
    name,
    "has a role but no source credentials to assume it with",
    `add ${prefix}source_profile, ${prefix}credential_source or ${prefix}web_identity_token_file`,
  );
}

function at(setting: Setting): string {
  return `${setting.file}:${setting.line}`;
}

function invalid(name: string, problem: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_PROFILE_INVALID", `profile ${name}: ${problem}`, { hint });
}
