import { printJson } from "../../cli/output.ts";
import type { Context } from "../../foundation/context.ts";
import { defineCommand } from "../../cli/command.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { forgetOpenedKeys } from "../../sessions/delete-items.ts";
import type { StoreName } from "../../state/item-index.ts";
import { parseStoreName, storeNames } from "../../stores/open.ts";
import { moveStore } from "./move.ts";
import { showStores } from "./status.ts";
import { useStore } from "./use.ts";

const actions = ["status", "use", "move", "lock"] as const;

export default defineCommand({
  usage: "store [ACTION] [TO]",
  summary: "show and choose where keys and sessions are stored, or move them",
  description:
    "status: shows which store is in use and why, whether it can be opened, and how many items each store has. It shows no prompt.\n\n" +
    "use TO: tries the store TO, then writes awsrole_store to [default]. What is in other stores stays there until store move.\n\n" +
    "move TO: moves every stored key and session to the store TO (keychain, file, pass, plaintext or none), each written and read back there before it leaves the old one. " +
    "Access keys cannot go to plaintext or none. If interrupted, run it again. It does not change which store is used; store use does.\n\n" +
    "lock: forgets the opened key of the file store, so that its passphrase is needed again. logout --all does it, too.\n\n" +
    "keychain:COLLECTION is a collection of the Secret Service other than the default one.",
  positionals: {
    ACTION: { describe: "status (default), use, move or lock", completes: actions },
    TO: {
      describe:
        "target store: keychain, keychain:COLLECTION, file, pass, plaintext or none (deletes the sessions)",
      completes: storeNames,
    },
  },
  options: {
    "dry-run": {
      type: "boolean",
      default: false,
      describe: "show what would be changed without changing it",
    },
    yes: {
      type: "boolean",
      default: false,
      describe: "move: even an access key and an MFA seed into one file or pass store",
    },
  },
  examples: [
    { command: "awsrole store", says: "which store is in use, and whether it can be opened" },
    { command: "awsrole store use pass", says: "encrypt by gpg from now on" },
    { command: "awsrole store move file --dry-run", says: "preview a move to the encrypted file" },
    { command: "awsrole store move keychain", says: "move everything to the OS keychain" },
    { command: "awsrole store lock", says: "ask for the passphrase of the file store again" },
  ],
  async run(context, args) {
    const { ACTION: action = "status", TO: target } = args.positionals;
    switch (action) {
      case "status":
        assertAlone(action, target);
        return showStores(context, args);
      case "lock":
        assertAlone(action, target);
        return lock(context, args);
      case "use":
        return useStore(context, args, storeNamed(target));
      case "move":
        return moveStore(context, args, storeNamed(target));
      default:
        throw new AwsRoleError("ERR_USAGE", `store: unknown action ${action}`, {
          hint: "usage: awsrole store (status | use TO | move TO | lock)",
        });
    }
  },
});

function assertAlone(action: string, target: string | undefined): void {
  if (target === undefined) return;
  throw new AwsRoleError("ERR_USAGE", `store ${action}: unexpected argument "${target}"`, {
    hint: `usage: awsrole store ${action}`,
  });
}

function storeNamed(to: string | undefined): StoreName {
  if (to === undefined)
    throw new AwsRoleError("ERR_USAGE", "store: TO is missing", {
      hint: `stores are ${storeNames.join(", ")}`,
    });
  const name = parseStoreName(to);
  if (name !== undefined) return name;
  throw new AwsRoleError("ERR_USAGE", `store: unknown store ${to}`, {
    hint: `choose from ${storeNames.join(", ")}`,
  });
}

async function lock(
  context: Context,
  args: { readonly json: boolean; readonly quiet: boolean },
): Promise<number> {
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
