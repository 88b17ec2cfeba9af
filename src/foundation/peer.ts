/**
 * Whose connection a loopback connection is. A port of 127.0.0.1 is open to every user of the machine, and Linux alone says who
 * is at the other end: /proc/net/tcp and tcp6 list every socket of the network namespace with the user that made it
 * (https://docs.kernel.org/networking/proc_net_tcp.html). The rules:
 *
 * - The row is the *other* end's: its local address is our remote one, and both addresses and both ports match. In tcp6, too, because a
 *   program with an IPv6 socket (Java's) reaches 127.0.0.1 as ::ffff:127.0.0.1.
 * - Only in state ESTABLISHED. A socket that its program has closed is listed as root's, whichever user made it.
 * - No row is another user: a connection is never admitted because it was not found.
 * - Whether rows can be relied on is tried once (`createPeerLookup`), before anything depends on it.
 */
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { endianness } from "node:os";

/** Both ends of an accepted connection, as node has them: addresses as text. */
export type ConnectionEnds = {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
};

/** Answers whose the other end of an accepted connection is. */
export type PeerLookup = {
  /** The user awsrole runs as. */
  readonly ownUid: number;
  /** The user at the other end; undefined when no row says so, which is to be treated as another user. Never rejects. */
  uidOf(connection: ConnectionEnds): Promise<number | undefined>;
};

/** The text of a file below /proc; throws when there is none. */
export type ReadProc = (path: string) => string;

const readProc: ReadProc = (path) => readFileSync(path, "utf8");

const established = "01";
/** A row can be missed while others of its hash bucket go away between two reads of the file. */
const attempts = 3;
/** The connection to ourselves is made within microseconds, or not at all. */
const probeWithinMs = 1000;

/**
 * The lookup, after it has recognized a connection of our own; undefined where the owners of connections cannot be seen: other systems than
 * Linux, no /proc, WSL (Windows programs arrive as root), or a user namespace in which we are the user that all others are shown as.
 */
export async function createPeerLookup(
  platform: NodeJS.Platform,
  read: ReadProc = readProc,
): Promise<PeerLookup | undefined> {
  const ownUid = process.getuid?.();
  if (platform !== "linux" || ownUid === undefined || isWsl(read) || isOverflowUid(ownUid, read))
    return undefined;
  const lookup = { ownUid, uidOf: createUidOf(read) };
  return (await isOwnConnectionSeen(lookup)) ? lookup : undefined;
}

/**
 * The kernel walks its whole table of sockets for one read (3 to 13 ms). So connections that are asked about together share one, and a herd
 * of them spends no more than a fifth of the time on reading.
 */
function createUidOf(read: ReadProc): PeerLookup["uidOf"] {
  let pending: Promise<SocketTables> | undefined;
  let nextAt = 0;
  const readTogether = (): Promise<SocketTables> =>
    (pending ??= new Promise((resolve) => {
      const start = (): void => {
        pending = undefined;
        const startedAt = performance.now();
        const tables = readTables(read);
        nextAt = performance.now() + 4 * (performance.now() - startedAt);
        resolve(tables);
      };
      const waitMs = nextAt - performance.now();
      if (waitMs > 0) setTimeout(start, waitMs);
      else setImmediate(start);
    }));
  return async (connection) => {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const uid = findUid(connection, await readTogether());
      if (uid !== undefined) return uid;
    }
    return undefined;
  };
}

type SocketTables = { readonly tcp: string; readonly tcp6: () => string };

/** The second is read when it is needed: few programs have IPv6 sockets. */
function readTables(read: ReadProc): SocketTables {
  let tcp6: string | undefined;
  return {
    tcp: readOrEmpty("/proc/net/tcp", read),
    tcp6: () => (tcp6 ??= readOrEmpty("/proc/net/tcp6", read)),
  };
}

function readOrEmpty(path: string, read: ReadProc): string {
  try {
    return read(path);
  } catch {
    return "";
  }
}

/** The user of the row that is the other end of `connection`, by the rules above. */
function findUid(
  { localAddress, localPort, remoteAddress, remotePort }: ConnectionEnds,
  { tcp, tcp6 }: SocketTables,
): number | undefined {
  const ours = bytesOf(localAddress);
  const theirs = bytesOf(remoteAddress);
  if (ours === undefined || theirs === undefined || !localPort || !remotePort) return undefined;
  const rowIn = (table: string, skippedBytes: number): number | undefined =>
    uidOfRow(
      table,
      endOf(theirs.subarray(skippedBytes), remotePort),
      endOf(ours.subarray(skippedBytes), localPort),
    );
  return rowIn(tcp, 12) ?? rowIn(tcp6(), 0);
}

/** `sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid …` */
function uidOfRow(table: string, local: string, remote: string): number | undefined {
  const wanted = ` ${local} ${remote} ${established} `;
  const at = table.indexOf(wanted);
  if (at === -1) return undefined;
  const [, , , uid = ""] = table.slice(at + wanted.length).split(/ +/, 4);
  return /^\d+$/.test(uid) ? Number(uid) : undefined;
}

/** As the kernel prints it: 32-bit words of the address in the machine's byte order, then the port. */
function endOf(address: Buffer, port: number): string {
  const words = Buffer.from(address);
  if (endianness() === "LE") words.swap32();
  return `${words.toString("hex")}:${port.toString(16).padStart(4, "0")}`.toUpperCase();
}

/** A loopback address as 16 bytes, IPv4 mapped; undefined for any other. */
function bytesOf(address: string | undefined): Buffer | undefined {
  if (address === "::1") return Buffer.from(`${"00".repeat(15)}01`, "hex");
  const parts = /^(?:::ffff:)?(127)\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address ?? "");
  if (parts === null) return undefined;
  return Buffer.from([...Array<number>(10).fill(0), 255, 255, ...parts.slice(1).map(Number)]);
}

/** Of both versions: the relay for Windows programs runs as root in version 2, and version 1 has no such table. */
function isWsl(read: ReadProc): boolean {
  return /microsoft|wsl/i.test(readOrEmpty("/proc/sys/kernel/osrelease", read));
}

/** In a user namespace, users that are not mapped into it are all listed as this one. */
function isOverflowUid(uid: number, read: ReadProc): boolean {
  return uid === Number(readOrEmpty("/proc/sys/kernel/overflowuid", read) || 65_534);
}

/** Connects to ourselves, and looks whether that is seen as ours. */
async function isOwnConnectionSeen(lookup: PeerLookup): Promise<boolean> {
  const server = createServer();
  const sockets: Socket[] = [];
  const keep = (socket: Socket): Socket => {
    sockets.push(socket.on("error", () => {}));
    return socket;
  };
  try {
    return await new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(false), probeWithinMs).unref();
      server
        .once("error", () => resolve(false))
        .once("connection", (accepted) => {
          lookup.uidOf(keep(accepted)).then(
            (uid) => resolve(uid === lookup.ownUid),
            () => resolve(false),
          );
        })
        .listen(0, "127.0.0.1", () => {
          keep(connect((server.address() as AddressInfo).port, "127.0.0.1"));
        });
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
