/** DPoP (RFC 9449) as a server verifies it: the proof of possession that comes with every request for a token. */
import { createHash, createPublicKey, verify, type JsonWebKey } from "node:crypto";

const MAX_AGE_SECONDS = 300;

/** Answers the thumbprint (RFC 7638) of the key that signed `proof`; a text that says what is wrong, if it is. */
export function verifyDpop(
  proof: unknown,
  { method, url, now, usedIds }: { method: string; url: string; now: Date; usedIds: Set<string> },
): { thumbprint: string } | { problem: string } {
  if (typeof proof !== "string") return { problem: "there is no DPoP header" };
  const [head = "", body = "", signature = ""] = proof.split(".");
  try {
    const header = JSON.parse(decode(head)) as { typ?: string; alg?: string; jwk?: JsonWebKey };
    const claims = JSON.parse(decode(body)) as {
      htm?: string;
      htu?: string;
      iat?: number;
      jti?: string;
    };
    const { kty, crv, x, y, d } = header.jwk ?? {};
    if (header.typ !== "dpop+jwt" || header.alg !== "ES256") return { problem: "typ or alg" };
    if (kty !== "EC" || crv !== "P-256" || d !== undefined) return { problem: "jwk" };
    const key = createPublicKey({ key: { kty, crv, x, y } as JsonWebKey, format: "jwk" });
    const isSigned = verify(
      "sha256",
      Buffer.from(`${head}.${body}`),
      { key, dsaEncoding: "ieee-p1363" },
      Buffer.from(signature, "base64url"),
    );
    if (!isSigned) return { problem: "signature" };
    if (claims.htm !== method) return { problem: `htm is ${claims.htm}` };
    if (claims.htu !== url) return { problem: `htu is ${claims.htu}, not ${url}` };
    if (!(Math.abs(now.getTime() / 1000 - (claims.iat ?? Number.NaN)) <= MAX_AGE_SECONDS))
      return { problem: "iat" };
    if (claims.jti === undefined || usedIds.has(claims.jti))
      return { problem: "jti was used before" };
    usedIds.add(claims.jti);
    const members = JSON.stringify({ crv, kty, x, y });
    return { thumbprint: createHash("sha256").update(members).digest("base64url") };
  } catch (error) {
    return { problem: String(error) };
  }
}

function decode(part: string): string {
  return Buffer.from(part, "base64url").toString();
}
