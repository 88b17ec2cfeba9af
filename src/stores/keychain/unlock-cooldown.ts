/**
 * The 30-second memory of an unlock prompt that was dismissed or that nobody answered: programs that ask every few seconds (k9s, an editor)
 * must not raise it again and again, nor wait for it each time. Its rules:
 *
 * - One small file in the state folder, without secrets. When it cannot be kept, everyone simply asks.
 * - It counts for callers without a terminal. A person at one is asked anew, and an answer ends it.
 * - Writing counts as reading does: a locked keychain says of an item that it never had that it is not there, and only prompts when it is
 *   to be stored.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { uptime } from "node:os";
import { posix } from "node:path";
import { refuseForeign } from "../../state/item-index.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { makePrivateFolder } from "../../foundation/private-dir.ts";
import type { SecretStore } from "../open.ts";

const memorySeconds = 30;

/** The keychain's refusal, if it is younger than 30 s. */
export function recallRefusal(stateFolder: string): AwsRoleError | undefined {
  const file = fileIn(stateFolder);
  try {
    // Most often there is none, and to look is cheaper than an error.
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    refuseForeign(stateFolder);
    const memory = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>;
    const age = uptime() - Number(memory["uptimeSeconds"]);
    const { code, message, hint } = memory;
    if (!(age >= 0 && age < memorySeconds) || !isRefusal(code)) return undefined;
    return new AwsRoleError(code, `${String(message)}, asked ${Math.floor(age)} s ago`, {
      hint: typeof hint === "string" ? hint : undefined,
    });
  } catch {
    return undefined;
  }
}

/** Keeps what the keychain threw, if it is such a refusal. */
export function rememberRefusal(stateFolder: string, error: unknown): void {
  if (!isAwsRoleError(error) || !isRefusal(error.code)) return;
  const { code, message, hint } = error;
  const memory = JSON.stringify({ code, message, hint, uptimeSeconds: uptime() });
  try {
    makePrivateFolder(stateFolder);
    refuseForeign(stateFolder);
    writeFileSync(fileIn(stateFolder), memory, { mode: 0o600 });
  } catch {
    // See above.
  }
}

/** The keychain with this memory. `isAttended`: somebody at a terminal may be asked. */
export function withRefusalMemory(
  keychain: SecretStore,
  stateFolder: string,
  isAttended: () => boolean,
): SecretStore {
  async function asked<T>(work: () => Promise<T>): Promise<T> {
    const refusal = recallRefusal(stateFolder);
    if (refusal !== undefined && !isAttended()) throw refusal;
    try {
      const answer = await work();
      if (refusal !== undefined) forgetRefusal(stateFolder);
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

function forgetRefusal(stateFolder: string): void {
  try {
    rmSync(fileIn(stateFolder), { force: true });
  } catch {
    // It will be too old soon.
  }
}

function isRefusal(code: unknown): code is "ERR_STORE_LOCKED" | "ERR_STORE_TIMEOUT" {
  return code === "ERR_STORE_LOCKED" || code === "ERR_STORE_TIMEOUT";
}

function fileIn(stateFolder: string): string {
  return posix.join(stateFolder.replaceAll("\\", "/"), "keychain-refused.json");
}
