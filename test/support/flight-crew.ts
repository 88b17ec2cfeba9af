/** Real processes (flight-process.ts) that take part in flights, are killed and stopped, and what their log says of it. */
import { fork, type ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Report, Task } from "./flight-process.ts";

/** One piece of work; instants in ns of a clock that all processes share. `endedAt` is absent when it never ended. */
export type Work = { pid: number; key: string; beganAt: number; endedAt: number | undefined };

/** When a process was sent its end, on the same clock. */
type Killing = { readonly pid: number; readonly at: number };

/** What a flight gave; everything `undefined` when the process was killed. `ms` is what its caller waited. */
export type Outcome = { how: string | undefined; answer: string | undefined; ms: number };

export type Crew = {
  /** Resolves when all are ready to be told what to do. */
  readonly start: (count: number) => Promise<Member[]>;
  readonly works: () => Work[];
  /** How many began while another one of the same key, alive, had not ended. */
  readonly overlaps: () => number;
  /** Kills all that are left. */
  readonly dismiss: () => Promise<void>;
};

/** `script`: the bundled flight-process.ts. `folder`: the runtime folder; the log goes there too. */
export function gatherCrew(script: string, folder: string): Crew {
  const log = join(folder, "log");
  writeFileSync(log, "");
  const members = new Set<Member>();
  const killings: Killing[] = [];
  const start = (count: number): Promise<Member[]> =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const member = await startMember(script, { folder, log }, killings);
        members.add(member);
        return member;
      }),
    );
  return {
    start,
    works: () => readLog(log),
    overlaps: () => countOverlaps(readLog(log), killings),
    dismiss: async () => {
      await Promise.all([...members].map(({ kill }) => kill()));
    },
  };
}

export type Member = Awaited<ReturnType<typeof startMember>>;

async function startMember(
  script: string,
  places: { folder: string; log: string },
  killings: Killing[],
) {
  const child: ChildProcess = fork(script, [], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: [],
  });
  let working = false;
  let results = 0;
  let longestMs = 0;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const heard = (kind: Report["report"]): Promise<Report | undefined> =>
    new Promise((resolve) => {
      const listen = (report: Report): void => {
        if (report.report !== kind) return;
        child.off("message", listen);
        resolve(report);
      };
      child.on("message", listen);
      void exited.then(() => resolve(undefined));
    });
  child.on("error", () => {}); // A task sent to a process that was just killed.
  child.on("message", (report: Report) => {
    working = report.report === "working";
    if (report.report !== "result") return;
    results += 1;
    longestMs = Math.max(longestMs, report.ms);
  });
  const send = (task: Task): void => {
    if (child.connected) child.send(task, () => {});
  };
  const isWorking = heard("working");
  await heard("ready");

  return {
    child,
    /** Resolves when its first work begins. */
    working: isWorking,
    isWorking: () => working,
    results: () => results,
    longestMs: () => longestMs,
    fly: async (task: Partial<Task & { task: "flight" }>): Promise<Outcome> => {
      const ended = heard("result");
      const usual = { key: "prod", waitMs: 60_000, workMs: 100, share: true };
      send({ task: "flight", ...places, ...usual, ...task });
      const report = await ended;
      if (report?.report !== "result") return { how: undefined, answer: undefined, ms: 0 };
      const { result, ms } = report;
      return { how: result.how, answer: "answer" in result ? result.answer : undefined, ms };
    },
    count: async (file: string): Promise<void> => {
      const ended = heard("counted");
      send({ task: "count", folder: places.folder, file });
      await ended;
    },
    kill: async (): Promise<void> => {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        killings.push({ pid: child.pid, at: Number(process.hrtime.bigint()) });
        child.kill("SIGKILL");
      }
      await exited;
    },
  };
}

/** What `storm` saw. `longestMs`: between asking and being answered, works of 50 ms included. `stuck`: not answered at the end. */
export type Storm = {
  processes: number;
  kills: number;
  holdersKilled: number;
  works: number;
  twoLiveHolders: number;
  longestMs: number;
  stuck: number;
};

/** Processes that fly without pause while one is killed, and replaced, every 60 ms; in 6 of 10 cases the holder. */
export async function storm(
  crew: Crew,
  { processes, ms }: { processes: number; ms: number },
): Promise<Storm> {
  const endsAt = performance.now() + ms;
  const task = { workMs: 50, rounds: 1_000_000 };
  const flying = new Set(await crew.start(processes));
  for (const each of flying) void each.fly(task);
  const replacements: Promise<void>[] = [];
  const seen = { kills: 0, holdersKilled: 0, longestMs: 0 };
  const note = (each: Member): void => {
    seen.longestMs = Math.max(seen.longestMs, Math.round(each.longestMs()));
  };
  while (performance.now() < endsAt) {
    await pause(60);
    const candidates = [...flying];
    const holder = candidates.find((each) => each.isWorking());
    const anyone = candidates[Math.floor(Math.random() * candidates.length)];
    const victim = holder !== undefined && Math.random() < 0.6 ? holder : anyone;
    if (victim === undefined) continue;
    seen.kills += 1;
    if (victim.isWorking()) seen.holdersKilled += 1;
    note(victim);
    flying.delete(victim);
    void victim.kill();
    replacements.push(
      crew.start(1).then(([fresh]) => {
        if (fresh === undefined || performance.now() >= endsAt) return;
        flying.add(fresh);
        void fresh.fly(task);
      }),
    );
  }
  await Promise.all(replacements);
  const stuck = await countStuck([...flying]);
  for (const each of flying) note(each);
  await crew.dismiss();
  return { processes, ...seen, works: crew.works().length, twoLiveHolders: crew.overlaps(), stuck };
}

/** How many get no further answer within 10 s. */
async function countStuck(members: Member[]): Promise<number> {
  const before = new Map(members.map((each) => [each, each.results()]));
  const stuck = (): Member[] => members.filter((each) => each.results() === before.get(each));
  const patienceEndsAt = performance.now() + 10_000;
  while (stuck().length > 0 && performance.now() < patienceEndsAt) await pause(50);
  return stuck().length;
}

function readLog(log: string): Work[] {
  const all: Work[] = [];
  for (const line of readFileSync(log, "utf8").split("\n")) {
    const [, what, pid, time, key] = /^(begin|end) (\d+) (\d+) (.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    if (what === "begin") {
      all.push({ pid: Number(pid), key, beganAt: Number(time), endedAt: undefined });
    } else {
      const mine = all.findLast((work) => work.pid === Number(pid) && work.key === key);
      if (mine !== undefined) mine.endedAt = Number(time);
    }
  }
  return all;
}

function countOverlaps(all: Work[], killings: readonly Killing[]): number {
  const busyUntil = new Map<string, number>();
  let count = 0;
  for (const { pid, key, beganAt, endedAt } of all.toSorted((a, b) => a.beganAt - b.beganAt)) {
    const until = busyUntil.get(key) ?? 0;
    if (beganAt < until) count += 1;
    // The first one after: process ids are used again, on Windows soon.
    const killedAt = killings.find((killing) => killing.pid === pid && killing.at >= beganAt)?.at;
    busyUntil.set(key, Math.max(until, endedAt ?? killedAt ?? Infinity));
  }
  return count;
}
