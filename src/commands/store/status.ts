/** `store status`: which store is in use and why, whether each can be opened, and what is in it. No prompt is shown for that. */
import { printWarning } from "../../cli/messages.ts";
import { plural, printJson } from "../../cli/output.ts";
import { printTable } from "../../cli/table.ts";
import { readAwsFiles } from "../../config/files.ts";
import type { Context } from "../../foundation/context.ts";
import { deadlineFromNow } from "../../foundation/deadline.ts";
import type { AwsRoleError } from "../../foundation/errors.ts";
import { escapeControls } from "../../foundation/text.ts";
import { rowsOf } from "../../sessions/delete-items.ts";
import { prepareStore } from "../../sessions/open-store.ts";
import { type IndexEntry, storeKind, type StoreName, storesOf } from "../../state/item-index.ts";
import { storeProblem } from "../../stores/probe.ts";

/** What items are called, for people. */
export const itemKinds: Readonly<Record<IndexEntry["kind"], string>> = {
  role: "session",
  mfa: "MFA session",
  key: "access key",
  "sign-in": "sign-in",
  seed: "MFA seed",
};

/** What is known of one store. `why`: what keeps it from being used now. */
type StoreStatus = {
  readonly store: StoreName;
  readonly isInUse: boolean;
  readonly state: string;
  readonly items: readonly IndexEntry[];
  readonly why: AwsRoleError | undefined;
};

/** A store that hangs costs so much, all together. */
const silentMs = 3000;

/** Prints the store in use, and all others that have items. @throws ERR_USAGE, ERR_STORE_UNAVAILABLE for a store in use that does not exist. */
export async function showStores(
  context: Context,
  args: { readonly json: boolean; readonly store?: string | undefined },
): Promise<number> {
  const files = readAwsFiles(context.env, context.platform);
  const prepared = prepareStore(context, {
    files,
    store: args.store,
    input: false,
    mayPrompt: false,
    deadline: deadlineFromNow(silentMs),
  });
  const rows = await rowsOf(context).list();
  const names = [...new Set([prepared.name, ...rows.flatMap(storesOf)])];
  const statuses = await Promise.all(
    names.map(async (store): Promise<StoreStatus> => {
      const items = rows.filter((row) => storesOf(row).includes(store));
      const known = tellsByItem(store, context.platform) ? items[0]?.account : undefined;
      const why = await storeProblem(() => prepared.openNamedStore(store), known);
      const state = why === undefined ? "available" : (states[why.code] ?? "failed");
      return { store, isInUse: store === prepared.name, state, items, why };
    }),
  );
  const origin = prepared.storeOrigin ?? "default";
  if (args.json) printJson(context, { inUse: prepared.name, origin, stores: statuses.map(facts) });
  else print(context, prepared.name, origin, statuses);
  return 0;
}

/** Whether being asked for an item that is there shows more than being asked for none: macOS may show a prompt for it. */
function tellsByItem(store: StoreName, platform: NodeJS.Platform): boolean {
  return storeKind(store) !== "keychain" || (platform !== "darwin" && platform !== "win32");
}

const states: Readonly<Record<string, string>> = {
  ERR_STORE_LOCKED: "locked",
  ERR_STORE_UNAVAILABLE: "unavailable",
  ERR_STORE_TIMEOUT: "not responding",
};

function facts({
  store,
  isInUse,
  state,
  items,
  why,
}: StoreStatus): Readonly<Record<string, unknown>> {
  const count = (kind: IndexEntry["kind"]): number =>
    items.filter((item) => item.kind === kind).length;
  return {
    store,
    inUse: isInUse,
    state,
    items: {
      total: items.length,
      accessKeys: count("key"),
      sessions: count("role"),
      mfaSessions: count("mfa"),
      signIns: count("sign-in"),
      mfaSeeds: count("seed"),
    },
    ...(why === undefined
      ? {}
      : {
          error: { code: why.code, message: why.message, ...(why.hint ? { hint: why.hint } : {}) },
        }),
  };
}

function print(
  context: Context,
  inUse: StoreName,
  origin: string,
  statuses: readonly StoreStatus[],
): void {
  const why = origin === "default" ? "the default" : `set by ${origin}`;
  context.stdout(`${escapeControls(`store in use: ${inUse} (${why})`)}\n\n`);
  const rows = statuses.map(({ store, state, items }) => [store, state, listItems(items)]);
  context.stdout(printTable(["STORE", "STATE", "ITEMS"], rows));
  for (const { store, why: error } of statuses)
    if (error !== undefined)
      printWarning(context, `${store}: ${error.message}${error.hint ? `; ${error.hint}` : ""}`);
}

/** `2 access keys, 5 sessions`. */
function listItems(items: readonly IndexEntry[]): string {
  const kinds = Object.entries(itemKinds).map(([kind, name]) => {
    const count = items.filter((item) => item.kind === kind).length;
    return count === 0 ? "" : plural(count, name);
  });
  return kinds.filter((part) => part !== "").join(", ") || "none";
}
