/** What a command may touch: environment, clocks, output, files; stores and AWS are opened on first use. */
import { fstatSync, writeSync } from "node:fs";
import { homedir, uptime } from "node:os";
import type { Clock } from "./credentials/cache/session.ts";

export type Context = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly homeFolder: string;
  readonly clock: Clock;
  /** Writes text as it is; whoever prints foreign text escapes it (`cli/text.ts`). */
  stdout(text: string): void;
  stderr(text: string): void;
  readonly isTerminal: {
    readonly stdin: boolean;
    readonly stdout: boolean;
    readonly stderr: boolean;
  };
};

/** The context of this process. */
export function processContext(): Context {
  return {
    env: process.env,
    platform: process.platform,
    homeFolder: homeFolder(),
    clock: { now: () => new Date(), uptimeSeconds: uptime },
    stdout: writeToStdout,
    stderr: (text) => void process.stderr.write(text),
    isTerminal: {
      stdin: process.stdin.isTTY,
      stdout: process.stdout.isTTY,
      stderr: process.stderr.isTTY,
    },
  };
}

/** Into a file at once: the stand-alone program's runtime says nothing of a disk that is full. */
function writeToStdout(text: string): void {
  if (!isStdoutFile()) {
    process.stdout.write(text);
    return;
  }
  try {
    for (let rest = Buffer.from(text); rest.length > 0; rest = rest.subarray(writeSync(1, rest)));
  } catch (error) {
    process.stdout.emit("error", error);
  }
}

/** Or a device like /dev/null; a pipe or a terminal may want to be waited for. */
function isStdoutFile(): boolean {
  if (process.stdout.isTTY) return false;
  try {
    const found = fstatSync(1);
    return found.isFile() || found.isCharacterDevice();
  } catch {
    return false;
  }
}

/** A user id without a home folder anywhere on record, as in containers: `/`, where nothing can be kept, as container runtimes have it. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}
