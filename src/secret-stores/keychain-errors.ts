/**
 * Turns the texts of `@napi-rs/keyring` 2.1.2 into error codes.
 *
 * Its `code` is always "GenericFailure", so the text is all there is. Each text below was seen on a real keychain or read in
 * the library; the version is pinned, and tests compare them with a real gnome-keyring.
 */
import { AwsRoleError } from "../errors.ts";

export type KeychainOperation = "get" | "set" | "delete";

/**
 * "race": the item vanished while it was read or replaced; ask again. "undecodable": not text, so not ours. Everything else
 * is an error for the caller.
 */
export type KeychainTrouble = "race" | "undecodable" | AwsRoleError;

/** What the library's `error` means for this operation. */
export function classifyKeychainError(
  error: unknown,
  operation: KeychainOperation,
  platform: NodeJS.Platform,
): KeychainTrouble {
  if (error instanceof AwsRoleError) return error;
  const text = error instanceof Error ? error.message : String(error);
  // Creating an item in a collection that does not exist: there is no keyring yet, and nothing will race us into being.
  const noCollection =
    operation === "set" && /does not exist at path "[^"]*\/collection\/[^/"]*"/.test(text);
  if (NO_KEYCHAIN.test(text) || noCollection) return unavailable(error, platform);
  if (LOCKED.test(text)) return locked(error);
  if (NO_REPLY.test(text)) return keychainSilent(undefined, error);
  if (VANISHED.test(text)) return "race";
  if (UNDECODABLE.test(text)) return "undecodable";
  const limit = TOO_LARGE.exec(text)?.[1];
  if (limit !== undefined) {
    return new AwsRoleError(
      "ERR_STORE_TOO_LARGE",
      `the secret is longer than the keychain's limit of ${limit}`,
      {
        cause: error,
      },
    );
  }
  // On macOS this prefix covers a locked keychain over SSH (-25308), a denied prompt (-128) and a missing permission.
  if (platform === "darwin" && text.startsWith("Couldn't access platform storage:"))
    return locked(error);
  return new AwsRoleError(
    "ERR_STORE_FAILED",
    `the keychain failed: ${text.replaceAll(/\s+/g, " ").trim()}`,
    {
      cause: error,
      hint: WITHOUT_KEYCHAIN,
    },
  );
}

/** The error for a keychain that does not answer, `afterMs` when we measured it ourselves. */
export function keychainSilent(afterMs: number | undefined, cause?: unknown): AwsRoleError {
  const within =
    afterMs === undefined ? "" : ` within ${Math.max(1, Math.round(afterMs / 1000))} s`;
  return new AwsRoleError("ERR_STORE_TIMEOUT", `the keychain did not answer${within}`, {
    cause,
    hint: `look for an unlock prompt on the desktop; ${WITHOUT_KEYCHAIN}`,
  });
}

const NO_KEYCHAIN =
  /autolaunch was disabled|Failed to connect to socket|was not provided by any \.service files|Secret Service: no result found/;
const LOCKED = /unlock prompt was dismissed|IsLocked/;
const NO_REPLY = /Did not receive a reply/;
const VANISHED = /No such interface .org\.freedesktop\.Secret\.Item|does not exist at path/;
const UNDECODABLE = /not (a )?valid utf-?(8|16)/i;
const TOO_LARGE = /longer than the platform limit of (\d+)/;

const WITHOUT_KEYCHAIN =
  "AWSROLE_STORE=none works without a keychain, AWSROLE_STORE=file keeps an encrypted file instead";

function unavailable(cause: unknown, platform: NodeJS.Platform): AwsRoleError {
  const where = platform === "linux" ? " (no Secret Service on the session's D-Bus)" : "";
  return new AwsRoleError("ERR_STORE_UNAVAILABLE", `there is no keychain here${where}`, {
    cause,
    hint: WITHOUT_KEYCHAIN,
  });
}

function locked(cause: unknown): AwsRoleError {
  return new AwsRoleError(
    "ERR_STORE_LOCKED",
    "the keychain is locked, or access to it was denied",
    {
      cause,
      hint: `unlock it and try again; ${WITHOUT_KEYCHAIN}`,
    },
  );
}
