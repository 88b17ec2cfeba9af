/** The signature of a macOS program, without a Mac: a small Mach-O is signed, and what is looked at is what macOS looks at. */
import { describe, expect, it } from "vitest";

// A script, which TypeScript does not read from here.
const script = new URL("../../../scripts/sign-macho.js", import.meta.url).href;
const { signMachO, signatureProblems } = (await import(script)) as {
  signMachO: (program: Buffer, identifier: string) => Buffer;
  signatureProblems: (program: Buffer) => string[];
};

/** A 64-bit Mach-O of some pages with __TEXT, __LINKEDIT and the place of a signature, which is `old`. */
function machO({ pages = 5, old = Buffer.alloc(64) } = {}): Buffer {
  const end = pages * 4096 - 100;
  const program = Buffer.alloc(end + old.length, 7);
  program.fill(0, 0, 32 + 72 + 72 + 16);
  program.writeUInt32LE(0xfeedfacf, 0);
  program.writeUInt32LE(3, 16);
  const segment = (at: number, name: string, offset: number, bytes: number): void => {
    program.writeUInt32LE(0x19, at);
    program.writeUInt32LE(72, at + 4);
    program.write(name, at + 8);
    program.writeBigUInt64LE(BigInt(offset), at + 40);
    program.writeBigUInt64LE(BigInt(bytes), at + 48);
  };
  segment(32, "__TEXT", 0, 4096);
  segment(104, "__LINKEDIT", 8192, program.length - 8192);
  program.writeUInt32LE(0x1d, 176);
  program.writeUInt32LE(16, 180);
  program.writeUInt32LE(end, 184);
  program.writeUInt32LE(old.length, 188);
  old.copy(program, end);
  return program;
}

describe("a signed macOS program", () => {
  it("is what was signed, page by page, to the end of the file", () => {
    const signed = signMachO(machO(), "awsrole");
    expect(signatureProblems(signed)).toEqual([]);
    expect(signed.toString("latin1")).toContain("awsrole\0");
    // __LINKEDIT ends where the file does.
    expect(Number(signed.readBigUInt64LE(104 + 48)) + 8192).toBe(signed.length);
  });

  it("is not when a byte of it is changed", () => {
    const signed = signMachO(machO(), "awsrole");
    signed.writeUInt8(signed.readUInt8(9000) ^ 1, 9000);
    expect(signatureProblems(signed)).toEqual(["1 of 5 pages have another hash"]);
  });

  it("is not when it goes on behind the signature", () => {
    const signed = Buffer.concat([signMachO(machO(), "awsrole"), Buffer.alloc(16)]);
    expect(signatureProblems(signed)).toEqual(["the file does not end with its signature"]);
  });

  it("gets a new signature in place of one that covers other bytes, as bun leaves it", () => {
    const longer = signMachO(machO({ pages: 9 }), "bun");
    const old = longer.subarray(longer.readUInt32LE(184));
    const broken = machO({ pages: 5, old: Buffer.from(old) });
    expect(signatureProblems(broken).join()).toMatch(/it covers .*pages have another hash/);
    expect(signatureProblems(signMachO(broken, "awsrole"))).toEqual([]);
  });

  it("is not made of what is no Mach-O", () => {
    expect(() => signMachO(Buffer.alloc(100), "awsrole")).toThrow("no 64-bit Mach-O");
  });
});
