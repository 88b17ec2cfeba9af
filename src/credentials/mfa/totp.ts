/** Codes as an authenticator app computes them (RFC 6238 with what AWS accepts: SHA-1, 30 s, six digits), and the seeds they come from. */
import { createHmac } from "node:crypto";
import { AwsRoleError } from "../../foundation/errors.ts";
import { appendChecksum, parseWithChecksum } from "../cache/checksum.ts";

const stepSeconds = 30;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** 80 bits; AWS's own have 320. */
const fewestCharacters = 16;

/** The code of a seed (base32) at `at`. */
export function totpCode(seed: string, at: Date): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at.getTime() / 1000 / stepSeconds)));
  const digest = createHmac("sha1", decodeBase32(seed)).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0xf;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/**
 * The seed in what a person pasted: an otpauth URL, or base32 as AWS shows it under "Show secret key". Canonical: upper case, nothing else.
 * @throws ERR_USAGE with what is wrong; never with the text.
 */
export function parseSeed(text: string): string {
  const given = text.trim();
  if (given === "")
    throw wrong("there is no seed", "paste the key that AWS shows beside the QR code");
  if (/^\d{6}$/.test(given))
    throw wrong(
      "that is a code, not the seed it is computed from",
      "AWS shows the seed once, when the device is registered: Show secret key",
    );
  return parseBase32(/^[a-z][a-z-]*:/i.test(given) ? secretOf(given) : given);
}

/** The item that keeps a device's seed. */
export function encodeSeed(serial: string, seed: string): string {
  return appendChecksum(JSON.stringify({ v: 1, serial, seed }));
}

/** The seed in `text` if it is whole and of this device; else undefined. */
export function decodeSeed(text: string, serial: string): string | undefined {
  const item = parseWithChecksum(text);
  const { v, serial: kept, seed } = item ?? {};
  return v === 1 && kept === serial && typeof seed === "string" ? seed : undefined;
}

/** Key URI format of Google Authenticator: `otpauth://totp/LABEL?secret=…&digits=6&period=30&algorithm=SHA1`. */
function secretOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "otpauth-migration:")
    throw wrong(
      "that is an export of several devices (otpauth-migration)",
      "register the device again and use the key that AWS shows",
    );
  if (url?.protocol !== "otpauth:")
    throw wrong("that is not an otpauth URL", "it starts with otpauth://totp/");
  if (url.host.toLowerCase() !== "totp")
    throw wrong(
      `that is a device of another kind (${url.host === "hotp" ? "hotp" : "not totp"})`,
      "AWS takes codes that change with the time: otpauth://totp/",
    );
  const expected = { algorithm: "SHA1", digits: "6", period: "30" };
  for (const [name, value] of Object.entries(expected)) {
    const said = url.searchParams.get(name);
    if (said !== null && said.toUpperCase().replace("-", "") !== value)
      throw wrong(
        `the otpauth URL has another ${name} than AWS takes`,
        `AWS's devices have ${name}=${value}`,
      );
  }
  const secrets = url.searchParams.getAll("secret");
  const [secret = ""] = secrets;
  if (secrets.length !== 1 || secret === "")
    throw wrong("the otpauth URL has no secret", "it has secret=BASE32 in it, once");
  return secret;
}

function parseBase32(text: string): string {
  const seed = text.replaceAll(/[\s-]|=+$/g, "").toUpperCase();
  if (!/^[A-Z2-7]*$/.test(seed))
    throw wrong("that is not base32", "a seed has the letters A to Z and the digits 2 to 7 only");
  if (seed.length < fewestCharacters)
    throw wrong(
      `that seed is too short (${seed.length} characters)`,
      "AWS's have 64: paste the whole key",
    );
  return seed;
}

function decodeBase32(seed: string): Buffer {
  const bits = Array.from(seed, (letter) =>
    alphabet.indexOf(letter).toString(2).padStart(5, "0"),
  ).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

function wrong(message: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_USAGE", `add-mfa: ${message}`, { hint });
}
