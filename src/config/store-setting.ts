/** The one setting that every command reads, whichever profile it is about. On the hot path. */
import { isAwsRoleError } from "../foundation/errors.ts";
import type { Document } from "./document.ts";
import type { AwsFiles } from "./files.ts";

/**
 * `awsrole_store` of `[default]`; undefined where it is not set. Other bad lines of that section, or before the first one, do not count: they are not
 * about the profile in question. @throws ERR_CONFIG_SYNTAX where the bad line may be this very setting.
 */
export function configuredStore(files: AwsFiles): string | undefined {
  try {
    return files.profile("default")?.get("awsrole_store")?.value;
  } catch (error) {
    if (!isAwsRoleError(error) || error.code !== "ERR_CONFIG_SYNTAX") throw error;
    const readable = files.goodLines("default")?.get("awsrole_store")?.value;
    if (readable !== undefined) return readable;
    if ([files.config, files.credentials].some(mayHaveIt)) throw error;
    return undefined;
  }
}

/** Whether `awsrole_log` of `[default]` is `on`. Bad lines do not count: the credentials do. */
export function isLogConfigured(files: AwsFiles): boolean {
  return files.goodLines("default")?.get("awsrole_log")?.value === "on";
}

function mayHaveIt(document: Document): boolean {
  const { text } = document;
  const beforeFirst = text.slice(0, document.headers[0]);
  const sections = document
    .find("profile", "default")
    .map(({ start, end }) => text.slice(start, end));
  return [beforeFirst, ...sections].some((part) => part.includes("awsrole_store"));
}
