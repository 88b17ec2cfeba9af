/** Each profile by itself and with its source: what would make it fail, or be passed by. */
import { shortSessionSeconds } from "../../../credentials/cache/session.ts";
import { roleSessionSeconds } from "../../../config/aws-limits.ts";
import { existsSync } from "node:fs";
import {
  type Document,
  parseDocument,
  readSettings,
  type Settings,
} from "../../../config/document.ts";
import { deleteKey, renameKey } from "../../../config/edit.ts";
import { oddHeaderOf, oddHeaders } from "../../../config/odd-headers.ts";
import { outdentSettings } from "../../../config/repairs.ts";
import { closestMatch } from "../../../foundation/edit-distance.ts";
import { awsroleKeys, isManaged, plainKeysThatShadow } from "../../../config/profiles.ts";
import { type Hop, resolveChain } from "../../../credentials/chain.ts";
import { keyAccount } from "../../../credentials/cache/item-names.ts";
import { isAwsRoleError } from "../../../foundation/errors.ts";
import { findReferences } from "../../../profiles/references.ts";
import type { FindingId } from "../rules.ts";
import { explainChain } from "../../../clients/chain-report.ts";
import { at, type Check, type Facts, type Finding, type AutoFix } from "../finding.ts";

/** Every check of the profiles in question. A profile with a bad line has its finding already. */
export const checkProfiles: Check = (facts) => {
  const { files, names } = facts;
  // Once for all profiles, and only if one of them asks: it reads every section.
  let sources: ReadonlySet<string> | undefined;
  const isSource = (profile: string): boolean => (sources ??= sourcesIn(files.config)).has(profile);
  return names.flatMap((name) => {
    try {
      const settings = files.profile(name);
      return settings === undefined ? [] : checkProfile({ ...facts, isSource }, name, settings);
    } catch (error) {
      if (!isAwsRoleError(error) || error.code !== "ERR_CONFIG_SYNTAX") throw error;
      return [];
    }
  });
};

type ProfileFacts = Facts & {
  /** True for the source profile of another profile. */
  readonly isSource: (profile: string) => boolean;
};

function checkProfile(facts: ProfileFacts, name: string, settings: Settings): Finding[] {
  const findings = [
    ...continuedValues(facts, name, settings),
    ...unknownKeys(name, settings),
    ...doubledKeys(facts, name, settings),
    ...roleAndProcess(name, settings),
    ...shadows(facts, name, settings),
    ...plaintextKeys(name, settings),
    ...tokenFile(name, settings),
    ...durations(name, settings),
  ];
  // What was found by name need not be told again in general words.
  const isRefused = findings.some(({ id }) => refusing.has(id));
  return [...findings, ...chainOf(facts, name, settings, isRefused)];
}

const refusing: ReadonlySet<FindingId> = new Set(["unknown-key", "plain-and-prefixed"]);

