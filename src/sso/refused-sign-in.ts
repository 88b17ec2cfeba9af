/** A sign-in that a person refused, remembered for 30 s (state/cooldown.ts): programs that ask again and again must not open window after window. */
import type { Clock } from "../foundation/clock.ts";
import type { AwsRoleError } from "../foundation/errors.ts";
import { shortHash } from "../foundation/hash.ts";
import { type Cooldown, errorCodec, openCooldown } from "../state/cooldown.ts";
import { sessionId, type SsoSession } from "./token.ts";

/** The refusal of this session's sign-in. Never throws. */
export function refusedSignIn(
  { stateDir, clock }: { readonly stateDir: string; readonly clock: Clock },
  session: Pick<SsoSession, "name" | "startUrl">,
): Cooldown<AwsRoleError> {
  const id = shortHash(sessionId(session));
  return openCooldown(stateDir, `sign-in-refused/${id}.json`, errorCodec, clock);
}
