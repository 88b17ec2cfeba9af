/** The store "plaintext": files that only their owner can read, in clear text. Chosen by that name only, and for temporary credentials only. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { AwsRoleError } from "../foundation/errors.ts";
import { openPrivateFolder } from "./file/private-files.ts";
import { formatItem, parseItem } from "./item-text.ts";
import { isKeyAccount, type SecretStore } from "./open.ts";

/** Files below `stateFolder`/plaintext. A long-term key is refused with ERR_STORE_FAILED. */
export function createPlaintextStore(stateFolder: string): SecretStore {
  const folder = openPrivateFolder(join(stateFolder, "plaintext"));
  const fileOf = (account: string): string =>
    `${createHash("sha256").update(account).digest("hex").slice(0, 32)}.json`;
  return {
    name: "plaintext",
    async get(account) {
      const text = await folder.read(fileOf(account));
      return text === undefined ? undefined : parseItem(text, account);
    },
    async set(account, secret) {
      if (isKeyAccount(account)) {
        throw new AwsRoleError(
          "ERR_STORE_FAILED",
          "a long-term key is never stored in plain text",
          {
            hint: "choose the keychain, file or pass store",
          },
        );
      }
      await folder.write(fileOf(account), formatItem(account, secret));
    },
    delete: (account) => folder.remove(fileOf(account)),
  };
}
