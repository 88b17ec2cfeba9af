/**
 * `npm run bench`: what awsrole costs, on the machine it runs on.
 *
 *     npm run bench -- [--json] [--write] [--runs N]
 *
 * Prints Markdown tables or, with --json, every sample; --write puts the tables into docs/internals/performance.md, in place of those of
 * the same version of node. Nothing else should run meanwhile.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import manifest from "../../package.json" with { type: "json" };
import { keychainSkipReason } from "../support/keychain-daemon.ts";
import { judge } from "./goals.ts";
import { measureHerd, measureSignedOut } from "./herd.ts";
import { toMarkdown } from "./report.ts";
import { memoryMissing, peakMemory, timeInterleaved } from "./timing.ts";
import { createWorld, type World } from "./world.ts";

const PAGE = "docs/internals/performance.md";
const { values } = parseArgs({
  options: { json: { type: "boolean" }, write: { type: "boolean" }, runs: { type: "string" } },
});
const runs = Math.max(30, Number(values.runs ?? 40));
if (values.write) placeOnPage();
const reason = keychainSkipReason();
if (reason === undefined) {
  const world = await createWorld();
  try {
    const results = await measure(world);
    if (values.write) writePage(toMarkdown(results));
    console.log(values.json ? JSON.stringify(results, undefined, 2) : toMarkdown(results));
  } finally {
    await world.close();
  }
} else {
  console.error(`bench: there is no keychain to measure with: ${reason}`);
  process.exitCode = 1;
}

export type Results = Awaited<ReturnType<typeof measure>>;

async function measure(world: World) {
  const say = (what: string) => process.stderr.write(`bench: ${what}\n`);
  say(`${world.lines.length} command lines, ${runs} runs each`);
  const lines = await timeInterleaved(world.lines, runs);
  say("commands for people");
  const people = await timeInterleaved([world.bareNode, ...world.people], runs);
  say("large config files");
  const sizes = [];
  for (const profiles of [10, 100, 1000, 10_000]) sizes.push(await world.hitAmong(profiles));
  const configs = await timeInterleaved([world.bareNode, world.hit, ...sizes], runs);
  say("peak memory");
  const absent = [...world.absent];
  const noMemory = memoryMissing();
  if (noMemory !== undefined) absent.push(`peak memory (${noMemory})`);
  const memory = [];
  for (const line of noMemory === undefined ? world.lines : [])
    memory.push(await peakMemory(line, 7, world.folder));
  const herds = [];
  for (const processes of [1, 10, 50, 200]) {
    say(`${processes} processes at once`);
    for (const hit of [world.hit, world.standaloneHit])
      if (hit !== undefined)
        herds.push(await measureHerd(world, hit, processes, processes > 10 ? 3 : 9));
  }
  say("50 processes at once, without a sign-in");
  const signedOut = await measureSignedOut(world, 50, 5);
  const measured = { lines, people, configs, memory, herds, signedOut };
  return { machine: machine(), ...measured, absent, goals: judge(measured) };
}

/** Where the page has this node's tables. Throws if it has no place for them. */
function placeOnPage() {
  const major = process.versions.node.split(".")[0];
  const [begin, end] = [`<!-- bench of node ${major} -->`, `<!-- end of node ${major} -->`];
  const text = readFileSync(PAGE, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${PAGE} has no ${begin} and ${end}`);
  return { before: text.slice(0, from) + begin, after: text.slice(to) };
}

function writePage(tables: string): void {
  const { before, after } = placeOnPage();
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
