/**
 * Items in the Secret Service: GNOME's keyring, KWallet, KeePassXC, behind the session's D-Bus.
 *
 * Source: freedesktop.org's Secret Service API, draft 0.2. Items have the attributes and the label that `@napi-rs/keyring` gives them,
 * so that what earlier versions stored is found.
 *
 * Secrets cross the bus as they are (the API's algorithm "plain"). Who can read along on the user's own bus runs as that user
 * and can ask for the secret itself; the key exchange costs both sides several milliseconds.
 */
import type { Environment } from "../../foundation/environment.ts";
import { type Bus, connectToSessionBus, MESSAGE_BUS, MESSAGE_BUS_PATH } from "./dbus/connection.ts";
import {
  DBusError,
  ITEM_VANISHED,
  NO_COLLECTION,
  NO_SUCH_COLLECTION,
  PROMPT_DISMISSED,
} from "./dbus/error.ts";
import type { Value, Variant } from "./dbus/values.ts";
import { isVanished } from "./errors.ts";
import type { ByteItems } from "./chunked-items.ts";

/**
 * The items of `service`, found by their `username`. Nothing is connected before the first call; a connection that was idle for a
 * second is closed, and after an error the next call connects again. Locked items are unlocked, which may show a prompt and then takes as long as a person does;
 * without `mayPrompt` it is as if the person had dismissed it. A default collection is made only for a person who is there (`isAttended`).
 * New items go to the `collection` of this label, or with this last part of its path; absent: to the default one.
 * @throws DBusError
 */
export function secretServiceItems(
  service: string,
  env: Environment,
  {
    mayPrompt = true,
    isAttended = () => false,
    collection,
  }: {
    readonly mayPrompt?: boolean | undefined;
    readonly isAttended?: (() => boolean) | undefined;
    readonly collection?: string | undefined;
  } = {},
): ByteItems {
  let opened: Session | undefined;

  async function inSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = (opened ??= openSession(env, { mayPrompt, isAttended, collection }));
    clearTimeout(session.idle);
    session.calls++;
    try {
      return await work(session);
    } catch (error) {
      if (opened === session) opened = undefined;
      throw error;
    } finally {
      session.calls--;
      if (session.calls === 0) {
        const close = () => {
          if (opened === session) opened = undefined;
          session.close();
        };
        if (opened === session) session.idle = setTimeout(close, IDLE_MS).unref();
        else close();
      }
    }
  }
  const attributesOf = (account: string): [string, string][] => [
    ["service", service],
    ["username", account],
  ];

  return {
    check: () =>
      inSession(async (session) => {
        await search(session, attributesOf("check"));
        await collectionProperty(session, "Locked").catch(withoutCollection(NOT_THERE));
      }),
    get: (account) =>
      inSession(async (session) => {
        const [item] = await findItems(session, attributesOf(account), "any");
        if (item === undefined) return undefined;
        const [secret] = await ask(session, item, "Item", "GetSecret", {
          signature: "o",
          values: [await session.path()],
          returns: "(oayays)",
        });
        return (secret as Value[])[2] as Uint8Array;
      }),
    set: (account, bytes) =>
      inSession(async (session) => {
        const attributes = attributesOf(account);
        const items = await unlocked(session, await search(session, attributes), "any");
        const secret = [await session.path(), new Uint8Array(), bytes, "application/octet-stream"];
        if (items.length === 0) {
          await createItem(session, `keyring:${account}@${service}`, attributes, secret);
        }
        for (const item of items) {
          await ask(session, item, "Item", "SetSecret", {
            signature: "(oayays)",
            values: [secret],
          });
        }
      }),
    delete: (account) =>
      inSession(async (session) => {
        const find = () => findItems(session, attributesOf(account), "all");
        const items = await find();
        for (const item of items) {
          try {
            const [prompt] = await ask(session, item, "Item", "Delete", { returns: "o" });
            await answerPrompt(session, prompt as string);
          } catch (error) {
            // Others deleted it first, or its collection was locked and hides it.
            if (!isVanished(error) || (await find()).includes(item)) throw error;
          }
        }
        return items.length > 0;
      }),
  };
}

type Session = {
  readonly bus: Promise<Bus>;
  readonly mayPrompt: boolean;
  /** Asked only where something would be made for a person. */
  readonly isAttended: () => boolean;
  /** The path of the collection for new items. @throws NO_SUCH_COLLECTION for a named one that is not there. */
  collection(): Promise<string>;
  /** Under which the daemon hands secrets over; opened when it is first needed. */
  path(): Promise<string>;
  /** Under way (`unlockCollection`). */
  unlocking?: Promise<void> | undefined;
  close(): void;
  /** Calls under way; when there have been none for a while the connection is closed. */
  calls: number;
  idle?: NodeJS.Timeout;
};

const IDLE_MS = 1000;
const DESTINATION = "org.freedesktop.secrets";
const SERVICE_PATH = "/org/freedesktop/secrets";
/** The collection for new items has this path beside its own. */
const DEFAULT_COLLECTION = "/org/freedesktop/secrets/aliases/default";
/** In place of a path where there is none. */
const NOTHING = "/";

