/** Deleting stored items where they lie, whichever store is in use now. */
import type { Context } from "../foundation/context.ts";
import { openItemIndex, type IndexEntry, storesOf } from "../state/item-index.ts";
import { storeOpener } from "./open-store.ts";

/** The rows of this machine's stored items. */
export function rowsOf({ stateDir }: Context): ReturnType<typeof openItemIndex> {
  return openItemIndex(stateDir);
}

/** Forgets the opened keys of the file store: its passphrase is needed again. @returns how many there were. @throws ERR_STORE_FAILED. */
export async function forgetOpenedKeys({ runtimeDir }: Context): Promise<number> {
  const folder = runtimeDir();
  if (folder === undefined) return 0;
  return (await import("../stores/file/kept-keys.ts")).forgetKeptKeys(folder);
}

/** Deletes item, then row, one after the other. @throws the first store's error, after all that can be deleted is; the rest stays listed. */
export async function deleteItems(
  context: Context,
  listed: readonly IndexEntry[],
  options: { readonly input: boolean },
): Promise<void> {
  const open = storeOpener(context, options);
  const rows = rowsOf(context);
  let failure: { readonly error: unknown } | undefined;
  for (const row of listed) {
    for (const name of storesOf(row)) {
      try {
        await (await open(name)).delete(row.account);
        await rows.removeFrom(row.account, name);
      } catch (error) {
        failure ??= { error };
      }
    }
  }
  if (failure !== undefined) throw failure.error;
}
