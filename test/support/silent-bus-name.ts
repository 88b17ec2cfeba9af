import { once } from "node:events";
import { connect } from "node:net";

/**
 * Owns `name` on the D-Bus at `socket` and never answers what is sent to it: a prompter that shows a window nobody sees.
 * Returns the function that lets go of the name. (No tool that every Debian has can do this, and the wire format is small.)
 */
export async function ownSilentBusName(socket: string, name: string): Promise<() => void> {
  const connection = connect(socket);
  connection.on("error", () => {});
  await once(connection, "connect");
  const uid = Buffer.from(String(process.getuid?.())).toString("hex");
  connection.write(`\0AUTH EXTERNAL ${uid}\r\n`);
  await once(connection, "data");
  connection.write("BEGIN\r\n");
  connection.write(busCall(1, "Hello"));
  await once(connection, "data");
  connection.write(busCall(2, "RequestName", name));
  await once(connection, "data");
  connection.resume();
  return () => connection.destroy();
}

/** A call to the bus itself; with `name`, its body is (string, uint32 0). */
function busCall(serial: number, member: string, name?: string): Buffer {
  const body = name === undefined ? Buffer.alloc(0) : aligned(4, text(name), uint32(0));
  const fields = aligned(
    8,
    field(1, "o", text("/org/freedesktop/DBus")),
    field(2, "s", text("org.freedesktop.DBus")),
    field(3, "s", text(member)),
    field(6, "s", text("org.freedesktop.DBus")),
    ...(name === undefined ? [] : [field(8, "g", signature("su"))]),
  );
  const start = Buffer.concat([
    Buffer.from(["l".charCodeAt(0), 1, 0, 1]),
    uint32(body.length),
    uint32(serial),
  ]);
  return Buffer.concat([
    aligned(8, Buffer.concat([start, uint32(fields.length), fields]), Buffer.alloc(0)),
    body,
  ]);
}

function field(code: number, type: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([code]), signature(type), value]);
}

function signature(type: string): Buffer {
  return Buffer.from([type.length, ...Buffer.from(type), 0]);
}

function text(value: string): Buffer {
  return Buffer.concat([uint32(Buffer.byteLength(value)), Buffer.from(`${value}\0`)]);
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

/** Joins the pieces, each starting at a multiple of `boundary`. */
function aligned(boundary: number, ...pieces: Buffer[]): Buffer {
  return pieces.reduce((all, piece) =>
    Buffer.concat([all, Buffer.alloc((boundary - (all.length % boundary)) % boundary), piece]),
  );
}