/** What an indented line below makes of a value. One that is a command over several lines is read whole by some tools and not by others. */
function continuedValues({ files }: Facts, profile: string, settings: Settings): Finding[] {
  return [...settings].flatMap(([key, setting]): Finding[] => {
    const [first, ...more] = setting.value.split("\n");
    if (first === "" || more.length === 0) return [];
    const isOurFile = setting.file === files.config.file;
    const isHeader = more.some((text) =>
      /^\[ *(?:profile|sso-session|services|default)\b.*\]$/i.test(text),
    );
    const isOther = more.every((text) =>
      /^[#;]|^(?:[a-z][a-z0-9]*_)*[a-z][a-z0-9]*[ \t]*=/.test(text),
    );
    const isCommand = key.endsWith("process") && !isHeader && !isOther;
    const place = { id: "continued-value", profile, ...at(setting) } as const;
    // It has a finding of its own.
    const document = isOurFile ? files.config : files.credentials;
    const isTold = (): boolean =>
      oddHeaders(document).some(({ form, line }) => form === "indented" && line > setting.line);
    if (isHeader && isTold()) return [];
    if (isHeader)
      return [
        {
          ...place,
          what: `a section header below ${key} is indented, so that it is a part of its value`,
          fix: "remove the spaces before that line",
          ...(isOurFile ? { autoFix: { edit: outdentSettings } } : {}),
        },
      ];
    return [
      {
        ...place,
        what: isCommand
          ? `${key} has several lines`
          : `the value of ${key} continues in the indented line below it`,
        fix: isCommand ? "write it on one line" : "remove the spaces before that line, or the line",
        ...(isOurFile && isOther
          ? { autoFix: { edit: (config) => outdentBelow(config, profile, key) } }
          : {}),
      },
    ];
  });
}

/** What a value has swallowed, comments and settings, moved to the beginning of their lines. */
function outdentBelow(config: Document, profile: string, key: string): Document {
  const setting = readSettings(config, "profile", profile)?.get(key);
  if (setting === undefined) return config;
  const lines = config.text.split("\n");
  for (let index = setting.line; /^[ \t]+\S/.test(lines[index] ?? ""); index += 1)
    lines[index] = (lines[index] ?? "").replace(/^[ \t]+/, "");
  return parseDocument(lines.join("\n"), config);
}

function unknownKeys(profile: string, settings: Settings): Finding[] {
  return [...settings].flatMap(([key, setting]): Finding[] => {
    const own = key.slice("awsrole_".length);
    if (!key.startsWith("awsrole_") || awsroleKeys.includes(own)) return [];
    const guess = closestMatch(own, awsroleKeys);
    const name = `awsrole_${guess}`;
    const isClear = guess !== undefined && !settings.has(name);
    return [
      {
        id: "unknown-key",
        profile,
        ...at(setting),
        what: `unknown key ${key}`,
        fix:
          guess === undefined
            ? "remove it, or correct its name (see awsrole edit-profile --help)"
            : `did you mean ${name}?`,
        ...(isClear ? { autoFix: inProfile(profile, (c, id) => renameKey(c, id, key, name)) } : {}),
      },
    ];
  });
}

type ProfileId = { readonly kind: "profile"; readonly name: string };

function inProfile(name: string, edit: (config: Document, id: ProfileId) => Document): AutoFix {
  return { edit: (config) => edit(config, { kind: "profile", name }) };
}

function doubledKeys({ files }: Facts, profile: string, settings: Settings): Finding[] {
  const inCredentials = files.credentialsProfile(profile);
  const keys = isManaged(settings)
    ? plainKeysThatShadow
    : awsroleKeys.filter((key) => !["region", "endpoint_url"].includes(key));
  return keys.flatMap((key): Finding[] => {
    const plain = settings.get(key);
    const twin = settings.get(`awsrole_${key}`);
    if (plain === undefined || inCredentials?.has(key) === true) return [];
    if (twin === undefined && !isManaged(settings)) return [];
    const where = twin === undefined ? "" : ` and awsrole_${key} (line ${twin.line})`;
    return [
      {
        id: "plain-and-prefixed",
        profile,
        ...at(plain),
        what: `the profile has ${key}${where}`,
        fix:
          twin === undefined && awsroleKeys.includes(key)
            ? `write it as awsrole_${key}`
            : "remove the line, so that awsrole is used",
        ...fixForDuplicate(profile, key, plain.value, twin?.value, isManaged(settings)),
      },
    ];
  });
}

/** Safe where nothing is lost: the same value twice, or one that awsrole has a name for. */
function fixForDuplicate(
  profile: string,
  key: string,
  plain: string,
  prefixed: string | undefined,
  managed: boolean,
): { autoFix?: AutoFix } {
  // A standard profile is read by the SDKs themselves: there the plain one has to stay.
  const surplus = managed ? key : `awsrole_${key}`;
  if (prefixed === plain)
    return { autoFix: inProfile(profile, (c, id) => deleteKey(c, id, surplus)) };
  if (prefixed !== undefined || !awsroleKeys.includes(key)) return {};
  return { autoFix: inProfile(profile, (c, id) => renameKey(c, id, key, `awsrole_${key}`)) };
}

function roleAndProcess(profile: string, settings: Settings): Finding[] {
  const line = settings.get("credential_process");
  if (isManaged(settings) || line === undefined || !settings.has("role_arn")) return [];
  return [
    {
      id: "role-and-process",
      profile,
      ...at(line),
      what: `the profile has role_arn (line ${settings.get("role_arn")?.line}) and credential_process`,
      fix: `remove the credential_process line; awsrole adopt ${profile} then makes awsrole provide the role`,
    },
  ];
}

function shadows({ files }: Facts, profile: string, settings: Settings): Finding[] {
  const shadow = files.credentialsProfile(profile);
  const own = files.configProfile(profile);
  // A command that is in the credentials file alone shadows nothing: it is the profile.
  const isShadowable = own !== undefined && (isManaged(own) || own.has("credential_process"));
  if (
    shadow === undefined ||
    !(isShadowable || (isManaged(settings) && !shadow.has("credential_process")))
  )
    return [];
  const key = [...plainKeysThatShadow, "credential_process"].find((one) => shadow.has(one));
  const setting = key === undefined ? undefined : shadow.get(key);
  if (setting === undefined) return [];
  return [
    {
      id: "shadowed",
      profile,
      ...at(setting),
      what: `the credentials file has ${key} under the same name`,
      fix:
        shadow.has("role_arn") && !isManaged(own ?? settings)
          ? `awsrole adopt ${profile} moves the role to the config file`
          : `remove [${profile}] from that file, or awsrole rename-profile ${profile} NEW`,
    },
  ];
}

function plaintextKeys(profile: string, settings: Settings): Finding[] {
  const secret = settings.get("aws_secret_access_key");
  if (secret === undefined || settings.has("aws_session_token")) return [];
  return [
    {
      id: "plaintext-key",
      profile,
      ...at(secret),
      what: "access key stored in plain text",
      fix: `awsrole add-key ${profile} --from-credentials-file moves it into the keychain`,
    },
  ];
}

function tokenFile(profile: string, settings: Settings): Finding[] {
  return ["web_identity_token_file", "awsrole_web_identity_token_file"].flatMap((key) => {
    const setting = settings.get(key);
    if (setting === undefined || setting.value === "" || existsSync(setting.value)) return [];
    return [
      {
        id: "token-file-missing",
        profile,
        ...at(setting),
        what: `${setting.value} does not exist`,
        fix: "check the program that writes the token, or set the right file",
      } as const,
    ];
  });
}

function durations(profile: string, settings: Settings): Finding[] {
  const setting = settings.get("awsrole_duration_seconds") ?? settings.get("duration_seconds");
  const seconds = Number(setting?.value);
  if (
    setting === undefined ||
    !(seconds >= roleSessionSeconds.least && seconds < shortSessionSeconds)
  )
    return [];
  return [
    {
      id: "short-session",
      profile,
      ...at(setting),
      what: `sessions of ${seconds} s are shorter than ${shortSessionSeconds} s`,
      fix: `awsrole edit-profile ${profile} --duration-seconds ${roleSessionSeconds.usual}`,
    },
  ];
}

function chainOf(
  facts: ProfileFacts,
  profile: string,
  settings: Settings,
  isRefused: boolean,
): Finding[] {
  const { files, env, rows, now } = facts;
  let hop: Hop;
  try {
    // The variable has a finding of its own.
    hop = resolveChain(files, profile, { ...env, AWSROLE_CHAIN: undefined });
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    const hasNothing = !isManaged(settings) && !settings.has("role_arn");
    // A bad line in a source has its finding, too.
    if (error.code === "ERR_CONFIG_SYNTAX") return [];
    if (isRefused || (hasNothing && isEmptyProfile(settings))) return [];
    const source = settings.get("awsrole_source_profile") ?? settings.get("source_profile");
    if (error.code === "ERR_PROFILE_NOT_FOUND" && oddHeaderOf(files.config, source?.value ?? ""))
      return [];
    const id =
      error.code === "ERR_PROFILE_CYCLE"
        ? "profile-cycle"
        : error.code === "ERR_PROFILE_NOT_FOUND"
          ? "source-missing"
          : "profile-invalid";
    const place = source ?? [...settings.values()][0];
    return [
      {
        id,
        profile,
        ...(place === undefined ? {} : at(place)),
        what: error.message.replace(`profile ${profile}: `, ""),
        fix: error.hint ?? "see awsrole edit-profile --help",
      },
    ];
  }
  return [
    ...capped(profile, settings, explainChain(files, hop, { rows, now, env })[0]?.duration),
    ...regions(facts, profile, settings, hop),
    ...unknownKey(facts, profile, hop),
  ];
}

/** A section that only has settings (region, output) is no mistake. */
function isEmptyProfile(settings: Settings): boolean {
  // AWS's form for a bearer token (CodeCatalyst, toolkits): no credentials are meant.
  const isForToken =
    settings.has("sso_session") &&
    !settings.has("sso_account_id") &&
    !settings.has("sso_role_name");
  if (isForToken)
    return ![...settings.keys()].some(
      (key) =>
        key !== "sso_session" &&
        (plainKeysThatShadow.includes(key) || key === "credential_process"),
    );
  return ![...settings.keys()].some(
    (key) => plainKeysThatShadow.includes(key) || key === "credential_process",
  );
}

function capped(
  profile: string,
  settings: Settings,
  duration: { seconds: number; requested?: number } | undefined,
): Finding[] {
  const setting = settings.get("awsrole_duration_seconds") ?? settings.get("duration_seconds");
  if (duration?.requested === undefined || duration.requested <= duration.seconds) return [];
  return [
    {
      id: "capped-session",
      profile,
      ...(setting === undefined ? {} : at(setting)),
      what: `the duration is ${duration.requested} s, but temporary credentials sign for the role`,
      fix: `awsrole edit-profile ${profile} --duration-seconds ${duration.seconds}, or use an IAM user's key as the source`,
    },
  ];
}

function regions(
  { env, files, isSource }: ProfileFacts,
  profile: string,
  settings: Settings,
  hop: Hop,
): Finding[] {
  const isOurs = hop.kind !== "base" || isManaged(settings);
  if (!isOurs || env["AWS_REGION"] || env["AWS_DEFAULT_REGION"]) return [];
  // What only signs for others needs none.
  if (settings.has("region") || isSource(profile)) return [];
  const [first] = settings.values();
  return [
    {
      id: "no-region",
      profile,
      ...(first === undefined ? {} : at(first)),
      what: "no region in the profile or the environment",
      fix: files.configProfile(profile)
        ? `awsrole edit-profile ${profile} --region REGION`
        : settings.has("role_arn")
          ? `awsrole adopt ${profile} moves the role to the config file, which can have a region`
          : `write region = REGION into [${profile}]`,
    },
  ];
}

function sourcesIn(config: Facts["files"]["config"]): ReadonlySet<string> {
  const references = findReferences(config).filter(
    ({ profile: user, key, to }) => to !== user && key.endsWith("source_profile"),
  );
  return new Set(references.map(({ to }) => to));
}

function unknownKey({ rows }: Facts, profile: string, hop: Hop): Finding[] {
  let base = hop;
  while (base.kind !== "base") {
    if (base.kind === "sso") return [];
    base = base.signer;
  }
  const { source } = base;
  if (source.kind !== "keychain-key" || base.profileName !== profile) return [];
  if (rows.some(({ account }) => account === keyAccount(source.accessKeyId))) return [];
  const setting = source.settings.get("awsrole_access_key_id");
  return [
    {
      id: "key-not-stored",
      profile,
      ...(setting === undefined ? {} : at(setting)),
      what: `access key ${source.accessKeyId} is in no store`,
      fix: `awsrole add-key ${profile}`,
    },
  ];
}
