/**
 * D-Bus values as bytes: the types that the Secret Service uses, in the D-Bus specification's wire format ("Marshaling").
 *
 * Types are D-Bus signatures. In JavaScript `y` and `u` are numbers, `b` a boolean, `s`, `o` and `g` strings, `ay` bytes, other
 * arrays and structs arrays, a dictionary an array of pairs, `v` a Variant.
 */
export type Value = boolean | number | string | Uint8Array | Variant | readonly Value[];
export type Variant = { readonly signature: string; readonly value: Value };

/** `values` as little-endian bytes, laid out for a place that is a multiple of 8. They must fit `signature`. */
export function encodeValues(signature: string, values: readonly Value[]): Buffer {
  const writer = { bytes: Buffer.alloc(256), length: 0 };
  splitSignature(signature).forEach((type, i) => write(writer, type, values[i] as Value));
  return writer.bytes.subarray(0, writer.length);
}

/** The values at the beginning of `bytes`, which lie at a multiple of 8. @throws RangeError where the bytes are not of that signature. */
export function decodeValues(signature: string, bytes: Buffer, isLittleEndian: boolean): Value[] {
  const reader = { bytes, isLittleEndian, at: 0 };
  return splitSignature(signature).map((type) => read(reader, type));
}

/** Rounds up to a multiple of `alignment`. */
export function align(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

type Writer = { bytes: Buffer; length: number };
type Reader = { bytes: Buffer; isLittleEndian: boolean; at: number };

/** A signature's single complete types: `a{ss}o` is `a{ss}` and `o`. */
function splitSignature(signature: string): string[] {
  const types: string[] = [];
  for (let start = 0, end = 0, depth = 0; end < signature.length;) {
    const code = signature[end++] as string;
    if ("({".includes(code)) depth++;
    if (")}".includes(code)) depth--;
    if (code === "a" || depth > 0) continue;
    types.push(signature.slice(start, end));
    start = end;
  }
  return types;
}

function alignmentOf(type: string): number {
  if ("ygv".includes(type[0] as string)) return 1;
  return "({".includes(type[0] as string) ? 8 : 4;
}

function write(writer: Writer, type: string, value: Value): void {
  reserve(writer, align(writer.length, alignmentOf(type)) - writer.length);
  switch (type[0]) {
    case "y": {
      const at = reserve(writer, 1);
      writer.bytes[at] = value as number;
      return;
    }
    case "b":
      return writeUint32(writer, value === true ? 1 : 0);
    case "u":
      return writeUint32(writer, value as number);
    case "s":
    case "o":
      writeUint32(writer, Buffer.byteLength(value as string));
      return writeText(writer, value as string);
    case "g":
      write(writer, "y", Buffer.byteLength(value as string));
      return writeText(writer, value as string);
    case "v": {
      const { signature, value: inner } = value as Variant;
      write(writer, "g", signature);
      return write(writer, signature, inner);
    }
    case "a":
      return writeArray(writer, type.slice(1), value as Uint8Array | readonly Value[]);
    case "(":
    case "{": {
      const members = value as readonly Value[];
      splitSignature(type.slice(1, -1)).forEach((member, i) =>
        write(writer, member, members[i] as Value),
      );
      return;
    }
    default:
      throw new RangeError(`no D-Bus type ${type} is written here`);
  }
}

function writeArray(
  writer: Writer,
  element: string,
  elements: Uint8Array | readonly Value[],
): void {
  const lengthAt = reserve(writer, 4);
  reserve(writer, align(writer.length, alignmentOf(element)) - writer.length);
  const start = writer.length;
  if (elements instanceof Uint8Array) {
    const at = reserve(writer, elements.length);
    writer.bytes.set(elements, at);
  } else {
    for (const one of elements) write(writer, element, one);
  }
  writer.bytes.writeUInt32LE(writer.length - start, lengthAt);
}

function writeUint32(writer: Writer, value: number): void {
  const at = reserve(writer, 4);
  writer.bytes.writeUInt32LE(value, at);
}

/** The text and a NUL. */
function writeText(writer: Writer, text: string): void {
  const at = reserve(writer, Buffer.byteLength(text) + 1);
  writer.bytes.write(text, at);
}

/** Takes so many bytes, all zero, and says where they begin. */
function reserve(writer: Writer, count: number): number {
  const start = writer.length;
  writer.length += count;
  if (writer.length > writer.bytes.length) {
    writer.bytes = Buffer.concat([writer.bytes], 2 * writer.length);
  }
  return start;
}

function read(reader: Reader, type: string): Value {
  reader.at = align(reader.at, alignmentOf(type));
  switch (type[0]) {
    case "y":
      return reader.bytes.readUInt8(advance(reader, 1));
    case "b":
      return readUint32(reader) === 1;
    case "u":
      return readUint32(reader);
    case "s":
    case "o":
      return readText(reader, readUint32(reader));
    case "g":
      return readText(reader, reader.bytes.readUInt8(advance(reader, 1)));
    case "v": {
      const signature = read(reader, "g") as string;
      return { signature, value: read(reader, signature) };
    }
    case "a":
      return readArray(reader, type.slice(1));
    case "(":
    case "{": {
      const members = splitSignature(type.slice(1, -1));
      // An array of nothing would have no end.
      if (members.length === 0) throw new RangeError("a D-Bus struct without members");
      return members.map((member) => read(reader, member));
    }
    default:
      throw new RangeError(`no D-Bus type ${type} is read here`);
  }
}

function readArray(reader: Reader, element: string): Uint8Array | Value[] {
  const length = readUint32(reader);
  reader.at = align(reader.at, alignmentOf(element));
  if (element === "y") {
    const start = advance(reader, length);
    return reader.bytes.subarray(start, reader.at);
  }
  const end = reader.at + length;
  const elements: Value[] = [];
  while (reader.at < end) elements.push(read(reader, element));
  return elements;
}

function readText(reader: Reader, length: number): string {
  const start = advance(reader, length + 1);
  return reader.bytes.toString("utf8", start, start + length);
}

function readUint32(reader: Reader): number {
  const at = advance(reader, 4);
  return reader.isLittleEndian ? reader.bytes.readUInt32LE(at) : reader.bytes.readUInt32BE(at);
}

/** Passes over so many bytes, and says where they begin. */
function advance(reader: Reader, count: number): number {
  const start = reader.at;
  reader.at += count;
  if (reader.at > reader.bytes.length) throw new RangeError("a D-Bus message ends too early");
  return start;
}
