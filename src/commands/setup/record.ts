/**
 * What this machine remembers of a setup: one small file without a secret in the state folder, written before the first thing is made.
 * With it a setup goes on, and is undone, without its options being given again. Whose a thing at AWS is, its tag says, not this file.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { refuseForeign } from "../../state/item-index.ts";
import { makePrivateFolder } from "../../foundation/private-dir.ts";

export type SetupRecord = {
  readonly account: string;
  readonly adminProfile: string;
  readonly userProfile: string;
  readonly user: string;
  readonly role: string;
  readonly rolePolicyArns: readonly string[];
  readonly mfa: boolean;
  /** When the making of the access key was begun, by this machine's clock (ISO). */
  readonly keyStartedAt?: string;
  /** Known once the key is kept. */
  readonly accessKeyId?: string;
};

/** Writing throws the file system's error: nothing is made that is not remembered. Both throw ERR_STORE_FAILED for a folder that others can change. */
export type SetupRecords = {
  /** Undefined when there is none, or it is damaged. */
  find(name: string): SetupRecord | undefined;
  put(name: string, record: SetupRecord): void;
  remove(name: string): void;
};

/** Records in `stateFolder`/setups. */
export function createSetupRecords(stateFolder: string): SetupRecords {
  const folder = join(stateFolder, "setups");
  const fileOf = (name: string): string => join(folder, `${encodeURIComponent(name)}.json`);
  return {
    find(name) {
      refuseForeign(stateFolder, folder);
      try {
        const value: unknown = JSON.parse(readFileSync(fileOf(name), "utf8"));
        return isRecord(value) ? value : undefined;
      } catch {
        return undefined;
      }
    },
    put(name, record) {
      makePrivateFolder(folder);
      refuseForeign(stateFolder, folder);
      const file = fileOf(name);
      writeFileSync(`${file}.tmp`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
      renameSync(`${file}.tmp`, file);
    },
    remove(name) {
      rmSync(fileOf(name), { force: true });
    },
  };
}

function isRecord(value: unknown): value is SetupRecord {
  if (typeof value !== "object" || value === null) return false;
  const record = value as Readonly<Record<string, unknown>>;
  const texts = ["account", "adminProfile", "userProfile", "user", "role"];
  const arns = record["rolePolicyArns"];
  return (
    texts.every((key) => typeof record[key] === "string") &&
    Array.isArray(arns) &&
    arns.every((arn) => typeof arn === "string") &&
    typeof record["mfa"] === "boolean" &&
    ["keyStartedAt", "accessKeyId"].every(
      (key) => record[key] === undefined || typeof record[key] === "string",
    )
  );
}
