import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { endianness } from "node:os";
import { describe, expect, it } from "vitest";
import { createPeerLookup, type PeerLookup, type ReadProc } from "../../../src/foundation/peer.ts";

const ownUid = process.getuid?.() ?? -1;
const header =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
/** 127.0.0.1:8080 as the server sees a client at port 40000. */
const connection = {
  localAddress: "127.0.0.1",
  localPort: 0x1f90,
  remoteAddress: "127.0.0.1",
  remotePort: 0x9c40,
};

function row(local: string, remote: string, state: string, uid: number): string {
  return `   1: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 12345 1 ffff 20 4 30 10 -1\n`;
}

/** A lookup of a machine with these rows (`tcp`, `tcp6`), after it has seen its own connection in the real tables. */
async function lookupIn(
  tables: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>> = {},
): Promise<PeerLookup | undefined> {
  let isReal = true;
  const { readFileSync } = await import("node:fs");
  const read: ReadProc = (path) => {
    const other = others[path];
    if (other !== undefined) return other;
    if (isReal || !path.startsWith("/proc/net/")) return readFileSync(path, "utf8");
    const table = tables[path.replace("/proc/net/", "")];
    if (table === undefined) throw new Error("ENOENT");
    return header + table;
  };
  const lookup = await createPeerLookup("linux", read);
  isReal = false;
  return lookup;
}

describe.skipIf(process.platform !== "linux" || endianness() !== "LE")(
  "whose a connection is (rows of little-endian Linux)",
  () => {
    const theirs = "0100007F:9C40";
    const ours = "0100007F:1F90";

    it.each([
      ["is the user of the row that is the other end", row(theirs, ours, "01", 1001), 1001],
      ["is not the user of our own end's row", row(ours, theirs, "01", 1001), undefined],
      ["is not known by another port", row("0100007F:9C41", ours, "01", 1001), undefined],
      ["is not known by another address", row("0200007F:9C40", ours, "01", 1001), undefined],
      ["is not known by another port of ours", row(theirs, "0100007F:1F91", "01", 1001), undefined],
      [
        "is not known of a closed socket, which is listed as root's",
        row(theirs, ours, "04", 0),
        undefined,
      ],
      ["is not known of a socket in FIN_WAIT2", row(theirs, ours, "05", 0), undefined],
      ["is not known without a row", "", undefined],
    ])("%s", async (_, tcp, uid) => {
      const lookup = await lookupIn({ tcp, tcp6: "" });
      expect(await lookup?.uidOf(connection)).toBe(uid);
    });

    it("is found in tcp6 when the program has an IPv6 socket", async () => {
      const mapped = "0000000000000000FFFF0000";
      const tcp6 = row(`${mapped}${theirs}`, `${mapped}${ours}`, "01", 1002);
      const lookup = await lookupIn({ tcp: "", tcp6 });
      expect(await lookup?.uidOf(connection)).toBe(1002);
      expect(await lookup?.uidOf({ ...connection, remoteAddress: "::ffff:127.0.0.1" })).toBe(1002);
    });

    it("is found again after a reading that missed it", async () => {
      let readings = 0;
      const lookup = await lookupIn({
        get tcp() {
          readings += 1;
          return readings === 1 ? "" : row(theirs, ours, "01", 1001);
        },
        tcp6: "",
      });
      expect(await lookup?.uidOf(connection)).toBe(1001);
      expect(readings).toBe(2);
    });

    it("is not known where our own connection is not seen, in WSL, and to the user that all others are shown as", async () => {
      const none = { "/proc/net/tcp": header, "/proc/net/tcp6": header };
      expect(await lookupIn({}, none)).toBeUndefined();
      const release = "/proc/sys/kernel/osrelease";
      expect(
        await lookupIn({}, { [release]: "5.15.153.1-microsoft-standard-WSL2\n" }),
      ).toBeUndefined();
      expect(await lookupIn({}, { [release]: "4.4.0-19041-Microsoft\n" })).toBeUndefined();
      expect(await lookupIn({}, { "/proc/sys/kernel/overflowuid": `${ownUid}\n` })).toBeUndefined();
      expect(await lookupIn({}, {})).toMatchObject({ ownUid });
    });

    it("takes one reading for all that are asked about together", async () => {
      const { readFileSync } = await import("node:fs");
      let readings = 0;
      const lookup = await createPeerLookup("linux", (path) => {
        if (path === "/proc/net/tcp") readings += 1;
        return readFileSync(path, "utf8");
      });
      readings = 0;
      const { sockets, close } = await connectTimes(20, "127.0.0.1");
      const uids = await Promise.all(sockets.map(async (socket) => lookup?.uidOf(socket)));
      close();
      expect(new Set(uids)).toEqual(new Set([ownUid]));
      expect(readings).toBe(1);
    });
  },
);

describe.skipIf(process.platform !== "linux")("a real connection", () => {
  it.each(["127.0.0.1", "::ffff:127.0.0.1", "127.0.0.2"])(
    "to %s is seen as our own",
    async (address) => {
      const lookup = await createPeerLookup("linux");
      const { sockets, close } = await connectTimes(1, address);
      expect(await Promise.all(sockets.map(async (socket) => lookup?.uidOf(socket)))).toEqual([
        ownUid,
      ]);
      close();
    },
  );

  it("is not looked for on other systems", async () => {
    expect(await createPeerLookup("darwin")).toBeUndefined();
    expect(await createPeerLookup("win32")).toBeUndefined();
  });
});

/** Accepted ends of so many connections to a server of ours. */
async function connectTimes(
  times: number,
  address: string,
): Promise<{ sockets: readonly Socket[]; close: () => void }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  const clients: Socket[] = [];
  await new Promise<void>((resolve, reject) => {
    server.on("connection", (socket) => {
      if (sockets.push(socket) === times) resolve();
    });
    for (let at = 0; at < times; at += 1)
      clients.push(connect(port, address).once("error", reject));
  });
  return {
    sockets,
    close: () => {
      for (const socket of [...sockets, ...clients]) socket.destroy();
      server.close();
    },
  };
}
