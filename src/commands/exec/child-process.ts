/**
 * The command of `exec`: a child in the place of awsrole (each.ts: several of them). Its rules:
 *
 * - No shell; the three standard streams are the child's as they are.
 * - The child is in awsrole's own process group. So the terminal itself gives it Ctrl-C, Ctrl-\, Ctrl-Z and the size of the window,
 *   `fg` and `bg` reach both, and both are in the foreground or neither is.
 * - Signals that are sent to awsrole alone are passed on. SIGINT and SIGQUIT are not while awsrole is in the terminal's foreground: there
 *   they come from the keyboard, the child has them already, and many programs take a second Ctrl-C for "do not even clean up".
 * - awsrole outlives its child and ends with its code: 128 + the signal's number if a signal ended it. If Ctrl-C ended both, awsrole too
 *   dies of SIGINT (a shell shows 130 either way), because a shell's loop goes on after a command that "handled" it.
 *
 * Why not `process.execve`: Node 20 and Windows have none, so this way is needed anyway; it looks nothing up on PATH; and it aborts the process, with a
 * native stack trace, when the program cannot be executed (seen on Node 22 and 24), where 126 and 127 are promised.
 */
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { constants } from "node:os";
import { isForegroundJob } from "../../cli/foreground.ts";
import { errorCode } from "../../foundation/errno.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { findOnPath, isExecutable } from "../../foundation/find-executable.ts";
import { invocationOf } from "../../foundation/windows-executable.ts";

export type ChildCommand = {
  readonly words: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly platform: NodeJS.Platform;
};

/** Runs it to its end; the exit code. @throws ERR_COMMAND_NOT_FOUND, ERR_COMMAND_NOT_EXECUTABLE. */
export async function runChild(command: ChildCommand): Promise<number> {
  const { platform } = command;
  let child: ChildProcess | undefined;
  // Before the child is there, so that no signal finds awsrole without it.
  const stopListening = onSignals(platform, (signal, { isFromKeyboard }) => {
    if (!isFromKeyboard) child?.kill(signal);
  });
  try {
    child = startChild(command, "inherit");
    const { code, signal } = await endOf(child, command);
    if (signal === null) return code ?? 1;
    stopListening();
    // Not by what awsrole received: it may hear of the child's end first.
    dieOfCtrlC(platform, signal);
    return 128 + constants.signals[signal];
  } finally {
    stopListening();
  }
}

/** Ends awsrole by SIGINT too, if that is what ended its command, from the keyboard. Nothing may listen for it then. */
export function dieOfCtrlC(platform: NodeJS.Platform, signal: NodeJS.Signals): void {
  if (signal === "SIGINT" && isForegroundJob(platform)) process.kill(process.pid, signal);
}

/** A child of which `endOf` has still to say whether it could be started. @throws as `runChild`. */
export function startChild(command: ChildCommand, stdio: StdioOptions): ChildProcess {
  const { words, env, platform } = command;
  const [program = ""] = words;
  if (words.some((word) => word.includes("\0")))
    throw cannotBeExecuted(program, "an argument has a NUL character", undefined);
  const variable = Object.keys(env).find((name) => env[name]?.includes("\0"));
  if (variable !== undefined)
    throw cannotBeExecuted(program, `the value of ${variable} has a NUL character`, undefined);
  const { file, args, isVerbatim } = invocationOf(words, { what: "exec", env, platform });
  try {
    return spawn(file, args, { env, stdio, windowsVerbatimArguments: isVerbatim });
  } catch (error) {
    // What is rarer than "not found" is thrown.
    throw notStarted(command, error);
  }
}

export type ChildEnd = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** Waits for the exit of a child just started. @throws as `runChild`. */
export function endOf(child: ChildProcess, command: ChildCommand): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      // Later errors are of a signal that could not be sent: the child is about to end by itself.
      if (child.pid === undefined) reject(notStarted(command, error));
    });
    child.on("error", () => {});
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

/** What may be sent to awsrole and is meant for the command. SIGCONT also wakes a child that was stopped alone. */
const passedOn: readonly NodeJS.Signals[] = [
  "SIGTERM",
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGCONT",
];

/** Windows gives the console's events to every process in it: there is nothing to pass on, only to outlive. */
const outlived: readonly NodeJS.Signals[] = ["SIGINT", "SIGBREAK", "SIGHUP"];

export type SignalOrigin = {
  /** The terminal, or Windows, has given it to the children too. */
  readonly isFromKeyboard: boolean;
};

/** Calls `listener` for what a command is to hear of, in place of dying of it. The function returned ends that. */
export function onSignals(
  platform: NodeJS.Platform,
  listener: (signal: NodeJS.Signals, origin: SignalOrigin) => void,
): () => void {
  const handle = (signal: NodeJS.Signals): void => {
    const isKey = signal === "SIGINT" || signal === "SIGQUIT";
    listener(signal, {
      isFromKeyboard: platform === "win32" || (isKey && isForegroundJob(platform)),
    });
  };
  const signals = platform === "win32" ? outlived : passedOn;
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}

function notStarted(command: ChildCommand, cause: unknown): AwsRoleError {
  const [program = ""] = command.words;
  const systemCode = errorCode(cause) ?? "";
  const code = program.includes("/") ? systemCode : errorOnPath(systemCode, program, command);
  if (code === "ENOENT")
    return new AwsRoleError("ERR_COMMAND_NOT_FOUND", `exec: ${program} was not found`, {
      hint: program.includes("/")
        ? "no such file, or its first line names an interpreter that does not exist"
        : "searched on PATH; for shell functions, aliases and built-ins use a shell: sh -c '...'",
      cause,
    });
  const reasons: Readonly<Record<string, string>> = {
    EACCES: "permission denied",
    E2BIG: "its arguments and the environment are too long",
    ENOEXEC: "not executable on this platform",
  };
  return cannotBeExecuted(program, reasons[code] ?? (code || "refused by the system"), cause);
}

/**
 * As a shell says it, of a name that is looked for on PATH. execvp says EACCES of a name that is nowhere, too, when a folder on PATH may
 * not be entered, as root's own after `su`; the stand-alone program's runtime says ENOENT of a file that may not be executed.
 */
function errorOnPath(code: string, program: string, { env, platform }: ChildCommand): string {
  // windows-executable.ts has looked already.
  if (platform === "win32" || (code !== "EACCES" && code !== "ENOENT")) return code;
  if (env["PATH"] === undefined) return code;
  const found = [...findOnPath([program], { env, platform, withRelativeFolders: true })];
  if (found.length === 0) return "ENOENT";
  return found.some((file) => isExecutable(file)) ? code : "EACCES";
}

function cannotBeExecuted(program: string, why: string, cause: unknown): AwsRoleError {
  return new AwsRoleError(
    "ERR_COMMAND_NOT_EXECUTABLE",
    `exec: ${program} cannot be executed: ${why}`,
    { cause },
  );
}
