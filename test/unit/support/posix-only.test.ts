import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { posixOnlyReason } from "../../support/posix-only.ts";

const root = new URL("../../", import.meta.url);

it("a test that Windows cannot have is skipped there with its reason, and no other", () => {
  const file = "C:\\src\\awsrole\\test\\integration\\env.test.ts";
  expect(posixOnlyReason(file, "a failure stops a script that runs under set -e")).toMatch(
    "shells",
  );
  expect(posixOnlyReason(file, "a failure stops a script")).toBeUndefined();
  expect(posixOnlyReason("test/integration/code-recipes.test.ts", "op: any")).toMatch("scripts");
  expect(posixOnlyReason("test/integration/code-recipes.test.ts", "step: any")).toBeUndefined();
  expect(posixOnlyReason("test/integration/none.test.ts", "op: any")).toBeUndefined();
});

it("every file of posix-only.json is there", () => {
  const reasons = JSON.parse(
    readFileSync(new URL("support/posix-only.json", root), "utf8"),
  ) as Record<string, Record<string, unknown>>;
  const files = Object.values(reasons).flatMap((entries) => Object.keys(entries));
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) expect(existsSync(new URL(`${file}.test.ts`, root)), file).toBe(true);
});
