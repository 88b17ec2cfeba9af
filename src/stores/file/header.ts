/**
 * `store.json` of the store "file": how the store's key comes from the passphrase. A new store uses argon2id where node has it (24.7 and newer) and
 * scrypt elsewhere; the header says which and at what cost, so a store keeps what it was made with.
 */
import * as crypto from "node:crypto";
import { AwsRoleError } from "../../foundation/errors.ts";

type Cost =
  | { readonly kdf: "scrypt"; readonly N: number; readonly r: number; readonly p: number }
  | {
      readonly kdf: "argon2id";
      readonly memoryKiB: number;
      readonly passes: number;
      readonly lanes: number;
    };

/** `check` is sealed with the store's key: it tells a wrong passphrase from a damaged item. */
export type Header = Cost & { readonly v: 1; readonly salt: string; readonly check: string };

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

/** What a guess costs: 130 ms and 64 MB by scrypt (measured in 2026); RFC 9106's second choice for argon2id, 100 ms and 64 MB. */
const newCost: Cost =
  argon2 === undefined
    ? { kdf: "scrypt", N: 2 ** 16, r: 8, p: 1 }
    : { kdf: "argon2id", memoryKiB: 2 ** 16, passes: 3, lanes: 4 };

/** The header of a new store, without its check. */
export function newHeader(): Header {
  return { v: 1, ...newCost, salt: crypto.randomBytes(16).toString("base64"), check: "" };
}

/** @throws ERR_STORE_FAILED for a header that is damaged, or asks for more work than awsrole ever would. */
export function parseHeader(text: string): Header {
  try {
    const header = JSON.parse(text) as Header;
    const limits =
      header.kdf === "scrypt"
        ? [upTo(2 ** 20, header.N), upTo(32, header.r), upTo(16, header.p)]
        : [upTo(2 ** 20, header.memoryKiB), upTo(64, header.passes), upTo(16, header.lanes)];
    if (
      header.v === 1 &&
      (header.kdf === "scrypt" || header.kdf === "argon2id") &&
      limits.every(Boolean) &&
      typeof header.salt === "string" &&
      typeof header.check === "string"
    )
      return header;
  } catch {
    // Said below.
  }
  throw damaged(undefined);
}

/** The store's key, 32 bytes. @throws ERR_STORE_UNAVAILABLE where this node lacks the function, ERR_STORE_FAILED for costs that it refuses. */
export function deriveStoreKey(passphrase: string, header: Header): Promise<Buffer> {
  const message = passphrase.normalize("NFKC");
  const nonce = Buffer.from(header.salt, "base64");
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, key: Buffer): void =>
      error === null ? resolve(key) : reject(damaged(error));
    if (header.kdf === "scrypt") {
      const { N, r, p } = header;
      crypto.scrypt(message, nonce, 32, { N, r, p, maxmem: 256 * N * r }, done);
      return;
    }
    if (argon2 === undefined) throw needsNewerNode();
    const { memoryKiB: memory, passes, lanes: parallelism } = header;
    const parameters = { message, nonce, parallelism, tagLength: 32, memory, passes };
    try {
      argon2("argon2id", parameters, done);
    } catch (error) {
      throw damaged(error);
    }
  });
}

function upTo(most: number, value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) <= most;
}

function damaged(cause: unknown): AwsRoleError {
  return new AwsRoleError("ERR_STORE_FAILED", "the file store's store.json is damaged", {
    hint: "restore it from a backup, or remove the store's folder to start anew",
    cause,
  });
}

function needsNewerNode(): AwsRoleError {
  return new AwsRoleError(
    "ERR_STORE_UNAVAILABLE",
    `the file store was made with argon2id, which Node ${process.versions.node} does not have`,
    { hint: "run awsrole with Node 24.7 or newer, or remove the store's folder to start anew" },
  );
}
