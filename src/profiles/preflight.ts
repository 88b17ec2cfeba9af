/** What would keep a profile from working, reported when it is written and not when it is used. */
import type { Environment } from "../foundation/environment.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import type { AwsFiles } from "../config/files.ts";
import { plainKeysThatShadow, readProfile } from "../config/profiles.ts";
import { resolveChain } from "../credentials/chain.ts";

/**
 * Throws ERR_CONFIG_CONFLICT if `[NAME]` in the credentials file has keys by which SDKs find credentials: most of them would
 * use those and never ask awsrole.
 */
export function assertNotShadowed(files: AwsFiles, name: string): void {
  const settings = files.credentialsProfile(name);
  const key = [...plainKeysThatShadow, "credential_process"].find((one) => settings?.has(one));
  const setting = key === undefined ? undefined : settings?.get(key);
  if (setting === undefined) return;
  throw new AwsRoleError(
    "ERR_CONFIG_CONFLICT",
    `[${name}] has ${key} in the credentials file (${setting.file}:${setting.line}): AWS tools would use that and never ask awsrole`,
    {
      hint: settings?.has("role_arn")
        ? `choose another name for the profile, or let awsrole adopt ${name} move the role to the config file`
        : `choose another name for the profile, or remove [${name}] from that file first`,
    },
  );
}

/**
 * What is wrong with the profile's source, as warnings: it may be made later. Throws ERR_PROFILE_INVALID for what is wrong
 * with the profile itself, ERR_PROFILE_CYCLE for one that leads back to itself.
 */
export function reviewProfile(files: AwsFiles, name: string, env: Environment): readonly string[] {
  readProfile(files, name);
  try {
    resolveChain(files, name, env);
    return [];
  } catch (error) {
    if (!isAwsRoleError(error) || error.code === "ERR_PROFILE_CYCLE") throw error;
    return [error.hint === undefined ? error.message : `${error.message} (${error.hint})`];
  }
}
