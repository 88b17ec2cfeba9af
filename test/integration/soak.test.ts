/**
 * Ten thousand calls over simulated days, with all that happens in them: sessions expire, profiles are edited, processes are
 * killed, the clock jumps over a weekend. What is left must be what is alive, and a call must cost what it cost at first.
 *
 * The clocks of every process and of STS are moved; nothing waits. AWSROLE_SOAK_CALLS asks for another count; where
 * AWSROLE_REPORT_FOLDER is set, the report is written there.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { titled } from "../support/installed.ts";
import {
  type KeychainDaemon,
  keychainSkipReason,
  startKeychainDaemon,
} from "../support/keychain-daemon.ts";
import { clockSkipReason, movedClock } from "../support/moved-clock.ts";
import { createHome, type Home, program } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

const isLong = process.env["AWSROLE_TEST_LONG"] !== undefined;
const calls = Number(process.env["AWSROLE_SOAK_CALLS"] ?? 10_000);
/** Well below the skew that STS allows: a call that is under way must not see it. */
const secondsPerCall = 45;
const days = (calls * secondsPerCall) / 86_400;
const profiles = 50;
const reason =
  keychainSkipReason() ??
  clockSkipReason ??
  (isLong ? undefined : `${calls} calls take minutes: AWSROLE_TEST_LONG is not set`);

describe.skipIf(reason !== undefined)(titled("a long life", reason), () => {
  let keychain: KeychainDaemon;
  let sts: AwsDouble;
  let home: Home;
  beforeAll(async () => {
    keychain = await startKeychainDaemon();
    sts = await startAwsDouble();
    home = createHome({
      credentials: `[bob]\naws_access_key_id = ${sts.bob.accessKeyId}\naws_secret_access_key = ${sts.bob.secretAccessKey}\n`,
    });
    for (let at = 0; at < profiles; at++)
      sts.addRole({ arn: `arn:aws:iam::123456789012:role/role-${at}` });
  });
  afterAll(async () => {
    await keychain?.stop();
    await sts?.close();
    await home?.remove();
  });

  it(
    `of ${calls} calls in ${days.toFixed(1)} days for ${profiles} profiles, with edits and kills, leaves only live entries and is as fast as at first`,
    async () => {
      const random = createRandom(42);
      const edits = Array.from({ length: profiles }, () => 0);
      // In one step, as an editor does it: some process is always reading.
      const writeConfig = () => {
        writeFileSync(`${home.configFile}.new`, configOf(edits));
        renameSync(`${home.configFile}.new`, home.configFile);
      };
      writeConfig();
      let secondsAhead = 0;
      const advanceTo = (seconds: number) => {
        secondsAhead = Math.max(secondsAhead, seconds);
        sts.clock.setOffset(secondsAhead * 1000);
      };
      const ask = (profile: number, killAfterMs?: number) =>
        run(home, keychain, sts, `team-${profile}`, secondsAhead, killAfterMs);

      const hits: number[] = [];
      const misses: number[] = [];
      const bare: number[] = [];
      let killed = 0;
      let most = 0;
      let next = 0;
      const worker = async (): Promise<void> => {
        while (next < calls) {
          const call = next++;
          advanceTo(call * secondsPerCall);
          if (call % 100 === 99) {
            edits[Math.floor(random() * profiles)]! += 1;
            writeConfig();
          }
          // Four of five calls are for five of the profiles.
          const profile = Math.floor(random() * (random() < 0.8 ? 5 : profiles));
          const kill = random() < 0.02 ? 10 + random() * 200 : undefined;
          const before = sts.callsOf("AssumeRole").length;
          const { code, signal, ms, stdout, stderr } = await ask(profile, kill);
          if (signal === "SIGKILL") killed++;
          else {
            expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
            expect(stdout).toContain(`"SecretAccessKey"`);
            const fetched = sts.callsOf("AssumeRole").length > before;
            (fetched ? misses : hits).push(ms);
          }
          if (call % 100 === 0) most = Math.max(most, await keychain.itemCount());
          if (call % 10 === 0) bare.push(await runBareNode(home));
        }
      };
      await Promise.all([worker(), worker()]);
      const fetches = sts.callsOf("AssumeRole").length;

      // A day later every profile is used once more; each fetch takes up to five dead entries away.
      advanceTo((days + 1) * 86_400);
      for (let profile = 0; profile < profiles; profile++)
        expect((await ask(profile)).code).toBe(0);
      const rows = filesBelow(join(home.path, "state")).filter((file) => file.includes("/items/"));
      const others = filesBelow(join(home.path, "state")).filter((file) => !rows.includes(file));
      const now = Date.now() + secondsAhead * 1000;
      const alive = rows.filter((file) => {
        const row = JSON.parse(readFileSync(file, "utf8")) as { expiresAt: string };
        return new Date(row.expiresAt).getTime() > now;
      });
      const items = await keychain.itemCount();
      const [hitFirst, hitLast] = ends(hits);
      const [bareFirst, bareLast] = ends(bare);
      // By itself and against bare node: what else the machine does can spoil one of them, a leak shows in both.
      const growth = Math.min(hitLast / hitFirst, hitLast / bareLast / (hitFirst / bareFirst));
      report({
        calls,
        killed,
        edits: edits.reduce((sum, count) => sum + count),
        "AssumeRole calls": fetches,
        "items in the keychain, at most while sessions came and went": most,
        "items in the keychain, when all 50 have come once more": items,
        "rows in the state folder, then": rows.length,
        "a hit, first tenth, ms": hitFirst,
        "a hit, last tenth, ms": hitLast,
        "bare node, first tenth, ms": bareFirst,
        "bare node, last tenth, ms": bareLast,
        "growth of a hit": growth,
        "a miss, ms": median(misses),
      });
      expect({ items, rows: rows.length, alive: alive.length, others }).toEqual({
        items: profiles,
        rows: profiles,
        alive: profiles,
        others: [],
      });
      expect(growth, "the time of a hit, from beginning to end").toBeLessThan(1.3);
    },
    60 * 60_000,
  );
});

