/**
 * `npm run bench`: what awsrole costs, on the machine it runs on.
 *
 *     npm run bench -- [--json] [--write] [--runs N] [--part PART]… [--line PATTERN]
 *
 * Prints Markdown tables or, with --json, every sample; --write puts the tables into docs/internals/performance.md, in place of those of
 * the same version of node. Nothing else should run meanwhile. --part measures some parts only, --line some lines of the first besides bare node and
 * the hit. What is compared is compared within one run: a ratio that differs from the page's by more than a tenth is listed.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import manifest from "../../package.json" with { type: "json" };
import { keychainSkipReason } from "../support/keychain-daemon.ts";
import { judge } from "./goals.ts";
import { measureHerd, measureManyProfiles, measureSignedOut } from "./herd.ts";
import { changesSince, toMarkdown } from "./report.ts";
import { measureSizes } from "./sizes.ts";
import { type Line, memoryMissing, peakMemory, type Timed, timeInterleaved } from "./timing.ts";
import { createWorld, type World } from "./world.ts";

const PAGE = "docs/internals/performance.md";
const parts = ["lines", "people", "among", "configs", "memory", "herds", "many"] as const;
const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    write: { type: "boolean" },
    runs: { type: "string" },
    part: { type: "string", multiple: true },
    line: { type: "string" },
  },
});
const runs = Math.max(30, Number(values.runs ?? 40));
const wanted: readonly string[] = values.part ?? parts;
if (wanted.some((part) => !parts.some((known) => known === part)))
  throw new Error(`parts are ${parts.join(", ")}`);
if (values.write && (values.part ?? values.line) !== undefined)
  throw new Error("--write takes the whole run");
const { before, committed, after } = placeOnPage();
const reason = keychainSkipReason();
if (reason === undefined) {
  const world = await createWorld();
  try {
    const results = await measure(world);
    const tables = toMarkdown(results);
    if (values.write) writePage(tables);
    console.log(values.json ? JSON.stringify(results, undefined, 2) : tables);
    process.stderr.write(changesSince(committed, tables));
  } finally {
    await world.close();
  }
} else {
  console.error(`bench: there is no keychain to measure with: ${reason}`);
  process.exitCode = 1;
}

export type Results = Awaited<ReturnType<typeof measure>>;

async function measure(world: World) {
  const isWanted = (part: (typeof parts)[number], what: string): boolean => {
    const is = wanted.includes(part);
    if (is) process.stderr.write(`bench: ${what}\n`);
    return is;
  };
  const pattern = new RegExp(values.line ?? "");
  const chosen = world.lines.filter(({ name }, at) => at < 2 || pattern.test(name));
  const timed = async (part: (typeof parts)[number], what: string, lines: () => Promise<Line[]>) =>
    isWanted(part, what) ? timeInterleaved(await lines(), runs) : [];

  const lines = await timed(
    "lines",
    `${chosen.length} command lines, ${runs} runs each`,
    async () => chosen,
  );
  const people = await timed("people", "commands for people", async () => [...world.people]);
  const among = isWanted("among", "commands for people among 1,000 and 10,000 profiles")
    ? await timeAmong(world)
    : [];
  const configs = await timed("configs", "large config files", async () => {
    const sizes = [];
    for (const profiles of [10, 100, 1000, 10_000]) sizes.push(await world.hitAmong(profiles));
    return [world.bareNode, world.hit, ...sizes];
  });
  const absent = [...world.absent];
  const memory = [];
  if (isWanted("memory", "peak memory")) {
    const noMemory = memoryMissing();
    if (noMemory !== undefined) absent.push(`peak memory (${noMemory})`);
    for (const line of noMemory === undefined ? chosen : [])
      memory.push(await peakMemory(line, 7, world.folder));
  }
  const hits = [world.hit, world.standaloneHit].filter((hit) => hit !== undefined);
  const herds = [];
  for (const processes of [1, 10, 50, 200])
    if (isWanted("herds", `${processes} processes at once`))
      for (const hit of hits)
        herds.push(await measureHerd(world, hit, processes, processes > 10 ? 3 : 9));
  const signedOut = isWanted("herds", "50 processes at once, without a sign-in")
    ? await measureSignedOut(world, 50, 5)
    : undefined;
  const many = isWanted("many", "1,000 processes over 50 profiles")
    ? await measureManyProfiles(world, hits.at(-1) ?? world.hit, { processes: 1000, profiles: 50 })
    : undefined;
  const measured = { lines, people, among, configs, memory, herds, signedOut, many };
  return { machine: machine(), ...measured, sizes: measureSizes(), absent, goals: judge(measured) };
}

/** `list`, `doctor` and `explain`: each round has both sizes and bare node. */
async function timeAmong(world: World): Promise<Timed[]> {
  const lines = [1000, 10_000].flatMap((profiles) => [...world.amongProfiles(profiles)]);
  return timeInterleaved([world.bareNode, ...lines], 10);
}

/** Where the page has this node's tables. Throws if it has no place for them. */
function placeOnPage() {
  const major = process.versions.node.split(".")[0];
  const [begin, end] = [`<!-- bench of node ${major} -->`, `<!-- end of node ${major} -->`];
  const text = readFileSync(PAGE, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${PAGE} has no ${begin} and ${end}`);
  return {
    before: text.slice(0, from) + begin,
    committed: text.slice(from + begin.length, to),
    after: text.slice(to),
  };
}

function writePage(tables: string): void {
  writeFileSync(PAGE, `${before}\n\n${tables}\n\n${after}`);
  spawnSync("npx", ["oxfmt", PAGE]);
}

function machine() {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    system: `${process.platform} ${release().replace(/-.*/, "")} ${process.arch}`,
    node: process.version,
    awsrole: manifest.version,
    awsCli: versionOf("aws"),
    secretService: versionOf("gnome-keyring-daemon"),
  };
}

function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  return stdout?.split("\n")[0]?.trim() || "not there";
}
