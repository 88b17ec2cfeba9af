/**
 * The OS keychain: macOS Keychain, Windows Credential Manager, Secret Service elsewhere. What they have in common: one item per account,
 * a limit of time, and that it is asked again when an item vanishes or the daemon ends. A set overwrites in place, it never deletes: readers
 * would see the gap (`keepsAccessList` is what the session cache does about that).
 */
import type { Environment } from "../../foundation/environment.ts";
import { isUtf8 } from "node:buffer";
import { sinceStartMs } from "../../foundation/deadline.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import {
  classifyKeychainError,
  isVanished,
  isWorthAnotherTry,
  keychainSilent,
  noCollections,
} from "./errors.ts";
import type { SecretStore } from "../open.ts";
import type { ByteItems } from "./chunked-items.ts";

export type OsKeychainOptions = {
  platform?: NodeJS.Platform;
  /** Where the Secret Service is found. Default: the process's own environment. */
  env?: Environment;
  /**
   * How long the keychain may stay silent, in milliseconds; asked at every call, because the caller's deadline runs. At most
   * and by default 10 s. A call of the native library cannot be stopped: see `end-process.ts`.
   */
  silentAfterMs?: () => number;
  /** Whether the Secret Service may show a prompt. Default: true. macOS and Windows decide by themselves. */
  mayPrompt?: boolean | undefined;
  /** A collection of the Secret Service by its label, or the last part of its path; absent: the default one. */
  collection?: string | undefined;
  /** Whether a person is there for whom the Secret Service may make a keyring. Default: none is. */
  isAttended?: (() => boolean) | undefined;
  /** Bytes that one item may hold; above it a secret is spread over several. Default: 2560 on Windows, no limit elsewhere. */
  itemLimitBytes?: number;
  /** The items themselves. Default: the platform's, opened at the first call. */
  items?: ByteItems;
};

/** The store "keychain". Opening it touches nothing. */
export function createOsKeychain(options: OsKeychainOptions = {}): SecretStore {
  const platform = options.platform ?? process.platform;
  const { collection } = options;
  const name = collection === undefined ? "keychain" : (`keychain:${collection}` as const);
  const items = guard(options, platform);
  const itemLimitBytes =
    options.itemLimitBytes ?? (platform === "win32" ? WINDOWS_ITEM_LIMIT_BYTES : undefined);
  if (itemLimitBytes === undefined) {
    return {
      name,
      keepsAccessList: platform === "darwin",
      get: async (account) => {
        const bytes = await items.get(account);
        // What is not text is not ours.
        return bytes && isUtf8(bytes) ? Buffer.from(bytes).toString() : undefined;
      },
      set: (account, secret) => items.set(account, Buffer.from(secret)),
      delete: (account) => items.delete(account),
      check: () => items.check(),
    };
  }
  // Imported only here: it needs zlib and crypto, which the cache-hit path on Linux and macOS does without.
  const spread = import("./chunked-items.ts").then(({ spreadOverItems }) =>
    spreadOverItems(itemLimitBytes, items),
  );
  return {
    name,
    get: async (account) => (await spread).get(account),
    set: async (account, secret) => (await spread).set(account, secret),
    delete: async (account) => (await spread).delete(account),
  };
}

const SERVICE = "awsrole";
/** CRED_MAX_CREDENTIAL_BLOB_SIZE in wincred.h. */
const WINDOWS_ITEM_LIMIT_BYTES = 5 * 512;
const SILENT_AFTER_MS = 10_000;
/** A reader that meets a delete sees an item vanish under it, and a daemon may end; asked again, the keychain says what is true now. */
const ATTEMPTS = 3;

async function platformItems(
  platform: NodeJS.Platform,
  { env = process.env, mayPrompt, isAttended, collection }: OsKeychainOptions,
): Promise<ByteItems> {
  if (platform === "darwin" || platform === "win32") {
    if (collection !== undefined) throw noCollections(collection);
    return (await import("./native.ts")).nativeItems(SERVICE);
  }
  // A service of its own: a search finds items in whichever collection they are.
  const service = collection === undefined ? SERVICE : `${SERVICE}:${collection}`;
  const { secretServiceItems } = await import("./secret-service.ts");
  return secretServiceItems(service, env, { mayPrompt, isAttended, collection });
}

/** The items, with the time limit and the retries, and errors as AwsRoleError. */
function guard(options: OsKeychainOptions, platform: NodeJS.Platform): Required<ByteItems> {
  let opened: Promise<ByteItems> | undefined;
  let silentCalls = 0;
  const open = () =>
    (opened ??= options.items ? Promise.resolve(options.items) : platformItems(platform, options));

  async function answered<T>(
    call: (items: ByteItems) => Promise<T>,
    limitMs: number,
    giveUpAt: number,
  ): Promise<T> {
    // One open prompt is enough; and a native call would block one more thread.
    if (silentCalls > 0) throw keychainSilent(undefined);
    const answer = open().then(call);
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => {
          silentCalls++;
          const settled = () => void silentCalls--;
          answer.then(settled, settled);
          reject(keychainSilent(limitMs));
        },
        Math.max(0, giveUpAt - sinceStartMs()),
      );
    });
    try {
      return await Promise.race([answer, silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  async function ask<T>(
    call: (items: ByteItems) => Promise<T>,
    onVanished: (cause: unknown) => T,
  ): Promise<T> {
    const limitMs = Math.max(
      0,
      Math.min(SILENT_AFTER_MS, options.silentAfterMs?.() ?? SILENT_AFTER_MS),
    );
    const giveUpAt = sinceStartMs() + limitMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await answered(call, limitMs, giveUpAt);
      } catch (error) {
        if (attempt < ATTEMPTS && isWorthAnotherTry(error)) continue;
        if (isVanished(error)) return onVanished(error);
        throw classifyKeychainError(error, platform);
      }
    }
  }

  return {
    check: () =>
      ask(
        async (items) => items.check?.(),
        () => undefined,
      ),
    get: (account) =>
      ask(
        (items) => items.get(account),
        () => undefined,
      ),
    set: (account, bytes) => ask((items) => items.set(account, bytes), replacedByOthers),
    delete: (account) => ask((items) => items.delete(account), keptByKeychain),
  };
}

function keptByKeychain(cause: unknown): never {
  throw new AwsRoleError("ERR_STORE_FAILED", "the keychain did not delete this item", {
    cause,
    hint: "try again, or delete it in the keychain application",
  });
}

function replacedByOthers(cause: unknown): never {
  throw new AwsRoleError("ERR_STORE_FAILED", "another program keeps deleting this keychain item", {
    cause,
    hint: "try again",
  });
}
