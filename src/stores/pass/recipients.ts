/**
 * For which keys the store "pass" encrypts: those in its own `.gpg-id`, as `pass` understands it. That is written at the first item, with the keys of
 * the person's password store whose secret key is here; so a team's store lets only its owner read what is kept here. `pass init`, with
 * PASSWORD_STORE_DIR set to this folder, changes them later.
 */
import { join } from "node:path";
import { readNamedFile } from "../../foundation/named-file.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import type { PrivateFolder } from "../file/private-files.ts";
import type { Gpg } from "./gpg.ts";
import type { PassStoreOptions } from "./index.ts";

const idFile = ".gpg-id";

/** Fingerprints, at least one. @throws ERR_STORE_UNAVAILABLE where there is no password store, or no key of it is here; what gpg and the folder throw. */
export async function recipientsOf(
  folder: PrivateFolder,
  gpg: Gpg,
  { env, homeFolder }: Pick<PassStoreOptions, "env" | "homeFolder">,
): Promise<readonly string[]> {
  const own = await folder.read(idFile);
  if (own !== undefined) return secretKeys(gpg, own, "the pass store of awsrole");
  const passwordStore = env["PASSWORD_STORE_DIR"] || join(homeFolder, ".password-store");
  const theirs = readIds(join(passwordStore, idFile));
  const keys = await secretKeys(gpg, theirs, passwordStore);
  // One that another process wrote meanwhile has the same keys.
  await folder.create(idFile, keys.map((key) => `${key}\n`).join(""));
  return keys;
}

async function secretKeys(gpg: Gpg, ids: string, where: string): Promise<readonly string[]> {
  const wanted = ids
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
  const found: string[] = [];
  for (const id of wanted) found.push(...(await gpg.secretKeysOf(id)));
  if (found.length > 0) return [...new Set(found)];
  throw new AwsRoleError(
    "ERR_STORE_UNAVAILABLE",
    `no secret key here is one of those that ${where} is encrypted for`,
    {
      hint: "gpg --list-secret-keys shows your keys; pass init KEY changes those of a password store",
    },
  );
}

function readIds(file: string): string {
  try {
    return readNamedFile(file, { maxBytes: 64 * 1024 }).toString("utf8");
  } catch (cause) {
    throw new AwsRoleError(
      "ERR_STORE_UNAVAILABLE",
      `there is no password store: ${file} cannot be read`,
      {
        hint: "make one with pass init GPG-ID, or name its folder in PASSWORD_STORE_DIR",
        cause,
      },
    );
  }
}
