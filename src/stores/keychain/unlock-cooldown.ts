/**
 * An unlock prompt of the keychain that was dismissed or not answered, remembered for 30 s (state/cooldown.ts): programs that ask every few
 * seconds (k9s, an editor) must not show it again and again, nor wait for it each time. Its rules:
 *
 * - It counts for callers without a terminal. A person at one is asked again, and an answer ends it.
 * - Writing counts as reading does: a locked keychain says of an item that it never had that it is not there, and only prompts when it is
 *   to be stored.
 */
import { uptime } from "node:os";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { type Cooldown, errorCodec, openCooldown } from "../../state/cooldown.ts";
import type { SecretStore } from "../open.ts";

/** The keychain's refusal, if it is younger than 30 s. Never throws. */
export function recallRefusal(stateFolder: string): AwsRoleError | undefined {
  const refusal = open(stateFolder).recall();
  if (refusal === undefined || !isRefusal(refusal.value.code)) return undefined;
  const { code, message, hint } = refusal.value;
  return new AwsRoleError(code, `${message}, asked ${Math.floor(refusal.secondsAgo)} s ago`, {
    hint,
  });
}

/** Keeps what the keychain threw, if it is such a refusal. Never throws. */
export function rememberRefusal(stateFolder: string, error: unknown): void {
  if (isAwsRoleError(error) && isRefusal(error.code)) open(stateFolder).remember(error);
}

/** The keychain with this cooldown. `isAttended`: whether a person at a terminal can be asked. */
export function withUnlockCooldown(
  keychain: SecretStore,
  stateFolder: string,
  isAttended: () => boolean,
): SecretStore {
  async function asked<T>(work: () => Promise<T>): Promise<T> {
    const refusal = recallRefusal(stateFolder);
    if (refusal !== undefined && !isAttended()) throw refusal;
    try {
      const answer = await work();
      if (refusal !== undefined) open(stateFolder).forget();
      return answer;
    } catch (error) {
      rememberRefusal(stateFolder, error);
      throw error;
    }
  }
  return {
    ...keychain,
    get: (account) => asked(() => keychain.get(account)),
    set: (account, secret) => asked(() => keychain.set(account, secret)),
  };
}

function isRefusal(code: unknown): boolean {
  return code === "ERR_STORE_LOCKED" || code === "ERR_STORE_TIMEOUT";
}

function open(stateFolder: string): Cooldown<AwsRoleError> {
  return openCooldown(stateFolder, "keychain-refused.json", errorCodec, { uptimeSeconds: uptime });
}
