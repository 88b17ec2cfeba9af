/**
 * A client of the session's message bus, as far as the Secret Service needs one: method calls, their answers, and signals.
 *
 * Source: the D-Bus specification 0.43 (message protocol, EXTERNAL authentication, server addresses). Only unix sockets: that is what
 * session buses listen on.
 */
import type { Environment } from "../../../foundation/environment.ts";
import { connect, type Socket } from "node:net";
import { sinceStartMs } from "../../../foundation/deadline.ts";
import { BUS_REFUSED, CONNECTION_LOST, DBusError } from "./error.ts";
import { refusalOf, sessionBusPlaces } from "./address.ts";
import { align, decodeValues, encodeValues, type Value, type Variant } from "./values.ts";

export type MethodCall = {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** What goes in: its signature, then the values. */
  readonly signature?: string;
  readonly values?: readonly Value[];
  /** The signature of the answer's values that are wanted, from the first on. */
  readonly returns?: string;
};

export type Signal = Pick<MethodCall, "path" | "interface" | "member" | "returns"> & {
  readonly sender: string;
  /** Only those whose first value is this; the bus sees to that. */
  readonly arg0?: string;
};

/** A connection; it keeps no process alive. Each caller that waits for an answer has its own timer. */
export type Bus = {
  /** The answer's values. @throws DBusError: the other side's, or CONNECTION_LOST. */
  call(call: MethodCall): Promise<Value[]>;
  /** The values of the next such signal; ask for it before what sets it off. */
  signal(signal: Signal): Promise<Value[]>;
  /** Calls that still wait get CONNECTION_LOST. */
  close(): void;
};

export const MESSAGE_BUS = "org.freedesktop.DBus";
export const MESSAGE_BUS_PATH = "/org/freedesktop/DBus";

/** Connects to the first bus that is ours (address.ts). @throws DBusError CONNECTION_LOST, BUS_REFUSED where the only ones named are not ours. */
export async function connectToSessionBus(env: Environment): Promise<Bus> {
  const waiting = new Map<number, (answer: Message | DBusError) => void>();
  const listeners = new Set<(message: Message | DBusError) => void>();
  let lost: DBusError | undefined;
  let serial = 0;

  const socket = await connectToOurs(env);
  const lose = (cause?: unknown) => {
    lost ??= lostConnection(cause);
    socket.destroy();
    for (const settle of [...waiting.values(), ...listeners]) settle(lost);
    waiting.clear();
    listeners.clear();
  };
  socket.on("error", lose).on("close", () => lose());
  receive(socket, lose, (message) => {
    if (message.type === SIGNAL) for (const listener of listeners) listener(message);
    if (message.type !== METHOD_RETURN && message.type !== ERROR) return;
    const settle = waiting.get(message.replySerial);
    waiting.delete(message.replySerial);
    settle?.(message);
  });
  // All in one: the bus takes what follows `BEGIN` once it has let us in, and hangs up if it does not.
  socket.cork();
  process.nextTick(() => socket.uncork());
  socket.write("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n");
  const call = ({ signature = "", values = [], returns = "", ...header }: MethodCall) =>
    new Promise<Value[]>((resolve, reject) => {
      if (lost !== undefined) return reject(lost);
      waiting.set(++serial, settleWith(returns, resolve, reject));
      socket.write(encodeCall(serial, header, signature, values));
    });
  const onBus = (member: string, values: readonly string[] = []) =>
    call({
      destination: MESSAGE_BUS,
      path: MESSAGE_BUS_PATH,
      interface: MESSAGE_BUS,
      member,
      signature: "s".repeat(values.length),
      values,
    });
  onBus("Hello").catch(lose);

  return {
    call,
    signal: ({ returns = "", sender, arg0, ...wanted }) =>
      new Promise((resolve, reject) => {
        const settle = settleWith(returns, resolve, reject);
        const listener = (message: Message | DBusError) => {
          const isWanted =
            message instanceof DBusError ||
            (message.path === wanted.path &&
              message.interface === wanted.interface &&
              message.member === wanted.member);
          if (!isWanted) return;
          listeners.delete(listener);
          settle(message);
        };
        listeners.add(listener);
        const rule = Object.entries({ type: "signal", sender, ...wanted, ...(arg0 && { arg0 }) });
        onBus("AddMatch", [rule.map(([key, value]) => `${key}='${value}'`).join()]).catch(reject);
      }),
    close: () => lose(),
  };
}

/** Nothing is sent to a socket that may be another user's: a listener there would be given the secrets. */
async function connectToOurs(env: Readonly<Record<string, string | undefined>>): Promise<Socket> {
  let refused: string | undefined;
  let lost: unknown;
  for (const place of sessionBusPlaces(env)) {
    const refusal = refusalOf(place);
    if (refusal !== undefined || place.kind !== "socket") {
      if (refusal?.absent === false) refused ??= refusal.why;
      continue;
    }
    try {
      return await connectTo(place.path);
    } catch (error) {
      lost ??= error;
    }
  }
  if (refused !== undefined) throw new DBusError(BUS_REFUSED, refused, { cause: lost });
  throw lost ?? new DBusError(CONNECTION_LOST, "no session bus socket found");
}

/** A connection to the socket; tries again while the bus has no room for it. @throws DBusError CONNECTION_LOST */
async function connectTo(path: string): Promise<Socket> {
  const giveUpAt = sinceStartMs() + BUSY_MS;
  for (;;) {
    const socket = connect({ path });
    // The process may end while the other side is silent.
    socket.unref();
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve).once("error", reject);
      });
      return socket;
    } catch (error) {
      const isBusy = (error as NodeJS.ErrnoException).code === "EAGAIN";
      if (!isBusy || sinceStartMs() > giveUpAt) throw lostConnection(error);
    }
    // More clients than the bus has room for in its queue: it takes them in one by one.
    await new Promise((resolve) => setTimeout(resolve, 10).unref());
  }
}

