import { existsSync } from "node:fs";
import { join } from "node:path";
import { shortHash } from "../foundation/hash.ts";

/** A file's name for an account, without its ending: what people recognise, and what tells two apart. */
export function itemFileName(account: string): string {
  return `${account.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 60)}-${shortHash(account)}`;
}

/** Whether an item has a row: without one it is in no store, because the row is written first and removed last. */
export function hasRow(stateFolder: string, account: string): boolean {
  return existsSync(join(stateFolder, "items", `${itemFileName(account)}.json`));
}
