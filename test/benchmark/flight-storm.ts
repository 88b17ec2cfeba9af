/**
 * Measures single flights on the machine it runs on, Windows too: herds whose leader is killed, and a storm of kills. One
 * bundle is parent and children, so that it can be carried to a machine that has only node:
 *
 *     npx esbuild test/benchmark/flight-storm.ts --bundle --platform=node --format=esm --outfile=storm.mjs
 *     node storm.mjs [processes] [seconds]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gatherCrew, storm, type Crew } from "../support/flight-crew.ts";

if (process.send === undefined)
  await measure(Number(process.argv[2] ?? 30), Number(process.argv[3] ?? 20));
else await import("../support/flight-process.ts");

async function measure(processes: number, seconds: number): Promise<void> {
  console.log(`node ${process.version} on ${process.platform} ${process.arch}`);
  const results = [];
  for (const kills of [0, 1, 3])
    results.push(await withCrew((crew) => herd(crew, processes, kills)));
  console.table(results);
  console.table([await withCrew((crew) => storm(crew, { processes, ms: seconds * 1000 }))]);
}

async function withCrew<T>(run: (crew: Crew) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "flight-"));
  const crew = gatherCrew(fileURLToPath(import.meta.url), folder);
  try {
    return await run(crew);
  } finally {
    await crew.dismiss();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All want the same at once; the first `kills` leaders are killed in the middle of their 500 ms of work. */
async function herd(crew: Crew, processes: number, kills: number) {
  const members = await crew.start(processes);
  let left = kills;
  const outcomes = await Promise.all(
    members.map((each) => {
      const ended = each.fly({ workMs: 500 });
      void each.working.then((report) => {
        if (report === undefined || left === 0) return;
        left -= 1;
        setTimeout(() => void each.kill(), 250);
      });
      return ended;
    }),
  );
  const works = crew.works();
  const survivors = outcomes.filter(({ answer }) => answer !== undefined);
  return {
    processes,
    kills,
    works: works.length,
    completed: works.filter(({ endedAt }) => endedAt !== undefined).length,
    answers: new Set(survivors.map(({ answer }) => answer)).size,
    answered: survivors.length,
    twoLiveHolders: crew.overlaps(),
    longestMs: Math.round(Math.max(...survivors.map(({ ms }) => ms))),
  };
}
