/** Proof Key for Code Exchange (RFC 7636): only the process that asked for a code can redeem it. */
import { createHash, randomBytes } from "node:crypto";

export type Pkce = {
  readonly state: string;
  readonly codeVerifier: string;
  /** The verifier's SHA-256, base64url without padding. */
  readonly codeChallenge: string;
};

/** Fresh values for one sign-in. */
export function createPkce(): Pkce {
  const codeVerifier = randomBytes(48).toString("base64url");
  return {
    state: randomBytes(24).toString("base64url"),
    codeVerifier,
    codeChallenge: createHash("sha256").update(codeVerifier).digest("base64url"),
  };
}
