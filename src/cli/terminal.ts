/**
 * The terminal itself, whatever stdin, stdout and stderr are: SDKs take those for themselves. Its rules:
 *
 * - `/dev/tty`; on Windows `CONIN$` and `CONOUT$`. Never the three standard streams.
 * - Only while it is ours to talk to (`foreground.ts`): a question ends when the caller does, or another job is in front.
 * - A line is read with the terminal's own editing; a secret only switches the echo off (`hidden-input.ts`). So a process that is
 *   killed at its question leaves a sound terminal behind, and Ctrl-C and Ctrl-Z work. After `fg` the question is shown again.
 */
import { closeSync, constants, openSync, readlinkSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { isatty, ReadStream } from "node:tty";
import { hasErrorCode } from "../foundation/errno.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import {
  type Answer,
  type Prompter,
  type PrompterResult,
  unavailable,
} from "../foundation/prompter.ts";
import { escapeControls } from "../foundation/text.ts";
import { writeAll } from "../foundation/write-all.ts";
import { findForeground, watchForeground } from "./foreground.ts";
import { wrapWords } from "./messages.ts";
import { openEcho } from "./hidden-input.ts";

/** A terminal, as long as it is ours. */
export type TerminalPrompter = Prompter & { readonly terminal: string };

/** The terminal this process may use now, or why there is none. */
export function findTerminal(platform: NodeJS.Platform): PrompterResult<TerminalPrompter> {
  const front = findForeground(platform);
  if (front.kind === "unavailable") return front;
  const device = openTerminal(platform);
  if (device === undefined) return unavailable("there is no terminal");
  closeTerminal(device);
  const notify = (text: string): void =>
    withTerminal(platform, ({ output }) =>
      writeAll(output, wrapped(`awsrole: ${escapeControls(text)}`)),
    );
  const prompter: TerminalPrompter = {
    terminal: front.terminal,
    notify,
    ask: async ({ why, facts = [], question, timeoutMs, isSecret = false }) => {
      // Others may have had their turn before us.
      const now = findForeground(platform);
      if (now.kind === "unavailable") return { kind: "lost", reason: now.reason };
      if (why !== undefined) notify(why);
      const lines = facts.map((fact) => wrapped(escapeControls(fact)));
      return ask(platform, lines.join("") + escapeControls(question), timeoutMs, isSecret);
    },
  };
  return { kind: "prompter", prompter };
}

/**
 * Runs `work` with the terminal's descriptor, for a child that may talk to the person; undefined where there is none for us. The signal
 * is aborted when the terminal is not ours any more: the child has to end then.
 */
