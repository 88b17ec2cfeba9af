/** `mfa_process`: a program that prints a code (`pass otp aws`, `ykman oath accounts code -s aws`, a password manager). */
import { needsShell } from "../../foundation/shell-syntax.ts";
import type { Environment } from "../../foundation/environment.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import type { Deadline } from "../../foundation/deadline.ts";
import { describeExit, runProcess } from "../../foundation/run-process.ts";
import { maskCommand } from "../../config/secret-keys.ts";
import { splitCommand } from "../../foundation/split-command.ts";

/** Far more than a code, and little enough that a runaway program cannot fill the memory. */
const mostOutputCharacters = 4096;

export type MfaProcessOptions = {
  readonly platform: NodeJS.Platform;
  readonly env: Environment;
  readonly deadline: Deadline;
  /** A terminal's descriptor for its stdin and stderr ("touch your key"); absent: it has neither. */
  readonly terminal: number | undefined;
  /** Aborted when that terminal is not ours any more: the program would read what is typed for another. */
  readonly lost?: AbortSignal;
};

/** Runs the command without a shell, until the deadline at most; its output. @throws ERR_PROCESS_FAILED, never with the output. */
export async function runMfaProcess(
  command: string,
  { platform, env, deadline, terminal, lost }: MfaProcessOptions,
): Promise<string> {
  const [program, ...args] = splitCommand(command, platform) ?? [];
  if (program === undefined) throw failed("mfa_process cannot be parsed", "close its quotes");
  const outcome = await runProcess({
    words: [program, ...args],
    what: "mfa_process",
    env,
    platform,
    timeoutMs: deadline.remainingMs(),
    mostCharacters: mostOutputCharacters,
    terminal,
    signal: lost,
    // A child of its own that keeps the pipe open must not keep us.
    lingerMs: 500,
  });
  // Never with its arguments: there may be a password or a seed among them.
  const hint = needsShell(command)
    ? "it runs without a shell: write sh -c '…' around it, and absolute paths in place of ~"
    : "it runs without a shell; see awsrole config";
  const shown = `mfa_process ${maskCommand(program)}`;
  switch (outcome.kind) {
    case "exited":
      if (outcome.code === 0) return outcome.output;
      throw failed(`${shown} failed (${describeExit(outcome)})`, hint);
    case "not started": {
      const reason = isAwsRoleError(outcome.cause) ? outcome.cause.hint : undefined;
      throw failed(`${shown} cannot be started`, reason ?? hint, outcome.cause);
    }
    case "timed out":
      throw failed(`${shown} did not end in time`, hint);
    case "too much output":
      throw failed(`${shown} prints more than a code`, hint);
    case "aborted":
      throw failed(`${shown} was ended: the terminal belongs to another program`, hint);
  }
}

function failed(message: string, hint: string, cause?: unknown): AwsRoleError {
  return new AwsRoleError("ERR_PROCESS_FAILED", message, { hint, cause });
}
