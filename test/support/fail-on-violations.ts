/** For vitest's `setupFiles`: a test fails whose requests the double of AWS had to refuse because AWS's models know no such request. */
import { afterEach } from "vitest";
import { takeViolations } from "./aws-double/violations.ts";

afterEach(() => {
  const violations = takeViolations();
  if (violations.length > 0)
    throw new Error(`requests that AWS's models forbid:\n${violations.join("\n")}`);
});
