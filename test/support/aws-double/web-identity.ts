import { refusal } from "./answers.ts";

/** What a web identity token (an OpenID Connect JWT) says. */
export type WebIdentity = { issuer: string; subject: string; audience: string };

/** A token for AssumeRoleWithWebIdentity, good until `expiresAt`. Its signature is decoration: the double holds no provider's keys. */
export function createWebIdentityToken({
  issuer = "https://issuer.example.com",
  subject = "workload",
  audience = "sts.amazonaws.com",
  expiresAt,
}: Partial<WebIdentity> & { expiresAt: Date }): string {
  const claims = {
    iss: issuer,
    sub: subject,
    aud: audience,
    exp: Math.floor(expiresAt.getTime() / 1000),
  };
  return [{ alg: "RS256", typ: "JWT" }, claims].map(encode).concat("c2lnbmF0dXJl").join(".");
}

/** Reads a token; throws AWS's refusals of one that is no JWT, or is over. */
export function readWebIdentity(token: string, now: Date): WebIdentity {
  const claims = decodeClaims(token);
  const { iss: issuer, sub: subject, aud: audience, exp: expiry } = claims ?? {};
  if (
    typeof issuer !== "string" ||
    typeof subject !== "string" ||
    typeof audience !== "string" ||
    typeof expiry !== "number"
  ) {
    throw refusal(
      400,
      "InvalidIdentityToken",
      "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    );
  }
  const nowSeconds = Math.floor(now.getTime() / 1000);
  if (nowSeconds >= expiry) {
    throw refusal(
      400,
      "ExpiredTokenException",
      `Token expired: current date/time ${nowSeconds} must be before the expiration date/time ${expiry}`,
    );
  }
  return { issuer, subject, audience };
}

function decodeClaims(token: string): Record<string, unknown> | undefined {
  try {
    const [, payload, signature] = token.split(".");
    if (payload === undefined || signature === undefined) return undefined;
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
    return typeof claims === "object" && claims !== null ? { ...claims } : undefined;
  } catch {
    return undefined;
  }
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
