import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/{unit,property,integration}/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    // Many tests wait for a deadline or a person: a third keeps two cores busy meanwhile.
    // The full counts measure what herds do to one another: nothing else may run beside them.
    maxWorkers: process.env["AWSROLE_TEST_LONG"] === undefined ? 3 : 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