export async function withTerminalDescriptor<T>(
  platform: NodeJS.Platform,
  work: (descriptor: number | undefined, lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const isOurs = findTerminal(platform).kind === "prompter";
  // Windows has no descriptor that is both.
  const device = isOurs && platform !== "win32" ? openTerminal(platform, "waiting") : undefined;
  if (device === undefined) return work(undefined, lost.signal);
  const unwatch = watchForeground(platform, () => lost.abort());
  try {
    return await work(device.input, lost.signal);
  } finally {
    unwatch();
    closeTerminal(device);
  }
}

/** The path under which other processes find the terminal that one of our standard streams is; undefined where none is, or the system does not say. */
export function terminalPath(): string | undefined {
  const descriptor = [0, 1, 2].find((one) => isatty(one));
  try {
    return descriptor === undefined ? undefined : readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}

/** At words, where stdout or stderr is a terminal that has a width. To ask node's stream for it would make a shared pipe non-blocking. */
function wrapped(text: string): string {
  const columns = isatty(1)
    ? process.stdout.columns
    : isatty(2)
      ? process.stderr.columns
      : undefined;
  return `${columns === undefined ? text : wrapWords(text, columns).join("\n")}\n`;
}

type Device = { readonly input: number; readonly output: number };

function openTerminal(
  platform: NodeJS.Platform,
  reads: "polling" | "waiting" = "polling",
): Device | undefined {
  try {
    if (platform !== "win32") {
      const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
      // A read that waits would take the next line even when the terminal is another's already.
      const polling = reads === "polling" ? O_NONBLOCK : 0;
      const input = openSync("/dev/tty", O_RDWR | O_NOCTTY | polling);
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
    // A terminal that hung up: there is no reader.
  } finally {
    closeTerminal(device);
  }
}

async function ask(
  platform: NodeJS.Platform,
  question: string,
  timeoutMs: number,
  isSecret: boolean,
): Promise<Answer> {
  const device = openTerminal(platform);
  if (device === undefined) return { kind: "unanswered" };
  const echo = isSecret && platform !== "win32" ? await openEcho(device.input) : undefined;
  // Where there is no `stty`: on Windows, and in containers without a shell.
  const isRaw = isSecret && echo === undefined;
  await echo?.off();
  let input: Input;
  try {
    input = isRaw || platform === "win32" ? openStream(device, isRaw) : pollInput(platform, device);
  } catch {
    closeTerminal(device);
    return { kind: "unanswered" };
  }
  const answer = await new Promise<Answer | undefined>((resolve) => {
    let line = "";
    const write = (text: string): void => {
      try {
        writeAll(device.output, text);
      } catch {
        // The terminal hung up: its end of input follows.
      }
    };
    const end = (result: Answer | undefined): void => {
      clearTimeout(timer);
      unwatch();
      process.off("SIGINT", interrupted);
      process.off("SIGTSTP", stopped);
      process.off("SIGCONT", continued);
      input.close(result?.kind === "lost");
      resolve(result);
    };
    const endLine = (result: Answer | undefined): void => {
      write("\n");
      end(result);
    };
    const interrupted = (): void => endLine(undefined);
    const timer = setTimeout(endLine, timeoutMs, { kind: "unanswered" });
    const unwatch = watchForeground(platform, (reason) => end({ kind: "lost", reason }));
    // With the echo as the shell wants it; everyone else in our group has been stopped by the same key.
    const stopped = (): void => {
      void echo?.on().then(() => process.kill(process.pid, "SIGSTOP"));
    };
    const continued = (): void => {
      if (findForeground(platform).kind === "unavailable") return;
      // What had been typed was thrown away by the terminal.
      line = "";
      void (echo?.off() ?? Promise.resolve()).then(() => write(question));
    };
    process.once("SIGINT", interrupted);
    if (echo !== undefined) process.on("SIGTSTP", stopped);
    process.on("SIGCONT", continued);
    write(question);
    input.read((chunk) => {
      if (chunk === undefined) return end({ kind: "refused" });
      for (const character of chunk) {
        if (character === "\u0003") return interrupted();
        if (character === "\r" || character === "\n" || character === "\u0004") {
          const result: Answer = line === "" ? { kind: "refused" } : { kind: "answer", text: line };
          return isSecret ? endLine(result) : end(result);
        }
        if (isRaw && (character === "\u007F" || character === "\b")) line = line.slice(0, -1);
        else if (isRaw && character === "\u0015") line = "";
        else line += character;
      }
    });
  });
  await echo?.end();
  if (device.output !== device.input) closeSync(device.output);
  if (answer !== undefined) return answer;
  throw new AwsRoleError("ERR_INTERRUPTED", "interrupted", {});
}

/** What is typed. */
type Input = {
  /** Calls `take` with text as it comes, and with undefined at the end of input. */
  read(take: (chunk: string | undefined) => void): void;
  /** `isLost`: another program in front has the terminal as it wants it. */
  close(isLost: boolean): void;
};

const readEveryMs = 30;

/** Reads what is there, every 30 ms, and only while we are in front: in the background a read stops the whole group. */
function pollInput(platform: NodeJS.Platform, device: Device): Input {
  const bytes = Buffer.alloc(4096);
  const decoder = new StringDecoder("utf8");
  let timer: NodeJS.Timeout | undefined;
  // Elsewhere it costs a child process to know; the watch has to do.
  const isInFront = (): boolean =>
    platform !== "linux" || findForeground(platform).kind !== "unavailable";
  return {
    read: (take) => {
      timer = setInterval(() => {
        if (!isInFront()) return;
        try {
          const count = readSync(device.input, bytes);
          take(count === 0 ? undefined : decoder.write(bytes.subarray(0, count)));
        } catch (error) {
          // Else the terminal hung up.
          if (!hasErrorCode(error, "EAGAIN", "EINTR")) take(undefined);
        }
      }, readEveryMs);
    },
    close: () => {
      clearInterval(timer);
      closeTerminal(device);
    },
  };
}

/** By node's stream, which can switch to raw mode. */
function openStream(device: Device, isRaw: boolean): Input {
  const stream = new ReadStream(device.input);
  if (isRaw) stream.setRawMode(true);
  return {
    read: (take) => {
      stream.setEncoding("utf8");
      stream.on("data", (chunk: string) => take(chunk));
      stream.once("end", () => take(undefined));
      stream.once("error", () => take(undefined));
    },
    close: (isLost) => {
      if (isRaw && !isLost) stream.setRawMode(false);
      stream.destroy();
    },
  };
}
