/**
 * Items in the Secret Service: GNOME's keyring, KWallet, KeePassXC, behind the session's D-Bus.
 *
 * Source: freedesktop.org's Secret Service API, draft 0.2. Items have the attributes and the label that `@napi-rs/keyring` gives them,
 * so that what earlier versions stored is found.
 *
 * Secrets cross the bus as they are (the API's algorithm "plain"). Who can read along on the user's own bus runs as that user
 * and can ask for the secret itself; the key exchange costs both sides several milliseconds.
 */
import { type Bus, connectToSessionBus, MESSAGE_BUS, MESSAGE_BUS_PATH } from "./d-bus.ts";
import { DBusError, ITEM_VANISHED, NO_COLLECTION, PROMPT_DISMISSED } from "./d-bus-error.ts";
import type { Value, Variant } from "./d-bus-values.ts";
import { isVanished } from "./keychain-errors.ts";
import type { ByteItems } from "./spread-items.ts";

/**
 * The items of `service`, found by their `username`. Nothing is connected before the first call; a connection that was idle for a
 * second is closed, and after an error the next call connects anew. Locked items are unlocked, which may show a prompt and then takes as long as a person does.
 * @throws DBusError
 */
export function secretServiceItems(
  service: string,
  env: Readonly<Record<string, string | undefined>>,
): ByteItems {
  let opened: Session | undefined;

  async function inSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = (opened ??= openSession(env));
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
        const items = await findItems(session, attributes, "any");
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
        const items = await findItems(session, attributesOf(account), "all");
        for (const item of items) {
          try {
            const [prompt] = await ask(session, item, "Item", "Delete", { returns: "o" });
            await answerPrompt(session, prompt as string);
          } catch (error) {
            // Others deleted it first.
            if (!isVanished(error)) throw error;
          }
        }
        return items.length > 0;
      }),
  };
}

type Session = {
  readonly bus: Promise<Bus>;
  /** Under which the daemon hands secrets over; opened when it is first needed. */
  path(): Promise<string>;
  /** Whether there were hidden items, which are shown now (`showHidden`); looked at once. */
  hasShownHidden(): Promise<boolean>;
  close(): void;
  /** Calls under way; when there have been none for a while the connection is closed. */
  calls: number;
  idle?: NodeJS.Timeout;
};

const IDLE_MS = 1000;
const DESTINATION = "org.freedesktop.secrets";
const SERVICE_PATH = "/org/freedesktop/secrets";
/** Stands where a path could be and is none. */
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

function openSession(env: Readonly<Record<string, string | undefined>>): Session {
  const bus = connectToSessionBus(env);
  let path: Promise<string> | undefined;
  let shown: Promise<boolean> | undefined;
  return {
    bus,
    hasShownHidden: () => (shown ??= showHidden({ bus })),
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

/**
 * Paths of items with these attributes, unlocked: all, or, if there are any, only those for which nobody has to be asked. There is more than
 * one only where others have put them there.
 *
 * Every call begins with it, and not with `OpenSession`: gnome-keyring-daemon (seen with 42, reported up to 50) notes a new client in one thread
 * and serves it in another. When several come at once it now and then serves one that it has not noted. At `OpenSession` it ends then
 * ("assertion 'client' failed"); of `SearchItems` it says that it has no such method, and has noted the client by the time it says so.
 */
async function findItems(
  session: Session,
  attributes: [string, string][],
  wanted: "all" | "any",
): Promise<string[]> {
  const search = () =>
    ask(session, SERVICE_PATH, "Service", "SearchItems", {
      signature: "a{ss}",
      values: [attributes],
      returns: "aoao",
    }) as Promise<[string[], string[]]>;
  let [open, locked] = await search().catch((error: unknown) => {
    if (error instanceof DBusError && error.name === UNKNOWN_METHOD) return search();
    throw error;
  });
  if (open.length + locked.length === 0 && (await session.hasShownHidden()))
    [open, locked] = await search();
  if (locked.length === 0 || (wanted === "any" && open.length > 0)) return open;
  await unlock(session, locked);
  return [...open, ...locked];
}

/**
 * Unlocks the default collection where it is locked and shows no items: KeePassXC does not know what is in a database that is locked. Others
 * show the items of a locked collection, so that what is not among them is not there, and nobody has to be asked.
 */
async function showHidden(session: Pick<Session, "bus">): Promise<boolean> {
  const collection = await defaultCollection(session);
  if (collection === NOTHING) return false;
  if ((await propertyOf(session, collection, "Locked")) === false) return false;
  if (((await propertyOf(session, collection, "Items")) as Value[]).length > 0) return false;
  await unlock(session, [collection]);
  return true;
}

async function propertyOf(
  { bus }: Pick<Session, "bus">,
  collection: string,
  name: "Items" | "Locked",
): Promise<Value> {
  const [variant] = await (
    await bus
  ).call({
    destination: DESTINATION,
    path: collection,
    interface: "org.freedesktop.DBus.Properties",
    member: "Get",
    signature: "ss",
    values: ["org.freedesktop.Secret.Collection", name],
    returns: "v",
  });
  return (variant as Variant).value;
}

async function defaultCollection(session: Pick<Session, "bus">): Promise<string> {
  const [collection] = await ask(session, SERVICE_PATH, "Service", "ReadAlias", {
    signature: "s",
    values: ["default"],
    returns: "o",
  });
  return collection as string;
}

async function createItem(
  session: Session,
  label: string,
  attributes: [string, string][],
  secret: readonly Value[],
): Promise<void> {
  const collection = await defaultCollection(session);
  if (collection === NOTHING) throw new DBusError(NO_COLLECTION, "no default collection");
  await unlock(session, [collection]);
  const properties = [
    ["org.freedesktop.Secret.Item.Label", { signature: "s", value: label }],
    ["org.freedesktop.Secret.Item.Attributes", { signature: "a{ss}", value: attributes }],
  ];
  // To replace: another process may have created it since we looked.
  const [, prompt] = await ask(session, collection, "Collection", "CreateItem", {
    signature: "a{sv}(oayays)b",
    values: [properties, secret, true],
    returns: "oo",
  });
  await answerPrompt(session, prompt as string);
}

/** Nothing happens to what is unlocked. @throws PROMPT_DISMISSED */
async function unlock(session: Pick<Session, "bus">, paths: readonly string[]): Promise<void> {
  const [, prompt] = await ask(session, SERVICE_PATH, "Service", "Unlock", {
    signature: "ao",
    values: [paths],
    returns: "aoo",
  });
  await answerPrompt(session, prompt as string);
}

/** Shows the prompt, if there is one, and waits for the person. @throws PROMPT_DISMISSED */
async function answerPrompt(session: Pick<Session, "bus">, prompt: string): Promise<void> {
  if (prompt === NOTHING) return;
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
