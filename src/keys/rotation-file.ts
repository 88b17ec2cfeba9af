/** Which rotations are under way: one small file per old key, without a secret, in the state folder. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { refuseForeign } from "../state/item-index.ts";
import { makePrivateFolder } from "../foundation/private-dir.ts";

/** A rotation that was begun and not finished. */
export type RotationMark = {
  readonly oldAccessKeyId: string;
  readonly startedAt: Date;
  /** Known once the new key is made. */
  readonly newAccessKeyId?: string;
};

/**
 * Writing throws the file system's error: without its mark a rotation must not begin. Reading and writing throw ERR_STORE_FAILED for a folder
 * that is not ours alone to change: marks say which keys are deleted.
 */
export type RotationMarks = {
  find(oldAccessKeyId: string): RotationMark | undefined;
  put(mark: RotationMark): void;
  /** Never throws: what stays is of a key that is gone. */
  remove(oldAccessKeyId: string): void;
};

/** Marks in `stateFolder`/rotations. */
export function createRotationMarks(stateFolder: string): RotationMarks {
  const folder = join(stateFolder, "rotations");
  const fileOf = (accessKeyId: string): string => join(folder, `${accessKeyId}.json`);
  return {
    find(oldAccessKeyId) {
      refuseForeign(stateFolder, folder);
      try {
        const mark = JSON.parse(readFileSync(fileOf(oldAccessKeyId), "utf8")) as Readonly<
          Record<string, unknown>
        >;
        const { newAccessKeyId } = mark;
        return {
          oldAccessKeyId,
          startedAt: new Date(String(mark["startedAt"])),
          ...(typeof newAccessKeyId === "string" ? { newAccessKeyId } : {}),
        };
      } catch {
        return undefined;
      }
    },
    put(mark) {
      makePrivateFolder(folder);
      refuseForeign(stateFolder, folder);
      const file = fileOf(mark.oldAccessKeyId);
      writeFileSync(`${file}.tmp`, JSON.stringify(mark), { mode: 0o600 });
      renameSync(`${file}.tmp`, file);
    },
    remove(oldAccessKeyId) {
      try {
        rmSync(fileOf(oldAccessKeyId), { force: true });
      } catch {
        // See above.
      }
    },
  };
}
