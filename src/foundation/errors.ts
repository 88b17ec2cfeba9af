/**
 * The one error class of the program. Everything that goes wrong reaches `entry/run.ts` as an `AwsRoleError`, and only there
 * becomes text and an exit code.
 */

/** Stable, documented codes. `exitCodeOf` says which of them are not a plain failure (1). */
export const errorCodes = [
  // the command line
  "ERR_USAGE",
  // config and credentials files
  "ERR_CONFIG_SYNTAX",
  "ERR_CONFIG_READ",
  "ERR_CONFIG_WRITE",
  "ERR_CONFIG_CONFLICT",
  "ERR_PROFILE_NOT_FOUND",
  "ERR_PROFILE_INVALID",
  "ERR_PROFILE_EXISTS",
  "ERR_PROFILE_IN_USE",
  "ERR_PROFILE_CYCLE",
  // sources
  "ERR_SOURCE_UNAVAILABLE",
  "ERR_PROCESS_FAILED",
  // AWS
  "ERR_AWS_DENIED",
  "ERR_AWS_REFUSED",
  "ERR_AWS_SESSION_ENDED",
  "ERR_AWS_THROTTLED",
  "ERR_AWS_UNAVAILABLE",
  "ERR_NETWORK",
  "ERR_CLOCK_SKEW",
  "ERR_IDENTITY_MISMATCH",
  // this machine
  "ERR_PEERS_UNKNOWN",
  "ERR_ADDRESS_REUSED",
  // stores
  "ERR_STORE_UNAVAILABLE",
  "ERR_STORE_LOCKED",
  "ERR_STORE_TIMEOUT",
  "ERR_STORE_TOO_LARGE",
  "ERR_STORE_FAILED",
  // output
  "ERR_OUTPUT_READABLE",
  // time and people
  "ERR_DEADLINE",
  "ERR_MFA_NEEDED",
  "ERR_MFA_WRONG_CODE",
  "ERR_LOGIN_NEEDED",
  "ERR_PERSON_REFUSED",
  "ERR_INTERRUPTED",
  // the command that exec runs
  "ERR_COMMAND_NOT_FOUND",
  "ERR_COMMAND_NOT_EXECUTABLE",
  // a bug
  "ERR_INTERNAL",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** True for a code of this version: what another process wrote may be of another. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return errorCodes.some((known) => known === code);
}

export type AwsRoleErrorOptions = {
  /** What the reader can do about it; a sentence part without a full stop, often a command to run. */
  hint?: string | undefined;
  /** What `awsrole login` has to sign in to before the same can work: a profile, or a session as `--sso-session NAME`. */
  readonly signIn?: readonly string[] | undefined;
  /** The foreign error that led here, wrapped at the adapter's edge. */
  cause?: unknown;
};

/** `message`: lower case, no full stop, complete by itself, never a secret. */
export class AwsRoleError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly signIn: readonly string[] | undefined;

  constructor(code: ErrorCode, message: string, { hint, signIn, cause }: AwsRoleErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    // A wrapped error needs the same sign-in.
    this.signIn = signIn ?? (isAwsRoleError(cause) ? cause.signIn : undefined);
    this.name = "AwsRoleError";
    this.code = code;
    this.hint = hint;
  }
}

/** True for our own errors, by name: each bundle has a class of its own, and errors go from one to the other. */
export function isAwsRoleError(error: unknown): error is AwsRoleError {
  return error instanceof Error && error.name === "AwsRoleError";
}

/**
 * The exit code for an error: 2 the command line, 3 a person is needed, 130 interrupted, else 1. `exec` has codes of
 * its own, because all others are its child's.
 */
export function exitCodeOf(error: AwsRoleError, command?: string): number {
  switch (error.code) {
    case "ERR_USAGE":
      return 2;
    case "ERR_INTERRUPTED":
      return 130;
    case "ERR_COMMAND_NOT_EXECUTABLE":
      return 126;
    case "ERR_COMMAND_NOT_FOUND":
      return 127;
    case "ERR_MFA_NEEDED":
    case "ERR_LOGIN_NEEDED":
    case "ERR_STORE_LOCKED":
    case "ERR_STORE_TIMEOUT":
      return command === "exec" ? 125 : 3;
    default:
      return command === "exec" ? 125 : 1;
  }
}
