/**
 * GnuPG, for the store "pass". Its rules:
 *
 * - Secrets go through its standard input and output only. What went wrong is read from its status lines (doc/DETAILS of GnuPG), not from messages,
 *   which are in the person's language.
 * - Whether the key is open is tried first without a prompt: most times it is, and questions at a terminal take turns.
 * - The prompt is pinentry's. It may use the terminal only where a person is at it, and it is ours: without GPG_TTY it shows a window, or fails.
 */
import { findOnPath, isExecutable, isFile } from "../../foundation/find-executable.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { type ProcessOutcome, runProcess } from "../../foundation/run-process.ts";
import type { PassStoreOptions } from "./index.ts";

/**
 * Runs `work` while no other process asks at the terminal; it is given that terminal's path for pinentry, undefined where no person is
 * at one.
 */
export type AtTerminal = <T>(work: (terminal: string | undefined) => Promise<T>) => Promise<T>;

export type Gpg = {
  /** Undefined for what is damaged. @throws ERR_STORE_LOCKED, ERR_STORE_TIMEOUT, ERR_STORE_UNAVAILABLE, ERR_STORE_FAILED. */
  decrypt(text: string): Promise<string | undefined>;
  /** ASCII-armoured, for keys by their fingerprints. @throws ERR_STORE_TIMEOUT, ERR_STORE_UNAVAILABLE, ERR_STORE_FAILED. */
  encrypt(text: string, fingerprints: readonly string[]): Promise<string>;
  /** The fingerprints of the secret keys here that an id means. @throws ERR_STORE_TIMEOUT, ERR_STORE_UNAVAILABLE. */
  secretKeysOf(id: string): Promise<readonly string[]>;
};

/** A secret has 20 KB at most, and JSON and armour make it longer. */
const mostCharacters = 512 * 1024;
/** As for a keychain: what shows nothing for so long is a prompt that no one sees. */
const silentMs = 10_000;

type Ran = Extract<ProcessOutcome, { readonly kind: "exited" }>;

/** gpg as it is found on PATH at the first call. */
export function createGpg(options: PassStoreOptions): Gpg {
  const { env, platform, silentAfterMs, mayPrompt, atTerminal } = options;

  async function run(
    args: readonly string[],
    input: string,
    { terminal, timeoutMs = silentMs }: { terminal?: string; timeoutMs?: number } = {},
  ): Promise<Ran> {
    const accepts = (file: string): boolean => isFile(file) && isExecutable(file);
    const [program] = findOnPath(["gpg2", "gpg"], { env, platform, accepts });
    if (program === undefined) throw noGpg();
    const { GPG_TTY: _, ...rest } = env;
    const limitMs = Math.min(timeoutMs, silentAfterMs());
    const outcome = await runProcess({
      words: [program, "--quiet", "--batch", "--yes", "--no-tty", "--status-fd=3", ...args],
      what: "gpg",
      env: terminal === undefined ? rest : { ...rest, GPG_TTY: terminal },
      platform,
      timeoutMs: limitMs,
      mostCharacters,
      input,
      withStatus: true,
      // The agent that it may start must not keep us.
      lingerMs: 500,
    });
    if (outcome.kind === "exited") return outcome;
    if (outcome.kind === "timed out") throw silent(limitMs);
    throw outcome.kind === "not started" ? noGpg(outcome.cause) : failed("its output is too long");
  }

  /** As `run`, with a prompt where the key is locked. @throws ERR_STORE_LOCKED */
  async function runUnlocked(args: readonly string[], input: string): Promise<Ran> {
    const quiet = await run(["--pinentry-mode=error", ...args], input);
    if (!isLocked(quiet)) return quiet;
    if (!mayPrompt) throw locked();
    const asked = await atTerminal((terminal) =>
      terminal === undefined
        ? run(args, input)
        : run(args, input, { terminal, timeoutMs: Number.POSITIVE_INFINITY }),
    );
    if (isLocked(asked)) throw locked();
    return asked;
  }

  return {
    async decrypt(text) {
      const ran = await runUnlocked(["--decrypt"], text);
      if (ran.code === 0 && hasStatus(ran, "DECRYPTION_OKAY")) return ran.output;
      if (hasStatus(ran, "ENC_TO") && !hasStatus(ran, "KEY_CONSIDERED"))
        throw failed("the secret key that opens its items is not here");
      return undefined;
    },
    async encrypt(text, fingerprints) {
      const recipients = fingerprints.map((fingerprint) => `--recipient=${fingerprint}`);
      // A person's own keys, by their fingerprints: who signed them does not matter.
      const how = ["--trust-model=always", "--no-encrypt-to", "--armor", "--encrypt"];
      const ran = await run([...how, ...recipients], text);
      if (ran.code === 0) return ran.output;
      throw failed(
        hasStatus(ran, "INV_RECP") ? "a key cannot encrypt (expired?)" : "it did not encrypt",
      );
    },
    async secretKeysOf(id) {
      const ran = await run(["--with-colons", "--list-secret-keys", "--", id], "");
      const lines = ran.output.split("\n").map((line) => line.split(":"));
      // The fingerprint of a primary key follows it; those of its subkeys follow them.
      return lines.flatMap(([kind], index) => {
        const [next, fingerprint] = [lines[index + 1]?.[0], lines[index + 1]?.[9]];
        return kind === "sec" && next === "fpr" && fingerprint ? [fingerprint] : [];
      });
    },
  };
}

function hasStatus({ status = "" }: Ran, keyword: string): boolean {
  return status
    .split("\n")
    .some((line) => line.startsWith(`[GNUPG:] ${keyword} `) || line === `[GNUPG:] ${keyword}`);
}

/** Whether gpg found the key, and did not get past it: what is damaged behind that has a DECRYPTION_INFO. */
function isLocked(ran: Ran): boolean {
  return (
    hasStatus(ran, "KEY_CONSIDERED") &&
    hasStatus(ran, "DECRYPTION_FAILED") &&
    !hasStatus(ran, "DECRYPTION_INFO")
  );
}

const elsewhere =
  "set AWSROLE_STORE=file to cache in an encrypted file, or AWSROLE_STORE=none to disable caching";

function locked(): AwsRoleError {
  return new AwsRoleError(
    "ERR_STORE_LOCKED",
    "the pass store is locked: gpg did not get the passphrase of its key",
    {
      hint: `run an awsrole command in a terminal once (with GPG_TTY=$(tty)), so that gpg can ask for it; ${elsewhere}`,
    },
  );
}

function silent(afterMs: number): AwsRoleError {
  return new AwsRoleError(
    "ERR_STORE_TIMEOUT",
    `the pass store: gpg did not end within ${Math.max(1, Math.round(afterMs / 1000))} s`,
    { hint: `look for a passphrase prompt on the desktop; ${elsewhere}` },
  );
}

function noGpg(cause?: unknown): AwsRoleError {
  return new AwsRoleError(
    "ERR_STORE_UNAVAILABLE",
    "the pass store needs gpg, which is not on PATH",
    {
      hint: `install GnuPG; ${elsewhere}`,
      cause,
    },
  );
}

function failed(why: string): AwsRoleError {
  return new AwsRoleError("ERR_STORE_FAILED", `the pass store: gpg failed: ${why}`, {
    hint: "gpg --list-secret-keys shows your keys",
  });
}
