import { printError } from "../cli/messages.ts";
import { plural, printJson } from "../cli/output.ts";
import type { Context } from "../foundation/context.ts";
import { defineCommand } from "../cli/command.ts";
import { printTable } from "../cli/table.ts";
import { setCommand } from "../foundation/permission-advice.ts";
import { markLogout } from "../state/logout-epoch.ts";
import { hasExpired, type IndexEntry, type StoreName } from "../state/item-index.ts";
import { deleteItems, forgetOpenedKeys, rowsOf } from "../sessions/delete-items.ts";
import { storeOpener } from "../sessions/open-store.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { type Moved, moveItems, assertMovable, rowsToMove, tryStore } from "../stores/move.ts";
import { stores } from "../stores/open.ts";

const names = Object.keys(stores) as readonly StoreName[];
const actions = ["move", "lock"] as const;

export default defineCommand({
  usage: "store ACTION [TO]",
  summary: "move keys and sessions to another store, or lock the file store",
  description:
    "move TO: moves every stored key and session to the store TO (keychain, file, plaintext or none), each written and read back there before it leaves the old one. " +
    "Access keys can only go to the keychain or the file store. If interrupted, run it again. It does not change which store is used; AWSROLE_STORE or " +
    "awsrole_store in [default], does.\n\n" +
    "lock: forgets the opened key of the file store, so that its passphrase is needed again. logout --all does it, too.",
  positionals: {
    ACTION: { describe: "move or lock", completes: actions },
    TO: {
      describe: "target store: keychain, file, plaintext or none (deletes the sessions)",
      completes: names,
    },
  },
  options: {
    "dry-run": {
      type: "boolean",
      default: false,
      describe: "show what would be moved without moving it",
    },
  },
  examples: [
    { command: "awsrole store move file --dry-run", says: "preview a move to the encrypted file" },
    { command: "awsrole store move keychain", says: "move everything to the OS keychain" },
    { command: "awsrole store lock", says: "ask for the passphrase of the file store again" },
  ],
  async run(context, args) {
    const { ACTION: action, TO: target } = args.positionals;
    if (action === "lock") return lock(context, args, target);
    const to = storeNamed(action, target);
    const { clock } = context;
    const rows = rowsOf(context);
    const all = await rows.list();
    const listed = rowsToMove(all, to);
    assertMovable(listed, to);
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
  },
});

async function lock(
  context: Context,
  args: { readonly json: boolean; readonly quiet: boolean },
  target: string | undefined,
): Promise<number> {
  if (target !== undefined)
    throw new AwsRoleError("ERR_USAGE", `store lock: unexpected argument "${target}"`, {
      hint: "usage: awsrole store lock",
    });
  const forgotten = await forgetOpenedKeys(context);
  if (args.json) printJson(context, { forgotten });
  else if (!args.quiet)
    context.stdout(
      forgotten === 0
        ? "the file store was not open\n"
        : "the file store is locked: its passphrase is needed again\n",
    );
  return 0;
}

function storeNamed(action: string | undefined, to: string | undefined): StoreName {
  if (action !== "move")
    throw new AwsRoleError("ERR_USAGE", `store: cannot ${action ?? ""}`, {
      hint: "usage: awsrole store (move TO | lock)",
    });
  if (to === undefined)
    throw new AwsRoleError("ERR_USAGE", "store: TO is missing", {
      hint: `stores are ${names.join(", ")}`,
    });
  const name = names.find((one) => one === to);
  if (name !== undefined) return name;
  throw new AwsRoleError("ERR_USAGE", `store: unknown store ${to}`, {
    hint: `choose from ${names.join(", ")}`,
  });
}

function report(
  context: Context,
  args: { readonly json: boolean; readonly quiet: boolean; readonly "dry-run": boolean },
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
          moved.map((row) => [row.profile, kinds[row.kind], fromOf(row.store, row.alsoIn), to]),
        ),
      );
    context.stdout(
      `${args["dry-run"] ? "would move" : "moved"} ${plural(moved.length, "item")} to the store ${to}\n`,
    );
    if (moved.length > 0 && !args["dry-run"])
      context.stdout(
        to === "keychain"
          ? "the keychain is used unless AWSROLE_STORE, or awsrole_store in [default], names another\n"
          : `to use it from now on: ${setCommand("AWSROLE_STORE", to, context.platform)}, or awsrole_store = ${to} in [default]\n`,
      );
  }
  for (const { row, error } of failed)
    printError(context, {
      message: `${row.profile} (${kinds[row.kind]}) stays in the store ${row.store}: ${error.message}`,
    });
  return failed.length === 0 ? 0 : 1;
}

const kinds: Readonly<Record<IndexEntry["kind"], string>> = {
  role: "session",
  mfa: "MFA session",
  key: "access key",
  "sign-in": "sign-in",
  seed: "MFA seed",
};
