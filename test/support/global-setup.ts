import { canInstallPackages, installPackages, missingPackages } from "./needed-programs.ts";
import { isolateProcess } from "./isolation.ts";
import { installPython, missingPython } from "./python-packages.ts";

/**
 * Runs once before the whole suite: takes it out of reach of the machine's own state (isolation.ts), and sees that the tests with
 * real things (a keychain, shells, a terminal) can run. Root on Debian and its relatives gets the packages installed; elsewhere
 * those tests are skipped by name, except in CI, where that would hide a failure.
 */
export default function setup(): () => void {
  if (process.platform === "linux") installNeeded();
  const undo = isolateProcess();
  return () => {
    try {
      undo();
    } catch (error) {
      // Vitest reports what a teardown throws, and ends with 0 all the same.
      process.exitCode = 1;
      throw error;
    }
  };
}

function installNeeded(): void {
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
  const modules = missingPython();
  if (modules.length > 0 && canInstallPackages()) {
    console.log(`tests: installing ${modules.join(" ")}`);
    try {
      installPython(modules);
    } catch {
      console.log("tests: pip failed: tests that need these are skipped");
    }
  }
  const missing = missingPackages();
  if (missing.length > 0 && process.env["CI"])
    throw new Error(`not all tests can run: missing: ${missing.join(" ")}`);
}
