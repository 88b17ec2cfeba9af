import { createHash, createHmac } from "node:crypto";
import type { Keys } from "./sts-client.ts";
import type { AwsDouble } from "./aws-double.ts";

/** Sends GetCallerIdentity, or what `params` say, signed by hand, or in some wrong way. */
export async function sendSigned(
  sts: AwsDouble,
  params: Record<string, string>,
  options: {
    keys?: Keys;
    signedAt?: Date;
    service?: string;
    day?: string;
    headers?: Record<string, string>;
    signedHeaders?: string[];
    sentBody?: string;
    /** Put in place of what was signed; an empty one is left out. */
    replaced?: Record<string, string>;
  } = {},
): Promise<{ status: number; body: string }> {
  const { keys = sts.bob, signedAt = sts.clock.now(), service = "sts" } = options;
  const timestamp = signedAt.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = options.day ?? timestamp.slice(0, 8);
  const body = new URLSearchParams({
    Action: "GetCallerIdentity",
    Version: "2011-06-15",
    ...params,
  }).toString();
  const headers: Record<string, string> = {
    host: new URL(sts.url).host,
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    "x-amz-date": timestamp,
    ...options.headers,
  };
  const signed = options.signedHeaders ?? Object.keys(headers).toSorted();
  const canonicalHeaders = signed
    .map((name) => `${name}:${headers[name]?.replaceAll(/ +/g, " ")}\n`)
    .join("");
  const canonical = `POST\n/\n\n${canonicalHeaders}\n${signed.join(";")}\n${hash(body)}`;
  const scope = `${day}/eu-west-1/${service}/aws4_request`;
  let key: string | Buffer = `AWS4${keys.secretAccessKey}`;
  for (const part of scope.split("/")) key = createHmac("sha256", key).update(part).digest();
  const signature = createHmac("sha256", key)
    .update(`AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hash(canonical)}`)
    .digest("hex");
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${signed.join(";")}, Signature=${signature}`;
  const sent = Object.entries({ ...headers, ...options.replaced }).filter(
    ([name, value]) => value !== "" && name !== "host",
  );
  const response = await fetch(sts.url, {
    method: "POST",
    headers: sent,
    body: options.sentBody ?? body,
  });
  return { status: response.status, body: await response.text() };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
