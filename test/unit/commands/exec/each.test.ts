/** A command that cannot be started at all is a failure of its profile, not of awsrole. */
import { expect, it } from "vitest";
import { runEach } from "../../../../src/commands/exec/each.ts";
import { processContext } from "../../../../src/context.ts";

it.each([
  ["a word longer than the system takes", "x".repeat(4_000_000), "are too long"],
  ["a NUL character", "a\0b", "an argument has a NUL character"],
])("exec --each says for every profile that it cannot be started with %s", async (_, word, why) => {
  let stderr = "";
  const context = { ...processContext(), stderr: (text: string) => (stderr += text) };
  const code = await runEach(context, {
    profiles: ["a", "b"],
    words: [process.execPath, word],
    environmentOf: () => Promise.resolve({ PATH: "/usr/bin:/bin" }),
    notice: () => {},
  });
  const lines = stderr.trimEnd().split("\n");
  expect(lines.map((line) => line.replace(/: awsrole: exec: .*: /, ": "))).toEqual([
    expect.stringMatching(`^a: .*${why}$`),
    expect.stringMatching(`^b: .*${why}$`),
  ]);
  expect(code).toBe(126);
});
