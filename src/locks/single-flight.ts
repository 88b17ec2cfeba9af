/**
 * The one lock module. Among one user's processes that share a runtime folder, one works on a key, and whoever wants the
 * same meanwhile hears its answer. Its rules:
 *
 * - At most one live holder per key. The operating system decides who it is and frees the place when the holder dies
 *   (flight-folder.ts, flight-windows.ts); no process ids, no time stamps, no stale files.
 * - The holder looks for an answer again (another may have finished just before), works, stores, gives the place free, and
 *   only then tells those who wait. Whoever comes later finds the answer in the store.
 * - Answers go over a private socket; nothing secret is written to a file.
 * - An answer that holds for everyone is shared; a personal one ("a person is needed", the keychain, an interruption) or a
 *   thrown error is not: those who wait start over, and so try in turn.
 * - A holder that died is noticed at once. One that is stopped (Ctrl-Z, a terminal's SIGTTIN) is passed over after 5 s of
 *   silence by those who want an answer: when it wakes, its answer is merely another valid one. A *lock* is never taken
 *   from a live process: two writers would be worse than an error.
 * - Everyone waits as long as they themselves want, not as long as the holder does.
 * - Locks are taken in the direction of the chain (a role before its source), so that no circle of waiting can arise.
 * - Whatever is wrong with the runtime folder (none, full, foreign), the work is done: alone.
 */
import { setTimeout as pause } from "node:timers/promises";
import { sinceStartMs } from "../foundation/deadline.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { meetInFolder } from "./unix-socket.ts";
import type { MeetingPlace } from "./backend.ts";
import { meetOnWindows } from "./windows-pipe.ts";
import { createHost, listenTo, type Host, type LastWord } from "./protocol.ts";

/** How long a holder may be silent before those who wait for its answer pass it over. */
const silentAfterMs = 5000;
/** How long a place may be taken by somebody who cannot be seen (Windows, between claim and announcement). */
const unseenMs = 1000;
/** A failure to connect is believed the fourth time in a row, 50 ms apart: macOS also refuses when the queue is full. */
const believedFailures = 4;

export type FlightOptions = {
  /** From `runtimeFolder`; `undefined`: no private folder can be had, so everyone works alone. */
  readonly folder: string | undefined;
  /** What is wanted; any text. Equal keys share a flight. */
  readonly key: string;
  /** The longest time to wait for others. It does not limit our own work. */
  readonly waitMs: number;
  /** Looks for an answer again just before working. `undefined`: only a new answer will do (a forced refresh). */
  readonly lookAgain: (() => Promise<string | undefined>) | undefined;
  /** Does the work, storing included. `share: false`: the answer is personal, so others try for themselves. */
  readonly work: () => Promise<{ readonly answer: string; readonly share: boolean }>;
};

/** `worked`: ours; `joined`: somebody else's; `found`: by `lookAgain`; `alone`: ours, and nobody could have joined. */
export type FlightResult =
  | { readonly how: "worked" | "joined" | "found" | "alone"; readonly answer: string }
  | { readonly how: "gave up" };

/** Gets an answer for a key with as little work as possible among all processes. Throws only what `lookAgain` and `work` throw. */
export async function runSingleFlight(options: FlightOptions): Promise<FlightResult> {
  const { folder, key, waitMs, lookAgain, work } = options;
  const turn = await takeTurn(folder, `flight 1\n${key}`, {
    waitMs,
    silentMs: silentAfterMs,
    onlyNew: lookAgain === undefined,
  });
  if (turn.kind === "gave up") return { how: "gave up" };
  if (turn.kind === "heard") return { how: "joined", answer: turn.answer };

  let lastWord: LastWord = "start over";
  try {
    const found = await lookAgain?.();
    if (found !== undefined) {
      lastWord = { answer: found, found: true };
      return { how: "found", answer: found };
    }
    const { answer, share } = await work();
    if (share) lastWord = { answer, found: false };
    return { how: turn.kind === "ours" ? "worked" : "alone", answer };
  } finally {
    if (turn.kind === "ours") await turn.host.end(lastWord);
  }
}

/**
 * Runs `work` while no other process holds the same key, for what must be written by one at a time. Throws ERR_DEADLINE
 * when others held it for `waitMs`, and what `work` throws. Without a runtime folder it runs unguarded.
 */
export async function withLock<T>(
  folder: string | undefined,
  key: string,
  waitMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const turn = await takeTurn(folder, `lock 1\n${key}`, {
    waitMs,
    silentMs: Infinity,
    onlyNew: true,
  });
  if (turn.kind === "gave up" || turn.kind === "heard") {
    throw new AwsRoleError(
      "ERR_DEADLINE",
      "another awsrole process is writing the same file and does not finish",
      {
        hint: "see whether one is stopped or waiting in another terminal (ps), end it, and try again",
      },
    );
  }
  try {
    return await work();
  } finally {
    if (turn.kind === "ours") await turn.host.end("start over");
  }
}

type Turn =
  | { readonly kind: "ours"; readonly host: Host }
  | { readonly kind: "heard"; readonly answer: string }
  | { readonly kind: "gave up" | "alone" };

type Patience = {
  readonly waitMs: number;
  /** After how long without a sign of life a holder is passed over. */
  readonly silentMs: number;
  /** An answer that the holder found in the store is not for us. */
  readonly onlyNew: boolean;
};

/** Claims the key, or waits for whoever has it. Never throws: what goes wrong with the place means "alone". */
async function takeTurn(
  folder: string | undefined,
  key: string,
  patience: Patience,
): Promise<Turn> {
  if (folder === undefined) return { kind: "alone" };
  try {
    const place =
      process.platform === "win32" ? meetOnWindows(folder, key) : meetInFolder(folder, key);
    return await claimOrListen(place, patience);
  } catch {
    return { kind: "alone" };
  }
}

async function claimOrListen(
  place: MeetingPlace,
  { waitMs, silentMs, onlyNew }: Patience,
): Promise<Turn> {
  const endsAt = sinceStartMs() + waitMs;
  let unseenSince: number | undefined;
  let failures = { of: "", count: 0 };
  for (;;) {
    const holder = place.holder();
    if (holder === undefined) {
      const host = await claim(place);
      if (host !== undefined) return { kind: "ours", host };
      unseenSince ??= sinceStartMs();
      const unseen = sinceStartMs() - unseenSince > unseenMs;
      if (unseen && silentMs !== Infinity) return { kind: "alone" };
    } else {
      unseenSince = undefined;
      const heard = await listenTo(holder, Math.max(0, endsAt - sinceStartMs()), silentMs);
      if (heard.kind === "answer" && !(onlyNew && heard.found)) {
        return { kind: "heard", answer: heard.answer };
      }
      if (heard.kind === "silent" || heard.kind === "dead") holder.remove();
      if (heard.kind === "failed") {
        failures = { of: holder.path, count: failures.of === holder.path ? failures.count + 1 : 1 };
        if (failures.count < believedFailures) await pause(50);
        else if (heard.refused) holder.remove();
        else return { kind: "alone" };
      }
    }
    if (sinceStartMs() >= endsAt) return { kind: "gave up" };
    // Scattered, so that of many who start over most find the next holder rather than compete for the place.
    await pause(Math.random() * 25);
  }
}

async function claim(place: MeetingPlace): Promise<Host | undefined> {
  const host = createHost();
  const hold = await place.claim(host.server);
  if (hold === undefined) return undefined;
  host.begin(hold);
  return host;
}
