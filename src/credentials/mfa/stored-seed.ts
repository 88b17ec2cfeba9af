/** The code of a device whose seed is in a store (`add-mfa`). */
import { AwsRoleError } from "../../foundation/errors.ts";
import { seedAccount } from "../cache/item-names.ts";
import { type KeyStores, storeOfItem } from "../sources/keychain-key.ts";
import { decodeSeed, totpCode } from "./totp.ts";

/** The code at `at`. @throws ERR_SOURCE_UNAVAILABLE when the seed is not there or damaged, and what the store throws. */
export async function codeOfDevice(
  serial: string,
  at: Date,
  { rows, openStore }: KeyStores,
): Promise<string> {
  const account = seedAccount(serial);
  const storeName = await storeOfItem(rows, account);
  const item = await (await openStore(storeName)).get(account);
  const seed = item === undefined ? undefined : decodeSeed(item, serial);
  if (seed !== undefined) return totpCode(seed, at);
  throw new AwsRoleError(
    "ERR_SOURCE_UNAVAILABLE",
    item === undefined
      ? `the seed of ${serial} is not in the ${storeName} store`
      : `what the ${storeName} store keeps as the seed of ${serial} is damaged`,
    { hint: "awsrole add-mfa NAME puts it there; with --remove codes are asked for again" },
  );
}
