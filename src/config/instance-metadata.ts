/**
 * Where the EC2 instance metadata service is, by the environment and the profile whose credentials are asked for. No other profile has a say.
 *
 * An endpoint counts before a mode, as in botocore: AWS_EC2_METADATA_SERVICE_ENDPOINT > `ec2_metadata_service_endpoint` >
 * AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE > `ec2_metadata_service_endpoint_mode` (IPv4 or IPv6, in any case).
 */
import { AwsRoleError } from "../foundation/errors.ts";
import type { Settings } from "./document.ts";
import type { Environment } from "../foundation/environment.ts";

/** The service's address without a slash at its end. @throws ERR_PROFILE_INVALID for a value that is none, naming where it is set. */
export function resolveInstanceMetadata(profile: Settings, env: Environment): string {
  const endpoint = settingOf(
    env,
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    profile,
    "ec2_metadata_service_endpoint",
  );
  if (endpoint !== undefined) {
    const url = URL.canParse(endpoint.value) ? new URL(endpoint.value) : undefined;
    const isPlain = url?.username === "" && url.password === "" && url.search + url.hash === "";
    if (isPlain && /^https?:$/.test(url.protocol)) return url.href.replace(/(?<!\/)\/+$/, "");
    throw invalid(
      `"${endpoint.value}" is not an address of the instance metadata service (${endpoint.origin})`,
      "use one like http://169.254.169.254 or http://[fd00:ec2::254]",
    );
  }
  const mode = settingOf(
    env,
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    profile,
    "ec2_metadata_service_endpoint_mode",
  );
  switch (mode?.value.toLowerCase()) {
    case undefined:
    case "ipv4":
      return "http://169.254.169.254";
    case "ipv6":
      return "http://[fd00:ec2::254]";
    default:
      throw invalid(
        `"${mode?.value}" is neither IPv4 nor IPv6 (${mode?.origin})`,
        "use one of them",
      );
  }
}

function settingOf(
  env: Environment,
  variable: string,
  profile: Settings,
  key: string,
): { readonly value: string; readonly origin: string } | undefined {
  if (env[variable]) return { value: env[variable], origin: variable };
  const setting = profile.get(key);
  if (setting === undefined || setting.value === "") return undefined;
  return { value: setting.value, origin: `${key} in ${setting.file}:${setting.line}` };
}

function invalid(message: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_PROFILE_INVALID", message, { hint });
}
