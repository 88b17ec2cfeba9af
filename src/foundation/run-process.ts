/**
 * Another program whose output is an answer: started without a shell, with a limit for the time and for what it prints. Its rules:
 *
 * - It ends, or it is killed: when the time is up, when it prints more than it may, when the caller aborts.
 * - Its standard error is not read: it may hold anything, secrets too. Only a caller that knows the program asks for its beginning (`mostErrorCharacters`).
 * - What became of it is a value; the messages are the caller's, who knows which words may be shown.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Environment } from "./environment.ts";
import { invocationOf } from "./windows-executable.ts";

export type ProcessToRun = {
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** Who runs it, in messages: `mfa_process`. */
  readonly what: string;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly timeoutMs: number;
  readonly mostCharacters: number;
  /** How much of the beginning of its standard error is kept, for a program that is known to print no secrets there; absent: nothing. */
  readonly mostErrorCharacters?: number | undefined;
  /** The whole of its standard input; absent: that is `terminal`, or empty. */
  readonly input?: string;
  /** The descriptor of a terminal for its standard input and standard error. */
  readonly terminal?: number | undefined;
  /** What it writes to its descriptor 3 is wanted, too. Not on Windows. */
  readonly withStatus?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** It shows a window; else Windows starts it hidden. */
  readonly isGraphical?: boolean;
  /** For how long a child of its own may keep the output open after it has exited, in milliseconds; absent: until the time is up. */
  readonly lingerMs?: number;
};

export type ProcessOutcome =
  | {
      readonly kind: "exited";
      readonly output: string;
      /** What it wrote to descriptor 3, if that was wanted. */
      readonly status?: string;
      /** The beginning of its standard error, where `mostErrorCharacters` asked for it. */
      readonly errorOutput?: string;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    }
  /** `cause`: an AwsRoleError where Windows has no such program. */
  | { readonly kind: "not started"; readonly cause: unknown }
  | { readonly kind: "timed out" }
  | { readonly kind: "too much output" }
  | { readonly kind: "aborted" };

/** Runs it to its end. Never rejects. */
export function runProcess(toRun: ProcessToRun): Promise<ProcessOutcome> {
  const {
    input,
    timeoutMs,
    mostCharacters,
    mostErrorCharacters,
    withStatus,
    signal: abort,
    lingerMs,
  } = toRun;
  if (abort?.aborted === true) return Promise.resolve({ kind: "aborted" });
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = start(toRun);
    } catch (cause) {
      // Most failures come as an event, some at once: a file for a folder in the path, what is no program on Windows.
      resolve({ kind: "not started", cause });
      return;
    }
    let output = "";
    let status = "";
    let errorOutput = "";
    const end = (outcome: ProcessOutcome): void => {
      clearTimeout(timer);
      child.stdout?.destroy();
      child.stderr?.destroy();
      statusOf(child)?.destroy();
      if (outcome.kind !== "exited") {
        child.kill("SIGKILL");
        child.unref();
      }
      resolve(outcome);
    };
    const timer = setTimeout(() => end({ kind: "timed out" }), timeoutMs);
    abort?.addEventListener("abort", () => end({ kind: "aborted" }));
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.length > mostCharacters) end({ kind: "too much output" });
    });
    statusOf(child)
      ?.setEncoding("utf8")
      .on("data", (text: string) => {
        status += text;
        if (status.length > mostCharacters) end({ kind: "too much output" });
      });
    // Read to its end, so that the child is never held up; the beginning is kept.
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errorOutput = (errorOutput + text).slice(0, mostErrorCharacters);
    });
    child.on("error", (cause) => end({ kind: "not started", cause }));
    const exited = (code: number | null, signal: NodeJS.Signals | null): void =>
      end({
        kind: "exited",
        output,
        ...(withStatus === true ? { status } : {}),
        ...(mostErrorCharacters === undefined ? {} : { errorOutput }),
        code,
        signal,
      });
    if (lingerMs !== undefined)
      child.once("exit", (code, signal) => setTimeout(exited, lingerMs, code, signal).unref());
    child.once("close", exited);
    // It may end without reading.
    child.stdin?.on("error", () => {}).end(input);
  });
}

function start(toRun: ProcessToRun): ChildProcess {
  const { words, what, env, platform, input, terminal, withStatus, isGraphical = false } = toRun;
  const { file, args, isVerbatim } = invocationOf(words, { what, env, platform });
  const side = terminal ?? "ignore";
  const errors = toRun.mostErrorCharacters === undefined ? side : "pipe";
  const stdio: (number | "ignore" | "pipe")[] = [
    input === undefined ? side : "pipe",
    "pipe",
    errors,
  ];
  if (withStatus === true) stdio.push("pipe");
  return spawn(file, args, {
    env,
    stdio,
    windowsHide: !isGraphical,
    windowsVerbatimArguments: isVerbatim,
  });
}

/** Its descriptor 3. */
function statusOf(child: ChildProcess): Readable | undefined {
  return (child.stdio[3] as Readable | null | undefined) ?? undefined;
}

/**
 * Starts a program that may outlive this one, in a process group of its own. `exited` has its exit code (null: by a signal,
 * or it could not be started); until `release` this process stays for it.
 */
export function startDetached({
  words,
  what,
  env,
  platform,
  output,
}: Pick<ProcessToRun, "words" | "what" | "env" | "platform"> & {
  /** The descriptor of a terminal for its standard error. */
  readonly output: number | undefined;
}): { readonly exited: Promise<number | null>; release(): void } {
  const { file, args, isVerbatim } = invocationOf(words, { what, env, platform });
  const child = spawn(file, args, {
    env,
    stdio: ["ignore", "ignore", output ?? "ignore"],
    detached: true,
    windowsHide: true,
    windowsVerbatimArguments: isVerbatim,
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("exit", (code) => resolve(code));
  });
  return { exited, release: () => child.unref() };
}

/** How it ended, for a message: `exit code 1`, `SIGTERM`. */
export function describeExit({ code, signal }: ProcessOutcome & { kind: "exited" }): string {
  return signal ?? `exit code ${code}`;
}
