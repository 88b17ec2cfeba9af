/** What can ask a person a question: a terminal, or a window of pinentry. Made in cli/, handed to everything below it. */

/**
 * What came of a question. `refused`: Enter alone or the end of input; `unanswered`: nothing in time; `lost`: the terminal is not ours any more,
 * with the reason as a clause.
 */
export type Answer =
  | { readonly kind: "answer"; readonly text: string }
  | { readonly kind: "refused" | "unanswered" }
  | { readonly kind: "lost"; readonly reason: string };

/** One question. */
export type Question = {
  /** Shown before it, on a line of its own. */
  readonly why?: string | undefined;
  /** What it is about: lines shown before it, and again with it. Only a terminal shows them. */
  readonly facts?: readonly string[];
  readonly question: string;
  readonly timeoutMs: number;
  /** Not to be shown while it is typed. */
  readonly isSecret?: boolean;
};

/** A place where a person can be asked. */
export type Prompter = {
  /** Tells terminals apart, as long as their foreground job is the same; undefined for a window of its own. */
  readonly terminal: string | undefined;
  /** Shows a line, at once or with the next question. */
  notify(text: string): void;
  /** @throws ERR_INTERRUPTED for Ctrl-C, ERR_PROCESS_FAILED where the prompter itself failed. */
  ask(question: Question): Promise<Answer>;
};

/** A prompter, or the reason why none is available, as a clause (`there is no terminal`). */
export type PrompterResult<P extends Prompter = Prompter> =
  | { readonly kind: "prompter"; readonly prompter: P }
  | Unavailable;

/** Why no prompter is available. */
export type Unavailable = { readonly kind: "unavailable"; readonly reason: string };

/** The result for this reason. */
export function unavailable(reason: string): Unavailable {
  return { kind: "unavailable", reason };
}
