/** The store "file" in tests: opened by a key file, which makes no process derive a key. Passphrases have tests of their own. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes a key below `folder`; the variable by which awsrole opens its file store with it. */
export function storeKeyIn(folder: string): { readonly AWSROLE_KEY_FILE: string } {
  const file = join(folder, "store-key");
  writeFileSync(file, randomBytes(32), { mode: 0o600 });
  return { AWSROLE_KEY_FILE: file };
}
