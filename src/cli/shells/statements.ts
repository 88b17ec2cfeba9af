/**
 * Statements that set and clear environment variables, in the language of each shell. Rules:
 *
 * - A value arrives in the environment exactly as it is, or is refused: nothing in it may be expanded, and nothing may end the quotes.
 *   Line breaks and other control characters are refused everywhere, because no form of quoting carries them in all of them.
 * - Clearing a variable that is not set is no error, so that the statements run under `set -eu` too.
 */
import type { Environment } from "../../foundation/environment.ts";
import { formatJson } from "../output.ts";
import { AwsRoleError } from "../../foundation/errors.ts";

type Dialect = {
  /** How a person runs the statements that awsrole prints. */
  readonly use: (commandLine: string) => string;
  readonly set: (name: string, value: string) => string;
  /** Several at once, so that there is little to copy; none: nothing. */
  readonly clear: (names: readonly string[]) => readonly string[];
  /** Moves a variable, if it is set, into one of the shell itself, which programs do not inherit; absent where there are none. */
  readonly keep?: (name: string) => string;
  /** Moves it back, if it was kept. */
  readonly restore?: (name: string) => string;
  /** Makes whatever evaluates it fail; absent for data. */
  readonly fail?: string;
};

const posix: Dialect = {
  use: (line) => `eval "$(${line})"`,
  set: (name, value) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`,
  clear: (names) => [`unset ${names.join(" ")}`],
  // Under `set -a` every new variable would be exported.
  keep: (name) => {
    const move = `unset _awsrole_${name}; _awsrole_${name}=$${name}; unset ${name}`;
    return `[ -z "\${${name}+x}" ] || case $- in *a*) set +a; ${move}; set -a ;; *) ${move} ;; esac`;
  },
  restore: (name) =>
    `[ -z "\${_awsrole_${name}+x}" ] || { export ${name}="$_awsrole_${name}"; unset _awsrole_${name}; }`,
  fail: "false",
};

const dialects = {
  bash: posix,
  zsh: posix,
  sh: posix,
  fish: {
    use: (line) => `${line} | source`,
    // Within fish's single quotes only \\ and \' mean something.
    set: (name, value) => `set -gx ${name} '${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`,
    clear: (names) => [`set -e ${names.join(" ")}; or true`],
    keep: (name) => `if set -q ${name}; set -gu _awsrole_${name} $${name}; set -e ${name}; end`,
    restore: (name) =>
      `if set -q _awsrole_${name}; set -gx ${name} $_awsrole_${name}; set -e _awsrole_${name}; end`,
    fail: "false",
  },
  powershell: {
    use: (line) => `${line} | Out-String | Invoke-Expression`,
    // PowerShell takes typographic single quotes for quotes too; doubling makes each of them a literal one.
    set: (name, value) => `$Env:${name} = '${value.replaceAll(/['\u2018-\u201B]/g, "$&$&")}'`,
    clear: (names) => [
      `Remove-Item ${names.map((name) => `'Env:${name}'`).join(", ")} -ErrorAction SilentlyContinue`,
    ],
    keep: (name) =>
      `if (Test-Path Env:${name}) { $global:_awsrole_${name} = $Env:${name}; Remove-Item Env:${name} }`,
    restore: (name) =>
      `if (Test-Path Variable:global:_awsrole_${name}) { $Env:${name} = $global:_awsrole_${name}; Remove-Variable _awsrole_${name} -Scope Global }`,
    fail: "throw 'awsrole env failed'",
  },
  cmd: {
    use: (line) => `for /f "delims=" %i in ('${line}') do @%i`,
    set: (name, value) => {
      // What these mean depends on how the line is run (typed, in a batch file, with delayed expansion).
      if (/["%!]/.test(value))
        throw unwritable(name, `a character that cmd may expand (" % !)`, "--shell powershell");
      return `SET "${name}=${value}"`;
    },
    clear: (names) => names.map((name) => `SET ${name}=`),
    // Not `exit /b`, which would end a batch file.
    fail: "cmd /c exit 1",
  },
  dotenv: {
    use: (line) => `(umask 077; ${line} > .env)`,
    set: (name, value) => {
      // Readers of such files disagree about quotes (docker keeps them), so only what needs none is written.
      if (!/^[\w./+=:@,-]*$/.test(value))
        throw unwritable(
          name,
          "a character that readers of such files understand differently",
          "--shell json",
        );
      return `${name}=${value}`;
    },
    clear: () => [],
  },
} as const satisfies Record<string, Dialect>;

/** The forms in which `env` prints. */
export type ShellName = keyof typeof dialects | "json";

/** Their names, as `--shell` takes them. */
export const shellNames = [...Object.keys(dialects), "json"] as readonly ShellName[];

/** True for the forms that a shell executes (the others are data, and cannot clear anything). */
export function isExecutable(shell: ShellName): boolean {
  return shell !== "dotenv" && shell !== "json";
}

/** One statement a line, clearing first. @throws ERR_SOURCE_UNAVAILABLE for a value that this form cannot carry. */
export function formatVariables(shell: ShellName, variables: Environment): string {
  for (const [name, value] of Object.entries(variables)) {
    // oxlint-disable-next-line no-control-regex -- these are the characters it is about
    if (value !== undefined && /[\u0000-\u001F\u007F\u0085\u2028\u2029]/.test(value))
      throw unwritable(name, "a line break or another control character", undefined);
  }
  const entries = Object.entries(variables);
  const set = entries.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
  if (shell === "json")
    return `${formatJson(Object.fromEntries(set.map(({ name, value }) => [name, value])), { indent: true })}\n`;
  const dialect: Dialect = dialects[shell];
  const clear = isExecutable(shell)
    ? entries.flatMap(([name, value]) => (value === undefined ? [name] : []))
    : [];
  const lines = [
    ...(clear.length === 0 ? [] : dialect.clear(clear)),
    ...set.map(({ name, value }) => dialect.set(name, value)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** The shells that `use` can change: those with variables of their own. */
export const changeableShells = ["bash", "zsh", "sh", "fish", "powershell"] as const;
export type ChangeableShell = (typeof changeableShells)[number];

/** One statement a line: what is kept, cleared, set and restored. No value of a kept variable is in them. */
export function formatChange(
  shell: ChangeableShell,
  change: {
    readonly variables: Environment;
    readonly keep: readonly string[];
    readonly restore: readonly string[];
  },
): string {
  const { keep, restore }: Dialect = dialects[shell];
  const lines = (names: readonly string[], form: ((name: string) => string) | undefined): string =>
    names.map((name) => `${form?.(name) ?? ""}\n`).join("");
  return (
    lines(change.keep, keep) +
    formatVariables(shell, change.variables) +
    lines(change.restore, restore)
  );
}

/** A statement that fails, for the last line of what a shell evaluates: `eval` returns its status. */
export function failingStatement(shell: ShellName): string {
  const { fail = "" }: Partial<Dialect> = shell === "json" ? {} : dialects[shell];
  return fail;
}

/** How a person runs what `commandLine` prints, in this shell. */
export function howToUse(shell: ShellName, commandLine: string): string {
  return shell === "json" ? `(umask 077; ${commandLine} > FILE)` : dialects[shell].use(commandLine);
}

function unwritable(name: string, what: string, instead: string | undefined): AwsRoleError {
  return new AwsRoleError("ERR_SOURCE_UNAVAILABLE", `the value of ${name} has ${what}`, {
    hint:
      instead === undefined
        ? "it cannot be written as a statement"
        : `use another form: ${instead}`,
  });
}
