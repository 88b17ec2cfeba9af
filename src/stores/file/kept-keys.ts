/**
 * The opened key of the file store, kept in memory (tmpfs) until the login session ends, so that its passphrase is needed once per login; `store lock` and
 * `logout --all` delete it.
 */
import { createHash } from "node:crypto";
import { statfsSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../../foundation/environment.ts";
import { type Header, isKeyOf } from "./header.ts";
import { openPrivateFolder } from "./private-files.ts";

/** The folder for them, out of the runtime folder; undefined for one below /tmp, where a key would outlast the login session. */
export function keptIn(
  env: Environment,
  runtimeFolder: () => string | undefined,
): string | undefined {
  const parent = env["XDG_RUNTIME_DIR"];
  const folder = parent ? runtimeFolder() : undefined;
  return folder?.startsWith(`${parent}/`) ? folder : undefined;
}

export type KeptKeys = {
  /** The key of the store with this header; undefined when it is not kept. Never throws. */
  read(header: Header): Promise<Buffer | undefined>;
  /** Keeps it, if that is possible. Never throws. */
  keep(header: Header, key: Buffer): Promise<void>;
};

/** Those below `runtimeFolder`; where it is undefined, or not in memory, nothing is kept. */
export function openKeptKeys(runtimeFolder: string | undefined): KeptKeys {
  if (runtimeFolder === undefined || !isInMemory(runtimeFolder))
    return { read: async () => undefined, keep: async () => {} };
  const folder = openPrivateFolder(folderIn(runtimeFolder));
  return {
    async read(header) {
      const text = await folder.read(fileOf(header)).catch(() => undefined);
      const key = Buffer.from(text ?? "", "base64");
      return isKeyOf(header, key) ? key : undefined;
    },
    keep: (header, key) => folder.write(fileOf(header), key.toString("base64")).catch(() => {}),
  };
}

/** Deletes all that are kept below `runtimeFolder`. @returns how many. @throws ERR_STORE_FAILED. */
export async function forgetKeptKeys(runtimeFolder: string): Promise<number> {
  const folder = openPrivateFolder(folderIn(runtimeFolder));
  const names = (await folder.list()).filter((name) => name.endsWith(".key"));
  for (const name of names) await folder.remove(name);
  return names.length;
}

function folderIn(runtimeFolder: string): string {
  return join(runtimeFolder, "store-keys");
}

function fileOf({ salt }: Header): string {
  return `${createHash("sha256").update(salt).digest("hex").slice(0, 32)}.key`;
}

/** `statfs` type of tmpfs (linux/magic.h). Elsewhere nothing promises that a folder never reaches the disk. */
function isInMemory(folder: string): boolean {
  try {
    return process.platform === "linux" && statfsSync(folder).type === 0x01021994;
  } catch {
    return false;
  }
}
