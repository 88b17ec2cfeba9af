/**
 * How often SDKs run the program over a session's life, and how often it runs STS: twenty uses from the first second to the last,
 * in simulated time.
 */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import { clockPreload, clockSkipReason } from "../support/moved-clock.ts";
import { program } from "../support/run-awsrole.ts";
import { startAwsDouble } from "../support/aws-double.ts";

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const uses = 20;

/**
 * botocore asks again below 900 s, the JS SDK below 300 s; awsrole renews below 960 s, in sessions of less than half an hour below
 * 330 s. A 900 s session is therefore always too short for botocore, whatever is done: it asks at each use (the first time twice), and
 * STS does not notice.
 */
const expected = [
  { seconds: 900, botocore: { runs: 21, calls: 2 }, js: { runs: 2, calls: 2 } },
  { seconds: 1800, botocore: { runs: 2, calls: 2 }, js: { runs: 2, calls: 2 } },
  { seconds: 3600, botocore: { runs: 2, calls: 2 }, js: { runs: 2, calls: 2 } },
  { seconds: 43_200, botocore: { runs: 1, calls: 1 }, js: { runs: 1, calls: 1 } },
];

const noBotocore = clockSkipReason ?? missing("python3", ["-c", "import botocore"]);
describe.skipIf(noBotocore !== undefined)(titled("botocore", noBotocore), () => {
  it.each(expected)("over a session of $seconds s: $botocore", async ({ seconds, botocore }) => {
    const command = ["python3", here("../support/botocore-over-time.py")];
    expect(await useForALife(command, seconds)).toEqual(botocore);
  });
});

describe.skipIf(clockSkipReason !== undefined)(titled("the JS SDK", clockSkipReason), () => {
  it.each(expected)("over a session of $seconds s: $js", async ({ seconds, js }) => {
    const command = [process.execPath, here("../support/js-sdk-over-time.mjs")];
    expect(await useForALife(command, seconds)).toEqual(js);
  });
});

const noGo =
  clockSkipReason ??
  (process.env["AWSROLE_TEST_LONG"] === undefined
    ? "AWSROLE_TEST_LONG is not set: its SDK is fetched and built first"
    : missing("go", ["version"]));
describe.skipIf(noGo !== undefined)(titled("the Go SDK", noGo), () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "awsrole-go-"));
    const build = ["build", "-o", join(folder, "client"), "."];
    execFileSync("go", build, { cwd: here("../support/go-sdk-over-time"), stdio: "pipe" });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(expected)(
    "over a session of $seconds s: once, for it asks again at the end only",
    async ({ seconds }) => {
      expect(await useForALife([join(folder, "client")], seconds)).toEqual({ runs: 1, calls: 1 });
    },
  );
});

/** How often the program ran, and how often it called AssumeRole. */
async function useForALife(
  [file = "", ...words]: readonly string[],
  seconds: number,
): Promise<{ runs: number; calls: number }> {
  const sts = await startAwsDouble();
  const home = createRoleHome(sts, { settings: [`awsrole_duration_seconds = ${seconds}`] });
  const runs = join(home.path, "runs");
  const counting = join(home.path, "counting");
  const { name, value } = clockPreload!;
  writeFileSync(
    counting,
    `#!/bin/sh\necho . >> ${runs}\n${name}="${value}" exec ${program.join(" ")} "$@"\n`,
  );
  chmodSync(counting, 0o700);
  const config = readFileSync(home.configFile, "utf8");
  writeFileSync(home.configFile, config.replace(program.join(" "), counting));
  const client = spawn(file, [...words, "prod"], {
    env: { ...home.env, AWSROLE_STORE: "plaintext" },
  });
  try {
    const failure = ended(client);
    failure.catch(() => {}); // Also when nobody waits any more.
    const keys = createInterface(client.stdout)[Symbol.asyncIterator]();
    for (let use = 0; use < uses; use += 1) {
      client.stdin.write(`${(use * seconds) / uses}\n`);
      const { value } = (await Promise.race([keys.next(), failure])) as { value: string };
      const session = sts.sessions().find(({ accessKeyId }) => accessKeyId === value);
      expect(session?.expiresAt.getTime(), "still valid").toBeGreaterThan(
        sts.clock.now().getTime(),
      );
      sts.clock.advance((seconds / uses) * 1000);
    }
    return {
      runs: existsSync(runs) ? readFileSync(runs, "utf8").length / 2 : 0,
      calls: sts.callsOf("AssumeRole").length,
    };
  } finally {
    client.kill("SIGKILL");
    await sts.close();
    await home.remove();
  }
}

async function ended(client: ChildProcessWithoutNullStreams): Promise<never> {
  const problem = client.stderr.setEncoding("utf8").toArray();
  await once(client, "exit");
  throw new Error(`the SDK's process ended: ${(await problem).join("")}`);
}
