import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { nativeItems } from "../../src/stores/keychain/native.ts";
import { createOsKeychain } from "../../src/stores/keychain/index.ts";
import { secretServiceItems } from "../../src/stores/keychain/secret-service.ts";
import { keychainSkipReason, startKeychainDaemon } from "../support/keychain-daemon.ts";
import { describeSecretStore } from "../support/secret-store-contract.ts";

const run = promisify(execFile);
const skipReason = keychainSkipReason();
const IMPORT = 'import { createOsKeychain } from "../../src/stores/keychain/index.ts";';
const daemon = skipReason ? undefined : await startKeychainDaemon();
const env = daemon?.env ?? {};

describeSecretStore(
  "gnome-keyring",
  () => ({
    store: createOsKeychain({ env }),
    env,
    childStore: `${IMPORT} const store = createOsKeychain();`,
    // Bytes that are no text; this store cannot tell more.
    damage: (account) => overwrite(account, "printf '\\377\\376\\001'"),
  }),
  { skipReason },
);

describeSecretStore(
  "gnome-keyring with Windows' limit",
  () => ({
    store: createOsKeychain({ env, itemLimitBytes: 2560 }),
    env,
    childStore: `${IMPORT} const store = createOsKeychain({ itemLimitBytes: 2560 });`,
    damage: (account) => overwrite(account, "printf 'a value of another program'"),
    close: async () => daemon?.stop(),
  }),
  { skipReason },
);

const notAsked =
  process.env["AWSROLE_TEST_KEYCHAIN"] === "own" ? undefined : "AWSROLE_TEST_KEYCHAIN is not own";
describeSecretStore(
  "this machine's own keychain",
  () => ({
    store: createOsKeychain(),
    childStore: `${IMPORT} const store = createOsKeychain();`,
    damage: (account) => {
      const items = ["darwin", "win32"].includes(process.platform)
        ? nativeItems("awsrole")
        : secretServiceItems("awsrole", process.env);
      return items.set(account, Uint8Array.of(255, 254, 1));
    },
  }),
  { skipReason: notAsked },
);

async function overwrite(account: string, print: string): Promise<void> {
  const store = `secret-tool store --label x service awsrole username '${account}'`;
  await run("sh", ["-c", `${print} | ${store}`], { env });
}
