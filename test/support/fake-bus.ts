import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  align,
  decodeValues,
  encodeValues,
  type Value,
  type Variant,
} from "../../src/stores/keychain/dbus/values.ts";

/** A method call that came in. */
export type BusCall = { path: string; member: string; signature: string; body: Buffer };

/** What comes back: values, an error's name, or nothing ever. */
export type BusAnswer =
  | { signature: string; values: readonly Value[] }
  | { error: string }
  | "silence";

export type FakeBus = {
  env: { DBUS_SESSION_BUS_ADDRESS: string };
  /** Members in the order in which they were called, `Hello` included. */
  members: string[];
  /** What clients want to hear. */
  rules: string[];
  /** Sends a signal to every client. */
  signal(
    path: string,
    interfaceName: string,
    member: string,
    signature: string,
    values: readonly Value[],
  ): void;
  /** Sends these bytes as they are to every client. */
  send(bytes: Uint8Array): void;
  hangUp(): void;
  /** How many are connected. */
  clients(): number;
  close(): Promise<void>;
};

/** A message bus on which `answer` is everybody. It lets everyone in, and says every word in two pieces. */
export async function startFakeBus(answer: (call: BusCall) => BusAnswer): Promise<FakeBus> {
  const folder = mkdtempSync(join(tmpdir(), "awsrole-bus-"));
  const path = join(folder, "bus");
  const clients = new Set<Socket>();
  const members: string[] = [];
  const rules: string[] = [];
  let sending = Promise.resolve();
  const send = (bytes: Uint8Array, to: Iterable<Socket> = clients) => {
    sending = sending.then(async () => {
      for (const client of to) client.write(bytes.subarray(0, 5));
      await new Promise((resolve) => setImmediate(resolve));
      for (const client of to) client.write(bytes.subarray(5));
    });
  };
  const server = createServer((client) => {
    clients.add(client);
    client.on("error", () => {}).on("close", () => clients.delete(client));
    let bytes = Buffer.alloc(0);
    let isLetIn = false;
    client.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!isLetIn) {
        const begin = bytes.indexOf("BEGIN\r\n");
        if (begin < 0) return;
        isLetIn = true;
        bytes = bytes.subarray(begin + "BEGIN\r\n".length);
        client.write("DATA\r\nOK 0123456789abcdef\r\n");
      }
      let replies = Buffer.alloc(0);
      for (let message; (message = takeMessage(bytes)); bytes = bytes.subarray(message.length)) {
        members.push(message.call.member);
        if (message.call.member === "AddMatch")
          rules.push(decodeValues("s", message.call.body, true)[0] as string);
        const answered: BusAnswer =
          message.call.member === "Hello" || message.call.member === "AddMatch"
            ? { signature: "", values: [] }
            : answer(message.call);
        if (answered !== "silence")
          replies = Buffer.concat([replies, encodeReply(message.serial, answered)]);
      }
      if (replies.length > 0) send(replies, [client]);
    });
  });
  server.listen(path);
  await once(server, "listening");
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` },
    members,
    rules,
    signal: (objectPath, interfaceName, member, signature, values) =>
      send(
        encodeMessage(
          4,
          [
            [1, "o", objectPath],
            [2, "s", interfaceName],
            [3, "s", member],
          ],
          signature,
          values,
        ),
      ),
    send,
    clients: () => clients.size,
    hangUp: () => {
      for (const client of clients) client.destroy();
    },
    close: async () => {
      for (const client of clients) client.destroy();
      server.close();
      await once(server, "close");
      rmSync(folder, { recursive: true });
    },
  };
}

function takeMessage(bytes: Buffer): { call: BusCall; serial: number; length: number } | undefined {
  if (bytes.length < 16) return undefined;
  const [bodyBytes, , fieldBytes] = decodeValues("uuu", bytes.subarray(4), true) as number[];
  const bodyAt = align(16 + Number(fieldBytes), 8);
  const length = bodyAt + Number(bodyBytes);
  if (bytes.length < length) return undefined;
  const [, , , , , serial, pairs] = decodeValues("yyyyuua(yv)", bytes, true);
  const fields = new Map((pairs as [number, Variant][]).map(([code, { value }]) => [code, value]));
  const text = (code: number) => (fields.get(code) ?? "") as string;
  const call = {
    path: text(1),
    member: text(3),
    signature: text(8),
    body: bytes.subarray(bodyAt, length),
  };
  return { call, serial: serial as number, length };
}

function encodeReply(serial: number, answer: Exclude<BusAnswer, "silence">): Buffer {
  return "error" in answer
    ? encodeMessage(
        3,
        [
          [4, "s", answer.error],
          [5, "u", serial],
        ],
        "s",
        ["words of the fake"],
      )
    : encodeMessage(2, [[5, "u", serial]], answer.signature, answer.values);
}

function encodeMessage(
  type: number,
  fields: [code: number, type: string, value: Value][],
  signature: string,
  values: readonly Value[],
): Buffer {
  const body = encodeValues(signature, values);
  const all: typeof fields = signature === "" ? fields : [...fields, [8, "g", signature]];
  const pairs = all.map(([code, kind, value]) => [code, { signature: kind, value }]);
  const header = encodeValues("yyyyuua(yv)", [108, type, 0, 1, body.length, 1, pairs]);
  return Buffer.concat([header, Buffer.alloc(align(header.length, 8) - header.length), body]);
}
