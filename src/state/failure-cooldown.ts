/** Failed requests, remembered for 30 s each (cooldown.ts): while an old session can still be used, AWS is not asked again. */
import type { Clock } from "../foundation/clock.ts";
import type { AwsRoleError } from "../foundation/errors.ts";
import { shortHash } from "../foundation/hash.ts";
import { type Cooldown, errorCodec, openCooldown } from "./cooldown.ts";

/** The failure of each request (the canonical text of `chain.ts`). Never throws. */
export type FailureCooldown = {
  recall(request: string): AwsRoleError | undefined;
  remember(request: string, error: AwsRoleError): void;
  forget(request: string): void;
};

/** Failures kept in `stateFolder`/failures. */
export function createFailureCooldown(stateFolder: string, clock: Clock): FailureCooldown {
  const of = (request: string): Cooldown<AwsRoleError> =>
    openCooldown(stateFolder, `failures/${shortHash(request)}.json`, errorCodec, clock);
  return {
    recall: (request) => of(request).recall()?.value,
    remember: (request, error) => of(request).remember(error),
    forget: (request) => of(request).forget(),
  };
}
