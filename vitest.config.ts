import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;

/** `unit` is for the loop of changing and looking: it starts no awsrole. `integration` runs the built program, and real things beside it. */
const project = (name: string, include: readonly string[], isolate = true) => ({
  extends: true as const,
  test: { name, include: [...include], isolate },
});

export default defineConfig({
  test: {
    projects: [
      // One process for many files: to load the sources again for each would take half of the time.
      project("unit", ["test/unit/**/*.test.ts"], false),
      project("integration", ["test/{property,integration}/**/*.test.ts"]),
    ],
    globalSetup: ["test/support/global-setup.ts"],
    setupFiles: ["test/support/fail-on-violations.ts", "test/support/skip-on-windows.ts"],
    pool: "forks",
    // Many tests wait for a deadline or a person: a third keeps two cores busy meanwhile.
    // The full counts measure what herds do to one another: nothing else may run beside them.
    maxWorkers: isLong ? 1 : Math.max(3, availableParallelism()),
    // Only against tests that hang: the slowest takes 30 s, and ten times that on a machine with ten times too much to do. What
    // must be quick is measured by its own test.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
