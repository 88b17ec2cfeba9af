/** Variables of the environment that lead AWS tools elsewhere, or node astray. */
import manifest from "../../../../package.json" with { type: "json" };
import { existsSync } from "node:fs";
import { win32 } from "node:path";
import { differingHomes } from "../../../config/paths.ts";
import { readCaBundle } from "../../../aws/ca-bundle.ts";
import { proxyFor } from "../../../aws/proxy.ts";
import type { Settings } from "../../../config/document.ts";
import { closestMatch } from "../../../foundation/edit-distance.ts";
import { regionProblem } from "../../../config/region-names.ts";
import { setCommand, unsetCommand } from "../../../foundation/permission-advice.ts";
import { plainKeysThatShadow } from "../../../config/profiles.ts";
import { isAwsRoleError } from "../../../foundation/errors.ts";
import { configuredStore } from "../../../config/store-setting.ts";
import { chooseStore } from "../../../stores/open.ts";
import { at, type Check, type Facts, type Finding } from "../finding.ts";

/** Every check of the environment. */
export const checkEnvironment: Check = (facts) => [
  ...keys(facts),
  ...profiles(facts),
  ...emptyVariables(facts),
  ...regions(facts),
  ...places(facts),
  ...endpoint(facts),
  ...network(facts),
  ...node(facts),
];

function keys({ env, now, files, names }: Facts): Finding[] {
  // The key is what such a profile is for.
  if (names.some((name) => isFromEnvironment(readable(files, name)))) return [];
  const findings: Finding[] = [];
  const unset = "awsrole env --unset prints what clears it";
  if (env["AWS_SECURITY_TOKEN"])
    findings.push({ id: "env-legacy", what: "AWS_SECURITY_TOKEN is set", fix: unset });
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = env;
  if (Boolean(id) !== Boolean(secret))
    return [
      ...findings,
      {
        id: "env-half-key",
        what: `${id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"} is set without ${id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"}`,
        fix: `set both or none: ${unset}`,
      },
    ];
  if (!id) return findings;
  const end = env["AWS_CREDENTIAL_EXPIRATION"];
  const hasEnded = end !== undefined && Date.parse(end) < now.getTime();
  findings.push(
    hasEnded
      ? { id: "env-expired", what: `the AWS key in the environment expired at ${end}`, fix: unset }
      : { id: "env-key", what: "AWS_ACCESS_KEY_ID is set", fix: unset },
  );
  return findings;
}

function isFromEnvironment(settings: Settings | undefined): boolean {
  return ["credential_source", "awsrole_credential_source"].some(
    (key) => settings?.get(key)?.value === "Environment",
  );
}

function profiles({ env, files, platform }: Facts): Finding[] {
  const known = files.profileNames();
  const findings = (["AWS_PROFILE", "AWS_DEFAULT_PROFILE"] as const).flatMap(
    (variable): Finding[] => {
      const name = env[variable];
      if (name === "")
        return [
          {
            id: "env-profile-empty",
            what: `${variable} is empty`,
            fix: unsetCommand(variable, platform),
          },
        ];
      if (!name || known.includes(name) || name === "default") return [];
      const bare = name.replace(/^profile\s+/, "");
      const guess = known.includes(bare) ? bare : closestMatch(name, known);
      return [
        {
          id: "env-profile-missing",
          what: `${variable} names the profile ${name}, which does not exist`,
          fix: guess === undefined ? unsetCommand(variable, platform) : `did you mean ${guess}?`,
        },
      ];
    },
  );
  const { AWS_PROFILE: one, AWS_DEFAULT_PROFILE: other } = env;
  if (one && other && one !== other)
    findings.push({
      id: "env-two-profiles",
      what: `AWS_PROFILE is ${one}, and AWS_DEFAULT_PROFILE is ${other}`,
      fix: unsetCommand("AWS_DEFAULT_PROFILE", platform),
    });
  return findings;
}

