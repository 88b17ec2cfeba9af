/**
 * The least that a cached answer could cost in this runtime: the questions that a hit asks of the bus (Hello, SearchItems, OpenSession, GetSecret), in the
 * same order, and one write. No config, no check of who owns the socket, no errors, no other byte order: a yardstick, not a program to use.
 *
 *     node floor.cjs SOCKET ITEM
 */
import { writeSync } from "node:fs";
import { connect } from "node:net";

const [socketPath = "", item = ""] = process.argv.slice(2);
const bytes = Buffer.alloc(2048);
let at = 0;
let serial = 0;
let received: Buffer = Buffer.alloc(0);
let answers = 0;
let itemPath = "";

const socket = connect({ path: socketPath }, () => {
  socket.cork();
  socket.write("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n");
  const bus = "org.freedesktop.DBus";
  call("/org/freedesktop/DBus", bus, "Hello", bus, "", () => {});
  ask("/org/freedesktop/secrets", "Service", "SearchItems", "a{ss}", () => {
    array(() => {
      for (const text of ["service", "awsrole", "username", item]) {
        if (text === "service" || text === "username") align(8);
        string(text);
      }
    }, 8);
  });
  socket.uncork();
});
socket.on("data", (chunk: Buffer) => {
  received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
  if (answers === 0 && received[0] !== 0x6c) {
    const begin = received.indexOf("OK ");
    const end = begin === -1 ? -1 : received.indexOf("\r\n", begin);
    if (end === -1) return;
    received = received.subarray(end + 2);
  }
  while (received.length >= 16) {
    const body = Math.ceil((16 + received.readUInt32LE(12)) / 8) * 8;
    const end = body + received.readUInt32LE(4);
    if (received.length < end) return;
    const type = received[1];
    if (type === 3) throw new Error("the bus answered with an error");
    if (type === 2) answered(received.subarray(body, end));
    received = received.subarray(end);
  }
});

function answered(body: Buffer): void {
  answers += 1;
  if (answers === 2) {
    itemPath = textAt(body, 4);
    ask("/org/freedesktop/secrets", "Service", "OpenSession", "sv", () => {
      string("plain");
      signature("s");
      string("");
    });
  } else if (answers === 3) {
    // A variant with an empty text comes first: its signature, then eight bytes.
    ask(itemPath, "Item", "GetSecret", "o", () => string(textAt(body, 12)));
  } else if (answers === 4) {
    const parameters = align4(4 + body.readUInt32LE(0) + 1);
    const value = align4(parameters + 4 + body.readUInt32LE(parameters));
    const secret = body.toString("utf8", value + 4, value + 4 + body.readUInt32LE(value));
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = JSON.parse(secret) as Record<
      string,
      string
    >;
    writeSync(
      1,
      `${JSON.stringify({ Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken, Expiration: expiration })}\n`,
    );
    socket.destroy();
  }
}

function ask(
  path: string,
  kind: string,
  member: string,
  signatures: string,
  write: () => void,
): void {
  const destination = "org.freedesktop.secrets";
  call(path, `org.freedesktop.Secret.${kind}`, member, destination, signatures, write);
}

function call(
  path: string,
  kind: string,
  member: string,
  destination: string,
  signatures: string,
  write: () => void,
): void {
  at = 0;
  for (const byte of [0x6c, 1, 0, 1]) bytes[at++] = byte;
  at += 4;
  number((serial += 1));
  array(() => {
    for (const [code, type, value] of [
      [1, "o", path],
      [2, "s", kind],
      [3, "s", member],
      [6, "s", destination],
      [8, "g", signatures],
    ] as const) {
      if (value === "") continue;
      align(8);
      bytes[at++] = code;
      signature(type);
      if (type === "g") signature(value);
      else string(value);
    }
  }, 8);
  align(8);
  const body = at;
  write();
  bytes.writeUInt32LE(at - body, 4);
  socket.write(Buffer.from(bytes.subarray(0, at)));
}

function align(to: number): void {
  while (at % to !== 0) bytes[at++] = 0;
}

function align4(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}

function number(value: number): void {
  align(4);
  at = bytes.writeUInt32LE(value, at);
}

function array(write: () => void, elements: number): void {
  number(0);
  const length = at - 4;
  align(elements);
  const start = at;
  write();
  bytes.writeUInt32LE(at - start, length);
}

function string(text: string): void {
  number(Buffer.byteLength(text));
  at += bytes.write(text, at);
  bytes[at++] = 0;
}

function signature(text: string): void {
  bytes[at++] = text.length;
  at += bytes.write(text, at);
  bytes[at++] = 0;
}

function textAt(body: Buffer, offset: number): string {
  return body.toString("utf8", offset + 4, offset + 4 + body.readUInt32LE(offset));
}
