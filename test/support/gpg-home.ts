/** A GnuPG home of our own with keys made here, and a password store that is encrypted for one of them. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gpgSkipReason } from "./needed-programs.ts";

export { gpgSkipReason };

export type GpgHome = {
  /** For children: HOME, GNUPGHOME and PASSWORD_STORE_DIR, and no display. */
  readonly env: NodeJS.ProcessEnv;
  readonly passwordStore: string;
  /** Another key of this person; its fingerprint. */
  makeKey(name: string, passphrase?: string): string;
  /** Who answers when the agent asks for a passphrase from now on; what was open is forgotten. */
  setPinentry(
    answer: "dismisses" | "hangs" | "asks at the terminal" | { readonly passphrase: string },
  ): void;
  /** How often the agent has asked since. */
  prompts(): number;
  run(...words: readonly string[]): string;
  /** Ends the agent that any of us has started; the next call starts another. */
  stopAgent(): void;
  remove(): void;
};

/** Made in a folder with a short name: the agent's socket lies in it. `passphrase`: of the key; absent: none. */
export function makeGpgHome(passphrase = ""): GpgHome {
  const home = mkdtempSync(join(tmpdir(), "gpg-"));
  chmodSync(home, 0o700);
  const gnupg = join(home, "g");
  mkdirSync(gnupg, { mode: 0o700 });
  const passwordStore = join(home, "password-store");
  const { DISPLAY: _d, WAYLAND_DISPLAY: _w, GPG_TTY: _t, ...rest } = process.env;
  const git = { GIT_AUTHOR_NAME: "bob", GIT_AUTHOR_EMAIL: "bob@example.com" };
  const committer = { GIT_COMMITTER_NAME: "bob", GIT_COMMITTER_EMAIL: "bob@example.com" };
  const own = { HOME: home, GNUPGHOME: gnupg, PASSWORD_STORE_DIR: passwordStore };
  const env = { ...rest, ...own, ...git, ...committer };
  const run = (...[program = "", ...args]: readonly string[]): string =>
    execFileSync(program, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const makeKey = (name: string, secret = ""): string => {
    const quiet = ["--batch", "--quiet", "--pinentry-mode=loopback", `--passphrase=${secret}`];
    run("gpg", ...quiet, "--quick-generate-key", `${name} <${name}@example.com>`, "future-default");
    const lines = run("gpg", "--batch", "--with-colons", "--list-secret-keys", name).split("\n");
    return lines.find((line) => line.startsWith("fpr:"))?.split(":")[9] ?? "";
  };
  mkdirSync(passwordStore, { mode: 0o700 });
  const key = makeKey("bob", passphrase);
  writeFileSync(join(passwordStore, ".gpg-id"), `${key}\n`);
  const asked = join(home, "asked");
  const prompts = (): number => {
    try {
      return execFileSync("cat", [asked], { encoding: "utf8", stdio: "pipe" }).length;
    } catch {
      return 0;
    }
  };
  /** A pinentry that never shows anything; its path. */
  const fake = (answer: "dismisses" | "hangs" | { readonly passphrase: string }): string => {
    const reply =
      answer === "dismisses"
        ? 'echo "ERR 83886179 Operation cancelled <Pinentry>"'
        : answer === "hangs"
          ? "sleep 60"
          : `echo "D ${answer.passphrase}"; echo OK`;
    const pinentry = join(home, "pinentry");
    const loop = `while read -r line; do case $line in GETPIN*) printf x >>'${asked}'; ${reply};; BYE*) echo OK; exit;; *) echo OK;; esac; done`;
    writeFileSync(pinentry, `#!/bin/sh\necho OK\n${loop}\n`, { mode: 0o755 });
    return pinentry;
  };
  return {
    env,
    passwordStore,
    makeKey,
    prompts,
    run,
    stopAgent: () => void run("gpgconf", "--kill", "gpg-agent"),
    setPinentry(answer) {
      const program = answer === "asks at the terminal" ? "/usr/bin/pinentry-curses" : fake(answer);
      writeFileSync(join(gnupg, "gpg-agent.conf"), `pinentry-program ${program}\n`);
      rmSync(asked, { force: true });
      run("gpgconf", "--kill", "gpg-agent");
    },
    remove() {
      run("gpgconf", "--kill", "all");
      rmSync(home, { recursive: true, force: true });
    },
  };
}
