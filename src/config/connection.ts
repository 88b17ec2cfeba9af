/**
 * Where a call to AWS goes and how, decided here and nowhere else.
 *
 * The SDK client is given every value explicitly, because left alone it reads AWS_PROFILE's section, whichever profile
 * that is, and sends one profile's request to another's endpoint (measured). So only these can contribute:
 *
 * - region: `awsrole_region` > AWS_REGION > AWS_DEFAULT_REGION > the profile's `region` > the source's > that of
 *   the profile asked for (where this one is a source of it) > the partition's;
 *   of IAM Identity Center and an `aws login` session: their own, where they have one;
 * - endpoint: `awsrole_endpoint_url` (STS and IAM) > AWS_ENDPOINT_URL_<SERVICE> > AWS_ENDPOINT_URL > the profile's
 *   `services` section > the profile's `endpoint_url`, and nothing but the first where `ignore_configured_endpoint_urls` is set;
 * - FIPS, dual-stack, CA bundle, attempts: the environment > the profile.
 *
 * No other profile's `services`, and no `[default]`, has a say. An endpoint without TLS is refused unless it is loopback.
 */

import type { Environment } from "../foundation/environment.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import type { Setting, Settings } from "./document.ts";
import { maskSecrets } from "./secret-keys.ts";

/** Everything an AWS client needs to know about the way to AWS. `endpointUrl` is absent when AWS's own endpoint is meant. */
export type StsConnection = {
  readonly region: string;
  readonly endpointUrl?: string;
  readonly useFipsEndpoint: boolean;
  readonly useDualstackEndpoint: boolean;
  /** A PEM file whose certificates replace the system's, as in the AWS CLI. */
  readonly caBundleFile?: string;
  /** Attempts per call, the first included: 1 or 2. */
  readonly maxAttempts: number;
  readonly env: Environment;
};

/** The services that awsrole asks, by their names in a config (`[services]`) and in AWS_ENDPOINT_URL_NAME. */
export type Service = "sts" | "iam" | "sso" | "sso_oidc" | "signin";

/** What `resolveConnection` decides by. */
export type ConnectionInput = {
  /** Which service's endpoint settings count. */
  readonly service?: Service;
  /** The region, where the source itself has one (`sso_region`); no other setting counts then. */
  readonly ownRegion?: Setting | undefined;
  /** The profile whose role is assumed, with plain and `awsrole_` keys as they stand in the file. */
  readonly profile: Settings;
  /** The profile whose credentials sign; asked for its region only. */
  readonly source?: Settings | undefined;
  /** The profile that was asked for, where this one is a source of it; asked for its region only, before the partition's default. */
  readonly askedFor?: Settings | undefined;
  /** The `[services NAME]` section of the config file; asked for the one that the profile names, if that counts. */
  readonly services: (name: string) => Settings | undefined;
  /** Decides the default region when nothing else does. */
  readonly roleArn?: string | undefined;
  readonly env: Environment;
};

/**
 * The way to a service for one profile; STS where none is named.
 *
 * Throws ERR_PROFILE_INVALID, naming file and line or the environment variable, for a value that cannot be used: a malformed
 * region or URL, an endpoint without TLS, a `services` section that does not exist, FIPS together with an own endpoint.
 */
export function resolveConnection(input: ConnectionInput): StsConnection {
  const { env, profile } = input;
  const fips = booleanOf(env, "AWS_USE_FIPS_ENDPOINT", profile, "use_fips_endpoint");
  const dualstack = booleanOf(env, "AWS_USE_DUALSTACK_ENDPOINT", profile, "use_dualstack_endpoint");
  const endpoint = endpointOf(input);
  for (const choice of [fips, dualstack]) {
    if (endpoint && choice.on) {
      throw invalid(
        `${choice.origin()} and ${endpoint.origin()} cannot be combined`,
        "remove one of the two",
      );
    }
  }
  const caBundle = envFound(env, "AWS_CA_BUNDLE") ?? found(profile, "ca_bundle");
  return {
    region: regionOf(input),
    ...(endpoint && { endpointUrl: endpoint.value }),
    useFipsEndpoint: fips.on,
    useDualstackEndpoint: dualstack.on,
    ...(caBundle && { caBundleFile: caBundle.value }),
    maxAttempts: maxAttemptsOf(env, profile),
    env,
  };
}

/**
 * The way to a service for the profile `name` of these files, by nothing but its own section and the environment: where no role is assumed.
 * @throws ERR_PROFILE_INVALID as `resolveConnection`.
 */
export function connectionFor(
  { env }: { readonly env: Environment },
  files: {
    readonly profile: (name: string) => Settings | undefined;
    readonly services: (name: string) => Settings | undefined;
  },
  name: string,
  service: Service = "sts",
): StsConnection {
  return resolveConnection({
    service,
    profile: files.profile(name) ?? new Map(),
    services: (section) => files.services(section),
    env,
  });
}

/**
 * The partition (`aws`, `aws-cn`, …) a role ARN names, or `undefined` when it is not an ARN.
 * The region of each is the one the SDK's partition data would accept too; a test compares them.
 */
export function partitionOf(arn: string): string | undefined {
  return /^arn:(aws[a-z0-9-]*):/.exec(arn)?.[1];
}

