/** The file rule of the AWS SDK for Java v1, which no mixture of ingredients shows. */
import { statSync } from "node:fs";
import type { AwsFiles } from "../config/files.ts";

/**
 * True for a profile with credentials that Java v1 does not find: it reads the credentials file *instead of* the config file where both exist
 * (measured with 1.12.797).
 */
export function isUnseenByJavaV1(files: AwsFiles, name: string): boolean {
  const { credentials } = files;
  const isThere =
    credentials.text !== "" ||
    statSync(credentials.file, { throwIfNoEntry: false })?.isFile() === true;
  if (!isThere || credentials.find("profile", name).length > 0) return false;
  try {
    const settings = files.configProfile(name);
    return settings !== undefined && ways.some((key) => settings.has(key));
  } catch {
    // A bad line: it has no effect.
    return false;
  }
}

/** Ways to credentials that Java v1 knows in the config file. */
const ways = ["credential_process", "role_arn", "aws_access_key_id"];
