/**
 * The store "pass": items encrypted by gpg, in a password store of our own that `pass` can read. Its rules:
 *
 * - It lies below the state folder, not in the person's own password store: that is mostly a git repository, which would keep every session for
 *   ever and send it to others, and from which others' commits could put items here.
 * - Items are encrypted for the keys of the person's own password store whose secret key is here (recipients.ts): never for a team's.
 * - gpg is run, not `pass`: that writes in place, and commits.
 * - A file's name is the account's, which holds no secret; the account is in the encrypted text, too.
 * - A session that is damaged reads as absent, because it can be fetched again; a long-term key is reported as damaged.
 */
import { join } from "node:path";
import type { Environment } from "../../foundation/environment.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { itemFileName } from "../../state/item-row.ts";
import { openPrivateFolder } from "../file/private-files.ts";
import { damagedItem, formatItem, parseItem } from "../item-text.ts";
import { isKeyAccount, type SecretStore } from "../open.ts";
import { type AtTerminal, createGpg } from "./gpg.ts";
import { recipientsOf } from "./recipients.ts";

export type PassStoreOptions = {
  readonly stateFolder: string;
  readonly homeFolder: string;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** How long gpg may take, in milliseconds; asked at every call. */
  readonly silentAfterMs: () => number;
  /** False: gpg must not show a prompt, neither at the terminal nor in a window. */
  readonly mayPrompt: boolean;
  readonly atTerminal: AtTerminal;
};

/** Files below `stateFolder`/pass. Errors: ERR_STORE_UNAVAILABLE (no gpg, no password store, no key), ERR_STORE_LOCKED, ERR_STORE_TIMEOUT, ERR_STORE_FAILED. */
export function createPassStore(options: PassStoreOptions): SecretStore {
  // gpg has no third descriptor there, and `pass` does not run.
  if (options.platform === "win32")
    throw new AwsRoleError("ERR_STORE_UNAVAILABLE", "there is no pass store on Windows", {
      hint: "use the keychain or file store",
    });
  const folder = openPrivateFolder(join(options.stateFolder, "pass"));
  const gpg = createGpg(options);
  const fileOf = (account: string): string => `${itemFileName(account)}.gpg`;
  const recipients = (): Promise<readonly string[]> => recipientsOf(folder, gpg, options);
  return {
    name: "pass",
    check: async () => void (await recipients()),
    async get(account) {
      const text = await folder.read(fileOf(account));
      if (text === undefined) return undefined;
      const item = await gpg.decrypt(text);
      const secret = item === undefined ? undefined : parseItem(item, account);
      if (secret === undefined && isKeyAccount(account)) throw damagedItem(account, "pass");
      return secret;
    },
    async set(account, secret) {
      const item = await gpg.encrypt(formatItem(account, secret), await recipients());
      await folder.write(fileOf(account), item);
    },
    delete: (account) => folder.remove(fileOf(account)),
  };
}
