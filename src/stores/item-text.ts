/** The text of an item in stores of files: the secret with its account, so that one that lies under another's name is not used. */
import { AwsRoleError } from "../foundation/errors.ts";
import type { StoreKind } from "../state/item-index.ts";

/** One line of JSON. */
export function formatItem(account: string, secret: string): string {
  return JSON.stringify({ v: 1, account, secret });
}

/** The secret; undefined for what is damaged, or another account's. */
export function parseItem(text: string, account: string): string | undefined {
  try {
    const item = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return item["v"] === 1 && item["account"] === account && typeof item["secret"] === "string"
      ? item["secret"]
      : undefined;
  } catch {
    return undefined;
  }
}

/** The error for a long-term item that cannot be read back. */
export function damagedItem(account: string, store: StoreKind): AwsRoleError {
  return new AwsRoleError("ERR_STORE_FAILED", `${account} is damaged in the ${store} store`, {
    hint: "restore the state folder from a backup, or store the access key again: awsrole add-key",
  });
}
