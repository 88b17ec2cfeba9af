/**
 * Finds the native keychain library, which serves macOS and Windows.
 *
 * The platform's own package is required by name: the library's loader costs several times as much as the addon itself. It is
 * the fallback where a package manager does not let us see the platform package (pnpm, Yarn PnP).
 * A platform package of another version is passed over: 1.x reads every failure as "no such entry".
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AwsRoleError } from "../../foundation/errors.ts";

/** One item of the keychain; `null` is the library's word for absent. */
export type KeyringEntry = {
  getSecret(): Promise<ArrayLike<number> | null>;
  setSecret(secret: Uint8Array): Promise<void>;
  deleteCredential(): Promise<boolean>;
};

/** The part of `@napi-rs/keyring` that is safe to use. The constructor asks the system and may block or throw. */
export type Keyring = {
  AsyncEntry: new (service: string, account: string) => KeyringEntry;
};

/** The one version whose messages and behaviour were measured; package.json pins the same. */
export const KEYRING_VERSION = "2.1.2";

/** Loads the library; throws ERR_STORE_UNAVAILABLE where there is none for this machine. */
export function loadKeyring(): Keyring {
  const require = requireOfThisFile();
  for (const name of platformPackages(process.platform, process.arch)) {
    try {
      const addon = require.resolve(name);
      const manifest = readFileSync(join(dirname(addon), "package.json"), "utf8");
      if ((JSON.parse(manifest) as { version?: unknown }).version === KEYRING_VERSION)
        return require(addon) as Keyring;
    } catch {
      // Not installed, or for another C library: the next one may fit, and the loader tells the reason for all.
    }
  }
  try {
    return require("@napi-rs/keyring") as Keyring;
  } catch (cause) {
    throw new AwsRoleError(
      "ERR_STORE_UNAVAILABLE",
      "the keychain library cannot be loaded on this machine",
      {
        cause,
        hint: "install awsrole again with its optional dependencies, or set AWSROLE_STORE=none to disable caching",
      },
    );
  }
}

/** The cache-hit path is bundled as CommonJS, which has a `require` and no import.meta; read from source this is an ES module. */
function requireOfThisFile(): NodeJS.Require {
  return typeof __filename === "string"
    ? require
    : process.getBuiltinModule("node:module").createRequire(import.meta.url);
}

function platformPackages(platform: NodeJS.Platform, arch: string): string[] {
  switch (platform) {
    case "darwin":
      return [`@napi-rs/keyring-darwin-${arch}`];
    case "win32":
      return [`@napi-rs/keyring-win32-${arch}-msvc`];
    default:
      return [];
  }
}
