/** Seeds of MFA devices in a secret store: kept as keys are, because AWS shows a seed once. */
import { seedAccount } from "../credentials/cache/item-names.ts";
import { decodeSeed, encodeSeed } from "../credentials/mfa/totp.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { type ItemIndex, storesOf, type StoreName } from "../state/item-index.ts";
import { setOrTakeBack } from "../stores/move.ts";
import type { SecretStore } from "../stores/open.ts";
import { assertKeepsKeys } from "./key-store.ts";

/**
 * Keeps the seed of the device, and reads it back. `profile`: whose it is, for lists.
 * @throws ERR_STORE_UNAVAILABLE for a store that must not keep it, ERR_STORE_FAILED, what the store throws.
 */
export async function putSeed(
  store: SecretStore,
  rows: ItemIndex,
  {
    serial,
    seed,
    profile,
  }: { readonly serial: string; readonly seed: string; readonly profile: string },
): Promise<void> {
  assertKeepsKeys(store, "MFA seed");
  const account = seedAccount(serial);
  await rows.add({ account, kind: "seed", store: store.name, profile });
  await setOrTakeBack(store, account, encodeSeed(serial, seed), () =>
    rows.removeFrom(account, store.name),
  );
  const kept = await store.get(account);
  if (kept !== undefined && decodeSeed(kept, serial) === seed) return;
  throw new AwsRoleError(
    "ERR_STORE_FAILED",
    `the ${store.name} store took the seed, but does not give it back`,
    { hint: "awsrole doctor looks into the store" },
  );
}

/** Deletes the seed of the device from every store that has it; true when one had. @throws what the stores throw. */
export async function removeSeed(
  open: (name: StoreName) => Promise<SecretStore>,
  rows: ItemIndex,
  serial: string,
): Promise<boolean> {
  const account = seedAccount(serial);
  const row = (await rows.list()).find((one) => one.account === account);
  let wasThere = false;
  for (const name of row === undefined ? [] : storesOf(row)) {
    wasThere = (await (await open(name)).delete(account)) || wasThere;
    await rows.removeFrom(account, name);
  }
  return wasThere;
}
