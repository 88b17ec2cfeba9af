import type { SecretStore } from "../../src/stores/open.ts";

/** A store in this process's memory. `secrets` is the content, to look at and to damage. */
export function createMemoryStore(
  secrets = new Map<string, string>(),
): SecretStore & { secrets: Map<string, string> } {
  return {
    name: "keychain",
    secrets,
    get: async (account) => secrets.get(account),
    set: async (account, secret) => void secrets.set(account, secret),
    delete: async (account) => secrets.delete(account),
  };
}
