import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { assertReplaceable } from "../../../src/config/write.ts";
import { titled } from "../../support/installed.ts";

const noNix =
  process.platform !== "linux" || process.getuid?.() !== 0
    ? "only root can make a folder in /"
    : existsSync("/nix")
      ? "this machine has a /nix of its own"
      : undefined;

describe("a file that must not be replaced", () => {
  it.skipIf(process.platform === "win32")(
    "as AWS_CONFIG_FILE=/dev/null names it, is left where it is: the variable is what to change",
    async () => {
      await expect(assertReplaceable("/dev/null")).rejects.toMatchObject({
        code: "ERR_CONFIG_WRITE",
        message: expect.stringContaining("/dev/null is not a regular file") as string,
        hint: "set a file in AWS_CONFIG_FILE, or unset it",
      });
    },
  );

  it.skipIf(noNix !== undefined)(
    titled("and that a package manager made, is changed where it comes from", noNix),
    async () => {
      mkdirSync("/nix/store", { recursive: true });
      try {
        const file = join(mkdtempSync("/nix/store/awsrole-test-"), "config");
        writeFileSync(file, "", { mode: 0o444 });
        await expect(assertReplaceable(file)).rejects.toMatchObject({
          code: "ERR_CONFIG_WRITE",
          message: expect.stringContaining("is read-only") as string,
          hint: "edit it where it comes from",
        });
      } finally {
        rmSync("/nix", { recursive: true });
      }
    },
  );
});