function configOf(edits: readonly number[]): string {
  return edits
    .map(
      (edit, at) =>
        `[profile team-${at}]\nregion = eu-west-1\nawsrole_role_arn = arn:aws:iam::123456789012:role/role-${at}\nawsrole_source_profile = bob\nawsrole_role_session_name = edit-${edit}\n`,
    )
    .join("\n");
}

async function run(
  home: Home,
  keychain: KeychainDaemon,
  { url }: AwsDouble,
  profile: string,
  secondsAhead: number,
  killAfterMs: number | undefined,
) {
  const [file = "", ...words] = program;
  const start = performance.now();
  const child = spawn(file, [...words, "credential-process", "--profile", profile], {
    env: {
      ...home.env,
      ...movedClock(secondsAhead, secondsAhead),
      DBUS_SESSION_BUS_ADDRESS: keychain.env["DBUS_SESSION_BUS_ADDRESS"],
      AWS_ENDPOINT_URL_STS: url,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const timer =
    killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  const output = Promise.all([
    child.stdout.setEncoding("utf8").toArray(),
    child.stderr.setEncoding("utf8").toArray(),
  ]);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  const ms = performance.now() - start;
  clearTimeout(timer);
  const [stdout, stderr] = (await output).map((chunks) => chunks.join(""));
  return { code, signal, ms, stdout, stderr };
}

function report(figures: Readonly<Record<string, number>>): void {
  const rows = Object.entries(figures).map(
    ([name, value]) => `| ${name} | ${Number.isInteger(value) ? value : value.toFixed(2)} |`,
  );
  const text = `| soak | |\n| --- | --- |\n${rows.join("\n")}\n`;
  const folder = process.env["AWSROLE_REPORT_FOLDER"];
  if (folder === undefined) console.log(text);
  else writeFileSync(join(folder, "soak.md"), text);
}

/** Park and Miller's generator: the same days in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** The medians of the first and of the last tenth. */
function ends(values: readonly number[]): [number, number] {
  const tenth = Math.ceil(values.length / 10);
  return [median(values.slice(0, tenth)), median(values.slice(-tenth))];
}

async function runBareNode({ env }: Home): Promise<number> {
  const start = performance.now();
  await once(spawn(process.execPath, ["-e", ""], { env, stdio: "ignore" }), "exit");
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
