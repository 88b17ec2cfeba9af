/** The cached sessions of profiles that get other names. */
import { printWarning } from "../cli/messages.ts";
import { sessionAccount } from "../credentials/cache/item-names.ts";
import type { Context } from "../foundation/context.ts";
import { isAwsRoleError } from "../foundation/errors.ts";
import { storesOf, withStores } from "../state/item-index.ts";
import { setOrTakeBack } from "../stores/move.ts";
import { rowsOf } from "./delete-items.ts";
import { storeOpener } from "./open-store.ts";

/**
 * A session is named by its profile: the same one is stored under the new name, then the old item goes. One that cannot be moved is warned of.
 * `names`: new names by old ones; two may swap theirs.
 * @returns how many were.
 */
export async function renameSessions(
  context: Context,
  names: ReadonlyMap<string, string>,
  args: { readonly input: boolean },
): Promise<number> {
  const rows = rowsOf(context);
  const open = storeOpener(context, args);
  let moved = 0;
  for (const row of await rows.list()) {
    const to = names.get(row.profile);
    if (to === undefined || row.kind !== "role" || row.request === undefined) continue;
    try {
      const store = await open(row.store);
      const secret = await store.get(row.account);
      if (secret !== undefined) {
        const account = sessionAccount(to, row.request);
        await rows.put({ ...withStores(row, [row.store]), account, profile: to });
        await setOrTakeBack(store, account, secret, () => rows.removeFrom(account, row.store));
        moved += 1;
      }
      for (const name of storesOf(row)) await (await open(name)).delete(row.account);
      await rows.remove(row.account);
    } catch (error) {
      if (!isAwsRoleError(error)) throw error;
      printWarning(
        context,
        `a cached session could not be renamed and will be fetched again: ${error.message}`,
      );
    }
  }
  return moved;
}
