/**
 * What `use` changes in a shell, so that AWS programs and SDKs in it use one profile and renew its credentials by themselves. Rules:
 *
 * - AWS_PROFILE is set; what would win over it (keys, web identity, a container's endpoint, AWS_DEFAULT_PROFILE) is cleared.
 * - No secret is printed, nor kept in the environment: what a person had set before is kept in variables of the shell itself, which no
 *   program inherits, by statements that name the variable only. What `env` had set is not kept: it ends by itself.
 * - The profile and region that were there before are no secret: AWSROLE_BEFORE has them, as for `env`.
 */
import type { Environment } from "../foundation/environment.ts";
import {
  clearedSettings,
  overridingNames,
  parseBefore,
  rememberedSettings,
  settingNames,
} from "./aws-variables.ts";

/** Names the profile that `use -` returns to. */
const previousName = "AWSROLE_PREVIOUS";

/** A change of a shell's variables. */
export type ShellChange = {
  /** Set, or cleared where undefined. */
  readonly variables: Environment;
  /** Kept in the shell, then cleared. */
  readonly keep: readonly string[];
  /** Set again to what was kept. */
  readonly restore: readonly string[];
};

/** The change that makes the shell use `profile`; `region` absent: the region that was set before, if any. */
export function useProfile(
  { profile, region }: { readonly profile: string; readonly region: string | undefined },
  env: Environment,
): ShellChange {
  const original = parseBefore(env) ?? env;
  const isFromEnv = Boolean(env["AWSROLE_PROFILE"]);
  return {
    variables: {
      ...(isFromEnv ? clearedSettings(overridingNames) : {}),
      AWSROLE_PROFILE: undefined,
      AWS_DEFAULT_PROFILE: undefined,
      AWS_ACCOUNT_ID: undefined,
      AWS_REGION: region ?? (original["AWS_REGION"] || undefined),
      AWS_DEFAULT_REGION: region ?? (original["AWS_DEFAULT_REGION"] || undefined),
      AWS_PROFILE: profile,
      AWSROLE_BEFORE: rememberedSettings(env),
      [previousName]: env["AWS_PROFILE"] || env[previousName],
    },
    keep: isFromEnv ? [] : overridingNames,
    restore: [],
  };
}

/** The change that puts back everything that was there before the first `use`. */
export function stopUsing(env: Environment): ShellChange {
  const before = parseBefore(env);
  return {
    variables: {
      ...(env["AWSROLE_PROFILE"] ? clearedSettings(overridingNames) : {}),
      AWSROLE_PROFILE: undefined,
      // Absent: `env --unset` has put them back already.
      ...(before === undefined ? {} : { ...clearedSettings(settingNames), ...before }),
      AWSROLE_BEFORE: undefined,
      [previousName]: undefined,
    },
    keep: [],
    restore: overridingNames,
  };
}

/** The profile that `use -` means; undefined where no other was used in this shell. */
export function previousProfile(env: Environment): string | undefined {
  return env[previousName] || undefined;
}
