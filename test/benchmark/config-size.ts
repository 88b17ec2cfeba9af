/**
 * What a large config file costs the cache hit: whole-process times of one profile among 5 … 10,000, interleaved, against the one among 5.
 *
 *     npm run build && node scripts/run.js test/benchmark/config-size.ts [--json] [--runs N]
 *
 * The goal: 5,000 profiles (2 MB) add at most 10 ms.
 */
import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { keychainSkipReason } from "../support/keychain-daemon.ts";
import { type Line, spreadOf, timeInterleaved } from "./timing.ts";
import { createWorld } from "./world.ts";

const { values } = parseArgs({ options: { json: { type: "boolean" }, runs: { type: "string" } } });
const reason = keychainSkipReason();
if (reason === undefined) {
  const results = await measureConfigSizes(Math.max(30, Number(values.runs ?? 40)));
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
  else console.table(results.map(({ samples: _samples, ...shown }) => shown));
} else {
  console.error(`config-size: there is no keychain to measure with: ${reason}`);
  process.exitCode = 1;
}

async function measureConfigSizes(runs: number) {
  const world = await createWorld();
  try {
    const lines: Line[] = [];
    for (const profiles of [5, 10, 100, 1000, 5000, 10_000])
      lines.push(await world.hitAmong(profiles));
    const timed = await timeInterleaved(lines, runs);
    const base = timed[0]!.samples;
    return timed.map(({ name, ms, ratio, samples }, index) => ({
      name,
      kilobytes: Math.round(statSync(lines[index]!.env["AWS_CONFIG_FILE"]!).size / 1000),
      medianMs: round(ms.median),
      addedMs: round(spreadOf(samples.map((one, at) => one - base[at]!)).median),
      ratio: round(ratio.median),
      samples,
    }));
  } finally {
    await world.close();
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
