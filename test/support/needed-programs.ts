/** The programs that tests with real things need besides node, and what to do where they are missing. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** Program, or a file by its path → Debian package. */
type Programs = Readonly<Record<string, string>>;

/** For a private keychain. */
const keychain: Programs = {
  "dbus-daemon": "dbus",
  gdbus: "libglib2.0-bin",
  "gnome-keyring-daemon": "gnome-keyring",
  "secret-tool": "libsecret-tools",
};

/** For the pass store, and the recipes for codes. */
const gpg: Programs = {
  gpg: "gnupg",
  "gpg-agent": "gpg-agent",
  pass: "pass",
  "pinentry-curses": "pinentry-curses",
};
const codePrograms: Programs = {
  oathtool: "oathtool",
  "/usr/lib/password-store/extensions/otp.bash": "pass-extension-otp",
};

/** What checks the examples of the docs, and the manual page. */
const checkers: Programs = { "systemd-analyze": "systemd", groff: "groff-base" };

/** What most distributions' bash reads at its start. */
export const bashCompletion = "/usr/share/bash-completion/bash_completion";

/** For people's side: a terminal, a pager, and the shells that are not on every machine. */
const people: Programs = {
  tmux: "tmux",
  zsh: "zsh",
  fish: "fish",
  less: "less",
  [bashCompletion]: "bash-completion",
};

/** Why tests with a real keychain cannot run here, for their name; `undefined` where they can. */
export function keychainSkipReason(): string | undefined {
  if (process.platform !== "linux") return "a private keychain can be started on Linux only";
  return reasonOf(keychain);
}

/** The same of tests with gpg and a password store. */
export function gpgSkipReason(): string | undefined {
  return process.platform === "win32" ? "there is no pass on Windows" : reasonOf(gpg);
}

/** The same of tests with `pass otp` and oathtool. */
export function codeProgramsSkipReason(): string | undefined {
  return gpgSkipReason() ?? reasonOf(codePrograms);
}

function reasonOf(programs: Programs): string | undefined {
  const missing = missingOf(programs);
  return missing.length === 0 ? undefined : `missing: ${missing.join(" ")}`;
}

/** Debian packages of all the programs that are not on PATH. */
export function missingPackages(): string[] {
  return missingOf({ ...keychain, ...gpg, ...codePrograms, ...people, ...checkers });
}

function missingOf(programs: Programs): string[] {
  return Object.entries(programs)
    .filter(([program]) => !isOnPath(program))
    .map(([, debianPackage]) => debianPackage);
}

/** True where `apt-get install` can be run without asking anybody. */
export function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version") && isOnPath("apt-get");
}

/** Installs Debian packages; throws what apt-get says. */
export function installPackages(packages: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { env, stdio: "pipe" } as const;
  execFileSync("apt-get", ["update", "-qq"], options);
  execFileSync(
    "apt-get",
    ["install", "-qq", "-y", "--no-install-recommends", ...packages],
    options,
  );
}

function isOnPath(program: string): boolean {
  if (isAbsolute(program)) return existsSync(program);
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
