/** What no program can be started with is named, without its value. */
import { expect, it } from "vitest";
import { runChild } from "../../../../src/commands/exec/child-process.ts";

it.each([
  ["an argument", { words: ["true", "a\0b"], env: {} }, "an argument has a NUL character"],
  [
    "a value, as a credential_process may print it",
    { words: ["true"], env: { AWS_SECRET_ACCESS_KEY: "a\0b" } },
    "the value of AWS_SECRET_ACCESS_KEY has a NUL character",
  ],
])("exec refuses a NUL in %s", async (_, command, why) => {
  await expect(runChild({ ...command, platform: process.platform })).rejects.toMatchObject({
    code: "ERR_COMMAND_NOT_EXECUTABLE",
    message: `exec: true cannot be executed: ${why}`,
  });
});
