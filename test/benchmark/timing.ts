/** Whole-process times of several command lines, interleaved, so that what slows the machine down slows all of them. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One line of the benchmark: a command, run again and again. */
export type Line = {
  readonly name: string;
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Runs before each run, outside the time measured. */
  readonly before?: () => Promise<void>;
  /** Of the machine's interface: the answer must be credentials. */
  readonly prints?: RegExp;
  /** Its exit code, where that is not 0: `doctor` with findings. */
  readonly code?: number;
};

/** Half of the values lie between `low` and `high`. */
export type Spread = { readonly median: number; readonly low: number; readonly high: number };

/** Milliseconds from the start of the process to its end, and the same against the first line of the run, round by round. */
export type Timed = {
  readonly name: string;
  readonly runs: number;
  readonly ms: Spread;
  readonly ratio: Spread;
  readonly samples: readonly number[];
};

/** Runs every line once per round, in a new order by chance (what ran before a line moves it by up to 15 %), after one round that does not count. */
export async function timeInterleaved(lines: readonly Line[], runs: number): Promise<Timed[]> {
  const samples = lines.map((): number[] => []);
  for (let round = -1; round < runs; round++) {
    for (const index of shuffled(lines.length)) {
      const line = lines[index]!;
      await line.before?.();
      const ms = await timeOnce(line);
      if (round >= 0) samples[index]!.push(ms);
    }
  }
  const base = samples[0] ?? [];
  return lines.map(({ name }, index) => ({
    name,
    runs,
    ms: spreadOf(samples[index]!),
    ratio: spreadOf(samples[index]!.map((ms, round) => ms / base[round]!)),
    samples: samples[index]!,
  }));
}

/** 0 to `count` - 1, in an order by chance. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, index) => ({ index, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ index }) => index);
}

/** One run, in milliseconds. Throws if it fails or prints something else than it should. */
export function timeOnce({ name, words, env, prints, code: expected = 0 }: Line): Promise<number> {
  const [file = "", ...rest] = words;
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(file, rest, { env, stdio: ["ignore", "pipe", "pipe"] });
    let ended = 0;
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
    child.once("error", reject);
    child.once("exit", () => (ended = performance.now()));
    child.once("close", (code) => {
      if (code === expected && (prints === undefined || prints.test(stdout)))
        resolve(ended - start);
      else reject(new Error(`${name} ended with ${code}: ${stderr.trim() || "unexpected output"}`));
    });
  });
}

/** Median and quartiles. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const position = share * (sorted.length - 1);
    const [below = NaN, above = below] = sorted.slice(
      Math.floor(position),
      Math.floor(position) + 2,
    );
    return below + (above - below) * (position % 1);
  };
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** GNU time, which tells a process's peak memory. */
const GNU_TIME = "/usr/bin/time";

/** Why no peak memory can be told here; undefined where it can. */
export function memoryMissing(): string | undefined {
  return process.platform === "linux" && existsSync(GNU_TIME) ? undefined : "GNU time is not here";
}

/** Peak resident memory in MB: the median of some runs. */
export async function peakMemory(
  { name, words, env, before }: Line,
  runs: number,
  folder: string,
): Promise<{ name: string; mb: Spread }> {
  const file = join(folder, "peak-memory");
  const values: number[] = [];
  for (let round = 0; round < runs; round++) {
    await before?.();
    await timeOnce({ name, words: [GNU_TIME, "-f", "%M", "-o", file, ...words], env });
    values.push(Number(readFileSync(file, "utf8")) / 1024);
  }
  return { name, mb: spreadOf(values) };
}
