import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readAwsFiles } from "../../../src/config/files.ts";

const folder = mkdtempSync(join(tmpdir(), "awsrole-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("reads no config file of more than 64 MiB, and says so", () => {
  const file = join(folder, "config");
  writeFileSync(file, "[profile a]\nregion = eu-west-1\n");
  const env = { AWS_CONFIG_FILE: file, AWS_SHARED_CREDENTIALS_FILE: join(folder, "none") };
  expect(readAwsFiles(env, process.platform).profileNames()).toEqual(["a"]);
  // Sparse: it takes no room.
  truncateSync(file, 64 * 1024 * 1024 + 1);
  expect(() => readAwsFiles(env, process.platform).profileNames()).toThrow(
    "config has more than 64 MB",
  );
});
