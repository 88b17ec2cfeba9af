/**
 * The store "file": encrypted with a passphrase, for machines without a keychain.
 *
 * - One salt per store; argon2id or scrypt makes the store's key from the passphrase (`store-header.ts`).
 * - Each item has a key of its own (HKDF over the account's name) and a file of its own: a header line, then AES-256-GCM over the secret with
 *   the header as associated data. A changed bit, or an item under another's name, does not decrypt and reads as absent.
 * - The opened key may stay in the runtime folder when that lies in memory (tmpfs), so that the passphrase is asked once per login.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { AwsRoleError } from "../../foundation/errors.ts";
import type { SecretStore } from "../open.ts";
import { openPrivateFolder, type PrivateFolder } from "./private-files.ts";
import { deriveStoreKey, type Header, newHeader, parseHeader } from "./header.ts";

export type FileStoreOptions = {
  readonly stateFolder: string;
  /** A private folder that ends with the login session; undefined: the passphrase is needed every time. */
  readonly runtimeFolder: string | undefined;
  /** The passphrase, asked when it is needed. `isNew`: there is no store yet. @throws ERR_STORE_LOCKED when there is none to be had. */
  readonly passphrase: (isNew: boolean) => Promise<string>;
  /** Runs `work` while no other process unlocks this store: those who waited find the key that was kept meanwhile. */
  readonly unlockInTurn?: <T>(work: () => Promise<T>) => Promise<T>;
};

const headerFile = "store.json";
/** Files below `stateFolder`/file. Errors: ERR_STORE_LOCKED (no or wrong passphrase), ERR_STORE_UNAVAILABLE (made by a newer node), ERR_STORE_FAILED. */
export function createFileStore({
  stateFolder,
  runtimeFolder,
  passphrase,
  unlockInTurn = (work) => work(),
}: FileStoreOptions): SecretStore {
  const folder = openPrivateFolder(join(stateFolder, "file"));
  let opened: Promise<Buffer | undefined> | undefined;
  /** The store's key; undefined when there is no store and none is to be made. */
  const key = async (create: boolean): Promise<Buffer | undefined> => {
    const known = await opened?.catch(() => undefined);
    if (known !== undefined) return known;
    opened = openStore(folder, runtimeFolder, { passphrase, unlockInTurn }, create);
    return opened;
  };
  return {
    name: "file",
    async get(account) {
      const text = await folder.read(fileOf(account));
      if (text === undefined) return undefined;
      const storeKey = await key(false);
      return storeKey === undefined ? undefined : unseal(storeKey, account, text);
    },
    async set(account, secret) {
      const storeKey = await key(true);
      if (storeKey !== undefined)
        await folder.write(fileOf(account), seal(storeKey, account, secret));
    },
    delete: (account) => folder.remove(fileOf(account)),
  };
}

function fileOf(account: string): string {
  return `${createHash("sha256").update(account).digest("hex").slice(0, 32)}.item`;
}

async function openStore(
  folder: PrivateFolder,
  runtimeFolder: string | undefined,
  { passphrase, unlockInTurn }: Required<Pick<FileStoreOptions, "passphrase" | "unlockInTurn">>,
  create: boolean,
): Promise<Buffer | undefined> {
  const text = await folder.read(headerFile);
  if (text === undefined && !create) return undefined;
  const header = text === undefined ? undefined : parseHeader(text);
  const keeper =
    runtimeFolder === undefined || !isInMemory(runtimeFolder)
      ? undefined
      : openPrivateFolder(join(runtimeFolder, "store-keys"));
  const keptKey = async (of: Header | undefined): Promise<Buffer | undefined> => {
    if (of === undefined) return undefined;
    const kept = await keeper?.read(keptName(of)).catch(() => undefined);
    const key = kept === undefined ? undefined : Buffer.from(kept, "base64");
    return key !== undefined && opens(key, of) ? key : undefined;
  };
  const known = await keptKey(header);
  if (known !== undefined) return known;
  return unlockInTurn(async () => {
    // Another process may have made or unlocked the store while we waited.
    const standingText = await folder.read(headerFile);
    const standing = standingText === undefined ? undefined : parseHeader(standingText);
    const unlocked = await keptKey(standing);
    if (unlocked !== undefined) return unlocked;
    const storeKey = await unlock(folder, standing, passphrase);
    if (storeKey === undefined)
      return openStore(
        folder,
        runtimeFolder,
        { passphrase, unlockInTurn: (work) => work() },
        false,
      );
    await keeper?.write(keptName(storeKey.header), storeKey.key.toString("base64")).catch(() => {});
    return storeKey.key;
  });
}

/** The key by the passphrase, and the header, which is written for a new store; undefined when another process made the store at the same moment: its salt counts. */
async function unlock(
  folder: PrivateFolder,
  existing: Header | undefined,
  passphrase: FileStoreOptions["passphrase"],
): Promise<{ readonly key: Buffer; readonly header: Header } | undefined> {
  const made = existing ?? newHeader();
  const key = await deriveStoreKey(await passphrase(existing === undefined), made);
  const header = existing ?? { ...made, check: seal(key, checkAccount, "awsrole") };
  if (existing === undefined && !(await folder.create(headerFile, `${JSON.stringify(header)}\n`)))
    return undefined;
  if (opens(key, header)) return { key, header };
  throw new AwsRoleError("ERR_STORE_LOCKED", "the passphrase of the file store is wrong", {
    hint: "try again, or remove the store's folder to start anew",
  });
}

const checkAccount = "store/check";

function opens(key: Buffer, header: Header): boolean {
  return key.length === 32 && unseal(key, checkAccount, header.check) === "awsrole";
}

function keptName({ salt }: Header): string {
  return `${createHash("sha256").update(salt).digest("hex").slice(0, 32)}.key`;
}

function itemKey(storeKey: Buffer, account: string): Buffer {
  return Buffer.from(hkdfSync("sha256", storeKey, "", `awsrole item ${account}`, 32));
}

function seal(storeKey: Buffer, account: string, secret: string): string {
  const iv = randomBytes(12);
  const header = JSON.stringify({ v: 1, account, iv: iv.toString("base64") });
  const cipher = createCipheriv("aes-256-gcm", itemKey(storeKey, account), iv).setAAD(
    Buffer.from(header),
  );
  const sealed = Buffer.concat([
    cipher.update(secret, "utf8"),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return `${header}\n${sealed.toString("base64")}\n`;
}

function unseal(storeKey: Buffer, account: string, text: string): string | undefined {
  try {
    const [header = "", body = ""] = text.split("\n");
    const { v, account: named, iv } = JSON.parse(header) as Readonly<Record<string, unknown>>;
    const sealed = Buffer.from(body, "base64");
    // The decoder passes over what is not base64: a changed character must not go unnoticed.
    if (
      v !== 1 ||
      named !== account ||
      typeof iv !== "string" ||
      `${header}\n${sealed.toString("base64")}\n` !== text
    )
      return undefined;
    const decipher = createDecipheriv(
      "aes-256-gcm",
      itemKey(storeKey, account),
      Buffer.from(iv, "base64"),
      { authTagLength: 16 },
    )
      .setAAD(Buffer.from(header))
      .setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString(
      "utf8",
    );
  } catch {
    return undefined;
  }
}

/** `statfs` type of tmpfs (linux/magic.h). Elsewhere nothing promises that a folder never reaches the disk. */
function isInMemory(folder: string): boolean {
  try {
    return process.platform === "linux" && statfsSync(folder).type === 0x01021994;
  } catch {
    return false;
  }
}
