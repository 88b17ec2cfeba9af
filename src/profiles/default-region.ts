/** The region that a new profile gets when none is given: regional AWS commands fail without one. */
import type { AwsFiles } from "../config/files.ts";
import type { Environment } from "../foundation/environment.ts";

/** The source profile's region, else that of `[default]`, else the environment's; undefined where there is none. */
export function defaultRegion(
  files: AwsFiles,
  env: Environment,
  sourceProfile?: string,
): string | undefined {
  const names = [sourceProfile, "default"].filter((name) => name !== undefined);
  const configured = names.map((name) => regionOf(files, name)).find(Boolean);
  return configured || env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || undefined;
}

/** A profile that cannot be read has none: what is wrong with it is not this command's subject. */
function regionOf(files: AwsFiles, name: string): string | undefined {
  try {
    return files.profile(name)?.get("region")?.value;
  } catch {
    return undefined;
  }
}
