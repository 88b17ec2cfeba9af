/** A long-term key as it is kept in a store, under its access key id (`keyAccount`). */
import { appendChecksum, parseWithChecksum } from "./cache/checksum.ts";

/** An IAM user's access key; the account and the user's ARN are known when AWS has been asked. */
export type LongTermKey = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accountId?: string;
};

/** The text for the store. */
export function encodeKey(key: LongTermKey): string {
  const { accessKeyId, secretAccessKey, accountId } = key;
  return appendChecksum(JSON.stringify({ v: 1, accessKeyId, secretAccessKey, accountId }));
}

/** The key in `text` if it is whole and has this id; else undefined. */
export function decodeKey(text: string, accessKeyId: string): LongTermKey | undefined {
  const item = parseWithChecksum(text);
  if (item === undefined) return undefined;
  const { secretAccessKey, accountId } = item;
  const isWhole =
    item["v"] === 1 &&
    item["accessKeyId"] === accessKeyId &&
    typeof secretAccessKey === "string" &&
    secretAccessKey !== "";
  if (!isWhole) return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    ...(typeof accountId === "string" ? { accountId } : {}),
  };
}
