/**
 * The signature of a macOS program, made and checked without a Mac. What bun writes for Intel keeps the signature of its own runtime, which covers other
 * bytes than are there: macOS refuses to run such a program, or ends it. An ad-hoc signature names no developer; it says that every
 * page is what it was when it was signed, as the linkers of Apple, LLVM and Go write it.
 *
 * The format: Apple's xnu, osfmk/kern/cs_blobs.h; all numbers in it are big-endian, those of the Mach-O around it little-endian.
 */
import { createHash } from "node:crypto";

const MACHO_64 = 0xfeedfacf;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const EMBEDDED_SIGNATURE = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
/** With the bounds of the executable segment. */
const VERSION = 0x20400;
const HEADER_BYTES = 88;
const ADHOC = 0x2;
const LINKER_SIGNED = 0x20000;
const SHA256 = 2;
const HASH_BYTES = 32;
const PAGE_BITS = 12;
const MAIN_BINARY = 1;

/**
 * The program with an ad-hoc signature in place of the one it has. @throws Error for what is no 64-bit Mach-O with room for one.
 * @param {Buffer} program
 * @param {string} identifier
 */
export function signMachO(program, identifier) {
  const { signature, segments } = readHeader(program);
  const linkEdit = segments.get("__LINKEDIT");
  const text = segments.get("__TEXT");
  if (signature === undefined || linkEdit === undefined || text === undefined)
    throw new Error("this Mach-O has no place for a signature");
  const pages = Math.ceil(signature.offset / (1 << PAGE_BITS));
  const identOffset = HEADER_BYTES;
  const hashOffset = identOffset + Buffer.byteLength(identifier) + 1;
  const directoryBytes = hashOffset + pages * HASH_BYTES;
  const size = Math.ceil((20 + directoryBytes) / 16) * 16;

  const signed = Buffer.alloc(signature.offset + size);
  program.copy(signed, 0, 0, signature.offset);
  // What is hashed must be final: first the header says where the signature ends.
  signed.writeUInt32LE(size, signature.command + 12);
  const linkEditBytes = signature.offset + size - linkEdit.fileOffset;
  signed.writeBigUInt64LE(
    BigInt(Math.ceil(linkEditBytes / 0x4000) * 0x4000),
    linkEdit.command + 32,
  );
  signed.writeBigUInt64LE(BigInt(linkEditBytes), linkEdit.command + 48);

  const blob = signed.subarray(signature.offset);
  writeNumbers(blob, 0, [EMBEDDED_SIGNATURE, 20 + directoryBytes, 1, 0, 20]);
  const directory = blob.subarray(20);
  writeNumbers(directory, 0, [
    CODE_DIRECTORY,
    directoryBytes,
    VERSION,
    ADHOC | LINKER_SIGNED,
    hashOffset,
    identOffset,
    0,
    pages,
    signature.offset,
  ]);
  directory.set([HASH_BYTES, SHA256, 0, PAGE_BITS], 36);
  directory.writeBigUInt64BE(BigInt(text.fileOffset), 64);
  directory.writeBigUInt64BE(BigInt(text.fileBytes), 72);
  directory.writeBigUInt64BE(BigInt(MAIN_BINARY), 80);
  directory.write(identifier, identOffset);
  for (let page = 0; page < pages; page += 1)
    directory.set(hashOfPage(signed, page, signature.offset), hashOffset + page * HASH_BYTES);
  return signed;
}

/**
 * What is wrong with the signature of a program; nothing when every page is as it was signed and the file ends with it.
 * @param {Buffer} program
 * @returns {string[]}
 */
export function signatureProblems(program) {
  const { signature } = readHeader(program);
  if (signature === undefined) return ["there is no signature"];
  const problems = [];
  if (signature.offset + signature.size !== program.length)
    problems.push("the file does not end with its signature");
  const blob = program.subarray(signature.offset, signature.offset + signature.size);
  const count = blob.readUInt32BE(8);
  let directories = 0;
  for (let index = 0; index < count; index += 1) {
    const at = blob.readUInt32BE(12 + 8 * index + 4);
    if (blob.readUInt32BE(at) !== CODE_DIRECTORY) continue;
    directories += 1;
    const directory = blob.subarray(at);
    const hashOffset = directory.readUInt32BE(16);
    const pages = directory.readUInt32BE(28);
    const codeLimit = directory.readUInt32BE(32);
    if (directory.readUInt8(37) !== SHA256) {
      problems.push("the hashes are not SHA-256");
      continue;
    }
    if (codeLimit !== signature.offset)
      problems.push(
        `it covers ${codeLimit} bytes, and the signature begins at ${signature.offset}`,
      );
    let wrong = 0;
    for (let page = 0; page < pages; page += 1) {
      const expected = directory.subarray(
        hashOffset + page * HASH_BYTES,
        hashOffset + (page + 1) * HASH_BYTES,
      );
      if (!hashOfPage(program, page, codeLimit).equals(expected)) wrong += 1;
    }
    if (wrong > 0) problems.push(`${wrong} of ${pages} pages have another hash`);
  }
  if (directories === 0) problems.push("the signature has no code directory");
  return problems;
}

/**
 * @param {Buffer} program
 * @param {number} page
 * @param {number} limit
 */
function hashOfPage(program, page, limit) {
  const start = page << PAGE_BITS;
  return createHash("sha256")
    .update(program.subarray(start, Math.min(start + (1 << PAGE_BITS), limit)))
    .digest();
}

/**
 * Where the signature is, and the segments by name; `command` is where in the file its load command begins.
 * @param {Buffer} program
 */
function readHeader(program) {
  if (program.readUInt32LE(0) !== MACHO_64) throw new Error("this is no 64-bit Mach-O");
  const commands = program.readUInt32LE(16);
  /** @type {Map<string, { command: number, fileOffset: number, fileBytes: number }>} */
  const segments = new Map();
  /** @type {{ command: number, offset: number, size: number } | undefined} */
  let signature;
  for (let index = 0, command = 32; index < commands; index += 1) {
    const kind = program.readUInt32LE(command);
    if (kind === LC_CODE_SIGNATURE)
      signature = {
        command,
        offset: program.readUInt32LE(command + 8),
        size: program.readUInt32LE(command + 12),
      };
    if (kind === LC_SEGMENT_64)
      segments.set(program.toString("latin1", command + 8, command + 24).replace(/\0.*$/s, ""), {
        command,
        fileOffset: Number(program.readBigUInt64LE(command + 40)),
        fileBytes: Number(program.readBigUInt64LE(command + 48)),
      });
    command += program.readUInt32LE(command + 4);
  }
  return { signature, segments };
}

/**
 * @param {Buffer} target
 * @param {number} at
 * @param {number[]} numbers
 */
function writeNumbers(target, at, numbers) {
  for (const [index, number] of numbers.entries()) target.writeUInt32BE(number, at + 4 * index);
}
