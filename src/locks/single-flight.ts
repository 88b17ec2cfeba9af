/**
 * The one lock module. Among one user's processes that share a runtime directory, one (the leader) works on a key, and those that want the
 * same meanwhile wait for its answer. Its rules:
 *
 * - At most one live leader per key. The operating system decides which it is and frees the key when it dies
 *   (unix-socket.ts, windows-pipe.ts); no process ids, no time stamps, no stale files.
 * - The leader looks for an answer again (another may have finished just before), works, stores, frees the key, and
 *   only then answers those who wait. A process that comes later finds the answer in the store.
 * - Answers go over a private socket; nothing secret is written to a file.
 * - An answer that holds for every process is shared; a personal one ("a person is needed", the keychain, an interruption) or a
 *   thrown error is not: those who wait start over, and so try in turn.
 * - A leader that died is noticed at once. One that is stopped (Ctrl-Z, a terminal's SIGTTIN) is passed over after 5 s of
 *   silence by those who want an answer: when it wakes, its answer is merely another valid one. A *lock* is never taken
 *   from a live process: two writers would be worse than an error.
 * - Each process waits as long as it wants itself, not as long as the leader does.
 * - Locks are taken in the direction of the chain (a role before its source), so that no circle of waiting can arise.
 * - Whatever is wrong with the runtime directory (none, full, another user's), the work is done, uncoordinated.
 */
import { setTimeout as pause } from "node:timers/promises";
import { sinceStartMs } from "../foundation/deadline.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import type { LockBackend } from "./backend.ts";
import {
  createLeaderServer,
  type FinalMessage,
  type LeaderServer,
  waitForLeader,
} from "./protocol.ts";
import { createUnixSocketBackend } from "./unix-socket.ts";
import { createWindowsPipeBackend } from "./windows-pipe.ts";

/** How long a leader may be silent before those who wait for its answer pass it over. */
const silentAfterMs = 5000;
/** How long a key may be taken by a process that has not announced itself (Windows, between claim and announcement). */
const announceTimeoutMs = 1000;
/** A failure to connect counts the fourth time in a row, 50 ms apart: macOS also refuses when the queue is full. */
const maxConnectFailures = 4;

/** Which lock, and for how long to wait for it. */
export type LockRequest = {
  /** The runtime directory; `undefined`: none can be had, so the work is done uncoordinated. */
  readonly dir: string | undefined;
  /** What is wanted; any text. Equal keys exclude each other. */
  readonly key: string;
  /** The longest time to wait for others. It does not limit our own work. */
  readonly waitMs: number;
};

/** `T` is the answer; `encode` and `decode` carry it from the leader to those who wait. */
export type SingleFlightOptions<T> = LockRequest & {
  readonly encode: (answer: T) => string;
  readonly decode: (text: string) => T;
  /** Looks for an answer again just before working. `undefined`: only a new answer will do (a forced refresh). */
  readonly lookAgain: (() => Promise<T | undefined>) | undefined;
  /** Does the work, storing included. `share: false`: the answer is personal, so others try for themselves. */
  readonly work: () => Promise<{ readonly answer: T; readonly share: boolean }>;
};

/** `led`: by our own work; `shared`: by another process's; `cached`: by `lookAgain`; `uncoordinated`: by our own work, without a lock. */
export type SingleFlightResult<T> =
  | { readonly how: "led" | "shared" | "cached" | "uncoordinated"; readonly answer: T }
  | { readonly how: "timeout" };

/** Gets an answer for a key with as little work as possible among all processes. Throws only what the four functions of its options throw. */
export async function runSingleFlight<T>(
  options: SingleFlightOptions<T>,
): Promise<SingleFlightResult<T>> {
  const { dir, key, waitMs, encode, decode, lookAgain, work } = options;
  const turn = await takeTurn(
    { dir, key: `flight 1\n${key}`, waitMs },
    { silentMs: silentAfterMs, onlyNew: lookAgain === undefined },
  );
  if (turn.kind === "timeout") return { how: "timeout" };
  if (turn.kind === "shared") return { how: "shared", answer: decode(turn.answer) };

  let message: FinalMessage = "start over";
  try {
    const found = await lookAgain?.();
    if (found !== undefined) {
      if (turn.kind === "leader") message = { answer: encode(found), found: true };
      return { how: "cached", answer: found };
    }
    const { answer, share } = await work();
    if (share && turn.kind === "leader") message = { answer: encode(answer), found: false };
    return { how: turn.kind === "leader" ? "led" : "uncoordinated", answer };
  } finally {
    if (turn.kind === "leader") await turn.server.end(message);
  }
}

