/** `store move TO`: everything to another store. */
import { printError } from "../../cli/messages.ts";
import { plural, printJson } from "../../cli/output.ts";
import { printTable } from "../../cli/table.ts";
import type { Context } from "../../foundation/context.ts";
import { shellQuote } from "../../foundation/shell-quote.ts";
import { assertSeparateFactors } from "../../keys/separate-factors.ts";
import { markLogout } from "../../state/logout-epoch.ts";
import { hasExpired, type IndexEntry, type StoreName, withStores } from "../../state/item-index.ts";
import { deleteItems, rowsOf } from "../../sessions/delete-items.ts";
import { storeOpener } from "../../sessions/open-store.ts";
import { type Moved, moveItems, assertMovable, rowsToMove, tryStore } from "../../stores/move.ts";
import { itemKinds } from "./status.ts";

/** What the command line says besides the target. */
export type MoveArguments = {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly input: boolean;
  readonly yes: boolean;
  readonly "dry-run": boolean;
};

/** Moves everything; the exit code. @throws before anything is changed: what the target or a key forbids. */
export async function moveStore(
  context: Context,
  args: MoveArguments,
  to: StoreName,
): Promise<number> {
  const { clock } = context;
  const rows = rowsOf(context);
  const all = await rows.list();
  const listed = rowsToMove(all, to);
  assertMovable(listed, to);
  if (!args.yes)
    assertSeparateFactors(
      all,
      all.map((row) => withStores(row, [to])),
      to,
    );
  const now = clock.now();
  const isOver = (row: IndexEntry): boolean => to === "none" || hasExpired(row, now);
  const live = listed.filter((row) => !isOver(row));
  const shown = to === "none" ? listed : live;
  if (args["dry-run"]) return report(context, args, to, { moved: shown, failed: [] });
  const open = storeOpener(context, args);
  // A store that cannot be reached is told before anything is changed.
  if (live.length > 0) await tryStore(await open(to));
  // What is being fetched at this moment would be stored in the old place after we have looked.
  markLogout(context.stateDir);
  await deleteItems(context, listed.filter(isOver), args);
  const outcome = await moveItems(live, to, open, rows);
  return report(context, args, to, to === "none" ? { moved: listed, failed: [] } : outcome);
}

function report(
  context: Context,
  args: MoveArguments,
  to: StoreName,
  { moved, failed }: Moved,
): number {
  /** The store it comes from: for what is in TO already, the other one that holds a copy. */
  const fromOf = (store: StoreName, alsoIn: IndexEntry["alsoIn"]): StoreName =>
    store === to ? (alsoIn?.[0] ?? store) : store;
  const facts = ({ account, kind, profile, store, alsoIn }: IndexEntry) => ({
    account,
    kind,
    profile,
    from: fromOf(store, alsoIn),
  });
  if (args.json) {
    const failures = failed.map(({ row, error: { code, message } }) => ({
      ...facts(row),
      error: { code, message },
    }));
    printJson(context, { to, dryRun: args["dry-run"], moved: moved.map(facts), failed: failures });
  } else if (!args.quiet) {
    if (moved.length > 0)
      context.stdout(
        printTable(
          ["PROFILE", "KIND", "FROM", "TO"],
          moved.map((row) => [row.profile, itemKinds[row.kind], fromOf(row.store, row.alsoIn), to]),
        ),
      );
    context.stdout(
      `${args["dry-run"] ? "would move" : "moved"} ${plural(moved.length, "item")} to the store ${to}\n`,
    );
    if (moved.length > 0 && !args["dry-run"])
      context.stdout(
        to === "keychain"
          ? "the keychain is used unless AWSROLE_STORE, or awsrole_store in [default], names another\n"
          : `to use it from now on: awsrole store use ${shellQuote(to)}\n`,
      );
  }
  for (const { row, error } of failed)
    printError(context, {
      message: `${row.profile} (${itemKinds[row.kind]}) stays in the store ${fromOf(row.store, row.alsoIn)}: ${error.message}`,
      hint: error.hint,
    });
  return failed.length === 0 ? 0 : 1;
}
