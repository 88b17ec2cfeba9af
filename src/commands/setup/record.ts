/**
 * What this machine remembers of a setup: one small file without a secret in the state folder, written before the first thing is made.
 * With it a setup goes on, and is undone, without its options being given again. Whose a thing at AWS is, its tag says, not this file.
 */
import { asObject } from "../../foundation/json.ts";
import { openStateFile, type StateFile } from "../../state/json-file.ts";

export type SetupRecord = {
  readonly account: string;
  readonly adminProfile: string;
  readonly userProfile: string;
  readonly user: string;
  readonly role: string;
  readonly rolePolicyArns: readonly string[];
  readonly mfa: boolean;
  /** The value of the tag on what this setup made: no one else can know it before, so that what carries it is ours. */
  readonly tag?: string;
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
  const fileOf = (name: string): StateFile<SetupRecord> =>
    openStateFile(stateFolder, `setups/${encodeURIComponent(name)}.json`, (value) =>
      isRecord(value) ? value : undefined,
    );
  return {
    find: (name) => fileOf(name).read(),
    put: (name, record) => fileOf(name).write(record),
    remove: (name) => fileOf(name).remove(),
  };
}

function isRecord(value: unknown): value is SetupRecord {
  const record = asObject(value);
  if (record === undefined) return false;
  const texts = ["account", "adminProfile", "userProfile", "user", "role"];
  const arns = record["rolePolicyArns"];
  return (
    texts.every((key) => typeof record[key] === "string") &&
    Array.isArray(arns) &&
    arns.every((arn) => typeof arn === "string") &&
    typeof record["mfa"] === "boolean" &&
    ["keyStartedAt", "accessKeyId", "tag"].every(
      (key) => record[key] === undefined || typeof record[key] === "string",
    )
  );
}