/**
 * Runs `work` while no other process holds the same key, for what must be written by one at a time. Throws ERR_DEADLINE
 * when others held it for `waitMs`, and what `work` throws. Without a runtime directory it runs unguarded.
 */
export async function withLock<T>(
  { dir, key, waitMs }: LockRequest,
  work: () => Promise<T>,
): Promise<T> {
  const turn = await takeTurn(
    { dir, key: `lock 1\n${key}`, waitMs },
    { silentMs: Infinity, onlyNew: true },
  );
  if (turn.kind === "timeout" || turn.kind === "shared") {
    throw new AwsRoleError(
      "ERR_DEADLINE",
      "another awsrole process is still writing the same file",
      {
        hint: "check whether one is stopped or waiting in another terminal, end it, and try again",
      },
    );
  }
  try {
    return await work();
  } finally {
    if (turn.kind === "leader") await turn.server.end("start over");
  }
}

type Turn =
  | { readonly kind: "leader"; readonly server: LeaderServer }
  | { readonly kind: "shared"; readonly answer: string }
  | { readonly kind: "timeout" | "uncoordinated" };

type Patience = {
  /** After how long without a sign of life a leader is passed over. */
  readonly silentMs: number;
  /** An answer that the leader found in the store is not for us. */
  readonly onlyNew: boolean;
};

/** Claims the key, or waits for the process that has it. Never throws: what goes wrong with the lock means "uncoordinated". */
async function takeTurn({ dir, key, waitMs }: LockRequest, patience: Patience): Promise<Turn> {
  if (dir === undefined) return { kind: "uncoordinated" };
  try {
    const backend =
      process.platform === "win32"
        ? createWindowsPipeBackend(dir, key)
        : createUnixSocketBackend(dir, key);
    return await claimOrWait(backend, waitMs, patience);
  } catch {
    return { kind: "uncoordinated" };
  }
}

async function claimOrWait(
  backend: LockBackend,
  waitMs: number,
  { silentMs, onlyNew }: Patience,
): Promise<Turn> {
  const endsAt = sinceStartMs() + waitMs;
  let unannouncedSince: number | undefined;
  let failures = { of: "", count: 0 };
  for (;;) {
    const leader = backend.leader();
    if (leader === undefined) {
      const server = await claim(backend);
      if (server !== undefined) return { kind: "leader", server };
      unannouncedSince ??= sinceStartMs();
      const isOverdue = sinceStartMs() - unannouncedSince > announceTimeoutMs;
      if (isOverdue && silentMs !== Infinity) return { kind: "uncoordinated" };
    } else {
      unannouncedSince = undefined;
      const outcome = await waitForLeader(leader, {
        waitMs: Math.max(0, endsAt - sinceStartMs()),
        silentMs,
      });
      if (outcome.kind === "answer" && !(onlyNew && outcome.found)) {
        return { kind: "shared", answer: outcome.answer };
      }
      if (outcome.kind === "silent" || outcome.kind === "dead") leader.remove();
      if (outcome.kind === "failed") {
        failures = { of: leader.path, count: failures.of === leader.path ? failures.count + 1 : 1 };
        if (failures.count < maxConnectFailures) await pause(50);
        else if (outcome.refused) leader.remove();
        else return { kind: "uncoordinated" };
      }
    }
    if (sinceStartMs() >= endsAt) return { kind: "timeout" };
    // Scattered, so that of many who start over most find the next leader rather than compete for the key.
    await pause(Math.random() * 25);
  }
}

async function claim(backend: LockBackend): Promise<LeaderServer | undefined> {
  const server = createLeaderServer();
  const lease = await backend.claim(server.server);
  if (lease === undefined) return undefined;
  server.start(lease);
  return server;
}
