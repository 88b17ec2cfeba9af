/** The end of a chain: an identity that is not assumed by us. */
import type { StsConnection } from "../config/connection.ts";
import type { Environment } from "../foundation/environment.ts";
import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import type { Profile } from "../config/profiles.ts";

/** Keys, or what a source resolves to. */
export type BaseCredentials = {
  readonly kind: "base";
  readonly profileName: string;
  readonly source: CredentialSource;
  /** Tells it from every other identity, without a secret; JSON. */
  readonly identity: readonly unknown[];
  /** The profiles that led here, outermost first, its own last. */
  readonly path: readonly string[];
};

/** Ways to get base credentials; `sources/index.ts` has one file for each. */
export type CredentialSource =
  | Extract<Profile, { kind: "static" | "keychain-key" | "process" }>
  | LoginSource
  | { readonly kind: "web-identity"; readonly tokenFile: string }
  | SamlSource
  | { readonly kind: "ec2-instance-metadata"; readonly address: string }
  | { readonly kind: "environment" | "ecs-container" };

/** A command that prints a SAML response (`awsrole_saml_process`). */
export type SamlSource = { readonly kind: "saml"; readonly command: string };

/** A session of `aws login`, with the way to the sign-in service that renews it. */
export type LoginSource = Extract<Profile, { kind: "login" }> & { readonly signin: StsConnection };

/** True where the role's call is not signed: what the source gives is the proof itself, not credentials. */
export function isUnsigned({ kind }: CredentialSource): boolean {
  return kind === "web-identity" || kind === "saml";
}

/** The base credentials at the end of `path`; its identity is found without network or child process. */
export function createBaseCredentials(
  source: CredentialSource,
  path: readonly string[],
  env: Environment,
): BaseCredentials {
  return {
    kind: "base",
    profileName: path.at(-1) ?? "",
    source,
    identity: [source.kind, ...identify(source, env)],
    path,
  };
}

function identify(source: CredentialSource, env: Environment): readonly unknown[] {
  switch (source.kind) {
    case "static":
    case "keychain-key":
      return [source.accessKeyId];
    case "login":
      return [source.loginSession];
    case "process":
    case "saml":
      // It may have a password in it, and identities are kept beside the sessions.
      return [sha256(source.command)];
    case "web-identity":
      return [source.tokenFile];
    case "environment":
      return [env["AWS_ACCESS_KEY_ID"]];
    case "ec2-instance-metadata":
      return [source.address, thisBoot()];
    case "ecs-container":
      return [
        // In the order in which the provider takes them; a variable that is set to nothing is not set.
        env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] || env["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
        thisBoot(),
      ];
  }
}

/** Loaded for this alone: node:crypto would cost every cached answer 2.6 to 4.6 ms. */
function sha256(text: string): string {
  const { createHash } = process.getBuiltinModule("node:crypto");
  return createHash("sha256").update(text).digest("hex");
}

/** Tells this boot from others: a disk image that boots elsewhere has another role. Where the kernel gives no id, the boot's hour. */
function thisBoot(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return String(Math.round((Date.now() / 1000 - uptime()) / 3600));
  }
}