/** The region whose STS is asked for a role of this partition when none is named. */
export const defaultRegions: ReadonlyMap<string, string> = new Map([
  ["aws", "us-east-1"],
  ["aws-cn", "cn-north-1"],
  ["aws-us-gov", "us-gov-west-1"],
  ["aws-iso", "us-iso-east-1"],
  ["aws-iso-b", "us-isob-east-1"],
  ["aws-iso-e", "eu-isoe-west-1"],
  ["aws-iso-f", "us-isof-south-1"],
  ["aws-eusc", "eusc-de-east-1"],
]);

/** A value and its place, for messages. The place is worked out on demand: it costs counting lines. */
type Found = { readonly value: string; readonly origin: () => string };

function regionOf({ env, profile, source, askedFor, roleArn, ownRegion }: ConnectionInput): string {
  const region =
    ownFound("sso_region", ownRegion) ??
    found(profile, "awsrole_region") ??
    envFound(env, "AWS_REGION") ??
    envFound(env, "AWS_DEFAULT_REGION") ??
    found(profile, "region") ??
    found(source, "awsrole_region") ??
    found(source, "region") ??
    found(askedFor, "awsrole_region") ??
    found(askedFor, "region");
  if (region) {
    if (isRegion(region.value)) {
      return region.value;
    }
    throw invalid(
      `"${maskSecrets(region.value)}" is not a region (${region.origin()})`,
      "use a name like eu-west-1",
    );
  }
  const partition = (roleArn === undefined ? undefined : partitionOf(roleArn)) ?? "aws";
  const fallback = defaultRegions.get(partition);
  if (fallback === undefined) {
    throw invalid(
      `no region is set, and partition ${partition} has no known default`,
      "set region in the profile",
    );
  }
  return fallback;
}

/** A region becomes part of a host name: anything but one DNS label could name another host. */
export function isRegion(text: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(text);
}

function endpointOf({
  env,
  profile,
  services,
  service = "sts",
}: ConnectionInput): Found | undefined {
  const own = found(profile, "awsrole_endpoint_url");
  if (own && (service === "sts" || service === "iam")) {
    return secureUrl(own);
  }
  if (ignoresConfiguredEndpoints(env, profile)) return undefined;
  const endpoint =
    envFound(env, `AWS_ENDPOINT_URL_${service.toUpperCase()}`) ??
    envFound(env, "AWS_ENDPOINT_URL") ??
    fromServices(profile, services, service) ??
    found(profile, "endpoint_url");
  return endpoint && secureUrl(endpoint);
}

/** Whether the environment, else the profile, wants AWS's own endpoints whatever is configured. @throws ERR_PROFILE_INVALID for neither true nor false. */
export function ignoresConfiguredEndpoints(env: Environment, profile: Settings): boolean {
  const variable = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
  return booleanOf(env, variable, profile, "ignore_configured_endpoint_urls").on;
}

function fromServices(
  profile: Settings,
  services: ConnectionInput["services"],
  service: string,
): Found | undefined {
  const name = found(profile, "services");
  if (!name) {
    return undefined;
  }
  const section = services(name.value);
  if (!section) {
    throw invalid(
      `there is no [services ${name.value}] section (${name.origin()})`,
      "add the section, or remove the services line",
    );
  }
  return found(section.get(service)?.nested, "endpoint_url");
}

function secureUrl(endpoint: Found): Found {
  const url = URL.canParse(endpoint.value) ? new URL(endpoint.value) : undefined;
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname))) {
    return endpoint;
  }
  const problem = url?.protocol === "http:" ? "an endpoint without TLS" : "not an https URL";
  throw invalid(
    `"${endpoint.value}" is ${problem} (${endpoint.origin()})`,
    "use https://; http:// is allowed on this machine only (localhost, 127.0.0.1, [::1])",
  );
}

/** True for a host (as `URL.hostname` gives it) that never leaves this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function booleanOf(
  env: Environment,
  variable: string,
  profile: Settings,
  key: string,
): { on: boolean; origin: () => string } {
  const setting = envFound(env, variable) ?? found(profile, key);
  const value = setting?.value.toLowerCase();
  if (setting && value !== "true" && value !== "false") {
    throw invalid(
      `"${setting.value}" is neither true nor false (${setting.origin()})`,
      "use true or false",
    );
  }
  return { on: value === "true", origin: setting?.origin ?? (() => key) };
}

/** The user's number where it is smaller, but never more than 2: behind `credential_process` no person is watching. */
function maxAttemptsOf(env: Environment, profile: Settings): number {
  const setting = envFound(env, "AWS_MAX_ATTEMPTS") ?? found(profile, "max_attempts");
  if (!setting) {
    return 2;
  }
  if (!/^\d{1,9}$/.test(setting.value) || Number(setting.value) === 0) {
    throw invalid(
      `"${setting.value}" is not a number of attempts (${setting.origin()})`,
      "use a number from 1 up",
    );
  }
  return Math.min(Number(setting.value), 2);
}

function found(settings: Settings | undefined, key: string): Found | undefined {
  return ownFound(key, settings?.get(key));
}

function ownFound(key: string, setting: Setting | undefined): Found | undefined {
  if (!setting || setting.value === "") {
    return undefined;
  }
  return { value: setting.value, origin: () => `${key} in ${setting.file}:${setting.line}` };
}

function envFound(env: Environment, variable: string): Found | undefined {
  const value = env[variable];
  return value === undefined || value === "" ? undefined : { value, origin: () => variable };
}

function invalid(message: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_PROFILE_INVALID", message, { hint });
}