function lostConnection(cause: unknown): DBusError {
  return new DBusError(CONNECTION_LOST, "the session's D-Bus cannot be reached", { cause });
}

/** How long a bus may be too busy to connect to: less than a caller waits, who is to be told why. */
const BUSY_MS = 5000;

type Message = {
  readonly type: number;
  readonly replySerial: number;
  readonly path: unknown;
  readonly interface: unknown;
  readonly member: unknown;
  readonly errorName: unknown;
  readonly signature: string;
  readonly body: Buffer;
  readonly isLittleEndian: boolean;
};

const METHOD_CALL = 1;
const METHOD_RETURN = 2;
const ERROR = 3;
const SIGNAL = 4;
const PROTOCOL_VERSION = 1;
const LITTLE_ENDIAN = "l".charCodeAt(0);
/** Field codes of the header. */
const PATH = 1;
const INTERFACE = 2;
const MEMBER = 3;
const ERROR_NAME = 4;
const REPLY_SERIAL = 5;
const DESTINATION = 6;
const SIGNATURE = 8;
/** The bytes before the header's fields, and the specification's limit for a message. */
const FIXED_BYTES = 16;
const MAX_BYTES = 1 << 27;

function encodeCall(
  serial: number,
  call: Pick<MethodCall, "destination" | "path" | "interface" | "member">,
  signature: string,
  values: readonly Value[],
): Buffer {
  const body = encodeValues(signature, values);
  const field = (code: number, type: string, value: string): Value => [
    code,
    { signature: type, value },
  ];
  const fields = [
    field(PATH, "o", call.path),
    field(INTERFACE, "s", call.interface),
    field(MEMBER, "s", call.member),
    field(DESTINATION, "s", call.destination),
    ...(signature === "" ? [] : [field(SIGNATURE, "g", signature)]),
  ];
  const header = encodeValues("yyyyuua(yv)", [
    LITTLE_ENDIAN,
    METHOD_CALL,
    0,
    PROTOCOL_VERSION,
    body.length,
    serial,
    fields,
  ]);
  const padding = Buffer.alloc(align(header.length, 8) - header.length);
  return Buffer.concat([header, padding, body]);
}

/** Hands every message that comes in to `onMessage`, after the words of the authentication; `fail` when they make no sense. */
function receive(
  socket: Socket,
  fail: (cause: unknown) => void,
  onMessage: (message: Message) => void,
): void {
  let isLetIn = false;
  let bytes: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    try {
      while (!isLetIn) {
        const end = bytes.indexOf("\r\n");
        if (end < 0) return;
        // "DATA" comes before it; at "REJECTED" the bus hangs up.
        isLetIn = bytes.toString("latin1", 0, end).startsWith("OK ");
        bytes = bytes.subarray(end + 2);
      }
      for (let length; (length = messageLength(bytes)) <= bytes.length;) {
        onMessage(decodeMessage(bytes.subarray(0, length)));
        bytes = bytes.subarray(length);
      }
    } catch (error) {
      fail(error);
    }
  });
}

/** How long the message is that begins there; Infinity while too little of it has come. */
function messageLength(bytes: Buffer): number {
  if (bytes.length < FIXED_BYTES) return Number.POSITIVE_INFINITY;
  const isLittleEndian = bytes[0] === LITTLE_ENDIAN;
  const [bodyBytes, , fieldBytes] = decodeValues("uuu", bytes.subarray(4), isLittleEndian);
  const length = align(FIXED_BYTES + Number(fieldBytes), 8) + Number(bodyBytes);
  if (length > MAX_BYTES) throw new RangeError("a D-Bus message is too long");
  return length;
}

function decodeMessage(bytes: Buffer): Message {
  const isLittleEndian = bytes[0] === LITTLE_ENDIAN;
  const decoded = decodeValues("yyyyuua(yv)", bytes, isLittleEndian);
  const [, type, , , bodyBytes, , pairs] = decoded;
  const fields = new Map(
    (pairs as [number, Variant][]).map(([code, { value }]) => [code, value] as const),
  );
  const signature = fields.get(SIGNATURE);
  return {
    type: type as number,
    replySerial: Number(fields.get(REPLY_SERIAL)),
    path: fields.get(PATH),
    interface: fields.get(INTERFACE),
    member: fields.get(MEMBER),
    errorName: fields.get(ERROR_NAME),
    // A hostile bus may send anything there.
    signature: typeof signature === "string" ? signature : "",
    body: bytes.subarray(bytes.length - (bodyBytes as number)),
    isLittleEndian,
  };
}

function settleWith(
  returns: string,
  resolve: (values: Value[]) => void,
  reject: (error: unknown) => void,
): (message: Message | DBusError) => void {
  return (message) => {
    if (message instanceof DBusError) return reject(message);
    const { type, signature, body, isLittleEndian } = message;
    try {
      if (type === ERROR) {
        const [text] = decodeValues(signature.startsWith("s") ? "s" : "", body, isLittleEndian);
        return reject(new DBusError(String(message.errorName), (text ?? "") as string));
      }
      if (!signature.startsWith(returns))
        throw new RangeError(`${returns} was to come, not ${signature}`);
      resolve(decodeValues(returns, body, isLittleEndian));
    } catch (error) {
      reject(error);
    }
  };
}
