/** Values of role settings: the limits of the STS API (service model 2011-06-15), checked before any call. */
import { AwsRoleError } from "../foundation/errors.ts";
import type { Setting, Settings } from "./document.ts";
import { invisible, noWidth } from "../foundation/text.ts";
import { mfaDeviceProblem } from "./mfa-device.ts";
import { maskSecrets } from "./secret-keys.ts";

/** A session tag. */
export type Tag = { readonly key: string; readonly value: string };

/** A setting together with the key it was written under, for messages. */
export type Named = { readonly key: string; readonly setting: Setting };

/** The setting under its key; an empty value counts as absent, as in the AWS CLI. */
export function findNamed(settings: Settings, key: string): Named | undefined {
  const setting = settings.get(key);
  return setting === undefined || setting.value === "" ? undefined : { key, setting };
}

/** What a value must match, and how to say so. */
export type Rule = { readonly pattern: RegExp; readonly hint: string };

const sessionText = "letters, digits and _+=,.@-, 2 to 64 of them";

/** The rules for single values. */
export const rules = {
  roleArn: {
    pattern: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
    hint: "an ARN looks like arn:aws:iam::123456789012:role/NAME",
  },
  accountId: { pattern: /^\d{12}$/, hint: "an account id has 12 digits" },
  accessKeyId: {
    pattern: /^[A-Z0-9]{16,128}$/,
    hint: "an access key id looks like AKIAIOSFODNN7EXAMPLE",
  },
  sessionName: { pattern: /^[\w+=,.@-]{2,64}$/, hint: sessionText },
  /** Of `awsrole_role_session_name` alone: AWS and its SDKs know no templates. */
  sessionNameTemplate: {
    pattern:
      /^(?:[\w+=,.@-]{2,64}|(?=.*\{)(?:[\w+=,.@-]|\{(?:user|iam-user|host|profile)\}){1,64})$/,
    hint: `${sessionText}; or with {user}, {iam-user}, {host} and {profile} in it`,
  },
  sourceIdentity: { pattern: /^[\w+=,.@-]{2,64}$/, hint: sessionText },
  externalId: {
    pattern: /^[\w+=,.@:/-]{2,1224}$/,
    hint: "letters, digits and _+=,.@:/-, 2 to 1224 of them",
  },
  mfaSerial: {
    pattern: /^[\w+=/:,.@-]{9,256}$/,
    hint: "a serial looks like arn:aws:iam::123456789012:mfa/NAME, or is the number on a hardware device",
  },
  policyArn: {
    pattern: /^arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy\/[\w+=,.@/-]{1,512}$/,
    hint: "an ARN looks like arn:aws:iam::aws:policy/ReadOnlyAccess",
  },
} as const satisfies Record<string, Rule>;

/** The value when it follows the rule. @throws ERR_PROFILE_INVALID with its place and what is allowed. */
export function requireRule(profile: string, { key, setting }: Named, rule: Rule): string {
  if (rule.pattern.test(setting.value)) return setting.value;
  throw invalidValue(profile, { key, setting }, rule.hint);
}

/** A serial that AWS can take a code for. @throws ERR_PROFILE_INVALID. */
export function requireMfaSerial(profile: string, { key, setting }: Named): string {
  const problem = mfaDeviceProblem(setting.value);
  if (problem === undefined) return requireRule(profile, { key, setting }, rules.mfaSerial);
  throw new AwsRoleError(
    "ERR_PROFILE_INVALID",
    `profile ${profile}: ${key} ${problem.what} (${setting.file}:${setting.line})`,
    { hint: problem.hint },
  );
}

/** Whole seconds within [minimum, maximum]. @throws ERR_PROFILE_INVALID. */
export function parseDuration(
  profile: string,
  named: Named,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const seconds = /^\d{1,9}$/.test(named.setting.value) ? Number(named.setting.value) : Number.NaN;
  if (seconds >= least && seconds <= most) return seconds;
  throw invalidValue(profile, named, `it is a whole number of seconds from ${least} to ${most}`);
}

/** A comma-separated list of at most `limit` different, non-empty entries. @throws ERR_PROFILE_INVALID. */
export function parseList(profile: string, named: Named, limit: number): readonly string[] {
  const entries = named.setting.value.split(",").map((entry) => entry.trim());
  if (entries.includes("") || new Set(entries).size !== entries.length || entries.length > limit) {
    throw invalidValue(
      profile,
      named,
      `it is a comma-separated list of at most ${limit} different entries`,
    );
  }
  return entries;
}

/** A list of at most 10 ARNs of managed policies. @throws ERR_PROFILE_INVALID. */
export function parsePolicyArns(profile: string, named: Named): readonly string[] {
  const arns = parseList(profile, named, 10);
  if (arns.every((arn) => rules.policyArn.pattern.test(arn))) return arns;
  throw invalidValue(profile, named, rules.policyArn.hint);
}

const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** `k=v,k2=v2`, each split at its first `=`; at most 50, keys unique without regard to case. @throws ERR_PROFILE_INVALID. */
export function parseTags(profile: string, named: Named): readonly Tag[] {
  const hint = "tags are written key=value,key2=value2, each key once";
  const seen = new Set<string>();
  return parseList(profile, named, 50).map((entry) => {
    const split = entry.indexOf("=");
    if (split < 1) throw invalidValue(profile, named, hint);
    const tag = { key: entry.slice(0, split).trim(), value: entry.slice(split + 1).trim() };
    const isWithinLimits =
      tag.key.length <= 128 && tag.value.length <= 256 && tagText.test(tag.key + tag.value);
    if (!isWithinLimits || seen.has(tag.key.toLowerCase()))
      throw invalidValue(profile, named, hint);
    seen.add(tag.key.toLowerCase());
    return tag;
  });
}

/** ERR_PROFILE_INVALID for one value, with file and line. */
export function invalidValue(profile: string, { key, setting }: Named, hint: string): AwsRoleError {
  const value = maskSecrets(setting.value);
  const shown = value.length > 80 ? `${value.slice(0, 77)}...` : value;
  return new AwsRoleError(
    "ERR_PROFILE_INVALID",
    `profile ${profile}: ${key} = ${shown} is not valid (${setting.file}:${setting.line})`,
    {
      hint: invisible.test(setting.value)
        ? `it has a character that cannot be seen, from a web page or a document: ${invisible.test(setting.value.trim().replaceAll(noWidth, "")) ? "write the line again by hand" : "awsrole doctor --fix takes it out"}`
        : hint,
    },
  );
}
