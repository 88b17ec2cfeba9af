/**
 * Which program a command line means, and how it is started without a shell reading it. On Windows, where the system's own search
 * begins in the current folder and batch files cannot be started at all, its rules are:
 *
 * - A bare name is looked for on PATH only, with the endings of PATHEXT in their order. Not in the current folder, where any user who can write a file could
 *   put an `aws.exe`.
 * - Programs (.exe, .com) are started directly, by their full path.
 * - Batch files (.cmd, .bat; npm's programs are such) can only be run by cmd.exe, which parses the line again: node refuses them
 *   since CVE-2024-27980. Within double quotes cmd takes everything literally but `"` and `%` (`!` only with delayed expansion, which is switched off
 *   here) and a line's end. So every word is quoted, and a word with one of those is refused: there is no quoting for them that every batch file keeps.
 * - Whatever else PATHEXT names (scripts) needs its interpreter named by the user.
 */
import { win32 } from "node:path";
import type { Environment } from "./environment.ts";
import { AwsRoleError } from "./errors.ts";
import { findOnPath, isFile, windowsVariable } from "./find-executable.ts";

/** For `spawn`; `isVerbatim`: the words are joined as they are. */
export type Invocation = {
  readonly file: string;
  readonly args: readonly string[];
  readonly isVerbatim: boolean;
};

/**
 * How to start `words` on this platform: as they are, but on Windows by `findOnWindows`. `what` names the caller in messages (`exec`, `mfa_process`).
 * @throws ERR_COMMAND_NOT_FOUND, ERR_COMMAND_NOT_EXECUTABLE, on Windows.
 */
export function invocationOf(
  words: readonly string[],
  { what, env, platform }: { what: string; env: Environment; platform: NodeJS.Platform },
): Invocation {
  if (platform === "win32") return findOnWindows(words, env, { what });
  const [file = "", ...args] = words;
  return { file, args, isVerbatim: false };
}

/** `accepts` tells whether a full path is a file. @throws ERR_COMMAND_NOT_FOUND, ERR_COMMAND_NOT_EXECUTABLE. */
export function findOnWindows(
  [program = "", ...args]: readonly string[],
  env: Environment,
  { what, accepts = isFile }: { what: string; accepts?: (path: string) => boolean },
): Invocation {
  const file = findFile(program, env, accepts);
  if (file === undefined)
    throw new AwsRoleError("ERR_COMMAND_NOT_FOUND", `${what}: ${program} was not found`, {
      hint: /[\\/:]/.test(program)
        ? "no such file"
        : "searched on PATH; for shell built-ins use the shell: cmd /c ... or powershell -Command ...",
    });
  switch (win32.extname(file).toLowerCase()) {
    case ".exe":
    case ".com":
      return { file, args, isVerbatim: false };
    case ".cmd":
    case ".bat":
      return byCmd(file, args, { what, env });
    default:
      throw new AwsRoleError(
        "ERR_COMMAND_NOT_EXECUTABLE",
        `${what}: ${program} cannot be executed: ${file} is not a program`,
        { hint: "name the interpreter that runs it before it" },
      );
  }
}

function findFile(
  program: string,
  env: Environment,
  accepts: (path: string) => boolean,
): string | undefined {
  const endings = (windowsVariable(env, "PATHEXT") || ".COM;.EXE;.BAT;.CMD")
    .split(";")
    .filter(Boolean);
  const hasEnding = endings.some((ending) => program.toLowerCase().endsWith(ending.toLowerCase()));
  const names = [...(hasEnding ? [program] : []), ...endings.map((ending) => program + ending)];
  if (/[\\/:]/.test(program))
    return names.map((name) => win32.resolve(name)).find((file) => accepts(file));
  return findOnPath(names, { env, platform: "win32", accepts }).next().value;
}

/** `/d`: no AutoRun commands; `/v:off`: `!` means nothing; `/s`: exactly the outer quotes are taken off. */
function byCmd(
  file: string,
  args: readonly string[],
  { what, env }: { what: string; env: Environment },
): Invocation {
  const words = [file, ...args];
  // oxlint-disable-next-line no-control-regex -- these are the characters it is about
  const bad = words.find((word) => /["%\u0000-\u001F]/.test(word));
  if (bad !== undefined)
    throw new AwsRoleError(
      "ERR_COMMAND_NOT_EXECUTABLE",
      `${what}: ${file} cannot be executed: it is a batch file, and an argument has a character that cmd.exe would interpret (" % or a line break)`,
      { hint: "run the program that the batch file starts, for example: node path\\to\\cli.js" },
    );
  const line = words.map((word) => `"${word.replace(/\\+$/, "$&$&")}"`).join(" ");
  return {
    file: systemProgram(env, "cmd.exe"),
    args: ["/d", "/e:on", "/v:off", "/s", "/c", `"${line}"`],
    isVerbatim: true,
  };
}

/** A program of Windows itself by its full path: by its name alone the current folder would come first. */
export function systemProgram(env: Environment, name: string): string {
  return win32.join(windowsVariable(env, "SystemRoot") || "C:\\Windows", "System32", name);
}
