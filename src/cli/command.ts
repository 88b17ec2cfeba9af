/** What a command is: one definition from which parsing, help, completion and docs/reference/commands.md are made. */
import type { Context } from "../foundation/context.ts";
import type { InferredOptionTypes, Options } from "yargs";

/** What the shell offers for a value: profiles, files, commands, or one of some words. */
type Completes = "profiles" | "files" | "commands" | readonly string[];

export type Positional = {
  readonly describe: string;
  readonly array?: boolean;
  /** A name that does not exist yet: there is nothing to complete. */
  readonly isNew?: boolean;
  /** Absent: profiles, if the name begins with NAME. */
  readonly completes?: Completes;
};
type Positionals = Readonly<Record<string, Positional>>;

/** An option as yargs reads it, and what the shell offers for its value (`choices` are offered by themselves). */
type Option = Options & {
  readonly completes?: Completes;
  /** The word for its value in the help; absent: the last word of its name. */
  readonly value?: string;
};
export type OptionTable = Readonly<Record<string, Option>>;

/** Parsed arguments: options under their names as typed (`role-arn`), positionals as text. */
export type Arguments<O extends OptionTable> = InferredOptionTypes<O & typeof commonOptions> & {
  readonly positionals: Readonly<Record<string, string | undefined>>;
  /** All words of a positional that takes several, and what follows `--`. */
  readonly names: readonly string[];
  readonly rest: readonly string[] | undefined;
};

export type Command<O extends OptionTable = OptionTable> = {
  /** As typed: `add-profile NAME`. */
  readonly usage: string;
  readonly summary: string;
  /** More than the summary says, for `--help` and the docs. */
  readonly description?: string;
  readonly positionals?: Positionals;
  readonly options?: O;
  readonly examples: readonly { readonly command: string; readonly says: string }[];
  /** True where AWS_PROFILE is the NAME when none is given. */
  readonly usesAwsProfile?: boolean;
  /** True where everything behind `--` is a command line to run. */
  readonly takesCommand?: boolean;
  /** True for the machine's interface: it has its own options only. */
  readonly isForPrograms?: boolean;
  /** Does it; the number is the exit code. @throws AwsRoleError. */
  run(context: Context, args: Arguments<O>): Promise<number>;
};

/** A word of a command's usage: `NAME`, `[NAME]` or `[NAMES..]`. */
export type UsageWord = {
  readonly word: string;
  readonly isRequired: boolean;
  /** Takes all words that are left. */
  readonly isArray: boolean;
};

/** The positionals of a command, in order. */
export function usageWordsOf({ usage, positionals = {} }: Command): readonly UsageWord[] {
  return usage
    .split(" ")
    .map((word) => ({
      word: word.replaceAll(/^\[|(?:\.\.)?\]$/g, ""),
      isRequired: !word.startsWith("["),
      isArray: word.endsWith("..]"),
    }))
    .filter(({ word }) => Object.hasOwn(positionals, word));
}

/** How a command is typed, whole. */
export function usageOf({ usage, takesCommand }: Command): string {
  return takesCommand === true ? `${usage} -- COMMAND ...` : usage;
}

/** Options of every command for people. */
export const commonOptions = {
  json: { type: "boolean", default: false, describe: "print JSON" },
  input: { type: "boolean", default: true, describe: "never prompt" },
  store: {
    type: "string",
    completes: ["keychain", "file", "pass", "plaintext", "none"],
    describe: "secret store: keychain, file, pass, plaintext or none",
  },
  quiet: { type: "boolean", default: false, describe: "print only results and errors" },
  debug: {
    type: "boolean",
    default: false,
    describe: "print debug output to stderr (never secrets)",
  },
  profile: {
    type: "string",
    alias: "p",
    completes: "profiles",
    describe: "same as NAME",
  },
} as const satisfies OptionTable;

/** Options of commands that fetch credentials. */
export const fetchOptions = {
  "force-refresh": {
    type: "boolean",
    default: false,
    describe: "ignore the cache and fetch new credentials",
  },
  "mfa-code": { type: "string", describe: "the MFA code to use (single use, 30 s)" },
} as const satisfies OptionTable;

/** Options of commands that hand credentials to other programs. */
export const sessionOptions = {
  "long-term": {
    type: "boolean",
    default: false,
    describe: "use the long-term access key itself instead of a session",
  },
} as const satisfies OptionTable;

/** Types a definition's `run` by its options. */
export function defineCommand<const O extends OptionTable = Readonly<Record<string, never>>>(
  command: Command<O>,
): Command<O> {
  return command;
}

/** All options of a command: its own, and those of every command. */
export function optionsOf(command: Command): OptionTable {
  if (command.isForPrograms === true) return command.options ?? {};
  const { profile, ...others } = commonOptions;
  return { ...command.options, ...others, ...(takesProfileOption(command) ? { profile } : {}) };
}

/** True where `--profile` means NAME: everywhere but in `add-` commands. */
export function takesProfileOption(command: Command): boolean {
  if (command.usage.startsWith("add-")) return false;
  return Object.keys(command.positionals ?? {}).some((name) => name.startsWith("NAME"));
}

/** An option as it is typed: `--no-input` (on unless switched off), `--json`, `--role-arn ARN`. */
export function spellOption(name: string, option: Option): string {
  if (option.type === "boolean") return option.default === true ? `--no-${name}` : `--${name}`;
  return `--${name} ${option.value ?? (name.split("-").at(-1) ?? name).toUpperCase()}`;
}