/** Variables that are no way to say "none", by what the AWS CLI and boto3 do with an empty one (measured with botocore 1.43). */
const failsWhenEmpty: Readonly<Record<string, string>> = {
  AWS_CONFIG_FILE: "they read no config file",
  AWS_DEFAULT_REGION: "they look for hosts without a region in their name",
  AWS_CONTAINER_CREDENTIALS_FULL_URI: "they ask an endpoint without an address",
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "they ask an endpoint without a path",
  AWS_MAX_ATTEMPTS: "every call fails",
  AWS_RETRY_MODE: "every call fails",
  AWS_DEFAULTS_MODE: "every call fails",
  AWS_ACCOUNT_ID_ENDPOINT_MODE: "every call fails",
  AWS_METADATA_SERVICE_TIMEOUT: "every call fails",
  AWS_METADATA_SERVICE_NUM_ATTEMPTS: "every call fails",
  AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "every call fails",
  AWS_REQUEST_CHECKSUM_CALCULATION: "every call fails",
  AWS_RESPONSE_CHECKSUM_VALIDATION: "every call fails",
  AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES: "every call fails",
};

function emptyVariables({ env, platform }: Facts): Finding[] {
  return Object.entries(failsWhenEmpty).flatMap(([variable, effect]): Finding[] =>
    env[variable] === ""
      ? [
          {
            id: "env-empty",
            what: `${variable} is set to nothing: ${effect}`,
            fix: unsetCommand(variable, platform),
          },
        ]
      : [],
  );
}

function regions({ env, platform }: Facts): Finding[] {
  const { AWS_REGION: one, AWS_DEFAULT_REGION: other } = env;
  if (env["AWS_ENDPOINT_URL"]) return [];
  const findings = [["AWS_REGION", one] as const, ["AWS_DEFAULT_REGION", other] as const].flatMap(
    ([variable, value]): Finding[] => {
      const problem = value ? regionProblem(value) : undefined;
      if (problem === undefined) return [];
      const meant = problem.meant ?? problem.guess;
      return [
        {
          id: "env-region-unknown",
          what: `${variable} = ${value} ${problem.what}`,
          fix:
            meant === undefined
              ? unsetCommand(variable, platform)
              : setCommand(variable, meant, platform),
        },
      ];
    },
  );
  if (one && other && one !== other && findings.length === 0)
    findings.push({
      id: "env-two-regions",
      what: `AWS_REGION is ${one}, and AWS_DEFAULT_REGION is ${other}`,
      fix: `${setCommand("AWS_DEFAULT_REGION", one, platform)}, or unset both and let the profile say it`,
    });
  return findings;
}

function places({ env, files, platform }: Facts): Finding[] {
  const findings: Finding[] = [];
  for (const [variable, { file }] of [
    ["AWS_CONFIG_FILE", files.config],
    ["AWS_SHARED_CREDENTIALS_FILE", files.credentials],
  ] as const) {
    if (env[variable] && !existsSync(file))
      findings.push({
        id: "env-file-missing",
        what: `${variable} names ${file}, which does not exist`,
        fix: `set it to the right file, or ${unsetCommand(variable, platform)}`,
      });
  }
  const homes = differingHomes(env, platform);
  if (homes !== undefined && homes.some((home) => existsSync(win32.join(home, ".aws"))))
    findings.push({
      id: "env-two-homes",
      what: `HOME is ${homes[0]}, and USERPROFILE is ${homes[1]}`,
      fix: `${unsetCommand("HOME", platform)}, or name the files in AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE`,
    });
  if (env["AWSROLE_CHAIN"])
    findings.push({
      id: "env-chain",
      what: "AWSROLE_CHAIN is set, which awsrole sets only for the programs it starts",
      fix: unsetCommand("AWSROLE_CHAIN", platform),
    });
  try {
    chooseStore({
      environment: env["AWSROLE_STORE"],
      configured: () => configuredStore(files),
    });
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    if (error.code === "ERR_STORE_UNAVAILABLE")
      findings.push({ id: "store-unknown", what: error.message, fix: error.hint ?? "" });
  }
  return findings;
}

