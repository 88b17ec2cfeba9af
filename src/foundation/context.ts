/** What a command may touch: environment, clocks, output; tests hand in another. */
import type { Clock } from "./clock.ts";
import type { Environment } from "./environment.ts";

/** The world as a command sees it. Made by `src/context.ts`, in entry/ only. */
export type Context = {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly homeFolder: string;
  readonly clock: Clock;
  /**
   * Writes text as it is, whole, before it returns; the caller escapes text from elsewhere (`text.ts`). Output that cannot be
   * written throws nothing: it is said once on stderr, and the process ends with 1.
   */
  stdout(text: string): void;
  stderr(text: string): void;
  readonly isTerminal: {
    readonly stdin: boolean;
    readonly stdout: boolean;
    readonly stderr: boolean;
  };
};
