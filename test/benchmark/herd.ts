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

/** Many processes that want the sessions of several profiles, of which there is none yet. */
export type ManyProfiles = {
  readonly name: string;
  readonly processes: number;
  readonly profiles: number;
  readonly bareNodeMs: number;
  readonly ms: number;
  readonly calls: number;
  readonly failed: number;
};

/** Starts so many at once, each profile's in turn. `hit` says which program. */
export async function measureManyProfiles(
  world: World,
  hit: Line,
  { processes, profiles }: Pick<ManyProfiles, "processes" | "profiles">,
): Promise<ManyProfiles> {
  const file = join(world.folder, "many-config");
  const names = Array.from({ length: profiles }, (_, at) => `many-${at}`);
  writeFileSync(
    file,
    names
      .map(
        (name) =>
          `[profile ${name}]\nawsrole_role_arn = arn:aws:iam::123456789012:role/example-role\nawsrole_source_profile = bob\nawsrole_role_session_name = ${name}\nregion = eu-west-1\n`,
      )
      .join("\n"),
  );
  const out = join(world.folder, "many-output");
  writeFileSync(out, "");
  const bare = await allAtOnce(world, world.bareNode, processes);
  const before = world.sts.callsOf("AssumeRole").length;
  const ms = await timeOnce({
    name: `${processes} × ${hit.name}`,
    words: [
      "sh",
      "-c",
      SHELL_MANY,
      out,
      String(processes),
      String(profiles),
      ...hit.words.slice(0, -1),
    ],
    env: { ...hit.env, AWS_CONFIG_FILE: file },
  });
  return {
    name: hit.name,
    processes,
    profiles,
    bareNodeMs: bare.ms,
    ms,
    calls: world.sts.callsOf("AssumeRole").length - before,
    failed: processes - (readFileSync(out, "utf8").split("\n").length - 1),
  };
}

/** Many processes whose sign-in has ended, with no person to ask. */
export type SignedOutHerd = {
  readonly processes: number;
  readonly bareNodeMs: Spread;
  readonly ms: Spread;
  /** Against bare node, round by round. */
  readonly ratio: Spread;
  /** Processes of all rounds that did not end with 3. */
  readonly otherCodes: number;
  /** Requests to AWS of all rounds. */
  readonly requests: number;
};

/** Starts `processes` at once, bare node and a profile without a sign-in in turn, so many times. */
export async function measureSignedOut(
  world: World,
  processes: number,
  rounds: number,
): Promise<SignedOutHerd> {
  const out = join(world.folder, "herd-codes");
  const start = (line: Line): Promise<number> => {
    writeFileSync(out, "");
    const words = ["sh", "-c", SHELL_CODES, out, String(processes), ...line.words];
    return timeOnce({ name: `${processes} × ${line.name}`, words, env: line.env });
  };
  const all: { bare: number; ms: number; three: number }[] = [];
  const before = world.sts.requests.length;
  for (let round = 0; round < rounds; round++) {
    const bare = await start(world.bareNode);
    const ms = await start(world.signedOut);
    const three = readFileSync(out, "utf8")
      .split("\n")
      .filter((code) => code === "3");
    all.push({ bare, ms, three: three.length });
  }
  return {
    processes,
    bareNodeMs: spreadOf(all.map(({ bare }) => bare)),
    ms: spreadOf(all.map(({ ms }) => ms)),
    ratio: spreadOf(all.map(({ ms, bare }) => ms / bare)),
    otherCodes: all.reduce((sum, { three }) => sum + processes - three, 0),
    requests: world.sts.requests.length - before,
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

const SHELL_CODES = `
n=$1; shift
while [ "$n" -gt 0 ]; do ("$@" >/dev/null 2>&1; echo "$?" >>"$0") & n=$((n - 1)); done
wait`;

const SHELL_MANY = `
n=$1; profiles=$2; shift 2
while [ "$n" -gt 0 ]; do "$@" "many-$((n % profiles))" >>"$0" 2>/dev/null & n=$((n - 1)); done
wait`;
