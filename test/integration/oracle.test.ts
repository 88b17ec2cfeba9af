/**
 * What a config means is what botocore makes of it: both are asked in a closed world, with real host names and the addresses of the metadata
 * services, on the same files, and compared request by request and credential by credential. What may differ is a rule (test/oracle/rules.ts).
 *
 * A fifth of the corpus; all of it with AWSROLE_TEST_LONG=1, which also compares the counts in docs/internals/oracle.md.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { countsTable } from "../oracle/page.ts";
import { oddConfigs } from "../oracle/odd-configs/index.ts";
import { rules } from "../oracle/rules.ts";
import { runOracle } from "../oracle/start.ts";
import { closedWorldSkipReason } from "../support/closed-world/enter.ts";
import { missing, titled } from "../support/installed.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const reason = closedWorldSkipReason() ?? missing("python3", ["-c", "import botocore"]);
const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;

/** As oxfmt lays tables out, and as they are written. */
const unaligned = (table: string): string =>
  table.replaceAll(/ +/g, " ").replaceAll(/-{2,}/g, "--");

describe("the hand-made configs", () => {
  it("are more than 300, each with a title of its own", () => {
    expect(oddConfigs.length).toBeGreaterThan(300);
    expect(new Set(oddConfigs.map(({ title }) => title)).size).toBe(oddConfigs.length);
  });
});

describe.skipIf(reason !== undefined)(titled("awsrole and botocore", reason), () => {
  const report = reason === undefined ? runOracle(root, isLong ? 1 : 5) : undefined;

  it(`differ in nothing that no rule explains${report?.left ? ` (left out: ${report.left})` : ""}`, () => {
    expect(report?.rows).toBeGreaterThan(isLong ? 500 : 100);
    expect(report?.unexplained).toEqual([]);
  });

  it("see requests of ours that AWS's models allow", () => {
    expect(report?.violations).toEqual([]);
  });

  it("are told apart by explain as they do it", () => {
    expect(report?.explained).toBeGreaterThan(isLong ? 300 : 50);
    expect(report?.explainedWrong).toEqual([]);
  });

  const noCount = isLong ? report?.left || undefined : "AWSROLE_TEST_LONG is not set";
  const counted = titled("differ by every rule, as often as the docs say", noCount);
  it.skipIf(noCount !== undefined)(counted, () => {
    expect(Object.keys(report?.byRule ?? {}).toSorted()).toEqual(
      rules.map(({ name }) => name).toSorted(),
    );
    const page = readFileSync(join(root, "docs", "internals", "oracle.md"), "utf8");
    expect(unaligned(page)).toContain(report === undefined ? "" : unaligned(countsTable(report)));
  });
});
