/** What a command may touch: environment, clocks, output, files; stores and AWS are opened on first use. */
import { homedir, uptime } from "node:os";
import type { Clock } from "./credentials/cached-session.ts";

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
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    isTerminal: {
      stdin: process.stdin.isTTY,
      stdout: process.stdout.isTTY,
      stderr: process.stderr.isTTY,
    },
  };
}

/** A user id without a home folder anywhere on record, as in containers: `/`, where nothing can be kept, as container runtimes have it. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}
