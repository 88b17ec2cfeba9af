/**
 * The passphrase of the store "file": from AWSROLE_PASSPHRASE_FILE, AWSROLE_PASSPHRASE_FD or a person. Never a variable's
 * value: those are inherited and shown.
 */
import { readFileSync } from "node:fs";
import type { Environment } from "../../foundation/environment.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { whileOthersWork } from "../../foundation/opened-file.ts";
import { readPrivateNamedFile } from "./key-file.ts";

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
    const text = readPrivateNamedFile("the passphrase file", file, 64 * 1024).toString("utf8");
    return { text: lineOf(text, "AWSROLE_PASSPHRASE_FILE"), isTyped: false };
  }
  if (descriptor)
    return { text: lineOf(readDescriptor(descriptor), "AWSROLE_PASSPHRASE_FD"), isTyped: false };
  return { text: lineOf(await ask(question), "what was typed"), isTyped: true };
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
