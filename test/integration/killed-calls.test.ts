/** `credential-process` killed before its changes to the disk (each of them with AWSROLE_TEST_LONG): the next call works, and what was left behind goes. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { titled } from "../support/installed.ts";
import { clockSkipReason } from "../support/moved-clock.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Home, notNode, runAwsrole } from "../support/run-awsrole.ts";

const faults = fileURLToPath(new URL("../support/file-faults.cjs", import.meta.url));
const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
/**
 * The changes before which a call is killed. Before the tenth and the eleventh there is a row under its temporary name. A call has some twenty of its
 * own; the rest are looks at the rows that are there, more with every call.
 */
const steps = isLong ? Array.from({ length: 40 }, (_, at) => at + 1) : [1, 4, 8, 10, 13, 17];
const reason = notNode ?? clockSkipReason;

let sts: AwsDouble;
let home: Home;
beforeEach(async () => {
  sts = await startAwsDouble();
  home = createRoleHome(sts);
});
afterEach(async () => {
  await sts.close();
  await home.remove();
});

describe.skipIf(reason !== undefined)(titled("calls that are killed", reason), () => {
  it("leave rows and files that are gone a day later", { timeout: 300_000 }, async () => {
    const words = ["credential-process", "--profile", "prod"];
    const env = { ...home.env, AWSROLE_STORE: "plaintext" };
    let kills = 0;
    for (const at of steps) {
      // Every call is of another session, as after an edit: the row of the one before is nothing to the next.
      const config = readFileSync(home.configFile, "utf8");
      writeFileSync(
        home.configFile,
        config.replace(/(awsrole_role_session_name = )\S+/, `$1call-${at}`),
      );
      const killed = await runAwsrole(words, {
        env: {
          ...env,
          NODE_OPTIONS: `--require ${faults}`,
          TEST_FAULT: "kill",
          TEST_FAULT_AT: String(at),
          TEST_FAULT_FOLDERS: join(home.path, "state"),
        },
      });
      if (killed.signal !== null) kills += 1;
      expect(await runAwsrole(words, { env })).toMatchObject({ code: 0, stderr: "" });
    }
    expect(kills).toBe(steps.length);
    const items = join(home.path, "state", "awsrole", "items");
    expect(readdirSync(items).length).toBeGreaterThan(kills);
    const clockOffsetSeconds = { wall: 86_400, uptime: 86_400 };
    // Each fetch takes five.
    for (let fetch = 0; fetch <= kills / 5 + 1; fetch += 1)
      expect(
        await runAwsrole([...words, "--force-refresh"], { env, clockOffsetSeconds }),
      ).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(items)).toHaveLength(1);
  });
});
