import { canInstallPackages, installPackages, missingPackages } from "./needed-programs.ts";

/**
 * Runs once before the whole suite: sees that the tests with real things (a keychain, shells, a terminal) can run. Root on Debian
 * and its relatives gets the packages installed; elsewhere those tests are skipped by name, except in CI, where that would
 * hide a failure.
 */
export default function setup(): void {
  if (process.platform !== "linux") return;
  const packages = missingPackages();
  if (packages.length > 0 && canInstallPackages()) {
    console.log(`tests: installing ${packages.join(" ")}`);
    try {
      installPackages(packages);
    } catch (error) {
      console.log(
        `tests: apt-get failed: ${error instanceof Error ? error.message.trim() : String(error)}`,
      );
    }
  }
  const missing = missingPackages();
  if (missing.length > 0 && process.env["CI"])
    throw new Error(`not all tests can run: missing: ${missing.join(" ")}`);
}
