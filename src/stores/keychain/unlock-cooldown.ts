/**
 * An unlock prompt of the keychain, or of gpg for the pass store, that was dismissed or not answered, remembered for 30 s (state/cooldown.ts): programs that ask every few
 * seconds (k9s, an editor) must not show it again and again, nor wait for it each time. Its rules:
 *
 * - It counts for callers without a terminal. A person at one is asked again, and an answer ends it.
 * - Writing counts as reading does: a locked keychain says of an item that it never had that it is not there, and only prompts when it is
 *   to be stored.
 */
import { uptime } from "node:os";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { type Cooldown, errorCodec, openCooldown } from "../../state/cooldown.ts";
import type { StoreName } from "../../state/item-index.ts";
import type { SecretStore } from "../open.ts";

/** The store's refusal, if it is younger than 30 s. Never throws. */
export function recallRefusal(
  stateFolder: string,
  store: StoreName = "keychain",
): AwsRoleError | undefined {
  const refusal = open(stateFolder, store).recall();
  if (refusal === undefined || !isRefusal(refusal.value.code)) return undefined;
  const { code, message, hint } = refusal.value;
  return new AwsRoleError(code, `${message}, asked ${Math.floor(refusal.secondsAgo)} s ago`, {
    hint,
  });
}

/** Keeps what the store threw, if it is such a refusal. Never throws. */
export function rememberRefusal(
  stateFolder: string,
  error: unknown,
  store: StoreName = "keychain",
): void {
  if (isAwsRoleError(error) && isRefusal(error.code)) open(stateFolder, store).remember(error);
}

/** The store with this cooldown. `isAttended`: whether a person at a terminal can be asked. */
export function withUnlockCooldown(
  store: SecretStore,
  stateFolder: string,
  isAttended: () => boolean,
): SecretStore {
  async function asked<T>(work: () => Promise<T>): Promise<T> {
    const refusal = recallRefusal(stateFolder, store.name);
    if (refusal !== undefined && !isAttended()) throw refusal;
    try {
      const answer = await work();
      if (refusal !== undefined) open(stateFolder, store.name).forget();
      return answer;
    } catch (error) {
      rememberRefusal(stateFolder, error, store.name);
      throw error;
    }
  }
  return {
    ...store,
    get: (account) => asked(() => store.get(account)),
    set: (account, secret) => asked(() => store.set(account, secret)),
  };
}

function isRefusal(code: unknown): boolean {
  return code === "ERR_STORE_LOCKED" || code === "ERR_STORE_TIMEOUT";
}

function open(stateFolder: string, store: StoreName): Cooldown<AwsRoleError> {
  // A collection's name may hold anything; that it is asked as the others are is no loss.
  const [kind] = store.split(":", 1);
  const file = `${kind}-refused.json`;
  return openCooldown(stateFolder, file, errorCodec, { uptimeSeconds: uptime });
}
