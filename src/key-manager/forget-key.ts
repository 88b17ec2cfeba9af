/** Deleting a long-term key here, with every session that was made with it. */
import { keyAccount } from "../credentials/items.ts";
import { storeOfKey } from "../credentials/sources/keychain-key.ts";
import { storesOf } from "../credentials/state-folder.ts";
import type { OpenStore } from "../open-sessions.ts";

/** True when the key was there. Throws what the stores throw. */
export async function forgetKey(
  accessKeyId: string,
  { rows, openNamedStore }: OpenStore,
): Promise<boolean> {
  const account = keyAccount(accessKeyId);
  const holders = new Set([await storeOfKey(rows, accessKeyId)]);
  for (const row of await rows.list()) {
    if (row.account === account) storesOf(row).forEach((name) => holders.add(name));
    // A session's request names the identity at the end of its chain.
    if (row.kind === "key" || row.request?.includes(accessKeyId) !== true) continue;
    for (const name of storesOf(row)) await (await openNamedStore(name)).delete(row.account);
    await rows.remove(row.account);
  }
  let wasThere = false;
  for (const name of holders)
    wasThere = (await (await openNamedStore(name)).delete(account)) || wasThere;
  await rows.remove(account);
  return wasThere;
}
