/**
 * What a leader sends to its waiters. Its rules:
 *
 * - Only the leader sends, in lines: empty ones as a heartbeat, at once and every 500 ms, then one JSON line.
 * - A connection that ends without the JSON line means that the leader died: start over.
 * - Silence is counted in the waiter's own ticks, not by the clock: a waiter that was itself stopped, or whose machine
 *   slept, would otherwise take its own absence for the leader's.
 */
import { createServer, connect, type Server, type Socket } from "node:net";
import { setImmediate, setTimeout as pause } from "node:timers/promises";
import { hasErrorCode } from "../foundation/errno.ts";
import { parseObject } from "../foundation/json.ts";
import type { Leader, Lease } from "./backend.ts";

/** A leader's last line: an answer (`found`: it was in the cache), or that there is none to share. */
export type FinalMessage = { readonly answer: string; readonly found: boolean } | "start over";

/**
 * What came of waiting. `ended`: over without an answer for us; `dead`: there is no such process; `failed`: no connection, from which
 * neither follows for certain; `silent`: not a line.
 */
export type WaitOutcome =
  | { readonly kind: "answer"; readonly answer: string; readonly found: boolean }
  | { readonly kind: "failed"; readonly refused: boolean }
  | { readonly kind: "ended" | "dead" | "silent" | "out of time" };

const heartbeatMs = 500;
const tickMs = 250;
const maxLineChars = 1_000_000;

/** The leader's side. Call `start` once the key is ours; `end` sends the final message to all who wait, those in the queue included. */
export type LeaderServer = {
  readonly server: Server;
  readonly start: (lease: Lease) => void;
  readonly end: (message: FinalMessage) => Promise<void>;
};

/** A server that is not listening yet: `LockBackend.claim` makes it. Nothing of it throws. */
export function createLeaderServer(): LeaderServer {
  const waiting = new Set<Socket>();
  let accepted = 0;
  let lease: Lease | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  const beat = (socket: Socket): void => {
    if (lease !== undefined) socket.write(`${lease.seal("")}\n`);
  };

  const server = createServer((socket) => {
    accepted += 1;
    waiting.add(socket);
    socket.on("error", () => {}); // A waiter that went away; "close" follows.
    socket.on("close", () => waiting.delete(socket));
    socket.resume();
    beat(socket);
  });
  server.on("error", () => {}); // Out of descriptors: a waiter that is not accepted starts over.

  return {
    server,
    start: (ours) => {
      lease = ours;
      // Those who connected between the claim and this line have received nothing yet.
      for (const socket of waiting) beat(socket);
      heartbeat = setInterval(() => {
        for (const socket of waiting) beat(socket);
      }, heartbeatMs);
    },
    end: async (message) => {
      clearInterval(heartbeat);
      lease?.release();
      // No new waiter can come now. Those already in the queue are accepted by the event loop, some in each turn.
      for (let before = -1; before !== accepted;) {
        before = accepted;
        await setImmediate();
        await setImmediate();
      }
      server.close();
      const line = `${lease?.seal(JSON.stringify(message))}\n`;
      await Promise.race([
        Promise.all([...waiting].map((socket) => sendLast(socket, line))),
        // Not a reason to stay: without waiters this would keep every fetch's process alive for a second.
        pause(1000, undefined, { ref: false }),
      ]);
      for (const socket of waiting) socket.destroy();
    },
  };
}

/**
 * On Linux and macOS what was written can be read after the writer has gone. A Windows pipe forgets it, so there the
 * waiter hangs up first.
 */
function sendLast(socket: Socket, line: string): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    if (process.platform === "win32") socket.write(line);
    else socket.end(line, () => resolve());
  });
}

/** Waits for a leader's final message, for `waitMs` at most, or until it was silent for `silentMs`. Never rejects. */
export function waitForLeader(
  leader: Leader,
  { waitMs, silentMs }: { readonly waitMs: number; readonly silentMs: number },
): Promise<WaitOutcome> {
  return new Promise((resolve) => {
    let socket: Socket | undefined;
    let retry: NodeJS.Timeout | undefined;
    let text = "";
    let quietTicks = 0;
    const deadline = setTimeout(() => finish({ kind: "out of time" }), waitMs);
    const ticker = setInterval(() => {
      quietTicks += 1;
      if (quietTicks * tickMs >= silentMs) finish({ kind: "silent" });
    }, tickMs);
    dial();

    function dial(): void {
      socket = connect(leader.path);
      socket.setEncoding("utf8");
      socket.on("data", read);
      socket.on("end", () => finish({ kind: "ended" }));
      socket.on("error", (error) => {
        // EAGAIN: the queue is full, so the leader is alive. EMFILE, ENFILE: it is we who have no room.
        if (hasErrorCode(error, "EAGAIN", "EMFILE", "ENFILE")) retry = setTimeout(dial, 50);
        else if (hasErrorCode(error, "ECONNRESET", "EPIPE")) finish({ kind: "ended" });
        else if (hasErrorCode(error, "ENOENT")) finish({ kind: "dead" });
        else if (!hasErrorCode(error, "ECONNREFUSED")) finish({ kind: "failed", refused: false });
        // macOS refuses when the queue is full, too.
        else
          finish(
            process.platform === "darwin" ? { kind: "failed", refused: true } : { kind: "dead" },
          );
      });
    }

    function read(chunk: string): void {
      const lines = (text + chunk).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const opened = leader.open(line);
        if (opened === undefined) continue;
        quietTicks = 0;
        if (opened !== "") return finish(parseFinalMessage(opened));
      }
      if (text.length > maxLineChars) finish({ kind: "ended" });
    }

    function finish(outcome: WaitOutcome): void {
      clearTimeout(deadline);
      clearTimeout(retry);
      clearInterval(ticker);
      socket?.destroy();
      resolve(outcome);
    }
  });
}

/** What is no answer counts as none. */
function parseFinalMessage(text: string): WaitOutcome {
  const { answer, found } = parseObject(text) ?? {};
  return typeof answer === "string" && typeof found === "boolean"
    ? { kind: "answer", answer, found }
    : { kind: "ended" };
}
