/** What the miss and people's commands share: a context, output that can fail, errors as text, and the end of the process. */
import { printError } from "../cli/messages.ts";
import type { Context } from "../foundation/context.ts";
import { processContext } from "../context.ts";
import { commandNameOf, hasOption } from "../cli/words.ts";
import { formatJson } from "../cli/output.ts";
import { recordFailure } from "../sessions/last-failure.ts";
import { escapeControls } from "../foundation/text.ts";
import { deadlineMs, sinceStartMs } from "../foundation/deadline.ts";
import { hasPendingNativeCall } from "../stores/keychain/native-calls.ts";
import { AwsRoleError, exitCodeOf, isAwsRoleError } from "../foundation/errors.ts";

/** Runs `work` for the command line `words`; resolves to the exit code and never rejects. */
export async function runProgram(
  words: readonly string[],
  work: (context: Context) => Promise<number>,
): Promise<number> {
  const context = processContext();
  try {
    return await work(context);
  } catch (error) {
    return report(context, words, isAwsRoleError(error) ? error : internal(error));
  }
}

/** Ends the process with `exitCode`, even while the keychain keeps a native call blocked, or a file system a call of node's. */
export async function end(exitCode: number): Promise<void> {
  // Not 0 if the output could not be written.
  process.exitCode ||= exitCode;
  if (!hasPendingNativeCall() && !(await hasBlockedThread())) return;
  const { endBlockedProcess } = await import("../stores/keychain/end-process.ts");
  endBlockedProcess(Number(process.exitCode), true);
}

/**
 * Whether one of node's threads is blocked in a file, or in the look-up of a host (which reads files, too): node's end would wait for it. What is only slow
 * gets a second, a look-up until the deadline of programs. bun does not wait, and names no such threads.
 */
async function hasBlockedThread(): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += 50) {
    const busy = process.getActiveResourcesInfo();
    const isReading = busy.some((name) => name.startsWith("FSReq"));
    if (!isReading && !busy.includes("GetAddrInfoReqWrap")) return false;
    const isLate = sinceStartMs() > deadlineMs.unattended - 1000;
    if (waitedMs >= 1000 && (isReading || isLate)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * First line: what went wrong, complete by itself, because SDKs show it as their own error. Then what to do about it. What is
 * behind `--` belongs to another program.
 */
export function report(context: Context, line: readonly string[], failure: AwsRoleError): number {
  const command = commandNameOf(line);
  const error = underSudo(context, failure);
  const isForProgram = command === "credential-process";
  // SDKs start it, and many of them swallow what it says.
  if (isForProgram) recordFailure(context, profileOf(line), error);
  printError(context, error, { isForProgram });
  if (hasOption(line, "--debug")) context.stderr(`${trace(error).join("\n")}\n`);
  if (hasOption(line, "--json") && command !== "credential-process") {
    context.stdout(
      `${formatJson({ error: { code: error.code, message: error.message, hint: error.hint } })}\n`,
    );
  }
  return exitCodeOf(error, command);
}

/** Under sudo the files are root's, which rarely have profiles. */
function underSudo({ env }: Context, error: AwsRoleError): AwsRoleError {
  const user = env["SUDO_USER"];
  if (error.code !== "ERR_PROFILE_NOT_FOUND" || !user || process.geteuid?.() !== 0) return error;
  const hint = `sudo reads the files of root, not those of ${user}: run it without sudo${error.hint === undefined ? "" : ` (${error.hint})`}`;
  return new AwsRoleError(error.code, error.message, { hint, cause: error.cause });
}

function profileOf(line: readonly string[]): string | undefined {
  const attached = line.find((word) => word.startsWith("--profile="));
  const at = line.indexOf("--profile");
  return attached?.slice("--profile=".length) ?? (at === -1 ? undefined : line[at + 1]);
}

/** Names and codes of the error and its causes. Their messages are other programs' words and may hold secrets: left out. */
function trace(error: AwsRoleError): string[] {
  const lines = [`awsrole: debug: ${error.code}`];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    lines.push(
      `awsrole: debug: caused by ${escapeControls(cause.name)}${typeof code === "string" ? ` ${escapeControls(code)}` : ""}`,
    );
  }
  return lines;
}

function internal(error: unknown): AwsRoleError {
  const name = error instanceof Error ? error.name : typeof error;
  return new AwsRoleError("ERR_INTERNAL", `internal error (${name})`, {
    hint: "run with --debug for details, and please report it",
    cause: error,
  });
}
