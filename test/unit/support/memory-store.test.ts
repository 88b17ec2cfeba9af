import { createMemoryStore } from "../../support/memory-store.ts";
import { describeSecretStore } from "../../support/secret-store-contract.ts";

describeSecretStore("memory", () => ({ store: createMemoryStore() }));
