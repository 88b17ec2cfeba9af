/**
 * The terminal itself, whatever stdin, stdout and stderr are: SDKs take those for themselves. Its rules:
 *
 * - `/dev/tty`; on Windows `CONIN$` and `CONOUT$`. Never the three standard streams.
 * - Only in the foreground process group: a job in the background that reads the terminal is stopped by the system (SIGTTIN),
 *   and everyone who waits for it with it (measured, single-flight.md).
 * - A line is read with the terminal's own editing and echo; only a secret switches the echo off. So a process that is killed at
 *   its question leaves a sound terminal behind.
 */
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { ReadStream } from "node:tty";
import { AwsRoleError } from "../foundation/errors.ts";
import { escapeControls } from "../foundation/text.ts";

/** What a person did about a question: `refused` is Enter alone or the end of input, `unanswered` nothing in time. */
export type Answer =
  | { readonly kind: "answer"; readonly text: string }
  | { readonly kind: "refused" | "unanswered" };

export type TerminalDevice = {
  /** Tells terminals apart, as long as their foreground job is the same. */
  readonly terminal: string;
  /** A line on the terminal. */
  tell(text: string): void;
  /** @throws ERR_INTERRUPTED for Ctrl-C. */
  ask(question: {
    readonly why?: string | undefined;
    readonly question: string;
    readonly timeoutMs: number;
    /** Not to be shown while it is typed. */
    readonly isSecret?: boolean;
  }): Promise<Answer>;
};

/** The terminal this process may use now, or why there is none. */
export function findTerminal(
  platform: NodeJS.Platform,
): TerminalDevice | { readonly nobody: string } {
  const { own, foreground } = platform === "win32" ? console : jobs(platform);
  const device = foreground === undefined ? undefined : openTerminal(platform);
  if (foreground === undefined || device === undefined) return { nobody: "there is no terminal" };
  closeTerminal(device);
  if (own !== foreground) return { nobody: "this is a background job" };
  const tell = (text: string): void =>
    withTerminal(platform, ({ output }) => writeSync(output, `awsrole: ${escapeControls(text)}\n`));
  return {
    terminal: foreground,
    tell,
    ask: async ({ why, question, timeoutMs, isSecret = false }) => {
      if (why !== undefined) tell(why);
      return ask(platform, escapeControls(question), timeoutMs, isSecret);
    },
  };
}

/** Runs `work` with the terminal's descriptor, for a child that may talk to the person; undefined where there is none for us. */
export async function withTerminalDescriptor<T>(
  platform: NodeJS.Platform,
  work: (descriptor: number | undefined) => Promise<T>,
): Promise<T> {
  const isOurs = "tell" in findTerminal(platform);
  // Windows has no descriptor that is both.
  const device = isOurs && platform !== "win32" ? openTerminal(platform) : undefined;
  try {
    return await work(device?.input);
  } finally {
    if (device !== undefined) closeTerminal(device);
  }
}

type Device = { readonly input: number; readonly output: number };

function openTerminal(platform: NodeJS.Platform): Device | undefined {
  try {
    if (platform !== "win32") {
      const input = openSync("/dev/tty", "r+");
      return { input, output: input };
    }
    const input = openSync("\\\\.\\CONIN$", "r+");
    try {
      return { input, output: openSync("\\\\.\\CONOUT$", "r+") };
    } catch (error) {
      closeSync(input);
      throw error;
    }
  } catch {
    return undefined;
  }
}

function closeTerminal({ input, output }: Device): void {
  for (const descriptor of new Set([input, output])) {
    try {
      closeSync(descriptor);
    } catch {
      // Gone with its terminal.
    }
  }
}

function withTerminal(platform: NodeJS.Platform, work: (device: Device) => void): void {
  const device = openTerminal(platform);
  if (device === undefined) return;
  try {
    work(device);
  } catch {
    // A terminal that hung up: nobody is there to read.
  } finally {
    closeTerminal(device);
  }
}

/** Process groups: our own, and the one in the foreground of our terminal (absent: we have none). */
type Jobs = { readonly own: string | undefined; readonly foreground: string | undefined };

const console: Jobs = { own: "console", foreground: "console" };

function jobs(platform: NodeJS.Platform): Jobs {
  const [own, foreground] = platform === "linux" ? groupsFromProc() : groupsFromPs();
  return { own, foreground: Number(foreground) > 0 ? foreground : undefined };
}

/** After the program's name, which may hold anything, in parentheses: state, parent, group, session, terminal, foreground group. */
function groupsFromProc(): readonly (string | undefined)[] {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [fields[2], fields[5]];
  } catch {
    return groupsFromPs();
  }
}

function groupsFromPs(): readonly (string | undefined)[] {
  try {
    const output = execFileSync("ps", ["-o", "pgid=,tpgid=", "-p", String(process.pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 1000,
    });
    return output.trim().split(/\s+/);
  } catch {
    return [];
  }
}

function ask(
  platform: NodeJS.Platform,
  question: string,
  timeoutMs: number,
  isSecret: boolean,
): Promise<Answer> {
  const device = openTerminal(platform);
  if (device === undefined) return Promise.resolve({ kind: "unanswered" });
  let input: ReadStream;
  try {
    input = new ReadStream(device.input);
  } catch {
    closeTerminal(device);
    return Promise.resolve({ kind: "unanswered" });
  }
  return new Promise<Answer>((resolve, reject) => {
    let line = "";
    // Whoever ends us while the echo is off would otherwise leave it off.
    const signals: readonly NodeJS.Signals[] = isSecret
      ? ["SIGINT", "SIGTERM", "SIGHUP"]
      : ["SIGINT"];
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      for (const signal of signals) process.off(signal, interrupted);
      if (isSecret) input.setRawMode(false);
      input.destroy();
      if (device.output !== device.input) closeSync(device.output);
      settle();
    };
    const write = (text: string): void => {
      try {
        writeSync(device.output, text);
      } catch {
        // The terminal hung up: its end of input follows.
      }
    };
    const interrupted = (): void => {
      write("\n");
      end(() => reject(new AwsRoleError("ERR_INTERRUPTED", "interrupted", {})));
    };
    const finish = (answer: Answer): void => end(() => resolve(answer));
    const timer = setTimeout(() => {
      write("\n");
      finish({ kind: "unanswered" });
    }, timeoutMs);
    for (const signal of signals) process.once(signal, interrupted);
    if (isSecret) input.setRawMode(true);
    write(question);
    input.setEncoding("utf8");
    input.once("end", () => finish({ kind: "refused" }));
    input.once("error", () => finish({ kind: "refused" }));
    input.on("data", (chunk: string) => {
      for (const character of chunk) {
        if (character === "\u0003") return interrupted();
        const isEnd = character === "\r" || character === "\n" || character === "\u0004";
        if (isEnd) {
          if (isSecret) write("\n");
          return finish(line === "" ? { kind: "refused" } : { kind: "answer", text: line });
        }
        if (isSecret && (character === "\u007F" || character === "\b")) line = line.slice(0, -1);
        else if (isSecret && character === "\u0015") line = "";
        else line += character;
      }
    });
  });
}
