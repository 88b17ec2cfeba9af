/** Many processes at once, as a build tool with many AWS clients starts them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Line, spreadOf, type Spread, timeOnce } from "./timing.ts";
import type { World } from "./world.ts";

export type Herd = {
  /** Which program's hit. */
  readonly name: string;
  readonly processes: number;
  /** Until the last one has ended, in milliseconds. */
  readonly bareNodeMs: Spread;
  readonly warmMs: Spread;
  /** Warm against bare node, round by round. */
  readonly warmRatio: Spread;
  readonly coldMs: Spread;
  /** AssumeRole calls of one herd: the most of all rounds. */
  readonly coldCalls: number;
  readonly warmCalls: number;
  /** Processes of all rounds that had no answer. */
  readonly failed: number;
};

type Once = { readonly ms: number; readonly calls: number; readonly failed: number };

/** Starts `processes` at once, bare, cold and warm in turn, so many times. */
export async function measureHerd(
  world: World,
  hit: Line,
  processes: number,
  rounds: number,
): Promise<Herd> {
  const all: { bare: Once; cold: Once; warm: Once }[] = [];
  for (let round = 0; round < rounds; round++) {
    const bare = await allAtOnce(world, world.bareNode, processes);
    await world.forget();
    const cold = await allAtOnce(world, hit, processes);
    const warm = await allAtOnce(world, hit, processes);
    all.push({ bare, cold, warm });
  }
  return {
    name: hit.name,
    processes,
    bareNodeMs: spreadOf(all.map(({ bare }) => bare.ms)),
    warmMs: spreadOf(all.map(({ warm }) => warm.ms)),
    warmRatio: spreadOf(all.map(({ bare, warm }) => warm.ms / bare.ms)),
    coldMs: spreadOf(all.map(({ cold }) => cold.ms)),
    coldCalls: Math.max(...all.map(({ cold }) => cold.calls)),
    warmCalls: Math.max(...all.map(({ warm }) => warm.calls)),
    failed: all.reduce((sum, { cold, warm }) => sum + cold.failed + warm.failed, 0),
  };
}

/** A shell starts them: this process must stay free to answer as STS. Each that prints credentials prints one line. */
async function allAtOnce(world: World, line: Line, processes: number): Promise<Once> {
  const out = join(world.folder, "herd-output");
  writeFileSync(out, "");
  const before = world.sts.callsOf("AssumeRole").length;
  const ms = await timeOnce({
    name: `${processes} × ${line.name}`,
    words: ["sh", "-c", SHELL_HERD, out, String(processes), ...line.words],
    env: line.env,
  });
  const answers = readFileSync(out, "utf8").split("\n").length - 1;
  const expected = line.prints === undefined ? 0 : processes;
  return {
    ms,
    calls: world.sts.callsOf("AssumeRole").length - before,
    failed: expected - answers,
  };
}

const SHELL_HERD = `
n=$1; shift
while [ "$n" -gt 0 ]; do "$@" >>"$0" 2>/dev/null & n=$((n - 1)); done
wait`;
