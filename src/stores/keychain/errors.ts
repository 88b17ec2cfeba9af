/**
 * Turns what a keychain says into error codes.
 *
 * The Secret Service's errors have names. Those of `@napi-rs/keyring` 2.1.2 have the code "GenericFailure" and a text, so the
 * text is all there is: each below was seen or read in the library, whose version is pinned.
 *
 * macOS: the addon contains apple-native-keyring-store 1.0.2 and keyring-core 1.0.1. `decode_error` (src/keychain.rs:367) makes
 * NoStorageAccess of the statuses -61, -25244, -25291, -25292, -25294 (no such keychain) and -25295 alone, and PlatformFailure of all
 * others: -25308 (not allowed to ask, as over SSH), -128 (the user pressed Deny), -25293 (authorization failed), -25299 (already exists). Their texts
 * (keyring-core, src/error.rs:81) are a prefix and Apple's own words, which are in the user's language: only the prefix is compared.
 */
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import {
  BUS_REFUSED,
  CONNECTION_LOST,
  ITEM_VANISHED,
  NO_COLLECTION,
  NO_REPLY,
  NO_SUCH_COLLECTION,
  PROMPT_DISMISSED,
} from "./dbus/error.ts";

/** True for an item that vanished while it was read or replaced. */
export function isVanished(error: unknown): boolean {
  return error instanceof Error && error.name === ITEM_VANISHED;
}

/** True where the same call may succeed at once: the item vanished, or the daemon ended and is started again when it is asked. */
export function isWorthAnotherTry(error: unknown): boolean {
  return isVanished(error) || (error instanceof Error && DAEMON_ENDED.has(error.name));
}

/** What an error of the platform's items means to the caller. */
export function classifyKeychainError(error: unknown, platform: NodeJS.Platform): AwsRoleError {
  if (isAwsRoleError(error)) return error;
  const { name, message: text } = error instanceof Error ? error : new Error(String(error));
  if (name === BUS_REFUSED) return refusedBus(text, error);
  if (name === NO_COLLECTION) return noKeyring(error);
  if (name === NO_SUCH_COLLECTION) return noNamedCollection(text, error);
  if (NO_KEYCHAIN.has(name) || name.startsWith(NOT_STARTED)) return unavailable(error, platform);
  if (LOCKED.has(name)) return locked(error, platform);
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
  if (platform === "darwin") {
    if (text.startsWith(NO_STORAGE_ACCESS)) return unavailable(error, platform);
    if (text.startsWith(PLATFORM_FAILURE) && !ALREADY_EXISTS.test(text))
      return locked(error, platform);
  }
  return new AwsRoleError(
    "ERR_STORE_FAILED",
    `the keychain failed: ${text.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "")}`,
    {
      cause: error,
      hint: WITHOUT_KEYCHAIN,
    },
  );
}

/** The error for a keychain that does not answer, `afterMs` when we waited for it. */
export function keychainSilent(afterMs: number | undefined): AwsRoleError {
  const within =
    afterMs === undefined ? "" : ` within ${Math.max(1, Math.round(afterMs / 1000))} s`;
  return new AwsRoleError("ERR_STORE_TIMEOUT", `the keychain did not respond${within}`, {
    hint: `look for an unlock prompt on the desktop; ${WITHOUT_KEYCHAIN}`,
  });
}

const D_BUS = "org.freedesktop.DBus.Error";
const SECRET_SERVICE = "org.freedesktop.Secret.Error";
const NO_KEYCHAIN = new Set([
  CONNECTION_LOST,
  `${D_BUS}.ServiceUnknown`,
  `${D_BUS}.NameHasNoOwner`,
]);
const NOT_STARTED = `${D_BUS}.Spawn.`;
const LOCKED = new Set([PROMPT_DISMISSED, `${SECRET_SERVICE}.IsLocked`]);
const DAEMON_ENDED = new Set([NO_REPLY, `${SECRET_SERVICE}.NoSession`]);
const NO_STORAGE_ACCESS = "Couldn't access platform storage:";
const PLATFORM_FAILURE = "Platform failure:";
/** -25299 in English; in other languages it is taken for a refusal, which it mostly is: an item that may not be read is added again. */
const ALREADY_EXISTS = /already exists/;
const TOO_LARGE = /longer than the platform limit of (\d+)/;

const WITHOUT_KEYCHAIN =
  "set AWSROLE_STORE=file to cache in an encrypted file, or AWSROLE_STORE=none to disable caching";

function unavailable(cause: unknown, platform: NodeJS.Platform): AwsRoleError {
  const isMac = platform === "darwin";
  const reason = isMac
    ? "this user has no default keychain"
    : "no Secret Service on the session's D-Bus";
  const remedy = isMac
    ? "security default-keychain shows which keychain is used, security list-keychains which there are; "
    : "";
  return new AwsRoleError("ERR_STORE_UNAVAILABLE", `there is no keychain here (${reason})`, {
    cause,
    hint: remedy + WITHOUT_KEYCHAIN,
  });
}

function refusedBus(why: string, cause: unknown): AwsRoleError {
  return new AwsRoleError("ERR_STORE_UNAVAILABLE", `no safe keychain here: ${why}`, {
    cause,
    hint: `set DBUS_SESSION_BUS_ADDRESS=unix:path=SOCKET to your own session bus; ${WITHOUT_KEYCHAIN}`,
  });
}

function noNamedCollection(text: string, cause: unknown): AwsRoleError {
  return new AwsRoleError("ERR_STORE_UNAVAILABLE", `the keychain ${text}`, {
    cause,
    hint: "create it in the keychain application (Passwords and Keys, KWalletManager), or name another",
  });
}

function noKeyring(cause: unknown): AwsRoleError {
  return new AwsRoleError("ERR_STORE_UNAVAILABLE", "the keychain has no default keyring", {
    cause,
    hint: `run awsrole in a terminal of the desktop (awsrole whoami PROFILE): the keychain then offers to create one; ${WITHOUT_KEYCHAIN}`,
  });
}

/** The error for a named collection where keychains have none. */
export function noCollections(collection: string): AwsRoleError {
  return new AwsRoleError(
    "ERR_STORE_UNAVAILABLE",
    `there is no keychain:${collection} here: only the Secret Service on Linux has collections`,
    { hint: "use the store keychain" },
  );
}

function locked(cause: unknown, platform: NodeJS.Platform): AwsRoleError {
  const unlock =
    platform === "darwin" ? "unlock it (over SSH: security unlock-keychain)" : "unlock it";
  return new AwsRoleError(
    "ERR_STORE_LOCKED",
    "the keychain is locked, or access to it was denied",
    { cause, hint: `${unlock} and try again; ${WITHOUT_KEYCHAIN}` },
  );
}