async function ask(
  session: Pick<Session, "bus">,
  path: string,
  kind: "Service" | "Collection" | "Item" | "Prompt",
  member: string,
  parameters: { signature?: string; values?: readonly Value[]; returns?: string },
): Promise<Value[]> {
  const bus = await session.bus;
  try {
    return await bus.call({
      destination: DESTINATION,
      path,
      interface: `org.freedesktop.Secret.${kind}`,
      member,
      ...parameters,
    });
  } catch (error) {
    const isGone = kind === "Item" && error instanceof DBusError && NO_SUCH_OBJECT.has(error.name);
    throw isGone ? new DBusError(ITEM_VANISHED, "the item is gone", { cause: error }) : error;
  }
}

const UNKNOWN_METHOD = "org.freedesktop.DBus.Error.UnknownMethod";
/** What the bus libraries of daemons, and daemons, say of a path at which nothing is (any more). */
const NO_SUCH_OBJECT = new Set([
  "org.freedesktop.Secret.Error.NoSuchObject",
  "org.freedesktop.DBus.Error.UnknownObject",
  "org.freedesktop.DBus.Error.UnknownInterface",
  UNKNOWN_METHOD,
]);

/** What is said of a property, or of a collection, that a keychain does not have. */
const NOT_THERE = new Set([
  ...NO_SUCH_OBJECT,
  "org.freedesktop.DBus.Error.UnknownProperty",
  "org.freedesktop.DBus.Error.InvalidArgs",
]);

function openSession(
  env: Environment,
  {
    mayPrompt,
    isAttended,
    collection: name,
  }: Pick<Session, "mayPrompt" | "isAttended"> & { readonly collection: string | undefined },
): Session {
  const bus = connectToSessionBus(env);
  let path: Promise<string> | undefined;
  let collection: Promise<string> | undefined;
  return {
    bus,
    mayPrompt,
    isAttended,
    collection: () =>
      (collection ??=
        name === undefined ? Promise.resolve(DEFAULT_COLLECTION) : findCollection(bus, name)),
    path: () =>
      (path ??= ask({ bus }, SERVICE_PATH, "Service", "OpenSession", {
        signature: "sv",
        values: ["plain", { signature: "s", value: "" }],
        returns: "vo",
      }).then(([, session]) => session as string)),
    calls: 0,
    close: () =>
      void bus.then(
        (open) => open.close(),
        () => {},
      ),
  };
}

/** Paths of unlocked and of locked items. */
type Found = readonly [open: readonly string[], locked: readonly string[]];

/**
 * The items with these attributes.
 *
 * Every call begins with it, and not with `OpenSession`: gnome-keyring-daemon (seen with 42, reported up to 50) notes a new client in one thread
 * and serves it in another. When several come at once it now and then serves one that it has not noted. At `OpenSession` it ends then
 * ("assertion 'client' failed"); of `SearchItems` it says that it has no such method, and has noted the client by the time it says so.
 */
async function search(session: Session, attributes: [string, string][]): Promise<Found> {
  const once = () =>
    ask(session, SERVICE_PATH, "Service", "SearchItems", {
      signature: "a{ss}",
      values: [attributes],
      returns: "aoao",
    }) as Promise<[string[], string[]]>;
  return once().catch((error: unknown) => {
    if (error instanceof DBusError && error.name === UNKNOWN_METHOD) return once();
    throw error;
  });
}

/**
 * Paths of the items found, unlocked: all, or, if there are any, only those that need no prompt. There is more than
 * one only where others have put them there.
 */
async function unlocked(
  session: Session,
  [open, locked]: Found,
  wanted: "all" | "any",
): Promise<readonly string[]> {
  if (locked.length === 0 || (wanted === "any" && open.length > 0)) return open;
  await unlock(session, locked);
  return [...open, ...locked];
}

/**
 * Paths of the items with these attributes, unlocked; none only where there are none. KeePassXC knows no items of a database that is locked:
 * when nothing is found, and the default collection is locked and shows no items, it is unlocked. What is searched after it was seen unlocked
 * is whole, though another may have unlocked it just now.
 */
async function findItems(
  session: Session,
  attributes: [string, string][],
  wanted: "all" | "any",
): Promise<readonly string[]> {
  let found = await search(session, attributes);
  if (found.flat().length === 0) {
    if (await isHiding(session)) await unlockCollection(session);
    found = await search(session, attributes);
  }
  return unlocked(session, found, wanted);
}

/** Whether the collection for new items, if there is one, is locked and shows no items, or has been unlocked while we looked. */
async function isHiding(session: Session): Promise<boolean> {
  try {
    if ((await collectionProperty(session, "Locked")) === false) return false;
    const shown = (await collectionProperty(session, "Items")) as readonly Value[];
    return shown.length === 0 || (await collectionProperty(session, "Locked")) === false;
  } catch (error) {
    if (error instanceof DBusError && NOT_THERE.has(error.name)) return false;
    throw error;
  }
}

async function collectionProperty(session: Session, name: "Items" | "Locked"): Promise<Value> {
  return property(await session.bus, await session.collection(), "Collection", name);
}

