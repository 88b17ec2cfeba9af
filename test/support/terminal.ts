/** A real terminal for tests: a shell in tmux, typed into and read as a person would. */
import {
  execFileSync,
  type ExecFileSyncOptionsWithStringEncoding,
  spawnSync,
} from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Why there is no terminal to test in, for a test's name; undefined where there is. */
export const noTerminal =
  spawnSync("tmux", ["-V"]).status === 0 ? undefined : "tmux is not installed";

export type Terminal = {
  /** Types a line, with Enter. */
  enter(line: string): void;
  /** Types text, without Enter. */
  type(text: string): void;
  /** Presses a key by tmux's name for it: `C-c`, `C-d`, `Enter`. */
  press(key: string): void;
  /** Everything there is to see, history included, without blank ends. */
  screen(): string;
  /** Waits until the screen shows `pattern`; answers the match. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Another size of the window. */
  resize(columns: number, rows: number): void;
  close(): void;
};

/** Opens a terminal with a POSIX shell, by default wide enough that no line wraps. `server`: what starts tmux's server, and with it the shell. */
export function openTerminal(
  env: NodeJS.ProcessEnv,
  {
    columns = 400,
    rows = 50,
    server = [],
  }: {
    readonly columns?: number;
    readonly rows?: number;
    readonly server?: readonly string[];
  } = {},
): Terminal {
  const folder = mkdtempSync(join(tmpdir(), "awsrole-tmux-"));
  const inEnvironment = {
    env: { ...env, TERM: "xterm", PS1: "$ " },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  } satisfies ExecFileSyncOptionsWithStringEncoding;
  const ours = ["tmux", "-S", join(folder, "socket"), "-f", "/dev/null"];
  const start = (line: readonly string[]): string => {
    const [file = "", ...words] = line;
    return execFileSync(file, words, inEnvironment);
  };
  const tmux = (...words: string[]): string => start([...ours, ...words]);
  const size = ["-x", String(columns), "-y", String(rows)];
  start([...server, ...ours, "new-session", "-d", ...size, "sh"]);
  const screen = (): string => tmux("capture-pane", "-p", "-S", "-500").trimEnd();
  // What is typed before the prompt is there would stand before it.
  for (let attempt = 0; screen() === "" && attempt < 200; attempt += 1)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  return {
    enter: (line) => {
      tmux("send-keys", "-l", line);
      tmux("send-keys", "Enter");
    },
    type: (text) => void tmux("send-keys", "-l", text),
    press: (key) => void tmux("send-keys", key),
    screen,
    async waitFor(pattern, timeoutMs = 120_000) {
      const until = Date.now() + timeoutMs;
      // Each look starts a process: less often the longer it takes.
      for (let delay = 40; ; delay = Math.min(delay * 1.5, 250)) {
        const match = pattern.exec(screen());
        if (match !== null) return match;
        if (Date.now() > until) throw new Error(`no ${pattern} in the terminal:\n${screen()}`);
        await pause(delay);
      }
    },
    resize: (columns, rows) =>
      void tmux("resize-window", "-x", String(columns), "-y", String(rows)),
    close: () => {
      spawnSync("tmux", ["-S", join(folder, "socket"), "kill-server"]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
