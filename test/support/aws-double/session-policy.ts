/** What rides in a session's token: policies and tags, and how much room they take. */
import { deflateRawSync } from "node:zlib";
import { refusal } from "./answers.ts";

/** One session tag. */
export type Tag = { key: string; value: string };

/** As much of AssumeRole's input as rides in the token. */
type SessionInput = {
  Policy?: string;
  PolicyArns?: readonly { arn?: string }[];
  Tags?: readonly { Key: string; Value: string }[];
  TransitiveTagKeys?: readonly string[];
};

/** Characters that inline policy and policy ARNs may have together, as text. */
const MAX_PLAIN_LENGTH = 2048;
/** Bytes for the packed form. AWS keeps its own limit and format to itself; this one makes both answers reachable. */
const MAX_PACKED_BYTES = 2048;

/** Checks Policy and PolicyArns. Answers the percentage of the packed size that they and `tags` use; undefined without any. */
export function packSessionPolicy(
  { Policy: policy, PolicyArns = [] }: SessionInput,
  tags: readonly Tag[],
): number | undefined {
  const arns = PolicyArns.map(({ arn = "" }) => arn);
  if (policy !== undefined && !isPolicyDocument(policy))
    throw refusal(400, "MalformedPolicyDocument", "Syntax errors in policy.");
  const plainText = [policy ?? "", ...arns].join("");
  if (plainText.length > MAX_PLAIN_LENGTH) {
    throw tooLarge(
      `Packed policy consumes ${percentage(plainText.length, MAX_PLAIN_LENGTH)}% of allotted space, please use smaller policy.`,
    );
  }
  if (plainText === "" && tags.length === 0) return undefined;
  const packed = percentage(
    deflateRawSync(JSON.stringify([plainText, tags])).length,
    MAX_PACKED_BYTES,
  );
  if (packed > 100)
    throw tooLarge(`Packed size of session tags consumes ${packed}% of allotted space.`);
  return packed;
}

/** What a session with this input is allowed at most; empty where nothing limits it. */
export function sessionPoliciesOf({ Policy: policy, PolicyArns = [] }: SessionInput): {
  sessionPolicies?: readonly string[];
} {
  const all = [policy, ...PolicyArns.map(({ arn }) => arn)].filter((one) => one !== undefined);
  return all.length === 0 ? {} : { sessionPolicies: all };
}

/**
 * Checks Tags and TransitiveTagKeys. Answers all tags of the new session, inherited ones included, and those of them that it
 * hands on by lower-cased key.
 */
export function readSessionTags(
  { Tags = [], TransitiveTagKeys = [] }: SessionInput,
  inherited: ReadonlyMap<string, string>,
): { tags: Tag[]; transitiveTags: Map<string, string> } {
  const given = Tags.map(({ Key: key, Value: value }) => ({ key, value }));
  const valuesByKey = new Map(given.map(({ key, value }) => [key.toLowerCase(), value]));
  if (valuesByKey.size < given.length) {
    throw refusal(
      400,
      "InvalidParameterValue",
      "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    );
  }
  if ([...valuesByKey.keys()].some((key) => inherited.has(key))) {
    throw refusal(
      400,
      "InvalidParameterValue",
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  const transitiveTags = new Map(inherited);
  for (const name of TransitiveTagKeys) {
    const key = name.toLowerCase();
    const value = valuesByKey.get(key);
    if (value === undefined) {
      throw refusal(
        400,
        "InvalidParameterValue",
        "The specified transitive tag key must be included in the requested tags.",
      );
    }
    transitiveTags.set(key, value);
  }
  return {
    tags: [...given, ...[...inherited].map(([key, value]) => ({ key, value }))],
    transitiveTags,
  };
}

function isPolicyDocument(text: string): boolean {
  try {
    const document: unknown = JSON.parse(text);
    return typeof document === "object" && document !== null && "Statement" in document;
  } catch {
    return false;
  }
}

function percentage(part: number, whole: number): number {
  return Math.ceil((part * 100) / whole);
}

function tooLarge(message: string): Error {
  return refusal(400, "PackedPolicyTooLarge", message);
}
