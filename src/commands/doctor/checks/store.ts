/**
 * Whether the store answers. A keychain is asked for an item that is never there, and shows no prompt for our sake; the file store for
 * one that is there, because only then it needs its passphrase. Nobody is asked for that.
 */
import type { Context } from "../../../foundation/context.ts";
import type { AwsFiles } from "../../../config/files.ts";
import type { Row } from "../../../state/item-index.ts";
import { deadlineFromNow } from "../../../foundation/deadline.ts";
import { isAwsRoleError } from "../../../foundation/errors.ts";
import { type OpenStore, prepareStore } from "../../../sessions/open-sessions.ts";
import { refusalOf, sessionBusPlaces } from "../../../stores/keychain/dbus/address.ts";
import type { Finding } from "../finding.ts";

/** The check of the store in use. A hung keychain costs three seconds. */
export async function checkStore(
  context: Context,
  files: AwsFiles,
  store: string | undefined,
  rows: readonly Row[],
): Promise<readonly Finding[]> {
  const prepared = prepare(context, files, store);
  if (prepared === undefined) return [];
  const buses = prepared.name === "keychain" ? refusedBuses(context) : [];
  return [...buses, ...(await checkAnswer(prepared, rows))];
}

/** Named for the session's bus, and not used: whoever listens there could be another user. */
function refusedBuses({ env, platform }: Context): readonly Finding[] {
  if (platform !== "linux") return [];
  return sessionBusPlaces(env).flatMap((place): Finding[] => {
    const refusal = refusalOf(place);
    if (refusal === undefined || refusal.absent) return [];
    return [
      {
        id: "bus-refused",
        what: `the session's D-Bus is not used: ${refusal.why}`,
        fix: "name a bus of your own (DBUS_SESSION_BUS_ADDRESS=unix:path=SOCKET), or start one: dbus-daemon --session --fork --address=unix:path=$XDG_RUNTIME_DIR/bus",
      },
    ];
  });
}

async function checkAnswer(prepared: OpenStore, rows: readonly Row[]): Promise<readonly Finding[]> {
  try {
    const opened = await prepared.openStore();
    const kept = prepared.name === "file" && rows.find((row) => row.store === "file");
    await opened.get(kept ? kept.account : "doctor/probe");
    return [];
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    const isNamed = prepared.isStoreNamed;
    const isLocked = error.code === "ERR_STORE_LOCKED";
    return [
      {
        id: isLocked ? "store-locked" : isNamed ? "store-refused" : "store-unusable",
        what: error.message,
        fix: error.hint ?? "AWSROLE_STORE names another store",
      },
    ];
  }
}

/** Undefined for a store that does not exist: its name has a finding of its own. */
function prepare(
  context: Context,
  files: AwsFiles,
  store: string | undefined,
): OpenStore | undefined {
  try {
    return prepareStore(
      context,
      files,
      { store, input: false, mayPrompt: false },
      deadlineFromNow(3000),
    );
  } catch (error) {
    if (isAwsRoleError(error) && error.code === "ERR_STORE_UNAVAILABLE") return undefined;
    throw error;
  }
}
