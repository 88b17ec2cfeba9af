/**
 * One sealed text: a header line with the account and the nonce, then AES-256-GCM over the text with that line as associated data. Each account has a
 * key of its own (HKDF over its name), so that a changed bit, or an item under another's name, does not decrypt.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** `secret` sealed for `account` with a store's key of 32 bytes: two lines. */
export function seal(storeKey: Buffer, account: string, secret: string): string {
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

/** What was sealed; undefined for another key, another account or a changed text. */
export function unseal(storeKey: Buffer, account: string, text: string): string | undefined {
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

function itemKey(storeKey: Buffer, account: string): Buffer {
  return Buffer.from(hkdfSync("sha256", storeKey, "", `awsrole item ${account}`, 32));
}