async function property(
  bus: Bus,
  path: string,
  kind: "Service" | "Collection",
  name: string,
): Promise<Value> {
  const [variant] = await bus.call({
    destination: DESTINATION,
    path,
    interface: "org.freedesktop.DBus.Properties",
    member: "Get",
    signature: "ss",
    values: [`org.freedesktop.Secret.${kind}`, name],
    returns: "v",
  });
  return (variant as Variant).value;
}

/** The path of the collection with this label, else with this last part of its path. @throws NO_SUCH_COLLECTION */
async function findCollection(connecting: Promise<Bus>, name: string): Promise<string> {
  const bus = await connecting;
  const paths = (await property(bus, SERVICE_PATH, "Service", "Collections")) as readonly string[];
  const labels = await Promise.all(paths.map((path) => property(bus, path, "Collection", "Label")));
  const byLabel = paths[labels.indexOf(name)];
  const found = byLabel ?? paths.find((path) => path.endsWith(`/${name}`));
  if (found !== undefined) return found;
  const known = labels.map((label) => JSON.stringify(label)).join(", ");
  throw new DBusError(
    NO_SUCH_COLLECTION,
    `has no collection ${JSON.stringify(name)}${known === "" ? "" : ` (there is ${known})`}`,
  );
}

async function createItem(
  session: Session,
  label: string,
  attributes: [string, string][],
  secret: readonly Value[],
): Promise<void> {
  const properties = [
    ["org.freedesktop.Secret.Item.Label", { signature: "s", value: label }],
    ["org.freedesktop.Secret.Item.Attributes", { signature: "a{ss}", value: attributes }],
  ];
  const collection = await session.collection();
  await unlockCollection(session).catch((error: unknown) => createDefault(session, error));
  // To replace: another process may have created it since we looked.
  const [, prompt] = await ask(session, collection, "Collection", "CreateItem", {
    signature: "a{sv}(oayays)b",
    values: [properties, secret, true],
    returns: "oo",
  }).catch(withoutCollection(NO_SUCH_OBJECT));
  await answerPrompt(session, prompt as string);
}

/** The collection for new items, with one prompt for all who need it. @throws PROMPT_DISMISSED, NO_COLLECTION, NO_SUCH_COLLECTION */
function unlockCollection(session: Session): Promise<void> {
  return (session.unlocking ??= session
    .collection()
    .then((path) => unlock(session, [path]))
    .catch(withoutCollection(NOT_THERE))
    .finally(() => (session.unlocking = undefined)));
}

/** With libsecret's label; the person chooses its password at the prompt. @throws NO_COLLECTION where there is none, or it is dismissed. */
async function createDefault(session: Session, missing: unknown): Promise<void> {
  const isMissing = missing instanceof DBusError && missing.name === NO_COLLECTION;
  if (!isMissing || !session.mayPrompt || !session.isAttended()) throw missing;
  const label = { signature: "s", value: "Default keyring" };
  try {
    const [, prompt] = await ask(session, SERVICE_PATH, "Service", "CreateCollection", {
      signature: "a{sv}s",
      values: [[["org.freedesktop.Secret.Collection.Label", label]], "default"],
      returns: "oo",
    });
    await answerPrompt(session, prompt as string);
  } catch (error) {
    if (error instanceof DBusError && error.name === PROMPT_DISMISSED) throw missing;
    throw error;
  }
}

function withoutCollection(names: ReadonlySet<string>): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof DBusError && names.has(error.name))) throw error;
    throw new DBusError(NO_COLLECTION, "no default collection", { cause: error });
  };
}

/** Nothing happens to what is unlocked. @throws PROMPT_DISMISSED */
async function unlock(session: Session, paths: readonly string[]): Promise<void> {
  const [, prompt] = await ask(session, SERVICE_PATH, "Service", "Unlock", {
    signature: "ao",
    values: [paths],
    returns: "aoo",
  });
  await answerPrompt(session, prompt as string);
}

/** Shows the prompt, if there is one, and waits for the person. @throws PROMPT_DISMISSED */
async function answerPrompt(session: Session, prompt: string): Promise<void> {
  if (prompt === NOTHING) return;
  if (!session.mayPrompt) throw new DBusError(PROMPT_DISMISSED, "prompting is not allowed");
  const bus = await session.bus;
  const completed = bus.signal({
    sender: DESTINATION,
    path: prompt,
    interface: "org.freedesktop.Secret.Prompt",
    member: "Completed",
    returns: "b",
  });
  const daemonEnded = bus.signal({
    sender: MESSAGE_BUS,
    path: MESSAGE_BUS_PATH,
    interface: MESSAGE_BUS,
    member: "NameOwnerChanged",
    arg0: DESTINATION,
  });
  const [answer] = await Promise.all([
    Promise.race([completed, daemonEnded.then(() => undefined)]),
    ask(session, prompt, "Prompt", "Prompt", { signature: "s", values: [""] }),
  ]);
  // Where the daemon has ended its prompt is gone; the next one would be another.
  if (answer?.[0] !== false) throw new DBusError(PROMPT_DISMISSED, "the prompt was dismissed");
}
