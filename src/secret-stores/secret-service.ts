/**
 * Items in the Secret Service: GNOME's keyring, KWallet, KeePassXC, behind the session's D-Bus.
 *
 * Source: freedesktop.org's Secret Service API, draft 0.2. Items have the attributes and the label that `@napi-rs/keyring` gives them,
 * so that what earlier versions stored is found.
 *
 * Secrets cross the bus as they are (the API's algorithm "plain"). Who can read along on the user's own bus runs as that user
 * and can ask for the secret itself; the key exchange costs both sides several milliseconds.
 */
import { type Bus, openSessionBus } from "./d-bus.ts";
import { DBusError, NO_COLLECTION, PROMPT_DISMISSED } from "./d-bus-error.ts";
import type { Value } from "./d-bus-values.ts";
import type { ByteItems } from "./spread-items.ts";

/**
 * The items of `service`, found by their `username`. Nothing is connected before the first call; after an error the next call
 * connects anew. Locked items are unlocked, which may show a prompt and then takes as long as a person does.
 * @throws DBusError
 */
export function secretServiceItems(
  service: string,
  env: Readonly<Record<string, string | undefined>>,
): ByteItems {
  let opened: Session | undefined;

  async function inSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = (opened ??= openSession(openSessionBus(env)));
    try {
      return await work(session);
    } catch (error) {
      if (opened === session) opened = undefined;
      throw error;
    }
  }
  const attributesOf = (account: string): [string, string][] => [
    ["service", service],
    ["username", account],
  ];

  return {
    get: (account) =>
      inSession(async (session) => {
        const [path, [item]] = await Promise.all([
          session.path,
          findItems(session, attributesOf(account)),
        ]);
        if (item === undefined) return undefined;
        const [secret] = await ask(session, item, "Item", "GetSecret", {
          signature: "o",
          values: [path],
          returns: "(oayays)",
        });
        return (secret as Value[])[2] as Uint8Array;
      }),
    set: (account, bytes) =>
      inSession(async (session) => {
        const attributes = attributesOf(account);
        const [path, [item]] = await Promise.all([session.path, findItems(session, attributes)]);
        const secret = [path, new Uint8Array(), bytes, "application/octet-stream"];
        if (item === undefined) {
          return createItem(session, `keyring:${account}@${service}`, attributes, secret);
        }
        await ask(session, item, "Item", "SetSecret", {
          signature: "(oayays)",
          values: [secret],
        });
      }),
    delete: (account) =>
      inSession(async (session) => {
        const items = await findItems(session, attributesOf(account));
        for (const item of items) {
          const [prompt] = await ask(session, item, "Item", "Delete", { returns: "o" });
          await answerPrompt(session, prompt as string);
        }
        return items.length > 0;
      }),
  };
}

/** A connection that the daemon knows, and the path of the session on it, in which secrets are handed over. */
type Session = { readonly bus: Promise<Bus>; readonly path: Promise<string> };

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
  const secretInterface = `org.freedesktop.Secret.${kind}`;
  return bus.call({
    destination: DESTINATION,
    path,
    interface: secretInterface,
    member,
    ...parameters,
  });
}

function openSession(unknown: Bus): Session {
  const bus = introduce(unknown);
  const path = ask({ bus }, SERVICE_PATH, "Service", "OpenSession", {
    signature: "sv",
    values: ["plain", { signature: "s", value: "" }],
    returns: "vo",
  }).then(([, session]) => session as string);
  // Whoever needs it is told.
  path.catch(() => {});
  return { bus, path };
}

/**
 * gnome-keyring-daemon (seen with 42, reported up to 50) notes a new client in one thread and serves it in another. Where `OpenSession` is the first that
 * it hears of a client, and several clients come at once, it soon serves one that it has not noted yet, and ends ("assertion 'client'
 * failed"). A property that needs no client, asked and answered before, makes that impossible.
 */
async function introduce(bus: Bus): Promise<Bus> {
  await bus.call({
    destination: DESTINATION,
    path: SERVICE_PATH,
    interface: "org.freedesktop.DBus.Properties",
    member: "Get",
    signature: "ss",
    values: ["org.freedesktop.Secret.Service", "Collections"],
  });
  return bus;
}

/** Paths of the items with these attributes, unlocked. */
async function findItems(session: Session, attributes: [string, string][]): Promise<string[]> {
  const [open, locked] = (await ask(session, SERVICE_PATH, "Service", "SearchItems", {
    signature: "a{ss}",
    values: [attributes],
    returns: "aoao",
  })) as [string[], string[]];
  if (open.length > 0 || locked.length === 0) return open;
  await unlock(session, locked);
  return locked;
}

async function createItem(
  session: Session,
  label: string,
  attributes: [string, string][],
  secret: readonly Value[],
): Promise<void> {
  const [collection] = (await ask(session, SERVICE_PATH, "Service", "ReadAlias", {
    signature: "s",
    values: ["default"],
    returns: "o",
  })) as [string];
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
  const bus = await session.bus;
  const [[isDismissed]] = await Promise.all([
    bus.signal({
      path: prompt,
      interface: "org.freedesktop.Secret.Prompt",
      member: "Completed",
      returns: "b",
    }),
    ask(session, prompt, "Prompt", "Prompt", { signature: "s", values: [""] }),
  ]);
  if (isDismissed === true) throw new DBusError(PROMPT_DISMISSED, "the prompt was dismissed");
}
