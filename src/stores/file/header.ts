/**
 * `store.json` of the store "file": how its key is found.
 *
 * - By passphrase: argon2id where node has it (24.7 and later), scrypt elsewhere, makes a key that wraps the store's own random key. The header says which
 *   and at what cost, so a store keeps what it was made with, and a costlier header replaces a cheaper one without touching the items.
 * - By a key file (`kdf: "none"`): its 32 bytes are the store's key.
 * - Version 1, of earlier releases: the derived key is the store's key. It is opened, and becomes version 2 when its passphrase is known.
 */
import * as crypto from "node:crypto";
import { AwsRoleError } from "../../foundation/errors.ts";
import { seal, unseal } from "./seal.ts";

type Cost =
  | { readonly kdf: "none" }
  | { readonly kdf: "scrypt"; readonly N: number; readonly r: number; readonly p: number }
  | {
      readonly kdf: "argon2id";
      readonly memoryKiB: number;
      readonly passes: number;
      readonly lanes: number;
    };

/** `check` is sealed with the store's key, and tells whether a key is the right one; `wrapped` is that key, sealed with the derived one. */
export type Header = Cost & {
  readonly v: 1 | 2;
  readonly salt: string;
  readonly check: string;
  readonly wrapped?: string;
};

/** A store's header, and its key of 32 bytes. */
export type OpenHeader = { readonly header: Header; readonly key: Buffer };

/** `crypto.argon2` as Node 24.7 documents it; the types of the oldest node that we support do not know it. */
type Argon2 = (
  algorithm: "argon2id",
  parameters: {
    readonly message: string;
    readonly nonce: Buffer;
    readonly parallelism: number;
    readonly tagLength: number;
    readonly memory: number;
    readonly passes: number;
  },
  done: (error: Error | null, key: Buffer) => void,
) => void;
const { argon2 } = crypto as { readonly argon2?: Argon2 };

/** OWASP's setting for scrypt (128 MB, some 0.3 s in 2026); RFC 9106's second choice for argon2id (64 MB). */
const SCRYPT = { kdf: "scrypt", N: 2 ** 17, r: 8, p: 1 } as const;
const ARGON2ID = { kdf: "argon2id", memoryKiB: 2 ** 16, passes: 3, lanes: 4 } as const;

/** The header of a new store that `passphrase` opens. */
export async function newHeader(passphrase: string): Promise<OpenHeader> {
  return wrap(crypto.randomBytes(32), passphrase);
}

/** The header of a new store that a key file opens. */
export function keyFileHeader(key: Buffer): OpenHeader {
  const header = { v: 2, kdf: "none", salt: newSalt(), check: checkOf(key) } as const;
  return { header, key };
}

/**
 * The store's key by its passphrase, with the header that is to be written from now on: the same, or one that costs more. Undefined for a wrong one.
 * @throws as `deriveKey`.
 */
export async function openHeader(
  header: Header,
  passphrase: string,
): Promise<OpenHeader | undefined> {
  const derived = await deriveKey(passphrase, header);
  const wrapped = header.v === 1 ? undefined : unseal(derived, wrapAccount, header.wrapped ?? "");
  const key = header.v === 1 ? derived : Buffer.from(wrapped ?? "", "base64");
  if (!isKeyOf(header, key)) return undefined;
  return isCheap(header) ? wrap(key, passphrase) : { header, key };
}

/** Whether `key` is the store's. */
export function isKeyOf(header: Header, key: Buffer): boolean {
  return key.length === 32 && unseal(key, checkAccount, header.check) === "awsrole";
}

/** @throws ERR_STORE_FAILED for a header that is damaged, or asks for four times the work of a new one. */
export function parseHeader(text: string): Header {
  try {
    const header = JSON.parse(text) as Header;
    if (
      (header.v === 1 || header.v === 2) &&
      typeof header.salt === "string" &&
      typeof header.check === "string" &&
      hasSaneCost(header)
    )
      return header;
  } catch {
    // Reported below.
  }
  throw damagedHeader(undefined);
}

/** The error for a `store.json` that is missing beside items, or cannot be understood. */
export function damagedHeader(cause: unknown): AwsRoleError {
  return new AwsRoleError("ERR_STORE_FAILED", "the file store's store.json is damaged or missing", {
    hint: "restore it from a backup: without it what is in the store cannot be decrypted",
    cause,
  });
}

function hasSaneCost(header: Header): boolean {
  switch (header.kdf) {
    case "none":
      return header.v === 2;
    case "scrypt": {
      const { N, r, p } = header;
      const isPower = Number.isInteger(N) && N >= 2 ** 14 && Number.isInteger(Math.log2(N));
      return isPower && isCount(r) && isCount(p) && N * r * p <= 4 * SCRYPT.N * SCRYPT.r;
    }
    case "argon2id": {
      const { memoryKiB, passes, lanes } = header;
      return (
        [memoryKiB, passes, lanes].every(isCount) &&
        memoryKiB >= 8 * lanes &&
        memoryKiB * passes <= 4 * ARGON2ID.memoryKiB * ARGON2ID.passes
      );
    }
    default:
      return false;
  }
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}

function isCheap(header: Header): boolean {
  return header.v === 1 || (header.kdf === "scrypt" && header.N * header.r < SCRYPT.N * SCRYPT.r);
}

async function wrap(key: Buffer, passphrase: string): Promise<OpenHeader> {
  const cost = argon2 === undefined ? SCRYPT : ARGON2ID;
  const plain = { v: 2, ...cost, salt: newSalt(), check: checkOf(key) } as const;
  const derived = await deriveKey(passphrase, plain);
  return { header: { ...plain, wrapped: seal(derived, wrapAccount, key.toString("base64")) }, key };
}

const checkAccount = "store/check";
const wrapAccount = "store/key";

function checkOf(key: Buffer): string {
  return seal(key, checkAccount, "awsrole");
}

function newSalt(): string {
  return crypto.randomBytes(16).toString("base64");
}

/** 32 bytes. @throws ERR_STORE_UNAVAILABLE where this node lacks the function, ERR_STORE_FAILED for costs that it refuses. */
async function deriveKey(passphrase: string, header: Header): Promise<Buffer> {
  const message = passphrase.normalize("NFKC");
  const nonce = Buffer.from(header.salt, "base64");
  if (header.kdf === "argon2id" && argon2 === undefined) throw needsNewerNode();
  try {
    return await new Promise((resolve, reject) => {
      const done = (error: Error | null, key: Buffer): void =>
        error === null ? resolve(key) : reject(error);
      if (header.kdf === "scrypt") {
        const { N, r, p } = header;
        crypto.scrypt(message, nonce, 32, { N, r, p, maxmem: 256 * N * r }, done);
      } else if (header.kdf === "argon2id") {
        const { memoryKiB: memory, passes, lanes: parallelism } = header;
        const parameters = { message, nonce, parallelism, tagLength: 32, memory, passes };
        argon2?.("argon2id", parameters, done);
      } else reject(new Error("a key file's store has no passphrase"));
    });
  } catch (error) {
    throw damagedHeader(error);
  }
}

function needsNewerNode(): AwsRoleError {
  return new AwsRoleError(
    "ERR_STORE_UNAVAILABLE",
    `the file store was made with argon2id, which Node ${process.versions.node} does not have`,
    { hint: "run awsrole with Node 24.7 or newer" },
  );
}
