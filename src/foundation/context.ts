/** What a command may touch: environment, clocks, output; tests hand in another. */
import type { Clock } from "./clock.ts";
import type { Environment } from "./environment.ts";

/** The world as a command sees it. Made by `src/context.ts`, in entry/ only. */
export type Context = {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly homeFolder: string;
  /** The state directory (state/state-dir.ts); it need not exist. */
  readonly stateDir: string;
  /** The runtime directory, made if need be (state/runtime-dir.ts); undefined when none can be had. Looked for at each call: it can vanish. */
  readonly runtimeDir: () => string | undefined;
  readonly clock: Clock;
  /** The questions that are open, by what they ask for: those who need the same answer at the same time share one question. */
  readonly openQuestions: Map<string, Promise<string>>;
  /**
   * Writes text as it is, whole, before it returns; the caller escapes text from elsewhere (`text.ts`). Output that cannot be
   * written throws nothing: it is said once on stderr, and the process ends with 1.
   */
  stdout(text: string): void;
  stderr(text: string): void;
  /** True where stdout is a file (or a named pipe) that other users can read; never on Windows. */
  readonly isOutputReadableByOthers: () => boolean;
  readonly isTerminal: {
    readonly stdin: boolean;
    readonly stdout: boolean;
    readonly stderr: boolean;
  };
};
