/**
 * What a holder and its waiters say to each other. Its rules:
 *
 * - Only the holder speaks, in lines: empty ones as a sign of life, at once and every 500 ms, then one JSON line.
 * - A connection that ends without the JSON line means that the holder died: start over.
 * - Silence is counted in the listener's own ticks, not by the clock: a listener that was itself stopped, or whose machine
 *   slept, would otherwise take its own absence for the holder's.
 */
import { createServer, connect, type Server, type Socket } from "node:net";
import { setImmediate, setTimeout as pause } from "node:timers/promises";
import { hasErrorCode } from "../foundation/errno.ts";
import type { Hold, Holder } from "./backend.ts";

/** The last word of a holder: an answer (`found`: it stood in the cache), or that there is none to share. */
export type LastWord = { readonly answer: string; readonly found: boolean } | "start over";

/**
 * What came of listening. `ended`: over without an answer for us; `dead`: nobody is there; `failed`: no connection, which
 * says for certain neither that somebody is there nor that nobody is; `silent`: not a word.
 */
export type Heard =
  | { readonly kind: "answer"; readonly answer: string; readonly found: boolean }
  | { readonly kind: "failed"; readonly refused: boolean }
  | { readonly kind: "ended" | "dead" | "silent" | "out of time" };

const beatMs = 500;
const tickMs = 250;
const maxLineChars = 1_000_000;

/** The holder's side. `begin` once the place is ours; `end` tells all who wait, and those still in the queue. */
export type Host = {
  readonly server: Server;
  readonly begin: (hold: Hold) => void;
  readonly end: (lastWord: LastWord) => Promise<void>;
};

export function createHost(): Host {
  const waiting = new Set<Socket>();
  let accepted = 0;
  let ourHold: Hold | undefined;
  let beat: NodeJS.Timeout | undefined;
  const say = (socket: Socket, text: string): boolean =>
    ourHold === undefined ? false : socket.write(`${ourHold.seal(text)}\n`);

  const server = createServer((socket) => {
    accepted += 1;
    waiting.add(socket);
    socket.on("error", () => {}); // A waiter that went away is no concern of ours; "close" follows.
    socket.on("close", () => waiting.delete(socket));
    socket.resume();
    say(socket, "");
  });
  server.on("error", () => {}); // Out of descriptors: who is not accepted starts over.

  return {
    server,
    begin: (hold) => {
      ourHold = hold;
      // Who came between the claim and this line has heard nothing yet.
      for (const socket of waiting) say(socket, "");
      beat = setInterval(() => {
        for (const socket of waiting) say(socket, "");
      }, beatMs);
    },
    end: async (lastWord) => {
      clearInterval(beat);
      ourHold?.release();
      // Nobody new can come now. Who is already in the queue is accepted by the event loop, some in each turn.
      for (let before = -1; before !== accepted;) {
        before = accepted;
        await setImmediate();
        await setImmediate();
      }
      server.close();
      const line = `${ourHold?.seal(JSON.stringify(lastWord))}\n`;
      await Promise.race([
        Promise.all([...waiting].map((socket) => sayLast(socket, line))),
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
function sayLast(socket: Socket, line: string): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    if (process.platform === "win32") socket.write(line);
    else socket.end(line, () => resolve());
  });
}

/** Listens to a holder until its last word, or for `waitMs`, or until it was silent for `silentMs`. */
export function listenTo(holder: Holder, waitMs: number, silentMs: number): Promise<Heard> {
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
      socket = connect(holder.path);
      socket.setEncoding("utf8");
      socket.on("data", read);
      socket.on("end", () => finish({ kind: "ended" }));
      socket.on("error", (error) => {
        // EAGAIN: the queue is full, so somebody is there. EMFILE, ENFILE: it is we who have no room.
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
        const opened = holder.open(line);
        if (opened === undefined) continue;
        quietTicks = 0;
        if (opened !== "") return finish(parseLastWord(opened));
      }
      if (text.length > maxLineChars) finish({ kind: "ended" });
    }

    function finish(heard: Heard): void {
      clearTimeout(deadline);
      clearTimeout(retry);
      clearInterval(ticker);
      socket?.destroy();
      resolve(heard);
    }
  });
}

function parseLastWord(text: string): Heard {
  try {
    const word: unknown = JSON.parse(text);
    if (typeof word === "object" && word !== null && "answer" in word && "found" in word) {
      const { answer, found } = word;
      if (typeof answer === "string" && typeof found === "boolean")
        return { kind: "answer", answer, found };
    }
  } catch {
    // As good as no answer.
  }
  return { kind: "ended" };
}
