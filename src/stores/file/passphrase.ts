/**
 * What opens the store "file": AWSROLE_KEY_FILE, or a passphrase from AWSROLE_PASSPHRASE_FILE, AWSROLE_PASSPHRASE_FD or a person. Never a variable's
 * value: those are inherited and shown.
 */
import { readFileSync, type Stats } from "node:fs";
import type { Environment } from "../../foundation/environment.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { whileOthersWork } from "../../foundation/opened-file.ts";
import { namedFileProblem, readNamedFile } from "../../foundation/named-file.ts";
import { commandLine } from "../../foundation/shell-quote.ts";

/** `isNew`: there is no store yet; `problem`: what was wrong with the answer before. */
export type PassphraseQuestion = { readonly isNew: boolean; readonly problem: string | undefined };

/** `isTyped`: a person may be asked again. */
export type Passphrase = { readonly text: string; readonly isTyped: boolean };

export type PassphraseOptions = {
  readonly env: Environment;
  /** Asks a person. @throws ERR_STORE_LOCKED where no prompter is available. */
  readonly ask: (question: PassphraseQuestion) => Promise<string>;
};

/** @throws what `ask` throws, ERR_STORE_FAILED for a file or descriptor that cannot be used. */
export async function findPassphrase(
  { env, ask }: PassphraseOptions,
  question: PassphraseQuestion,
): Promise<Passphrase> {
  const file = env["AWSROLE_PASSPHRASE_FILE"];
  const descriptor = env["AWSROLE_PASSPHRASE_FD"];
  if (file) {
    const text = readPrivate("the passphrase file", file, 64 * 1024).toString("utf8");
    return { text: lineOf(text, "AWSROLE_PASSPHRASE_FILE"), isTyped: false };
  }
  if (descriptor)
    return { text: lineOf(readDescriptor(descriptor), "AWSROLE_PASSPHRASE_FD"), isTyped: false };
  return { text: lineOf(await ask(question), "what was typed"), isTyped: true };
}

/** The bytes of the file named in AWSROLE_KEY_FILE; undefined where it is not set. @throws ERR_STORE_FAILED unless it has 32 and is private. */
export function readKeyFile(env: Environment): Buffer | undefined {
  const file = env["AWSROLE_KEY_FILE"];
  if (!file) return undefined;
  const key = readPrivate("the key file", file, 1024);
  if (key.length === KEY_BYTES) return key;
  throw new AwsRoleError(
    "ERR_STORE_FAILED",
    `the key file ${file} has ${key.length} bytes, not ${KEY_BYTES}`,
    { hint: `make one: (umask 077; head -c ${KEY_BYTES} /dev/urandom > ${file})` },
  );
}

const KEY_BYTES = 32;

function readPrivate(what: string, file: string, maxBytes: number): Buffer {
  const inspect = (stat: Stats): void => {
    if (process.platform === "win32" || !isReadByOthers(stat)) return;
    throw new AwsRoleError("ERR_STORE_FAILED", `${what} ${file} can be read by others`, {
      hint: commandLine("chmod", "600", file),
    });
  };
  try {
    return readNamedFile(file, { maxBytes, inspect });
  } catch (error) {
    if (isAwsRoleError(error)) throw error;
    throw new AwsRoleError("ERR_STORE_FAILED", `${what} ${file} ${namedFileProblem(error)}`, {
      hint: "check its path and permissions",
      cause: error,
    });
  }
}

/** systemd's credentials are root's, readable for the service's user by an access list, which shows as the group's bits. */
function isReadByOthers({ mode, uid }: Stats): boolean {
  return (mode & (uid === 0 ? 0o007 : 0o077)) !== 0;
}

function readDescriptor(text: string): string {
  const descriptor = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (descriptor < 3)
    throw new AwsRoleError(
      "ERR_STORE_FAILED",
      `AWSROLE_PASSPHRASE_FD = ${text} is not a descriptor from 3 on`,
      { hint: "for example: awsrole ... 3<passphrase-file" },
    );
  try {
    return whileOthersWork(() => readFileSync(descriptor, "utf8"));
  } catch (error) {
    throw new AwsRoleError("ERR_STORE_FAILED", `descriptor ${descriptor} cannot be read`, {
      hint: "see AWSROLE_PASSPHRASE_FD",
      cause: error,
    });
  }
}

function lineOf(text: string, origin: string): string {
  const passphrase = text.replace(/\r?\n$/, "");
  if (passphrase !== "") return passphrase;
  throw new AwsRoleError("ERR_STORE_FAILED", `the passphrase is empty (${origin})`, {
    hint: "a new one has at least 12 characters",
  });
}
