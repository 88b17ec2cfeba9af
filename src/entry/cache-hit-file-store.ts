/**
 * What the cache hit reads from the store "file", where that is the store in use: a file of its own, because it needs node:crypto, which the keychain's hit
 * does without.
 */
import type { Environment } from "../foundation/environment.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { runtimeFolder } from "../state/runtime-dir.ts";
import { readKeyFile } from "../stores/file/key-file.ts";
import { keptIn } from "../stores/file/kept-keys.ts";
import { findKnownKey, openStoreFolder, readItem } from "../stores/file/reader.ts";

/** The item of `account`, undefined where there is none. @throws ERR_STORE_LOCKED where a passphrase is needed first or the key file is not the store's, ERR_STORE_FAILED. */
export async function readFromFileStore(
  account: string,
  {
    env,
    platform,
    stateFolder,
  }: {
    readonly env: Environment;
    readonly platform: NodeJS.Platform;
    readonly stateFolder: string;
  },
): Promise<string | undefined> {
  const folder = openStoreFolder(stateFolder, { isHit: true });
  const item = await readItem(folder, account, async () => {
    const { key } = await findKnownKey(folder, {
      runtimeFolder: () => keptIn(env, () => runtimeFolder(env, platform)),
      keyFile: () => readKeyFile(env),
    });
    // The miss asks for it, and says what is wrong.
    if (key === undefined) throw new AwsRoleError("ERR_STORE_LOCKED", "the file store is locked");
    return key;
  });
  return item?.secret;
}
