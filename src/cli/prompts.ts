/**
 * Questions to a person who sits at the terminal, for commands that ask for what was not said. Rules:
 *
 * - Only where stdin and stdout both are terminals, without `--no-input` or `--json`.
 * - Ctrl-C, Escape, the end of input and the loss of the terminal end the command (ERR_INTERRUPTED): nothing is taken for an answer.
 * - What is shown may come from a config or from AWS, and is escaped.
 */
import type { Writable } from "node:stream";
import type Fuzzysort from "fuzzysort";
import type { Context } from "../foundation/context.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { watchForeground } from "./foreground.ts";
import { escapeControls } from "../foundation/text.ts";

/** One answer to choose. `isAlwaysShown`: whatever is typed to filter the others. */
export type Choice<T> = {
  readonly value: T;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly isAlwaysShown?: boolean;
};

/** The questions there are. All throw ERR_INTERRUPTED. */
export type Prompts = {
  /** A line between two questions. */
  tell(text: string): void;
  /** Several lines, under a title. */
  show(title: string, lines: readonly string[]): void;
  /** One of several; `isSearchable`: typing filters them. */
  choose<T>(
    question: string,
    choices: readonly Choice<T>[],
    options?: { readonly initial?: T; readonly isSearchable?: boolean },
  ): Promise<T>;
  /** A line of text; Enter alone is `byDefault`, which is shown. `check` throws for an answer that will not do, and it is asked again. */
  ask(
    question: string,
    options: { readonly byDefault?: string; readonly check: (answer: string) => void },
  ): Promise<string>;
};

/** Whether a person can be asked. */
export function canAsk(
  { isTerminal }: Context,
  { input, json }: { readonly input: boolean; readonly json: boolean },
): boolean {
  return input && !json && isTerminal.stdin && isTerminal.stdout;
}

/** Whether a person can be asked on stderr: by a command whose stdout a shell reads. */
export function canAskOnStderr(
  { isTerminal }: Context,
  { input, json }: { readonly input: boolean; readonly json: boolean },
): boolean {
  return input && !json && isTerminal.stdin && isTerminal.stderr;
}

/** The prompts of this process's terminal, on stdout unless `output` is another stream; the library behind them is loaded here. */
export async function openPrompts(output: Writable = process.stdout): Promise<Prompts> {
  const { autocomplete, isCancel, log, note, select, text } = await import("@clack/prompts");
  const answered = async <T>(
    prompt: (signal: AbortSignal) => Promise<T | symbol>,
  ): Promise<Exclude<T, symbol>> => {
    // Without this a prompt whose terminal goes away would never settle, and node would end as if all were well.
    const hangUp = new AbortController();
    const end = (): void => hangUp.abort();
    process.stdin.once("end", end);
    const unwatch = watchForeground(process.platform, end);
    const answer = await prompt(hangUp.signal).finally(() => {
      unwatch();
      process.stdin.off("end", end);
    });
    if (!isCancel(answer)) return answer as Exclude<T, symbol>;
    throw new AwsRoleError("ERR_INTERRUPTED", "interrupted: nothing was changed");
  };
  return {
    tell: (line) => log.info(escapeControls(line), { output }),
    show: (title, lines) =>
      note(lines.map((line) => escapeControls(line)).join("\n"), escapeControls(title), { output }),
    async choose<T>(
      question: string,
      choices: readonly Choice<T>[],
      { initial, isSearchable = false }: { initial?: T; isSearchable?: boolean } = {},
    ): Promise<T> {
      // By index: the library compares values, and shows them where they are text.
      const options = choices.map(({ label, hint }, value) => ({
        value,
        label: escapeControls(label),
        ...(hint === undefined ? {} : { hint: escapeControls(hint) }),
      }));
      const initialValue = Math.max(
        0,
        choices.findIndex(({ value }) => initial !== undefined && value === initial),
      );
      const message = escapeControls(question);
      const { default: search } = await import("fuzzysort");
      const chosen = await answered((signal) =>
        isSearchable
          ? autocomplete({
              message,
              // The best matches first: the library's own filter keeps the order of the list.
              options() {
                return bestMatches(options, choices, this.userInput, search);
              },
              filter: () => true,
              initialValue,
              signal,
              output,
              maxItems: 10,
              validate: (value) => (value === undefined ? "choose one of them" : undefined),
            })
          : select({ message, options, initialValue, signal, output, maxItems: 10 }),
      );
      const choice = choices[chosen];
      if (choice === undefined) throw new Error("the prompt returned an invalid choice");
      return choice.value;
    },
    async ask(question, { byDefault, check }) {
      const answer = await answered((signal) =>
        text({
          message: escapeControls(question),
          signal,
          output,
          ...(byDefault === undefined
            ? {}
            : { placeholder: escapeControls(byDefault), defaultValue: byDefault }),
          validate: (typed = "") =>
            typed.trim() === "" && byDefault !== undefined ? undefined : problemWith(typed, check),
        }),
      );
      return answer.trim();
    },
  };
}

/** The options whose label is like `typed`, best first, and those that are always shown; all of them while nothing is typed. */
function bestMatches<O extends { readonly value: number; readonly label: string }>(
  options: readonly O[],
  choices: readonly Choice<unknown>[],
  typed: string,
  search: typeof Fuzzysort,
): O[] {
  if (typed.trim() === "") return [...options];
  const found = search.go(typed, options, { key: "label", limit: 0, threshold: 0.3 });
  const matches = found.map(({ obj }) => obj);
  const others = options.filter(
    (option) => choices[option.value]?.isAlwaysShown === true && !matches.includes(option),
  );
  return [...matches, ...others];
}

function problemWith(typed: string, check: (answer: string) => void): string | undefined {
  if (typed.trim() === "") return "type an answer, or cancel with Ctrl-C";
  try {
    check(typed.trim());
    return undefined;
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return escapeControls(
      error.hint === undefined ? error.message : `${error.message}: ${error.hint}`,
    );
  }
}