/** Of `serve` or a container. A profile that is named is found before it by everybody's intention. */
function endpoint({ env, files }: Facts): Finding[] {
  const isThere =
    env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] || env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  if (!isThere || env["AWS_PROFILE"] || env["AWS_DEFAULT_PROFILE"]) return [];
  const settings = readable(files, "default");
  const key = [...plainKeysThatShadow, "credential_process"].find((one) => settings?.has(one));
  const setting = key === undefined ? undefined : settings?.get(key);
  if (setting === undefined) return [];
  return [
    {
      id: "default-first",
      profile: "default",
      ...at(setting),
      what: `[default] has ${key}, which AWS tools use before the endpoint in the environment`,
      fix: "give [default] another name",
    },
  ];
}

function network({ env, files, names }: Facts): Finding[] {
  const findings: Finding[] = [];
  for (const url of ["https://sts.amazonaws.com", "http://127.0.0.1"]) {
    try {
      proxyFor(new URL(url), env);
    } catch (error) {
      if (!isAwsRoleError(error)) throw error;
      findings.push({ id: "proxy-invalid", what: error.message, fix: error.hint ?? "" });
    }
  }
  const bundles = new Map([["AWS_CA_BUNDLE", env["AWS_CA_BUNDLE"]]]);
  for (const name of names)
    bundles.set(`ca_bundle of profile ${name}`, readable(files, name)?.get("ca_bundle")?.value);
  for (const [where, file] of bundles) {
    if (!file) continue;
    try {
      readCaBundle(file);
    } catch (error) {
      if (!isAwsRoleError(error)) throw error;
      findings.push({
        id: "ca-bundle-unreadable",
        what: `${where}: ${error.message}`,
        fix: "set it to a PEM file with certificates",
      });
    }
  }
  return findings;
}

function readable(files: Facts["files"], name: string): Settings | undefined {
  try {
    return files.profile(name);
  } catch {
    // Its section has a bad line, which is a finding of its own.
    return undefined;
  }
}

/** The versions of node that awsrole runs on, as package.json has them: `^20.19.0 || >=22.12.0`. */
const nodeRange = manifest.engines.node;

/** True for a version in that range, whose parts are carets and lower bounds. */
function isSupportedNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return [...nodeRange.matchAll(/(\^|>=)(\d+)\.(\d+)/g)].some(
    ([, operator, leastMajor, leastMinor]) =>
      (major === Number(leastMajor) && minor >= Number(leastMinor)) ||
      (operator === ">=" && major > Number(leastMajor)),
  );
}

function node({ env, nodeVersion, platform }: Facts): Finding[] {
  const findings: Finding[] = [];
  if (!isSupportedNode(nodeVersion))
    findings.push({
      id: "node-old",
      what: `this is Node ${nodeVersion}`,
      fix: `install a node that awsrole runs on (${nodeRange})`,
    });
  // The second is the stand-alone program's: its runtime is bun.
  for (const name of ["NODE_OPTIONS", "BUN_OPTIONS"])
    if (env[name])
      findings.push({
        id: "node-options",
        what: `${name} is set`,
        fix: `${unsetCommand(name, platform)} where AWS tools run`,
      });
  if (env["NODE_TLS_REJECT_UNAUTHORIZED"] === "0")
    findings.push({
      id: "node-tls-off",
      what: "NODE_TLS_REJECT_UNAUTHORIZED is 0",
      fix: "remove it, and set AWS_CA_BUNDLE to a file with your proxy's certificates",
    });
  if (env["NODE_DEBUG"])
    findings.push({
      id: "node-debug",
      what: "NODE_DEBUG is set",
      fix: unsetCommand("NODE_DEBUG", platform),
    });
  const extra = env["NODE_EXTRA_CA_CERTS"];
  if (extra && !existsSync(extra))
    findings.push({
      id: "node-extra-certificates",
      what: `NODE_EXTRA_CA_CERTS names ${extra}, which does not exist`,
      fix: "set it to a PEM file, or remove it",
    });
  return findings;
}
