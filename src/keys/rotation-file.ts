/** Which rotations are under way: one small file per old key, without a secret, in the state folder. */
import { asObject } from "../foundation/json.ts";
import { openStateFile, type StateFile, stateFileNames } from "../state/json-file.ts";

/** A rotation that was begun and not finished. */
export type PendingRotation = {
  readonly oldAccessKeyId: string;
  readonly startedAt: Date;
  /** Known once the new key is made. */
  readonly newAccessKeyId?: string;
};

/**
 * Writing throws the file system's error: without its mark a rotation must not begin. Reading and writing throw ERR_STORE_FAILED for a folder
 * that is not ours alone to change: marks say which keys are deleted.
 */
export type PendingRotations = {
  find(oldAccessKeyId: string): PendingRotation | undefined;
  /** The mark of the rotation in which this key takes the place of another. */
  findByNewKey(newAccessKeyId: string): PendingRotation | undefined;
  put(mark: PendingRotation): void;
  /** Never throws: what stays is of a key that is gone. */
  remove(oldAccessKeyId: string): void;
};

/** Marks in `stateFolder`/rotations. */
export function openPendingRotations(stateFolder: string): PendingRotations {
  const fileOf = (oldAccessKeyId: string): StateFile<PendingRotation> =>
    openStateFile(stateFolder, `rotations/${oldAccessKeyId}.json`, (value) =>
      decodeMark(value, oldAccessKeyId),
    );
  return {
    find: (oldAccessKeyId) => fileOf(oldAccessKeyId).read(),
    findByNewKey: (newAccessKeyId) =>
      stateFileNames(stateFolder, "rotations")
        .map((name) => fileOf(name).read())
        .find((mark) => mark?.newAccessKeyId === newAccessKeyId),
    put: (mark) => fileOf(mark.oldAccessKeyId).write(mark),
    remove(oldAccessKeyId) {
      try {
        fileOf(oldAccessKeyId).remove();
      } catch {
        // Its old key no longer exists, so that nothing asks for the mark again.
      }
    },
  };
}

function decodeMark(value: unknown, oldAccessKeyId: string): PendingRotation | undefined {
  const mark = asObject(value);
  if (mark === undefined) return undefined;
  const { newAccessKeyId } = mark;
  return {
    oldAccessKeyId,
    startedAt: new Date(String(mark["startedAt"])),
    ...(typeof newAccessKeyId === "string" ? { newAccessKeyId } : {}),
  };
}
