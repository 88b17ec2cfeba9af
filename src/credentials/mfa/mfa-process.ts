/** `mfa_process`: a program that prints a code (`pass otp aws`, `ykman oath accounts code -s aws`, a password manager). */
import type { Environment } from "../../foundation/environment.ts";
import { type ChildProcess, spawn } from "node:child_process";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import type { Deadline } from "../../foundation/deadline.ts";
import { invocationOf } from "../../foundation/windows-executable.ts";
import { maskCommand } from "../../config/secret-keys.ts";
import { splitCommand } from "../../foundation/split-command.ts";

/** Far more than a code, and little enough that a runaway program cannot fill the memory. */
const mostOutputBytes = 4096;

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
export function runMfaProcess(
  command: string,
  { platform, env, deadline, terminal, lost }: MfaProcessOptions,
): Promise<string> {
  const [program, ...words] = splitCommand(command, platform) ?? [];
  if (program === undefined)
    return Promise.reject(failed("mfa_process cannot be read", "close its quotes"));
  // Never with its words: there may be a password or a seed among them.
  const hint = "it is run without a shell: see awsrole config";
  const shown = maskCommand(program);
  return new Promise((resolve, reject) => {
    const side = terminal ?? "ignore";
    let child: ChildProcess;
    try {
      const { file, args, isVerbatim } = invocationOf([program, ...words], {
        what: "mfa_process",
        env,
        platform,
      });
      child = spawn(file, args, {
        env,
        stdio: [side, "pipe", side],
        windowsHide: true,
        windowsVerbatimArguments: isVerbatim,
      });
    } catch (error) {
      // Most failures come as an event, some at once: a file for a folder in the path, what is no program on Windows.
      const why = isAwsRoleError(error) ? error.hint : undefined;
      reject(failed(`mfa_process ${shown} cannot be started`, why ?? hint, error));
      return;
    }
    let output = "";
    const end = (error: AwsRoleError | undefined): void => {
      clearTimeout(timer);
      child.stdout?.destroy();
      if (error === undefined) resolve(output);
      else {
        child.kill("SIGKILL");
        child.unref();
        reject(error);
      }
    };
    const timer = setTimeout(
      () => end(failed(`mfa_process ${shown} did not end in time`, hint)),
      deadline.remainingMs(),
    );
    lost?.addEventListener("abort", () =>
      end(failed(`mfa_process ${shown} was ended: the terminal belongs to another program`, hint)),
    );
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.length > mostOutputBytes)
        end(failed(`mfa_process ${shown} prints more than a code`, hint));
    });
    child.once("error", (error) =>
      end(failed(`mfa_process ${shown} cannot be started`, hint, error)),
    );
    const exited = (code: number | null, signal: NodeJS.Signals | null): void =>
      end(
        code === 0
          ? undefined
          : failed(`mfa_process ${shown} failed (${signal ?? `exit code ${code}`})`, hint),
      );
    // A child of its own that keeps the pipe open must not keep us.
    child.once("exit", (code, signal) => setTimeout(exited, 500, code, signal).unref());
    child.once("close", exited);
  });
}

function failed(message: string, hint: string, cause?: unknown): AwsRoleError {
  return new AwsRoleError("ERR_PROCESS_FAILED", message, { hint, cause });
}
