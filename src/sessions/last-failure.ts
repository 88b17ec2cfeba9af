/**
 * The last failure to give credentials (`awsrole log --last`): many SDKs swallow what a credential process says. Kept whether or not the log is on:
 * one small private file, replaced by the next failure, with the text that the SDK was given, which never has a secret in it. What goes wrong
 * with it is not reported: the failure counts.
 */
import { formatExpiration } from "../aws/credentials.ts";
import type { Context } from "../foundation/context.ts";
import { isAwsRoleError } from "../foundation/errors.ts";
import { asObject } from "../foundation/json.ts";
import { requestingProgram } from "../program/calling-program.ts";
import { openStateFile, type StateFile } from "../state/json-file.ts";

/** `time` is UTC, whole seconds; `program` is the name of the program that asked, where the system tells without a child process. */
export type LastFailure = {
  readonly time: string;
  readonly profile?: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly program?: string;
};

/** AWS's words may be long. */
const mostCharacters = 2000;

/** Remembers a failure in place of the one before. Never throws. */
export function recordFailure(context: Context, profile: string | undefined, error: unknown): void {
  if (!isAwsRoleError(error) || error.code === "ERR_INTERRUPTED") return;
  const { platform, clock } = context;
  try {
    const program = platform === "linux" ? requestingProgram(platform) : undefined;
    fileOf(context).write({
      time: formatExpiration(clock.now()),
      code: error.code,
      message: error.message.slice(0, mostCharacters),
      ...(profile === undefined ? {} : { profile }),
      ...(error.hint === undefined ? {} : { hint: error.hint.slice(0, mostCharacters) }),
      ...(program === undefined ? {} : { program }),
    });
  } catch {
    // The failure itself is on its way to the caller; its record is not worth a second one.
  }
}

/** Undefined where none is on record. @throws ERR_STORE_FAILED for a state folder that others can change. */
export function readLastFailure(context: Context): LastFailure | undefined {
  return fileOf(context).read();
}

function fileOf({ stateDir }: Context): StateFile<LastFailure> {
  return openStateFile(stateDir, "last-failure.json", decode);
}

function decode(value: unknown): LastFailure | undefined {
  const { time, code, message, profile, hint, program } = asObject(value) ?? {};
  if (typeof time !== "string" || typeof code !== "string" || typeof message !== "string")
    return undefined;
  return {
    time,
    code,
    message,
    ...(typeof profile === "string" ? { profile } : {}),
    ...(typeof hint === "string" ? { hint } : {}),
    ...(typeof program === "string" ? { program } : {}),
  };
}
