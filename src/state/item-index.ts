/**
 * The state folder: what is not secret about every item in a store, one small JSON file per item.
 *
 * A row is written before its item and removed after it, so that nothing is ever in a store unlisted. Rows of different items never
 * touch each other; a row is replaced by rename, so that a reader sees the old or the new one.
 *
 * Rows say what is deleted where. So those in a folder that others can change, or that is another user's (`sudo` with HOME kept), are neither
 * believed nor added to.
 */
import type { Environment } from "../foundation/environment.ts";
import { shortHash } from "../foundation/hash.ts";
import { randomBytes } from "node:crypto";
import { type Stats, statSync } from "node:fs";
import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { posix, win32 } from "node:path";
import { AwsRoleError } from "../foundation/errors.ts";
import { makePrivateFolder } from "../foundation/private-dir.ts";

/** The stores there are, by the name a person gives them. */
export type StoreName = "keychain" | "file" | "plaintext" | "none";

/** What is known about one stored item without opening it. */
export type Row = {
  readonly account: string;
  readonly kind: "role" | "mfa" | "key";
  readonly store: StoreName;
  /** Other stores that may hold a copy: it was stored while another was in use, or a move was interrupted. */
  readonly alsoIn?: readonly StoreName[];
  readonly profile: string;
  readonly roleArn?: string;
  readonly expiresAt?: string;
  /** The request that led to the session (no secret in it), so that `explain` can say what changed since. */
  readonly request?: string;
};

/** Where the state folder is: AWSROLE_STATE_DIR, else the platform's place for state. */
export function stateFolder(
  env: Environment,
  platform: NodeJS.Platform,
  homeFolder: string,
): string {
  if (env["AWSROLE_STATE_DIR"]) return env["AWSROLE_STATE_DIR"];
  if (platform === "win32")
    return win32.join(env["LOCALAPPDATA"] || win32.join(homeFolder, "AppData", "Local"), "awsrole");
  if (platform === "darwin")
    return posix.join(homeFolder, "Library", "Application Support", "awsrole");
  return posix.join(env["XDG_STATE_HOME"] || posix.join(homeFolder, ".local", "state"), "awsrole");
}

/**
 * The rows below `folder`. Reading skips what is damaged; writing throws the file system's error; both throw ERR_STORE_FAILED for a folder
 * that is not ours alone to change.
 */
export type Rows = {
  list(): Promise<readonly Row[]>;
  /** Writes the row as it is. */
  put(row: Row): Promise<void>;
  /** Writes the row of an item that is about to be stored; other stores that are known to hold one of this name stay listed. */
  add(row: Row): Promise<void>;
  remove(account: string): Promise<void>;
  /** After a deletion from one store: the row goes, unless other stores hold the item too. */
  removeFrom(account: string, store: StoreName): Promise<void>;
};

/** Every store that may hold the item of this row. */
export function storesOf({ store, alsoIn = [] }: Row): readonly StoreName[] {
  return [store, ...alsoIn];
}

/** Rows kept in `folder`/items. */
export function createRows(folder: string): Rows {
  const items = posix.join(folder.replaceAll("\\", "/"), "items");
  const fileOf = (account: string): string =>
    posix.join(
      items,
      `${account.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 60)}-${shortHash(account)}.json`,
    );
  const rows: Rows = {
    async list() {
      refuseForeign(folder, items);
      const names = await readdir(items).catch(() => []);
      const rows = await Promise.all(
        names
          .filter((name) => name.endsWith(".json"))
          .map((name) => readRow(posix.join(items, name))),
      );
      return rows.filter((row) => row !== undefined);
    },
    async put(row) {
      makePrivateFolder(items);
      refuseForeign(folder, items);
      const file = fileOf(row.account);
      const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
      const handle = await open(temporary, "wx", 0o600);
      try {
        await handle.writeFile(`${JSON.stringify(row)}\n`);
        await handle.close();
        await rename(temporary, file);
      } catch (error) {
        await handle.close().catch(() => {});
        await rm(temporary, { force: true });
        throw error;
      }
    },
    async add(row) {
      const standing = await readRow(fileOf(row.account));
      const others = standing === undefined ? [] : storesOf(standing);
      await rows.put(heldBy(row, [row.store, ...others.filter((one) => one !== row.store)]));
    },
    async remove(account) {
      await rm(fileOf(account), { force: true });
    },
    async removeFrom(account, store) {
      const standing = await readRow(fileOf(account));
      const others =
        standing === undefined ? [] : storesOf(standing).filter((one) => one !== store);
      if (standing === undefined || others.length === 0) await rows.remove(account);
      else await rows.put(heldBy(standing, others));
    },
  };
  return rows;
}

/** The row of an item that these stores hold, the first of them being the one that counts. */
export function heldBy(row: Row, [store, ...others]: readonly StoreName[]): Row {
  const { alsoIn: _, ...alone } = row;
  return {
    ...alone,
    ...(store === undefined ? {} : { store }),
    ...(others.length === 0 ? {} : { alsoIn: others }),
  };
}

/**
 * Whoever can change a folder can put a link where we write, and a lie where we read: everything in the state folder is for these to pass first.
 * @throws ERR_STORE_FAILED for one that is another user's, or that others can change. One that is not there, and links to our own, are fine.
 */
export function refuseForeign(...folders: readonly string[]): void {
  const own = process.geteuid?.();
  if (own === undefined) return;
  for (const folder of folders) {
    const found = statOf(folder);
    if (found === undefined) continue;
    const [what, hint] =
      found.uid !== own
        ? [
            "belongs to another user",
            "run awsrole as that user, or name another in AWSROLE_STATE_DIR",
          ]
        : (found.mode & 0o022) !== 0
          ? ["can be changed by others", `chmod go-w ${folder}, if you trust what is in it`]
          : [];
    if (what !== undefined)
      throw new AwsRoleError("ERR_STORE_FAILED", `the state folder ${folder} ${what}`, { hint });
  }
}

function statOf(folder: string): Stats | undefined {
  try {
    return statSync(folder, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

async function readRow(file: string): Promise<Row | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    return isRow(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRow(value: unknown): value is Row {
  if (typeof value !== "object" || value === null) return false;
  const row = value as Readonly<Record<string, unknown>>;
  const isText = (key: string): boolean => typeof row[key] === "string";
  const isTextOrAbsent = (key: string): boolean => row[key] === undefined || isText(key);
  return (
    isText("account") &&
    isText("kind") &&
    isText("store") &&
    isText("profile") &&
    ["roleArn", "expiresAt", "request"].every(isTextOrAbsent) &&
    (row["alsoIn"] === undefined || Array.isArray(row["alsoIn"]))
  );
}
