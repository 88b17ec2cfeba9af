/**
 * Whether the store answers. A keychain is asked for an item that is never there, and shows no prompt for our sake; the file store for
 * one that is there, because only then it needs its passphrase; the pass store, too. No prompt is shown for that.
 */
import type { Environment } from "../../../foundation/environment.ts";
import { readKeyFile } from "../../../stores/file/key-file.ts";
import { openStoreFolder, readHeader } from "../../../stores/file/reader.ts";
import type { Context } from "../../../foundation/context.ts";
import type { AwsFiles } from "../../../config/files.ts";
import { type IndexEntry, storeKind, type StoreName } from "../../../state/item-index.ts";
import { deadlineFromNow } from "../../../foundation/deadline.ts";
import { type AwsRoleError, isAwsRoleError } from "../../../foundation/errors.ts";
import { type OpenStore, prepareStore } from "../../../sessions/open-store.ts";
import { storeProblem } from "../../../stores/probe.ts";
import { refusalOf, sessionBusPlaces } from "../../../stores/keychain/dbus/address.ts";
import type { Setting } from "../../../config/document.ts";
import { keyAccount } from "../../../credentials/cache/item-names.ts";
import { hintForKey } from "../../../credentials/sources/keychain-key.ts";
import { at, type Finding } from "../finding.ts";

/** The check of the store in use. A hung keychain costs three seconds. */
export async function checkStore(
  context: Context,
  files: AwsFiles,
  store: string | undefined,
  rows: readonly IndexEntry[],
  names: readonly string[],
): Promise<readonly Finding[]> {
  const prepared = prepare(context, files, store);
  if (prepared === undefined) return [];
  const buses = storeKind(prepared.name) === "keychain" ? refusedBuses(context) : [];
  return [
    ...buses,
    ...(await checkAnswer(context, prepared, rows)),
    ...(await checkKeys(context, prepared, { files, rows, names })),
  ];
}

/** Keys of the profiles in question that cannot be reached from here: what needs them fails, whatever store sessions are kept in. */
async function checkKeys(
  context: Context,
  { openNamedStore }: OpenStore,
  {
    files,
    rows,
    names,
  }: {
    readonly files: AwsFiles;
    readonly rows: readonly IndexEntry[];
    readonly names: readonly string[];
  },
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const silent = new Map<StoreName, AwsRoleError | undefined>();
  for (const profile of names) {
    const key = keySetting(files, profile);
    // One that no store is known to hold has a finding of its own.
    const store = key && rows.find(({ account }) => account === keyAccount(key.value))?.store;
    if (key === undefined || store === undefined) continue;
    if (!silent.has(store))
      silent.set(store, await whyUnreachable(context, openNamedStore, { store, id: key.value }));
    const error = silent.get(store);
    if (error === undefined) continue;
    findings.push({
      id: "key-unreachable",
      profile,
      ...at(key),
      what: `the key ${key.value} is in the ${store} store, which cannot be reached from here: ${error.message}`,
      fix: hintForKey(store, error) ?? "move keys to another store with: awsrole store move TO",
    });
  }
  return findings;
}

function keySetting(files: AwsFiles, profile: string): Setting | undefined {
  try {
    return files.profile(profile)?.get("awsrole_access_key_id");
  } catch {
    // A bad line in it: the files' check has it.
    return undefined;
  }
}

/** Undefined for a store that answers, and for one that is locked, which a person can open, unless it takes a key file. */
async function whyUnreachable(
  { stateDir }: Context,
  openNamedStore: OpenStore["openNamedStore"],
  { store, id }: { readonly store: StoreName; readonly id: string },
): Promise<AwsRoleError | undefined> {
  const hasKeyFile = store === "file" && (await isOpenedByKeyFile(stateDir));
  try {
    // What is not there is answered without the key file.
    await (await openNamedStore(store)).get(hasKeyFile ? keyAccount(id) : "doctor/probe");
    return undefined;
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return error.code === "ERR_STORE_LOCKED" && !hasKeyFile ? undefined : error;
  }
}

/** False as well where the header cannot be read: the store itself says why. */
async function isOpenedByKeyFile(stateDir: string): Promise<boolean> {
  const header = await readHeader(openStoreFolder(stateDir)).catch(() => undefined);
  return header?.kdf === "none";
}

/** Named for the session's bus, and not used: the listener there could be another user. */
function refusedBuses({ env, platform }: Context): readonly Finding[] {
  if (platform !== "linux") return [];
  return sessionBusPlaces(env).flatMap((place): Finding[] => {
    const refusal = refusalOf(place);
    if (refusal === undefined || refusal.absent) return [];
    return [
      {
        id: "bus-refused",
        what: `the session's D-Bus is not used: ${refusal.why}`,
        fix: "set DBUS_SESSION_BUS_ADDRESS=unix:path=SOCKET to a bus of your own, or start one: dbus-daemon --session --fork --address=unix:path=$XDG_RUNTIME_DIR/bus",
      },
    ];
  });
}

/** The store asks for it only when there is something to open. */
function keyFileProblem(env: Environment, name: StoreName): AwsRoleError | undefined {
  if (name !== "file") return undefined;
  try {
    readKeyFile(env)?.fill(0);
    return undefined;
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return error;
  }
}

async function checkAnswer(
  { env }: Context,
  { name, isStoreNamed: isNamed, openStore }: OpenStore,
  rows: readonly IndexEntry[],
): Promise<readonly Finding[]> {
  const needsPassphrase = name === "file" || name === "pass";
  const kept = needsPassphrase ? rows.find((row) => row.store === name) : undefined;
  const error = keyFileProblem(env, name) ?? (await storeProblem(openStore, kept?.account));
  if (error === undefined) return [];
  const isLocked = error.code === "ERR_STORE_LOCKED";
  return [
    {
      id: isLocked ? "store-locked" : isNamed ? "store-refused" : "store-unusable",
      what: error.message,
      fix: error.hint ?? "set AWSROLE_STORE to another store",
    },
  ];
}

/** Undefined for a store that does not exist, and for one whose name is in a line that cannot be read: each has a finding of its own. */
function prepare(
  context: Context,
  files: AwsFiles,
  store: string | undefined,
): OpenStore | undefined {
  try {
    return prepareStore(context, {
      files,
      store,
      input: false,
      mayPrompt: false,
      deadline: deadlineFromNow(3000),
    });
  } catch (error) {
    const told = ["ERR_STORE_UNAVAILABLE", "ERR_CONFIG_SYNTAX"];
    if (isAwsRoleError(error) && told.includes(error.code)) return undefined;
    throw error;
  }
}
