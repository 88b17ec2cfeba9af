/** A key whose secret was lost: AWS says it once, in the answer to CreateAccessKey. */
import type { AccessKeyInfo, Iam } from "../aws/iam.ts";

/** How far from the moment that we wrote down a lost key may have been made: clocks differ, and a call takes its time. */
const lostKeyMs = 15 * 60_000;

/**
 * True when this key, which is not kept here, is certainly the one that we asked for at `startedAt`: made within a quarter of an hour of it, and never used. Such a
 * key may be deleted; any other belongs to something else. @throws what IAM throws.
 */
export async function isLostKey(
  { accessKeyId, createdAt }: AccessKeyInfo,
  startedAt: Date | undefined,
  iam: Pick<Iam, "lastUseOf">,
): Promise<boolean> {
  if (createdAt === undefined || startedAt === undefined) return false;
  const apartMs = Math.abs(createdAt.getTime() - startedAt.getTime());
  return apartMs < lostKeyMs && (await iam.lastUseOf(accessKeyId)) === undefined;
}
