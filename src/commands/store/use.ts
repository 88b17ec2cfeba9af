/** `store use TO`: another store from now on, tried before the setting is written. */
import { printWarning } from "../../cli/messages.ts";
import { plural } from "../../cli/output.ts";
import { addSection, setKey } from "../../config/edit.ts";
import type { AwsFiles } from "../../config/files.ts";
import type { Document } from "../../config/document.ts";
import type { Context } from "../../foundation/context.ts";
import { shellQuote } from "../../foundation/shell-quote.ts";
import { reportChange } from "../../profiles/change-report.ts";
import { editConfig } from "../../profiles/edit-config.ts";
import { rowsOf } from "../../sessions/delete-items.ts";
import { storeOpener } from "../../sessions/open-store.ts";
import { type IndexEntry, type StoreName, storesOf } from "../../state/item-index.ts";
import { notKept, setOrTakeBack, tryStore } from "../../stores/move.ts";

const settingKey = "awsrole_store";
const section = { kind: "profile", name: "default" } as const;

/** Writes the setting; the exit code. @throws what the store throws, before anything is written, and ERR_CONFIG_…. */
export async function useStore(
  context: Context,
  args: {
    readonly json: boolean;
    readonly quiet: boolean;
    readonly input: boolean;
    readonly "dry-run": boolean;
  },
  to: StoreName,
): Promise<number> {
  const rows = rowsOf(context);
  if (!args["dry-run"]) await tryWriting(context, args, to);
  const change = await editConfig(context, {
    action: `store use ${to}`,
    dryRun: args["dry-run"],
    edit: (files) => withStore(files, to),
  });
  const elsewhere = (await rows.list()).filter((row) => !storesOf(row).includes(to));
  const named = context.env["AWSROLE_STORE"];
  if (named && named !== to)
    printWarning(
      context,
      `AWSROLE_STORE is set to ${named}, which takes precedence over the config`,
    );
  reportChange(context, args, change, {
    facts: { store: to, itemsElsewhere: elsewhere.length },
    done: `the store is ${to} from now on: ${settingKey} in [default] of ${change.file}`,
    ...(elsewhere.length === 0 || to === "none"
      ? {}
      : {
          next: `awsrole store move ${shellQuote(to)} (${plural(elsewhere.length, "item")} in other stores)`,
        }),
  });
  return 0;
}

function withStore(files: AwsFiles, to: StoreName): Document {
  const { config } = files;
  return config.find("profile", "default").length > 0
    ? setKey(config, section, settingKey, to)
    : addSection(config, section, [[settingKey, to]]);
}

/** Keeps an item there, reads it back and deletes it: a store can answer and still not be open. */
async function tryWriting(
  context: Context,
  options: { readonly input: boolean },
  to: StoreName,
): Promise<void> {
  const store = await storeOpener(context, options)(to);
  await tryStore(store);
  if (to === "none") return;
  const account = `session/v1/store-use/${process.pid}`;
  const secret = "awsrole store use";
  const rows = rowsOf(context);
  // Listed and expired, so that what a kill leaves is tidied up.
  const row: IndexEntry = {
    account,
    kind: "role",
    store: to,
    profile: "store-use",
    expiresAt: context.clock.now().toISOString(),
  };
  await rows.put(row);
  await setOrTakeBack(store, account, secret, () => rows.remove(account));
  const kept = await store.get(account);
  await store.delete(account);
  await rows.remove(account);
  if (kept !== secret) throw notKept(to);
}
