/**
 * SSO. AWS's provider reads and refreshes the token file that `aws sso login` wrote. A refresh token can be used once: when the token is about to
 * expire, processes take turns (one lock per session), and all but the first find a fresh file.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** AWS's provider refreshes below five minutes; somewhat more, so that nobody refreshes without the lock. */
const refreshBelowMs = 6 * 60_000;

/** True when the cached SSO token may be refreshed by whoever asks now. A file that cannot be read counts as such. */
export async function isSsoTokenDue(
  homeFolder: string,
  sessionOrStartUrl: string,
  now: Date,
): Promise<boolean> {
  const name = createHash("sha1").update(sessionOrStartUrl).digest("hex");
  try {
    const token = JSON.parse(
      await readFile(join(homeFolder, ".aws", "sso", "cache", `${name}.json`), "utf8"),
    ) as { expiresAt?: unknown };
    const left = Date.parse(String(token.expiresAt)) - now.getTime();
    return !(left > refreshBelowMs);
  } catch {
    return true;
  }
}
