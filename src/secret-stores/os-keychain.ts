/**
 * The OS keychain: macOS Keychain, Windows Credential Manager, Secret Service on Linux. Rules, each from a measurement:
 * - Linux is pinned to the Secret Service. Unpinned, a process without D-Bus silently reads and writes the kernel's keyring
 *   and the user's secrets are split between two places.
 * - Never `findCredentials`: no time limit on a hung daemon, one prompt per item on macOS, fails on any item of another program.
 * - Never `withTarget`: on Windows its constructor overwrites the stored secret with an empty one.
 * - Windows takes bytes (2560 of them); as text it would be UTF-16 and half as much.
 * - Overwrite in place, never delete and set: readers would see the gap.
 * - An entry costs a key exchange with the keychain, so there is one per account.
 */
import { AwsRoleError } from "../errors.ts";
import {
  classifyKeychainError,
  type KeychainOperation,
  keychainSilent,
} from "./keychain-errors.ts";
import type { SecretStore } from "./index.ts";
import { trackNativeCall } from "./native-calls.ts";
import { type Keyring, type KeyringEntry, loadKeyring } from "./native-keyring.ts";

export type OsKeychainOptions = {
  platform?: NodeJS.Platform;
  /**
   * How long the keychain may stay silent, in milliseconds; asked at every call, because the caller's deadline runs. At most
   * and by default 10 s. The native call itself cannot be stopped: see `end-process.ts`.
   */
  silentAfterMs?: () => number;
  /** Bytes that one item may hold; above it a secret is spread over several. Default: 2560 on Windows, no limit elsewhere. */
  itemLimitBytes?: number;
  /** Opens the native library, once, at the first call. */
  loadKeyring?: () => Keyring;
};

/** The store "keychain". Opening it touches nothing; the native library is loaded at the first call. */
export function createOsKeychain(options: OsKeychainOptions = {}): SecretStore {
  const platform = options.platform ?? process.platform;
  const ask = createAsk(options, platform);
  const itemLimitBytes =
    options.itemLimitBytes ?? (platform === "win32" ? WINDOWS_ITEM_LIMIT_BYTES : undefined);
  const remove = async (account: string) =>
    (await ask("delete", account, (e) => e.deleteCredential())) ?? false;
  if (itemLimitBytes === undefined) {
    return {
      name: "keychain",
      get: async (account) => (await ask("get", account, (e) => e.getPassword())) ?? undefined,
      set: (account, secret) => ask("set", account, (e) => e.setPassword(secret)),
      delete: remove,
    };
  }
  // Imported only here: it needs zlib and crypto, which the cache-hit path on Linux and macOS does without.
  const spread = import("./spread-items.ts").then(({ spreadOverItems }) =>
    spreadOverItems(itemLimitBytes, {
      get: async (account) => {
        const bytes = await ask("get", account, (e) => e.getSecret());
        return bytes ? Buffer.from(bytes) : undefined;
      },
      set: (account, bytes) => ask("set", account, (e) => e.setSecret(bytes)),
      delete: remove,
    }),
  );
  return {
    name: "keychain",
    get: async (account) => (await spread).get(account),
    set: async (account, secret) => (await spread).set(account, secret),
    delete: async (account) => (await spread).delete(account),
  };
}

const SERVICE = "awsrole";
/** CRED_MAX_CREDENTIAL_BLOB_SIZE in wincred.h. */
const WINDOWS_ITEM_LIMIT_BYTES = 5 * 512;
const SILENT_AFTER_MS = 10_000;
/** A reader that meets a delete sees an item vanish under it; asked again, the keychain says what is true now. */
const ATTEMPTS = 3;

type Ask = <T>(
  operation: KeychainOperation,
  account: string,
  call: (entry: KeyringEntry) => Promise<T>,
) => Promise<T | undefined>;

/** Runs one operation with its time limit and retries; `undefined` when the item is not there (any more). */
function createAsk(options: OsKeychainOptions, platform: NodeJS.Platform): Ask {
  const entries = new Map<string, KeyringEntry>();
  let keyring: Keyring | undefined;
  let silentCalls = 0;

  function entryOf(account: string): KeyringEntry {
    let entry = entries.get(account);
    if (!entry) {
      keyring ??= (options.loadKeyring ?? loadKeyring)();
      const { AsyncEntry } = keyring;
      entry = new AsyncEntry(SERVICE, account, { linux: { store: "secret-service" } });
      entries.set(account, entry);
    }
    return entry;
  }

  async function answered<T>(call: () => Promise<T>): Promise<T> {
    const limitMs = Math.max(
      0,
      Math.min(SILENT_AFTER_MS, options.silentAfterMs?.() ?? SILENT_AFTER_MS),
    );
    // One open prompt is enough: while a call is unanswered, another would block one more thread.
    if (silentCalls > 0) throw keychainSilent(undefined);
    const answer = trackNativeCall(call);
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        silentCalls++;
        const settled = () => void silentCalls--;
        answer.then(settled, settled);
        reject(keychainSilent(limitMs));
      }, limitMs);
    });
    try {
      return await Promise.race([answer, silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  return async function ask(operation, account, call) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await answered(() => call(entryOf(account)));
      } catch (error) {
        // Its connection may be dead; the next call opens a new one.
        entries.delete(account);
        const trouble = classifyKeychainError(error, operation, platform);
        if (trouble === "race" && attempt < ATTEMPTS) continue;
        if ((trouble === "race" && operation !== "set") || trouble === "undecodable")
          return undefined;
        throw trouble === "race" ? replacedByOthers(error) : trouble;
      }
    }
  };
}

function replacedByOthers(cause: unknown): AwsRoleError {
  return new AwsRoleError("ERR_STORE_FAILED", "another program keeps deleting this keychain item", {
    cause,
    hint: "try again",
  });
}
