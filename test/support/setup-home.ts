/** A home in which `awsrole setup` can run with nothing but node: an administrator's profile, and the encrypted file store. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHome, type Home, program } from "./run-awsrole.ts";
import { storeKeyIn } from "./store-key.ts";

/** IAM's and STS's actions that change something there. */
export function isMutating(action: string): boolean {
  return /^(?:Create|Delete|Attach|Detach|Update|Put|Add|Remove|Deactivate|Enable|Tag|Untag|Set)/.test(
    action,
  );
}

/** `url`: STS and IAM; `admin`: a key that may do everything there. */
export function createSetupHome(
  url: string,
  admin: { readonly accessKeyId: string; readonly secretAccessKey: string },
  region = "eu-west-1",
): Home {
  const home = createHome({
    config: `# mine\n[profile admin]\nregion = ${region}\n`,
    credentials: `[admin]\naws_access_key_id = ${admin.accessKeyId}\naws_secret_access_key = ${admin.secretAccessKey}\n`,
  });
  const runtime = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "awsrole-run-"));
  return {
    ...home,
    remove: async () => {
      await home.remove();
      rmSync(runtime, { recursive: true, force: true });
    },
    env: {
      ...home.env,
      XDG_RUNTIME_DIR: runtime,
      AWS_ENDPOINT_URL: url,
      AWSROLE_STORE: "file",
      ...storeKeyIn(home.path),
    },
  };
}

/** The words of a setup that also works inside the test's own process, which was not started from a file that lasts. */
export function setupWords(words: string): string[] {
  return ["setup", ...words.split(" "), "--command", program.at(-1) ?? ""];
}

/** Everything that lies in files below the home but the administrator's own credentials file. */
export function textOfHome(home: Home): string {
  return readdirSync(home.path, { recursive: true, encoding: "utf8" })
    .map((name) => join(home.path, name))
    .filter((file) => file !== home.credentialsFile && statSync(file).isFile())
    .map((file) => readFileSync(file, "latin1"))
    .join("\n");
}
