/**
 * A real keychain that is nobody's: a D-Bus daemon and a gnome-keyring-daemon of our own, with a fresh HOME. The session of
 * the person who runs the tests is never touched: the bus knows no service files, so it cannot start anything by itself.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connectToSessionBus } from "../../src/stores/keychain/dbus/connection.ts";
import { ownSilentBusName } from "./silent-bus-name.ts";

export { keychainSkipReason } from "./needed-programs.ts";

const run = promisify(execFile);

export type KeychainItem = { label: string; attributes: Record<string, string> };

export type KeychainDaemon = {
  /** For children, and complete: also the variables that would lead to the real session are set or removed. */
  env: NodeJS.ProcessEnv;
  /** The keyring's own HOME: the only place where secrets may lie on disk. */
  home: string;
  /** Locks the collection; nobody can unlock it, for there is no display to ask on. */
  lock(): Promise<void>;
  /** A program that asks for a locked item now waits for a prompt that is never answered. */
  ignorePrompts(): Promise<void>;
  /** Stops the keyring daemon as Ctrl-Z would; `resume` lets it run again. */
  hang(): void;
  resume(): void;
  /** Ends the keyring daemon at once and starts another on the same bus, with the same items. */
  restart(): Promise<void>;
  /** Labels and attributes as every program on the bus can see them. */
  items(): Promise<KeychainItem[]>;
  itemCount(): Promise<number>;
  /** Another collection, unlocked, with a password. */
  createCollection(label: string): Promise<void>;
  /** How many items the collection of this label has. */
  itemsOf(label: string): Promise<number>;
  /** Everything `secret-tool` prints for all items of awsrole, secrets included: for scanning. */
  dump(): Promise<string>;
  stop(): Promise<void>;
};

export type KeychainDaemonOptions = {
  /** False: as after a login without a password, the collection exists and is locked. */
  unlocked?: boolean;
  /** "none": a session bus on which no keychain answers; "no-keyring": a keychain in which there is no keyring yet. */
  provider?: "gnome-keyring" | "no-keyring" | "none";
};

/** Starts a private keychain. Children reach it through `env`; this process with `Object.assign(process.env, env)` before
 * the native library is first used (libdbus remembers the first address it saw). */
export async function startKeychainDaemon(
  options: KeychainDaemonOptions = {},
): Promise<KeychainDaemon> {
  const home = mkdtempSync(join(tmpdir(), "awsrole-keychain-"));
  const runtime = join(home, "run");
  mkdirSync(runtime, { mode: 0o700 });
  const socket = join(runtime, "bus");
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: home,
    XDG_DATA_HOME: join(home, "data"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_CACHE_HOME: join(home, "cache"),
    XDG_STATE_HOME: join(home, "state"),
    XDG_RUNTIME_DIR: runtime,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}`,
    DISPLAY: undefined,
    WAYLAND_DISPLAY: undefined,
    GNOME_KEYRING_CONTROL: undefined,
    SSH_AUTH_SOCK: undefined,
  };
  for (const name of Object.keys(env)) if (env[name] === undefined) delete env[name];
  const children: ChildProcess[] = [];
  const complaints = join(home, "complaints");
  const hangUps: (() => void)[] = [];
  const killAll = () => {
    for (const child of children) child.kill("SIGKILL");
  };
  process.once("exit", killAll);

  writeFileSync(join(home, "bus.conf"), busConfig(socket));
  const bus = spawn("dbus-daemon", [`--config-file=${join(home, "bus.conf")}`, "--nofork"], {
    env,
    stdio: "ignore",
  });
  children.push(bus);

  let keyring: ChildProcess | undefined;
  const startKeyring = async () => {
    const stderr = openSync(complaints, "a");
    keyring = spawn("gnome-keyring-daemon", ["--foreground", "--unlock", "--components=secrets"], {
      env,
      stdio: ["pipe", "ignore", stderr],
    });
    closeSync(stderr);
    children.push(keyring);
    keyring.stdin?.end("a password");
    await until("the keyring has a login collection", () =>
      property(env, COLLECTION, "Collection", "Label"),
    );
  };
  // gnome-keyring-daemon asks for the bus once, when it starts: without a bus it runs on, and offers nothing.
  await until("the bus answers", () =>
    run("gdbus", ["introspect", "--session", "-d", "org.freedesktop.DBus", "-o", "/"], { env }),
  );
  if (options.provider === "no-keyring") {
    const daemon = ["--foreground", "--components=secrets"];
    keyring = spawn("gnome-keyring-daemon", daemon, { env, stdio: "ignore" });
    children.push(keyring);
    await until("the keychain answers", () => property(env, SERVICE, "Service", "Collections"));
  } else if (options.provider !== "none") {
    await startKeyring();
  }

  /** What is measured after that is worth nothing. */
  const endedByItself = (): string | undefined =>
    (keyring?.signalCode ?? keyring?.exitCode ?? undefined) !== undefined
      ? `gnome-keyring-daemon ended by itself (${keyring?.signalCode ?? keyring?.exitCode}): ${readFileSync(complaints, "utf8").slice(-2000)}`
      : undefined;
  const daemon: KeychainDaemon = {
    env,
    home,
    lock: async () => void (await gdbus(env, SERVICE, "Service.Lock", `['${COLLECTION}']`)),
    ignorePrompts: async () => {
      hangUps.push(await ownSilentBusName(socket, "org.gnome.keyring.SystemPrompter"));
    },
    hang: () => void keyring?.kill("SIGSTOP"),
    resume: () => void keyring?.kill("SIGCONT"),
    restart: async () => {
      const ended = new Promise((resolve) => keyring?.once("exit", resolve));
      keyring?.kill("SIGKILL");
      await ended;
      await startKeyring();
    },
    items: async () => {
      const paths = quoted(await property(env, COLLECTION, "Collection", "Items"));
      return Promise.all(
        paths.map(async (path) => {
          const [label = ""] = quoted(await property(env, path, "Item", "Label"));
          const attributes = quoted(await property(env, path, "Item", "Attributes"));
          const pairs = attributes.flatMap((name, i) =>
            i % 2 === 0 ? [[name, attributes[i + 1] ?? ""]] : [],
          );
          return { label, attributes: Object.fromEntries(pairs) };
        }),
      );
    },
    itemCount: async () => {
      const ended = endedByItself();
      if (ended !== undefined) throw new Error(ended);
      return quoted(await property(env, COLLECTION, "Collection", "Items")).length;
    },
    createCollection: (label) => createCollection(env, label),
    itemsOf: async (label) => {
      const path = `${SERVICE}/collection/${label}`;
      return quoted(await property(env, path, "Collection", "Items")).length;
    },
    dump: async () => {
      const { stdout, stderr } = await run(
        "secret-tool",
        ["search", "--all", "service", "awsrole"],
        { env },
      );
      return stdout + stderr;
    },
    stop: async () => {
      for (const hangUp of hangUps) hangUp();
      const ended = endedByItself();
      if (ended !== undefined) console.error(ended);
      const exits = children
        .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
        .map((child) => new Promise((resolve) => child.once("exit", resolve)));
      killAll();
      await Promise.all(exits);
      process.off("exit", killAll);
      rmSync(home, { recursive: true, force: true });
    },
  };
  if (options.unlocked === false) await daemon.lock();
  return daemon;
}

const SERVICE = "/org/freedesktop/secrets";
const COLLECTION = `${SERVICE}/collection/login`;

/** Nothing but a bus: no service folders, and room for many processes. */
function busConfig(socket: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${socket}</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
<limit name="max_connections_per_user">2000</limit><limit name="max_completed_connections">2000</limit>
</busconfig>
`;
}

