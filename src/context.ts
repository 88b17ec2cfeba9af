/** The context of this process: the one place where environment, platform, clocks and output are the real ones. */
import { homedir, uptime } from "node:os";
import { isatty } from "node:tty";
import type { Context } from "./foundation/context.ts";
import { errorCode } from "./foundation/errno.ts";
import { isStdoutReadableByOthers } from "./foundation/readable-output.ts";
import { whileOthersWork } from "./foundation/opened-file.ts";
import { writeAll } from "./foundation/write-all.ts";
import { runtimeFolder } from "./state/runtime-dir.ts";
import { stateFolder } from "./state/state-dir.ts";

/** The context of this process. */
export function processContext(): Context {
  return withDirectories({
    env: process.env,
    platform: process.platform,
    homeFolder: findHomeFolder(),
    clock: { now: () => new Date(), uptimeSeconds: uptime },
    stdout: (text) => {
      if (isStdoutBroken) return;
      try {
        write(1, text);
      } catch (error) {
        reportBrokenStdout(error);
      }
    },
    stderr: writeToStderr,
    isOutputReadableByOthers: () => isStdoutReadableByOthers(process.platform),
    // Not by the streams' isTTY: to open node's streams makes a shared pipe non-blocking, for other programs too.
    isTerminal: { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) },
  });
}

/** A context whose directories are those of its environment, and in which no question is open. */
export function withDirectories(
  parts: Omit<Context, "stateDir" | "runtimeDir" | "openQuestions">,
): Context {
  const { env, platform, homeFolder } = parts;
  return {
    ...parts,
    openQuestions: new Map(),
    stateDir: stateFolder(env, platform, homeFolder),
    runtimeDir: () => runtimeFolder(env, platform),
  };
}

let isStdoutBroken = false;

/** Says once that stdout cannot be written, and makes the exit code say so. A reader that has gone (`| head`) needs no message. */
export function reportBrokenStdout(error: unknown): void {
  if (isStdoutBroken) return;
  isStdoutBroken = true;
  process.exitCode = 1;
  const code = errorCode(error);
  if (code !== "EPIPE")
    writeToStderr(`awsrole: the output cannot be written (${code ?? "unknown error"})\n`);
}

function writeToStderr(text: string): void {
  try {
    write(2, text);
  } catch {
    // There is no other place to say it.
  }
}

/** A Windows console takes bytes in its own code page; node's stream converts them. */
function write(descriptor: 1 | 2, text: string): void {
  if (process.platform === "win32" && isatty(descriptor))
    (descriptor === 1 ? process.stdout : process.stderr).write(text);
  else whileOthersWork(() => writeAll(descriptor, text));
}

/** A user id without a home folder anywhere on record, as in containers: `/`, where nothing can be kept, as container runtimes have it. */
function findHomeFolder(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}
