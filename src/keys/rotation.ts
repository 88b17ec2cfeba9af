/**
 * Changing an IAM user's access key for a new one. Its rules:
 *
 * - The order is: mark, create, keep, verify, switch the profiles, deactivate the old key; and on another day delete it. At every
 *   moment the profiles name a key that works and is kept.
 * - It can be interrupted anywhere and run again: what was done is seen from IAM, the store and the profiles; the mark only tells
 *   which of two keys is the old one.
 * - A user has two keys at most. A second one that is not of a rotation of ours belongs to something else: it is refused, never touched.
 * - IAM says a new secret once. If it is lost on the way, that key is deleted again: it was made after our mark, in its quarter of an
 *   hour, and has never been used. So the mark goes where nothing was made, or nothing is left of it: the next key may belong to something else.
 */
import type { AccessKeyInfo, Iam, LastUse } from "../aws/iam.ts";
import type { LongTermKey } from "../credentials/key-item.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import type { KeyStore } from "./key-store.ts";
import { isLostKey } from "./lost-key.ts";
import type { PendingRotations } from "./rotation-file.ts";

export type Rotation = {
  readonly profile: string;
  /** The key that the profile names now. */
  readonly currentId: string;
  /** Signed by the current key, or by its MFA session. */
  readonly iam: Iam;
  readonly keys: KeyStore;
  readonly marks: PendingRotations;
  /** Resolves when AWS knows the key and it is the same user's; gives up after a while. @throws AwsRoleError. */
  readonly verify: (key: LongTermKey) => Promise<void>;
  /** Makes every profile that names the old key name the new one, in one step. */
  readonly switchProfiles: (oldId: string, newId: string) => Promise<void>;
  readonly now: () => Date;
  /** Tells a person what is being done. */
  readonly say: (text: string) => void;
};

/** What a rotation came to. `how`: done now, or found done already. */
export type Rotated = {
  readonly oldAccessKeyId: string;
  readonly newAccessKeyId: string;
  readonly how: "rotated" | "already rotated";
};

/** Rotates, or goes on with a rotation. @throws ERR_AWS_REFUSED when the user has a second key already, and what the steps throw. */
export async function rotateKey(rotation: Rotation): Promise<Rotated> {
  const { currentId, iam, marks } = rotation;
  const other = await otherKey(rotation);
  if (other !== undefined && isOldKey(rotation, other)) {
    return deactivateOld(rotation, other, currentId);
  }
  const newKey =
    (other === undefined ? undefined : await continueWith(rotation, other)) ??
    (await createKey(rotation));
  rotation.say(`waiting for the new key ${newKey.accessKeyId} to become active`);
  await rotation.verify(newKey);
  const startedAt = marks.find(currentId)?.startedAt ?? rotation.now();
  marks.put({ oldAccessKeyId: currentId, startedAt, newAccessKeyId: newKey.accessKeyId });
  await rotation.switchProfiles(currentId, newKey.accessKeyId);
  await iam.setAccessKeyActive(currentId, false);
  return { oldAccessKeyId: currentId, newAccessKeyId: newKey.accessKeyId, how: "rotated" };
}

/** What finishing came to: the old key and when it was last used, or that there was none. */
export type Finished = {
  readonly oldAccessKeyId: string;
  readonly lastUse: LastUse | undefined;
};

/**
 * Deletes the old, inactive key at AWS and in the store, once `agree` resolves, which is given its last use.
 * @throws ERR_AWS_REFUSED when there is no such key, and what the steps throw.
 */
export async function finishRotation(
  rotation: Rotation,
  agree: (finished: Finished) => Promise<void>,
): Promise<Finished> {
  const { profile, iam, keys, marks } = rotation;
  const old = await otherKey(rotation);
  if (old === undefined || !isOldKey(rotation, old)) {
    throw refused(
      `profile ${profile} has no old key to delete`,
      `create a new key first: awsrole rotate-key ${profile}`,
    );
  }
  if (old.isActive) {
    throw refused(
      `the old key ${old.accessKeyId} of profile ${profile} is still active`,
      `continue the rotation first: awsrole rotate-key ${profile}`,
    );
  }
  const finished = {
    oldAccessKeyId: old.accessKeyId,
    lastUse: await iam.lastUseOf(old.accessKeyId),
  };
  await agree(finished);
  // The store first: an interrupted run finds the key still listed at AWS, and can finish again.
  await keys.remove(old.accessKeyId);
  await iam.deleteAccessKey(old.accessKeyId);
  marks.remove(old.accessKeyId);
  return finished;
}