async function property(
  env: NodeJS.ProcessEnv,
  path: string,
  kind: string,
  name: string,
): Promise<string> {
  return gdbus(
    env,
    path,
    "org.freedesktop.DBus.Properties.Get",
    `org.freedesktop.Secret.${kind}`,
    name,
  );
}

async function gdbus(
  env: NodeJS.ProcessEnv,
  path: string,
  method: string,
  ...parameters: string[]
): Promise<string> {
  const name = method.startsWith("org.") ? method : `org.freedesktop.Secret.${method}`;
  const target = ["call", "--session", "-d", "org.freedesktop.secrets", "-o", path, "-m", name];
  return (await run("gdbus", [...target, ...parameters], { env })).stdout;
}

/** As Seahorse does it where no prompt can be shown: by gnome-keyring's own interface, in a session of the same client. */
async function createCollection(env: NodeJS.ProcessEnv, label: string): Promise<void> {
  const bus = await connectToSessionBus(env);
  const service = { destination: "org.freedesktop.secrets", path: SERVICE };
  const attributes = [
    ["org.freedesktop.Secret.Collection.Label", { signature: "s", value: label }],
  ];
  const secrets = "org.freedesktop.Secret.Service";
  // The search comes first (secret-service.ts).
  const search = { interface: secrets, member: "SearchItems", signature: "a{ss}", values: [[]] };
  await bus.call({ ...service, ...search, returns: "aoao" });
  const [, session = ""] = await bus.call({
    ...service,
    interface: secrets,
    member: "OpenSession",
    signature: "sv",
    values: ["plain", { signature: "s", value: "" }],
    returns: "vo",
  });
  await bus.call({
    ...service,
    interface: "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface",
    member: "CreateWithMasterPassword",
    signature: "a{sv}(oayays)",
    values: [attributes, [session, new Uint8Array(), Buffer.from("a password"), "text/plain"]],
    returns: "o",
  });
  bus.close();
}

/** The strings in a value as gdbus prints it. */
function quoted(text: string): string[] {
  return [...text.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
}

async function until(what: string, attempt: () => Promise<unknown>): Promise<void> {
  const giveUpAt = Date.now() + 120_000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (cause) {
      if (Date.now() > giveUpAt) throw new Error(`gave up waiting: ${what}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
