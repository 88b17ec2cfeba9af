/** AWS files from text, without a disk. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AwsFiles, readAwsFiles } from "../../src/config/files.ts";

/** Reads the two texts as the program would read ~/.aws/config and ~/.aws/credentials. */
export function awsFiles(config: string, credentials = ""): AwsFiles {
  const folder = mkdtempSync(join(tmpdir(), "awsrole-files-"));
  try {
    const env = {
      AWS_CONFIG_FILE: join(folder, "config"),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
    };
    writeFileSync(env.AWS_CONFIG_FILE, config);
    writeFileSync(env.AWS_SHARED_CREDENTIALS_FILE, credentials);
    // The files lie on this machine, so their paths are its own.
    return readAwsFiles(env, process.platform);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
