/** Deleting a long-term key here, with every session that was made with it. */
import type { Document } from "../config/document.ts";
import { keyAccount } from "../credentials/cache/item-names.ts";
import { storeOfKey } from "../credentials/sources/keychain-key.ts";
import { type ItemIndex, storesOf } from "../state/item-index.ts";
import type { OpenStore } from "../sessions/open-store.ts";
import { profilesWithKey } from "./key-profile.ts";
import type { PendingRotations } from "./rotation-file.ts";

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

/**
 * The other key of a rotation that was not finished, kept here and named by no profile: the one that this key took the place of, or the one
 * that was to take its place.
 */
export async function otherKeysOf(
  accessKeyId: string,
  config: Document,
  rows: ItemIndex,
  marks: PendingRotations,
): Promise<readonly string[]> {
  const prefix = keyAccount("");
  const kept = (await rows.list()).flatMap(({ kind, account }) =>
    kind === "key" ? [account.slice(prefix.length)] : [],
  );
  const replacement = marks.find(accessKeyId)?.newAccessKeyId;
  return kept.filter(
    (id) =>
      (id === replacement || marks.find(id)?.newAccessKeyId === accessKeyId) &&
      profilesWithKey(config, id).length === 0,
  );
}