/** The user's key that the profile does not name. @throws ERR_IDENTITY_MISMATCH when the named one is not the user's. */
async function otherKey({ profile, currentId, iam }: Rotation): Promise<AccessKeyInfo | undefined> {
  const listed = await iam.listAccessKeys();
  if (!listed.some(({ accessKeyId }) => accessKeyId === currentId)) {
    throw new AwsRoleError(
      "ERR_IDENTITY_MISMATCH",
      `the key ${currentId} of profile ${profile} is not among its user's keys in AWS`,
      { hint: `awsrole whoami ${profile} shows who it belongs to` },
    );
  }
  return listed.find(({ accessKeyId }) => accessKeyId !== currentId);
}

/** True when the profile has been switched from this key to the current one. */
function isOldKey({ marks, currentId }: Rotation, { accessKeyId }: AccessKeyInfo): boolean {
  return marks.find(accessKeyId)?.newAccessKeyId === currentId;
}

async function deactivateOld(
  { iam }: Rotation,
  { accessKeyId, isActive }: AccessKeyInfo,
  newAccessKeyId: string,
): Promise<Rotated> {
  if (isActive) await iam.setAccessKeyActive(accessKeyId, false);
  return {
    oldAccessKeyId: accessKeyId,
    newAccessKeyId,
    how: isActive ? "rotated" : "already rotated",
  };
}

/** The new key of an interrupted rotation if it is kept; undefined when it was lost, and is gone now. */
async function continueWith(
  rotation: Rotation,
  other: AccessKeyInfo,
): Promise<LongTermKey | undefined> {
  const { currentId, iam, keys, marks } = rotation;
  const mark = marks.find(currentId);
  if (mark === undefined) throw secondKey(rotation, other);
  const kept = await keys.get(other.accessKeyId);
  if (kept !== undefined) return kept;
  if (!(await isLostKey(other, mark.startedAt, iam))) throw secondKey(rotation, other);
  rotation.say(
    `deleting ${other.accessKeyId}, whose secret was lost when the rotation was interrupted`,
  );
  await iam.deleteAccessKey(other.accessKeyId);
  await forget(rotation, other.accessKeyId);
  return undefined;
}

async function createKey(rotation: Rotation): Promise<LongTermKey> {
  const { profile, currentId, iam, keys, marks, now } = rotation;
  const accountId = (await keys.get(currentId))?.accountId;
  const mark = { oldAccessKeyId: currentId, startedAt: now() };
  marks.put(mark);
  const created = await iam.createAccessKey().catch((error: unknown) => {
    // Other refusals may be those of a second attempt, after the answer to the first was lost.
    if (isAwsRoleError(error) && error.code === "ERR_AWS_DENIED") marks.remove(currentId);
    throw error;
  });
  const key = { ...created, ...(accountId === undefined ? {} : { accountId }) };
  try {
    marks.put({ ...mark, newAccessKeyId: key.accessKeyId });
    await keys.put(key, profile);
  } catch (error) {
    const isDeleted = await iam.deleteAccessKey(key.accessKeyId).then(
      () => true,
      () => false,
    );
    if (isDeleted) {
      marks.remove(currentId);
      await forget(rotation, key.accessKeyId);
    }
    throw error;
  }
  return key;
}

/** The index entry of a key that no longer exists at AWS is removed, unless the store refused and may still hold it. */
async function forget({ keys }: Rotation, accessKeyId: string): Promise<void> {
  await keys.remove(accessKeyId).catch(() => {});
}

function secondKey({ profile, currentId }: Rotation, other: AccessKeyInfo): AwsRoleError {
  return refused(
    `the user of profile ${profile} has a second access key, ${other.accessKeyId} (${other.isActive ? "active" : "inactive"}), and AWS allows two`,
    `find out what uses it, then delete it: aws iam delete-access-key --access-key-id ${other.accessKeyId} --profile ${profile} (the profile itself has ${currentId})`,
  );
}

function refused(message: string, hint: string): AwsRoleError {
  return new AwsRoleError("ERR_AWS_REFUSED", message, { hint });
}
