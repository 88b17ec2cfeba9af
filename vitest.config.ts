import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/{unit,property,integration}/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    setupFiles: ["test/support/fail-on-violations.ts"],
    pool: "forks",
    // Many tests wait for a deadline or a person: a third keeps two cores busy meanwhile.
    // The full counts measure what herds do to one another: nothing else may run beside them.
    maxWorkers: process.env["AWSROLE_TEST_LONG"] === undefined ? 3 : 1,
    // Only against tests that hang: the slowest takes 30 s, and ten times that on a machine with ten times too much to do. What
    // must be quick is measured by its own test.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
