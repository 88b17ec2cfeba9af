/**
 * Items in the keychain of macOS and Windows, through the native library. Rules, each from a measurement:
 * - Never `findCredentials`: one prompt per item on macOS, fails on any item of another program.
 * - Never `withTarget`: on Windows its constructor overwrites the stored secret with an empty one.
 * - Bytes, never text: on Windows text would be UTF-16, and the limit half as much.
 */
import { trackNativeCall } from "./native-calls.ts";
import { type Keyring, type KeyringEntry, loadKeyring } from "./native-keyring.ts";
import type { ByteItems } from "./chunked-items.ts";

/** The items of `service`. The library is loaded at the first call; what it throws is text (`errors.ts`). */
export function nativeItems(service: string, load: () => Keyring = loadKeyring): ByteItems {
  let keyring: Keyring | undefined;
  const ask = <T>(account: string, call: (entry: KeyringEntry) => Promise<T>): Promise<T> =>
    trackNativeCall(async () => {
      const { AsyncEntry } = (keyring ??= load());
      return call(new AsyncEntry(service, account));
    });
  return {
    get: async (account) => {
      const bytes = await ask(account, (entry) => entry.getSecret());
      return bytes ? Buffer.from(bytes) : undefined;
    },
    set: (account, bytes) => ask(account, (entry) => entry.setSecret(bytes)),
    delete: (account) => ask(account, (entry) => entry.deleteCredential()),
  };
}
