/** Where `add-key` gets a key from: the plaintext files, a person, or standard input. */
import { fstatSync } from "node:fs";
import { findKey } from "./key-text.ts";
import type { Context } from "../foundation/context.ts";
import { findTerminal } from "../cli/terminal.ts";
import { type Prompter, unavailable } from "../foundation/prompter.ts";
import type { AwsFiles } from "../config/files.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import type { LongTermKey } from "../credentials/key-item.ts";

/** A person has all the time there is between two coffees to find the key. */
export const answerMs = 10 * 60_000;
const mostInputCharacters = 64_000;

/** The key of `[NAME]` in the AWS files. @throws ERR_PROFILE_INVALID when there is none, or a session's. */
export function readKeyFromFiles(files: AwsFiles, name: string): LongTermKey {
  const settings = files.profile(name);
  const accessKeyId = settings?.get("aws_access_key_id")?.value;
  const secretAccessKey = settings?.get("aws_secret_access_key")?.value;
  if (!accessKeyId || !secretAccessKey) {
    throw new AwsRoleError(
      "ERR_PROFILE_INVALID",
      `there is no access key of ${name} in ${files.credentials.file}`,
      { hint: `enter one with: awsrole add-key ${name}` },
    );
  }
  if (settings?.has("aws_session_token")) throw temporary(accessKeyId);
  return checkKey(accessKeyId, secretAccessKey);
}

/** The key from standard input if something is there, else from the person at the terminal. @throws ERR_USAGE, ERR_PERSON_REFUSED, ERR_INTERRUPTED. */
export async function readKey(
  context: Context,
  name: string,
  input: boolean,
): Promise<LongTermKey> {
  if (!context.isTerminal.stdin) {
    const text = await readStandardInput();
    if (text.trim() !== "") return parseKey(text);
    // A command before the pipe that failed is not to be made up for by typing.
    if (isPipeOrFile())
      throw new AwsRoleError("ERR_USAGE", "add-key: standard input is empty", {
        hint: `check the command before the pipe, or enter the key with: awsrole add-key ${name}`,
      });
  }
  const found = input
    ? findTerminal(context.platform)
    : unavailable("prompting is disabled by --no-input");
  if (found.kind === "unavailable") {
    throw new AwsRoleError(
      "ERR_USAGE",
      `add-key: there is no key on standard input, and ${found.reason}`,
      {
        hint: `aws iam create-access-key | awsrole add-key ${name} (or --from-credentials-file)`,
      },
    );
  }
  const { prompter } = found;
  prompter.notify(
    `the access key of profile ${name} will be verified with AWS and stored; your input is hidden`,
  );
  for (let left = tries; ; left -= 1) {
    try {
      return await askOnce(prompter);
    } catch (error) {
      const isTypingError =
        isAwsRoleError(error) && ["ERR_USAGE", "ERR_PROFILE_INVALID"].includes(error.code);
      if (!isTypingError) throw error;
      // The rest of what was pasted must not reach the shell.
      await drain(prompter);
      if (left === 1) throw error;
      prompter.notify(`${error.message.replace("add-key: ", "")} (${error.hint ?? ""}); try again`);
    }
  }
}

function isPipeOrFile(): boolean {
  const input = fstatSync(process.stdin.fd);
  return input.isFIFO() || input.isFile();
}

const tries = 3;

/**
 * The id, then the secret; or both in one paste: two lines, or what `parseKey` takes. The echo is off from
 * the first question on, because a terminal shows what is pasted when it comes, not when it is read.
 */
async function askOnce(prompter: Prompter): Promise<LongTermKey> {
  const ask = async (question: string): Promise<string> => {
    const answer = await prompter.ask({ question, isSecret: true, timeoutMs: answerMs });
    if (answer.kind === "answer") return answer.text.trim();
    throw new AwsRoleError("ERR_PERSON_REFUSED", "no access key was given", {});
  };
  const first = await ask("Access key ID: ");
  const isWhole = /[^A-Za-z0-9]/.test(first);
  if (isWhole) return parseKey([first, ...(await pendingLines(prompter))].join("\n"));
  checkId(first);
  prompter.notify(`access key ${first}`);
  return checkKey(first, await ask("Secret access key (not shown): "));
}

/** The lines that wait in the terminal already. */
async function pendingLines(prompter: Prompter): Promise<readonly string[]> {
  const lines: string[] = [];
  while (lines.length < mostPastedLines) {
    const answer = await prompter.ask({ question: "", isSecret: true, timeoutMs: pasteMs });
    if (answer.kind === "unanswered" || answer.kind === "lost") break;
    lines.push(answer.kind === "answer" ? answer.text : "");
  }
  return lines;
}

const drain = pendingLines;
const mostPastedLines = 50;
/** What was pasted is there; only a slow connection takes longer from one line to the next. */
const pasteMs = 300;

/** All of it, up to a limit that no key or seed reaches. */
export async function readStandardInput(): Promise<string> {
  let text = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > mostInputCharacters) break;
  }
  return text;
}

/** A key in one of the forms of key-text.ts. @throws ERR_USAGE, ERR_PROFILE_INVALID for a session's; never with the text. */
export function parseKey(text: string): LongTermKey {
  const { accessKeyId, secretAccessKey, sessionToken } = findKey(text) ?? {};
  if (accessKeyId !== undefined && sessionToken !== undefined) throw temporary(accessKeyId);
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return checkKey(accessKeyId, secretAccessKey);
  throw new AwsRoleError("ERR_USAGE", "add-key: found no access key in the input", {
    hint: "expected the JSON of aws iam create-access-key, a CSV file of the console, lines of a credentials file or a shell, or the ID and the secret on two lines",
  });
}

function checkId(accessKeyId: string): void {
  if (accessKeyId.startsWith("ASIA")) throw temporary(accessKeyId);
  if (/^[A-Z0-9]{16,128}$/.test(accessKeyId)) return;
  throw new AwsRoleError("ERR_USAGE", "add-key: invalid access key ID", {
    hint: "expected a key like AKIAIOSFODNN7EXAMPLE",
  });
}

function checkKey(accessKeyId: string, secretAccessKey: string): LongTermKey {
  checkId(accessKeyId);
  if (/^[\x21-\x7e]{16,128}$/.test(secretAccessKey)) return { accessKeyId, secretAccessKey };
  throw new AwsRoleError("ERR_USAGE", "add-key: invalid secret access key", {
    hint: "expected 40 characters, no spaces; create a new key with aws iam create-access-key",
  });
}

function temporary(accessKeyId: string): AwsRoleError {
  return new AwsRoleError(
    "ERR_PROFILE_INVALID",
    `${accessKeyId} is a temporary key, which cannot be stored`,
    { hint: "use an IAM user's long-term key (AKIA...)" },
  );
}
