/**
 * Which shell will read what we print: the program that called us, where the system tells; else what the environment suggests.
 * `$SHELL` comes last, because it names the login shell, and people run others in it.
 */
import type { Environment } from "../../foundation/environment.ts";
import type { ShellName } from "./statements.ts";

export type ShellClues = {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** The name of the calling program (`calling-program.ts`). */
  readonly caller: string | undefined;
};

/** The shell that called us; `sh` (whose statements bash and zsh read too) or, on Windows, `cmd` when nothing tells. */
export function detectShell({ env, platform, caller }: ShellClues): ShellName {
  const byCaller = shellOf(caller);
  if (byCaller !== undefined) return byCaller;
  if (platform === "win32") {
    // Git Bash, MSYS and Cygwin set MSYSTEM or SHELL; PowerShell puts the user's own module folder first.
    if (env["MSYSTEM"] || env["SHELL"]) return shellOf(env["SHELL"]) ?? "bash";
    return (env["PSModulePath"] ?? "").split(";").some(isOwnModuleFolder) ? "powershell" : "cmd";
  }
  return shellOf(env["SHELL"]) ?? "sh";
}

/** The user's own, wherever its parent is (OneDrive) and whatever that is called (`Dokumente`); the system's are in every program's environment. */
function isOwnModuleFolder(folder: string): boolean {
  return (
    /\\(?:Windows)?PowerShell\\Modules\\?$/i.test(folder) &&
    !/\\(?:Program Files(?: \(x86\))?|System32)\\/i.test(folder)
  );
}

const programs: Readonly<Record<string, ShellName>> = {
  bash: "bash",
  zsh: "zsh",
  fish: "fish",
  pwsh: "powershell",
  powershell: "powershell",
  cmd: "cmd",
  sh: "sh",
  dash: "sh",
  ash: "sh",
  ksh: "sh",
  mksh: "sh",
  busybox: "sh",
};

/** A path or a name as shown by the system: `/bin/zsh`, `-bash` (a login shell), `pwsh.exe`. */
function shellOf(program: string | undefined): ShellName | undefined {
  const name = program
    ?.split(/[\\/]/)
    .at(-1)
    ?.replace(/^-/, "")
    .replace(/\.exe$/i, "")
    .toLowerCase();
  return name !== undefined && Object.hasOwn(programs, name) ? programs[name] : undefined;
}
