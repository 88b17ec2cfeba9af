/** AWS_PROFILE is what a shell is set to, not what a person asks to change: only commands that use or show credentials take it for NAME. */
import { expect, it } from "vitest";
import { commands } from "../../../src/commands/registry.ts";

// whoami looks at the variable by itself, because keys in the environment come first.
it("is the default NAME of six commands, none of which changes the config", async () => {
  const loaded = await Promise.all(
    Object.entries(commands).map(async ([name, entry]) => {
      const { default: command } = await entry.load();
      return { name, takesIt: command.usesAwsProfile === true };
    }),
  );
  const names = loaded.filter(({ takesIt }) => takesIt).map(({ name }) => name);
  expect(names.toSorted()).toEqual(["console", "env", "exec", "explain", "login", "serve"]);
});
