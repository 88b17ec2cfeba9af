/**
 * Keeps text in items of a limited size (Windows Credential Manager: 2560 bytes). A session token may have 4096 characters.
 *
 * Text is deflated; what fits is one item. What does not fit lies in parts `ACCOUNT#a.1`, `ACCOUNT#a.2`, … or `#b.…`, and the
 * head item under ACCOUNT says in which of the two slots, how many, and the hash of the whole. Its bytes are:
 *   magic, slot (0 none, 1 a, 2 b), number of parts, 8 of SHA-256(account, 0, deflated text), then the text's beginning.
 * A writer fills the slot that the head does not name and then writes the head: that is the commit. A reader that meets a
 * half-replaced value sees a wrong hash and reads again; it never gets a mixture. The parts in a slot are always numbered
 * without a gap from 1 (written upwards, removed downwards), so what a killed writer left can be found: the next write
 * reuses it, `delete` clears it.
 */
import { createHash } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { AwsRoleError } from "../../foundation/errors.ts";
import type { SecretStore } from "../open.ts";

/** Named items of bytes, as the keychain has them. */
export type ByteItems = {
  /** Whether there is a place for new items. @throws what `set` would. Absent where there always is. */
  check?(): Promise<void>;
  get(account: string): Promise<Uint8Array | undefined>;
  set(account: string, bytes: Uint8Array): Promise<void>;
  delete(account: string): Promise<boolean>;
};

/**
 * Text of any length up to `MAX_PARTS` items of `limitBytes` each, over `items`. A damaged or foreign value reads as
 * `undefined`; one that is too long even deflated is ERR_STORE_TOO_LARGE and leaves the old value in place.
 */
export function spreadOverItems(
  limitBytes: number,
  items: ByteItems,
): Pick<SecretStore, "get" | "set" | "delete"> {
  async function get(account: string): Promise<string | undefined> {
    for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt++) {
      const head = decodeHead(await items.get(account));
      if (!head) return undefined;
      const pieces = [head.first, ...(await parts(account, head))];
      const text =
        pieces.length === head.parts + 1
          ? decodeText(account, Buffer.concat(pieces), head.hash)
          : undefined;
      if (text !== undefined) return text;
    }
    return undefined;
  }

  async function parts(account: string, head: Head): Promise<Uint8Array[]> {
    const found: Uint8Array[] = [];
    for (let part = 1; part <= head.parts; part++) {
      const bytes = await items.get(partName(account, head.slot, part));
      if (bytes) found.push(bytes);
    }
    return found;
  }

  async function set(account: string, secret: string): Promise<void> {
    const deflated = deflateRawSync(Buffer.from(secret, "utf8"));
    const first = deflated.subarray(0, limitBytes - HEAD_BYTES);
    const rest: Buffer[] = [];
    for (let at = first.length; at < deflated.length; at += limitBytes)
      rest.push(deflated.subarray(at, at + limitBytes));
    if (rest.length >= MAX_PARTS) {
      throw new AwsRoleError(
        "ERR_STORE_TOO_LARGE",
        `the secret is too long for ${MAX_PARTS} keychain items`,
      );
    }
    const old = decodeHead(await items.get(account));
    const slot = rest.length === 0 ? NO_SLOT : old?.slot === SLOT_A ? SLOT_B : SLOT_A;
    for (const [index, part] of rest.entries())
      await items.set(partName(account, slot, index + 1), part);
    if (slot !== NO_SLOT) await clear(account, slot, rest.length + 1);
    await items.set(
      account,
      encodeHead({ slot, parts: rest.length, hash: hashOf(account, deflated), first }),
    );
    if (old && old.slot !== NO_SLOT) await clear(account, old.slot, 1);
  }

  async function remove(account: string): Promise<boolean> {
    const removed = await items.delete(account);
    await clear(account, SLOT_A, 1);
    await clear(account, SLOT_B, 1);
    return removed;
  }

  async function clear(account: string, slot: number, fromPart: number): Promise<void> {
    let end = fromPart;
    while ((await items.get(partName(account, slot, end))) !== undefined) end++;
    for (let part = end - 1; part >= fromPart; part--)
      await items.delete(partName(account, slot, part));
  }

  return { get, set, delete: remove };
}

type Head = { slot: number; parts: number; hash: Uint8Array; first: Uint8Array };

const MAGIC = 0xa7;
const NO_SLOT = 0;
const SLOT_A = 1;
const SLOT_B = 2;
const HASH_BYTES = 8;
const HEAD_BYTES = 3 + HASH_BYTES;
const MAX_PARTS = 8;
const READ_ATTEMPTS = 3;
/** A limit for what a foreign item may inflate to. */
const MAX_TEXT_BYTES = 1 << 20;

function encodeHead({ slot, parts, hash, first }: Head): Uint8Array {
  return Buffer.concat([Uint8Array.of(MAGIC, slot, parts), hash, first]);
}

function decodeHead(bytes: Uint8Array | undefined): Head | undefined {
  if (!bytes || bytes.length < HEAD_BYTES) return undefined;
  const [magic, slot = 0, parts = 0] = bytes;
  const isOurs =
    magic === MAGIC && slot <= SLOT_B && parts < MAX_PARTS && (slot === NO_SLOT) === (parts === 0);
  return isOurs
    ? { slot, parts, hash: bytes.subarray(3, HEAD_BYTES), first: bytes.subarray(HEAD_BYTES) }
    : undefined;
}

function partName(account: string, slot: number, part: number): string {
  return `${account}#${slot === SLOT_A ? "a" : "b"}.${part}`;
}

function decodeText(account: string, deflated: Buffer, hash: Uint8Array): string | undefined {
  if (!hashOf(account, deflated).equals(hash)) return undefined;
  try {
    return inflateRawSync(deflated, { maxOutputLength: MAX_TEXT_BYTES }).toString("utf8");
  } catch {
    return undefined;
  }
}

function hashOf(account: string, deflated: Uint8Array): Buffer {
  return createHash("sha256")
    .update(`${account}\0`)
    .update(deflated)
    .digest()
    .subarray(0, HASH_BYTES);
}
