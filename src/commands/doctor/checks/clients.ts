/** Profiles that AWS's clients read differently from one another, by measurement. */
import { plural } from "../../../cli/output.ts";
import { type Client, clientNames, outcomes } from "../../../clients/client-names.ts";
import { measuredClients } from "../../../clients/measurements.ts";
import { consumersOf } from "../../../clients/sdk-behavior.ts";
import { isAwsRoleError } from "../../../foundation/errors.ts";
import { isUnseenByJavaV1 } from "../../../clients/java-v1.ts";
import { at, type Check, type Facts, type Finding } from "../finding.ts";

/** Every check by measurement. */
export const checkClients: Check = (facts) => [
  ...facts.names.flatMap((name) => {
    try {
      return [...disagreement(facts, name), ...nameForCrt(facts, name)];
    } catch (error) {
      if (!isAwsRoleError(error)) throw error;
      return [];
    }
  }),
  ...javaV1(facts),
];

/** Once for the file, whatever the number of profiles. */
function javaV1({ files, names, env }: Facts): Finding[] {
  if (env["AWS_CREDENTIAL_PROFILES_FILE"]) return [];
  const unseen = names.filter((name) => isUnseenByJavaV1(files, name));
  const [first] = unseen;
  if (first === undefined) return [];
  const others = unseen.length - 1;
  const are = others === 0 ? "is" : `and ${plural(others, "other")} are`;
  return [
    {
      id: "java-v1-file",
      file: files.credentials.file,
      what: `${files.credentials.file} is there, and profile ${first} ${are} not in it`,
      fix: `where such programs run, set AWS_CREDENTIAL_PROFILES_FILE=${files.config.file}; or add-key the keys in it and remove the file`,
    },
  ];
}

/** By which the clients of the CRT find a profile: measured with Mountpoint's client 0.14.1. */
function nameForCrt({ files }: Facts, profile: string): Finding[] {
  if (/^[\w-]+$/.test(profile)) return [];
  const [setting] = files.configProfile(profile)?.values() ?? [];
  if (setting === undefined) return [];
  return [
    {
      id: "name-for-crt",
      profile,
      ...at(setting),
      what: "the name has characters other than letters, digits, - and _",
      fix: `awsrole rename-profile ${profile} NAME, if you use such a program`,
    },
  ];
}

/** What most people run. */
const common: readonly Client[] = ["botocore", "go", "js", "java"];

/**
 * Two ways to credentials in one profile, or one written so that some do not know it. Told by other findings: a command beside a role or a
 * key, an odd header. One way alone is none: some releases do not know `aws login`, and no SDK asks for an MFA code by itself.
 */
function disagreement({ files }: Facts, profile: string): Finding[] {
  const { mixture, does } = consumersOf(files, profile);
  if (mixture === undefined || !isMixed(mixture)) return [];
  const asked = common.filter((client) => measuredClients.has(client));
  const first = does[asked[0] ?? "botocore"];
  const other = asked.find((client) => does[client] !== first);
  if (other === undefined) return [];
  const [setting] = files.profile(profile)?.values() ?? [];
  return [
    {
      id: "clients-disagree",
      profile,
      ...(setting === undefined ? {} : { file: setting.file, line: setting.line }),
      what: `${mixture}: ${clientNames.botocore} ${outcomes[first]}, ${clientNames[other]} ${outcomes[does[other]]}`,
      fix: `keep one source of credentials, with keys that all of them read; awsrole explain ${profile} shows what each does`,
    },
  ];
}

function isMixed(mixture: string): boolean {
  const has = (name: string): boolean => mixture.split(" + ").includes(name);
  if (has("role_arn") && has("credential_process")) return false;
  if (has("credential_process") && has("key in credentials")) return false;
  if (has("keys in capitals")) return true;
  if (has("source_profile") && !has("role_arn")) return true;
  const ways = [
    has("role_arn") && (has("source_profile") || has("credential_source")),
    has("web_identity_token_file"),
    has("sso_session") || has("sso_start_url"),
    has("login_session"),
    has("credential_process"),
    has("key in config") || has("key in credentials"),
  ];
  return ways.filter(Boolean).length > 1;
}
