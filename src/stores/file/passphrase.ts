/** Where the passphrase of the store "file" comes from: AWSROLE_PASSPHRASE_FILE, AWSROLE_PASSPHRASE_FD, else a person. Never a variable's value: those are inherited and shown. */
import type { Environment } from "../../foundation/environment.ts";
import { fstatSync, openSync, readFileSync, closeSync } from "node:fs";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { commandLine } from "../../foundation/shell-quote.ts";

export type PassphraseOptions = {
  readonly env: Environment;
  /** Asks a person. @throws ERR_STORE_LOCKED where no prompter is available. */
  readonly ask: (isNew: boolean) => Promise<string>;
};

/** @throws what `ask` throws, ERR_STORE_FAILED for a file or descriptor that cannot be used. */
export async function findPassphrase(
  { env, ask }: PassphraseOptions,
  isNew: boolean,
): Promise<string> {
  const file = env["AWSROLE_PASSPHRASE_FILE"];
  const descriptor = env["AWSROLE_PASSPHRASE_FD"];
  if (file) return checked(readPassphraseFile(file), "AWSROLE_PASSPHRASE_FILE");
  if (descriptor) return checked(readDescriptor(descriptor), "AWSROLE_PASSPHRASE_FD");
  return checked(await ask(isNew), "what was typed");
}

function readPassphraseFile(file: string): string {
  try {
    const descriptor = openSync(file, "r");
    try {
      const stat = fstatSync(descriptor);
      if (process.platform !== "win32" && stat.isFile() && (stat.mode & 0o077) !== 0) {
        throw new AwsRoleError(
          "ERR_STORE_FAILED",
          `the passphrase file ${file} can be read by others`,
          { hint: commandLine("chmod", "600", file) },
        );
      }
      return readFileSync(descriptor, "utf8");
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw isAwsRoleError(error) ? error : unreadable(`the passphrase file ${file}`, error);
  }
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
    return readFileSync(descriptor, "utf8");
  } catch (error) {
    throw unreadable(`descriptor ${descriptor}`, error);
  }
}

function checked(text: string, origin: string): string {
  const passphrase = text.replace(/\r?\n$/, "");
  if (passphrase !== "") return passphrase;
  throw new AwsRoleError("ERR_STORE_FAILED", `the passphrase is empty (${origin})`, {
    hint: "choose one with at least a dozen characters",
  });
}

function unreadable(what: string, cause: unknown): AwsRoleError {
  return new AwsRoleError("ERR_STORE_FAILED", `${what} cannot be read`, {
    hint: "see its path and permissions",
    cause,
  });
}
