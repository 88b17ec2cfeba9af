/** SDKs that find the endpoint by their own default chains, over two sessions' lives in simulated time: it renews in time for all. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import { createRoleHome } from "../support/role-home.ts";
import { startServe } from "../support/serve-process.ts";
import { startAwsDouble } from "../support/aws-double.ts";

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Sessions of 1,800 s are renewed below 960 s, if a client asks; of 900 s below 330 s. */
const lengths = [900, 1800];

const noBotocore = missing("python3", ["-c", "import botocore"]);
describe.skipIf(noBotocore !== undefined)(titled("botocore", noBotocore), () => {
  it.each(lengths)("at an endpoint of sessions of %i s", async (seconds) => {
    await useForTwoLives(["python3", here("../support/botocore-over-time.py")], seconds);
  });
});

describe("the JS SDK", () => {
  it.each(lengths)("at an endpoint of sessions of %i s", async (seconds) => {
    await useForTwoLives([process.execPath, here("../support/js-sdk-over-time.mjs")], seconds);
  });
});

const noGo =
  process.env["AWSROLE_TEST_LONG"] === undefined
    ? "AWSROLE_TEST_LONG is not set: its SDK is fetched and built first"
    : missing("go", ["version"]);
describe.skipIf(noGo !== undefined)(titled("the Go SDK", noGo), () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "awsrole-go-"));
    const build = ["build", "-o", join(folder, "client"), "."];
    execFileSync("go", build, { cwd: here("../support/go-sdk-over-time"), stdio: "pipe" });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(lengths)("at an endpoint of sessions of %i s", async (seconds) => {
    await useForTwoLives([join(folder, "client")], seconds);
  });
});

/** Twenty uses; each time the SDK must have a key that STS still takes, and STS has issued as few as lives demand. */
async function useForTwoLives(
  [file = "", ...words]: readonly string[],
  seconds: number,
): Promise<void> {
  const uses = 20;
  const sts = await startAwsDouble();
  const home = createRoleHome(sts, { settings: [`awsrole_duration_seconds = ${seconds}`] });
  const serve = await startServe(home, ["prod"]);
  const client = spawn(file, words, { env: { ...home.env, ...serve.variables } });
  const closed = once(client, "close");
  try {
    const problem = client.stderr.setEncoding("utf8").toArray();
    const keys = createInterface(client.stdout)[Symbol.asyncIterator]();
    for (let use = 0; use < uses; use += 1) {
      const passed = (use * 2 * seconds) / uses;
      sts.clock.setOffset(passed * 1000);
      serve.setSecondsAhead(passed);
      client.stdin.write(`${passed}\n`);
      const { value, done } = (await keys.next()) as { value: string; done?: boolean };
      if (done === true) throw new Error(`the SDK's process ended: ${(await problem).join("")}`);
      const session = sts.sessions().find(({ accessKeyId }) => accessKeyId === value);
      expect(session?.expiresAt.getTime(), `after ${passed} s`).toBeGreaterThan(
        sts.clock.now().getTime(),
      );
    }
    const calls = sts.callsOf("AssumeRole").length;
    expect(calls).toBeGreaterThanOrEqual(2);
    expect(calls).toBeLessThanOrEqual(5);
  } finally {
    client.kill("SIGKILL");
    await closed;
    await serve.end("SIGKILL");
    await sts.close();
    await home.remove();
  }
}
