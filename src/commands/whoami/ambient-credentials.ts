/**
 * Which credentials AWS programs in this shell use when no profile is named to them, and what that hides.
 *
 * The order is the AWS CLI's (botocore's credentials.py): keys in the environment; a role of the profile; web identity in the environment; whatever
 * else the profile has; a container's endpoint. The profile is AWS_PROFILE, else AWS_DEFAULT_PROFILE, else `default`. Other SDKs differ
 * in two places, which are told where they matter. What comes last, an EC2 instance's metadata service, is not looked for: only asking
 * it, and waiting for an answer, would tell whether there is one.
 */
import type { Environment } from "../../foundation/environment.ts";
import { combineDocuments } from "../../config/files.ts";
import { type FileKind, parseDocument, type Settings } from "../../config/document.ts";
import type { AwsFiles } from "../../config/files.ts";
import { profileNotFound, readProfile } from "../../config/profiles.ts";
import { resolveChain } from "../../credentials/chain.ts";
import { createBaseCredentials } from "../../credentials/base-credentials.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import type { ResolvedChain } from "../../sessions/fetch-credentials.ts";

export type IdentityInUse = {
  /** What gives the credentials, for people: `AWS_ACCESS_KEY_ID in the environment`. */
  readonly via: string;
  /** What would give others if that were not there, in order. */
  readonly shadows: readonly string[];
  /** Where SDKs do not agree. */
  readonly notes: readonly string[];
  /** The profile whose settings count beside it. */
  readonly profile: string;
  /** True where the credentials are that profile's own. */
  readonly isOfProfile: boolean;
  readonly resolved: ResolvedChain;
};

type Candidate = {
  readonly via: string;
  readonly isOfProfile: boolean;
  readonly resolve: () => ResolvedChain;
};

/** @throws ERR_PROFILE_NOT_FOUND when nothing gives credentials, or a variable names a profile that does not exist. */
export function findIdentityInUse(files: AwsFiles, env: Environment): IdentityInUse {
  const { profile, variable } = namedProfile(env);
  if (variable !== undefined && files.profile(profile) === undefined)
    throw new AwsRoleError(
      "ERR_PROFILE_NOT_FOUND",
      `${variable} names the profile ${profile}, which does not exist`,
      { hint: profileNotFound(files, profile).hint },
    );
  const [first, ...others] = candidates(files, env, profile, variable);
  if (first === undefined)
    throw new AwsRoleError(
      "ERR_PROFILE_NOT_FOUND",
      "no AWS credentials found in this shell: no keys in the environment, no [default] profile",
      {
        hint: "specify a profile: awsrole whoami NAME (on an EC2 instance, AWS programs would also try the metadata service)",
      },
    );
  return {
    via: first.via,
    shadows: others.map(({ via }) => via),
    notes: disagreements(env, first.via),
    profile,
    isOfProfile: first.isOfProfile,
    resolved: first.resolve(),
  };
}

function namedProfile(env: Environment): { readonly profile: string; readonly variable?: string } {
  for (const variable of ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]) {
    const profile = env[variable];
    if (profile) return { profile, variable };
  }
  return { profile: "default" };
}

const keysInEnvironment = "AWS_ACCESS_KEY_ID in the environment";

function candidates(
  files: AwsFiles,
  env: Environment,
  profile: string,
  variable: string | undefined,
): readonly Candidate[] {
  const leaf = (kind: "environment" | "ecs-container") => (): ResolvedChain => ({
    files,
    chain: createBaseCredentials({ kind }, [profile], env),
  });
  const found: Candidate[] = [];
  if (env["AWS_ACCESS_KEY_ID"] && env["AWS_SECRET_ACCESS_KEY"])
    found.push({ via: keysInEnvironment, isOfProfile: false, resolve: leaf("environment") });
  const kind = files.profile(profile) === undefined ? "empty" : readProfile(files, profile).kind;
  const byProfile: Candidate = {
    via: variable === undefined ? "the profile [default]" : `${variable} = ${profile}`,
    isOfProfile: true,
    resolve: () => ({ files, chain: resolveChain(files, profile, env) }),
  };
  const isStandardRole =
    kind === "role" && files.profile(profile)?.has("awsrole_role_arn") === false;
  if (isStandardRole) found.push(byProfile);
  if (env["AWS_WEB_IDENTITY_TOKEN_FILE"] && env["AWS_ROLE_ARN"])
    found.push({
      via: "AWS_WEB_IDENTITY_TOKEN_FILE in the environment",
      isOfProfile: false,
      resolve: () => webIdentity(env),
    });
  if (kind !== "empty" && !isStandardRole) found.push(byProfile);
  const endpoint = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  const isContainer = endpoint.find((name) => env[name]);
  if (isContainer !== undefined)
    found.push({
      via: `${isContainer} in the environment`,
      isOfProfile: false,
      resolve: leaf("ecs-container"),
    });
  return found;
}

/** The three variables say what a profile would; as one they go through the same checks. */
function webIdentity(env: Environment): ResolvedChain {
  const name = "environment";
  const variables = {
    role_arn: "AWS_ROLE_ARN",
    web_identity_token_file: "AWS_WEB_IDENTITY_TOKEN_FILE",
    role_session_name: "AWS_ROLE_SESSION_NAME",
  };
  // Never as a file's text: a value may hold what means something there.
  const settings: Settings = new Map(
    Object.entries(variables).flatMap(([key, variable]) => {
      const value = env[variable];
      return value ? [[key, { value, file: variable, line: 1 }]] : [];
    }),
  );
  const empty = (kind: FileKind) => parseDocument("", { file: "the environment", kind });
  const files: AwsFiles = {
    ...combineDocuments(empty("config"), empty("credentials")),
    profile: (wanted) => (wanted === name ? settings : undefined),
    configProfile: (wanted) => (wanted === name ? settings : undefined),
  };
  return { files, chain: resolveChain(files, name, env) };
}

function disagreements(env: Environment, via: string): readonly string[] {
  const { AWS_PROFILE, AWS_DEFAULT_PROFILE } = env;
  const notes: string[] = [];
  if (via === keysInEnvironment && AWS_PROFILE)
    notes.push(
      `the JavaScript SDK prefers AWS_PROFILE = ${AWS_PROFILE} to keys in the environment`,
    );
  if (env["AWS_ACCESS_KEY_ID"] && !env["AWS_SECRET_ACCESS_KEY"])
    notes.push(
      "boto3 and the AWS CLI refuse everything while AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY",
    );
  if (AWS_PROFILE && AWS_DEFAULT_PROFILE && AWS_PROFILE !== AWS_DEFAULT_PROFILE)
    notes.push(
      `boto3, the AWS CLI v1 and C++ read AWS_DEFAULT_PROFILE = ${AWS_DEFAULT_PROFILE} before AWS_PROFILE`,
    );
  return notes;
}
