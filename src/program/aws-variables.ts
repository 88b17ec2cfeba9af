/**
 * The environment variables by which AWS programs find credentials: what `env`, `exec` and `serve` set and clear.
 *
 * - AWS_PROFILE is cleared, because the JavaScript SDK prefers it to keys in the environment.
 * - AWS_REGION (or AWS_DEFAULT_REGION) of the person wins over the profile's region, as it does for `--profile`. Both names are set:
 *   boto3 reads only the one, the JavaScript SDK only the other.
 * - AWSROLE_BEFORE remembers what stood there before and is not secret, so that `env --unset` puts it back, and so that one
 *   profile's region never passes for the person's own when another profile follows.
 */
import type { Environment } from "../foundation/environment.ts";
import { type Credentials, formatExpiration } from "../aws/credentials.ts";

/** Set from the credentials; cleared again by `env --unset`. */
const credentialNames = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  // boto2's name for the token, which botocore still reads.
  "AWS_SECURITY_TOKEN",
  "AWS_CREDENTIAL_EXPIRATION",
  "AWSROLE_PROFILE",
  "AWSROLE_BEFORE",
] as const;

/** Not secret, changed by us, and remembered. */
export const settingNames = [
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_ACCOUNT_ID",
] as const;

/** Set by `serve`. Containers and AWS CloudShell have their own, which are left alone. */
const endpointNames = [
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
] as const;

/** Ways to credentials that SDKs try before a container's endpoint, and names that change which endpoint that is. */
const beforeContainerNames = [
  // Names of the first SDKs, which some still read.
  "AWS_ACCESS_KEY",
  "AWS_SECRET_KEY",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_ROLE_ARN",
  "AWS_ROLE_SESSION_NAME",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
] as const;

/** Everything that wins over AWS_PROFILE in one SDK or another. */
export const overridingNames: readonly string[] = [
  ...credentialNames.filter((name) => !name.startsWith("AWSROLE_")),
  ...beforeContainerNames,
  ...endpointNames,
];

/** Credentials, the profile they are of, and that profile's own region. */
export type CredentialsForEnvironment = {
  readonly profile: string;
  readonly credentials: Credentials;
  readonly region: string | undefined;
};

/** What makes every AWS program use these credentials; undefined values are to be cleared. */
export function credentialVariables(
  { profile, credentials, region }: CredentialsForEnvironment,
  env: Environment,
): Environment {
  return {
    ...settingVariables(region, env),
    AWS_SECURITY_TOKEN: undefined,
    AWS_ACCOUNT_ID: credentials.accountId,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_CREDENTIAL_EXPIRATION:
      credentials.expiresAt === undefined ? undefined : formatExpiration(credentials.expiresAt),
    AWSROLE_PROFILE: profile,
  };
}

/** An endpoint of ours, with its token, or the file that has it, or neither where the reader has it already. */
export type EndpointAddress = {
  readonly url: string;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
};

/** What makes AWS programs ask an endpoint of ours: keys in the environment would come before it, so they go. */
export function endpointVariables(
  { url, token, tokenFile }: EndpointAddress,
  profile: string,
  region: string | undefined,
  env: Environment,
): Environment {
  return {
    ...settingVariables(region, env),
    ...clearedSettings(credentialNames),
    ...clearedSettings(beforeContainerNames),
    AWS_ACCOUNT_ID: undefined,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    AWSROLE_PROFILE: profile,
    AWSROLE_BEFORE: rememberedSettings(env),
  };
}

/** What `env --unset` does: everything that `env` or `serve` set goes, and what they had replaced comes back. */
export function clearedVariables(env: Environment): Environment {
  const isOurs = /^http:\/\/127\.0\.0\.1:\d+\/credentials(?:\/[\w.~-]+)?$/.test(
    env[endpointNames[0]] ?? "",
  );
  return {
    ...clearedSettings(credentialNames),
    ...clearedSettings(settingNames),
    ...(isOurs ? clearedSettings(endpointNames) : {}),
    ...parseBefore(env),
  };
}

/** A child's environment: ours with the variables set and cleared. On Windows a name is the same in any case. */
export function applyVariables(
  env: Environment,
  variables: Environment,
  platform: NodeJS.Platform,
): Record<string, string> {
  const isChanged = (name: string): boolean =>
    Object.hasOwn(variables, platform === "win32" ? name.toUpperCase() : name);
  const kept = Object.entries(env).filter(([name]) => !isChanged(name));
  const applied: Record<string, string> = {};
  for (const [name, value] of [...kept, ...Object.entries(variables)])
    if (value !== undefined) applied[name] = value;
  return applied;
}

/** Where services are: the person's own region, from before awsrole set one, else the profile's. */
export function regionFor(profileRegion: string | undefined, env: Environment): string | undefined {
  const original = parseBefore(env) ?? pick(env);
  return original["AWS_REGION"] || original["AWS_DEFAULT_REGION"] || profileRegion;
}

function settingVariables(profileRegion: string | undefined, env: Environment): Environment {
  const region = regionFor(profileRegion, env);
  return {
    AWS_PROFILE: undefined,
    AWS_DEFAULT_PROFILE: undefined,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWSROLE_BEFORE: rememberedSettings(env),
  };
}

/** Kept from call to call: what stood there before the first of them. Base64url, which no shell has to quote. */
export function rememberedSettings(env: Environment): string {
  return Buffer.from(JSON.stringify(parseBefore(env) ?? pick(env))).toString("base64url");
}

function pick(env: Environment): Record<string, string> {
  return Object.fromEntries(settingNames.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** What AWSROLE_BEFORE says; undefined where it is absent or damaged. */
export function parseBefore(env: Environment): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(
      Buffer.from(env["AWSROLE_BEFORE"] ?? "", "base64url").toString(),
    );
    if (typeof value !== "object" || value === null) return undefined;
    const texts = Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && isOneLine(entry[1]),
    );
    return pick(Object.fromEntries(texts));
  } catch {
    return undefined;
  }
}

/** What a variable that a shell's statement sets can be. */
function isOneLine(text: string): boolean {
  return !/\p{Cc}/u.test(text);
}

/** All of these cleared. */
export function clearedSettings(names: readonly string[]): Environment {
  return Object.fromEntries(names.map((name) => [name, undefined]));
}
