/**
 * Signature Version 4 as the server sees it, written from the specification
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html), so that a client's signing
 * is checked by other code than the SDK's own. Signatures in headers only: nobody presigns for STS here.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { refusal } from "./answers.ts";

/** How old a signature may be: AWS says "(now - 15 min.)". */
const MAX_AGE_MINUTES = 15;
/** How far ahead of the server a signature may be: AWS says "(now + 5 min.)" (seen in aws-sdk-js#142, sts and others alike). */
const MAX_AHEAD_MINUTES = 5;

/** The parts of an HTTP request that are signed. */
export type SignedRequest = {
  method: string;
  target: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
};

/** What the Authorization header claims. */
export type SignatureClaim = {
  accessKeyId: string;
  /** YYYYMMDD of the credential scope. */
  day: string;
  region: string;
  service: string;
  signedHeaders: readonly string[];
  signature: string;
  /** X-Amz-Date, e.g. 20261124T001820Z. */
  timestamp: string;
};

/** Reads the Authorization header. Throws the refusals of a missing or incomplete one; nothing is verified yet. */
export function readSignatureClaim(headers: IncomingHttpHeaders): SignatureClaim {
  const authorization = headers.authorization;
  if (authorization === undefined)
    throw refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token");
  const [algorithm, ...rest] = authorization.split(" ");
  if (algorithm !== "AWS4-HMAC-SHA256")
    throw incomplete(`Unsupported AWS 'algorithm': '${algorithm}'.`);
  const fields = new Map(rest.join(" ").split(",").map(splitField));
  const [credential, signedHeaders, signature] = ["Credential", "SignedHeaders", "Signature"].map(
    (name) => {
      const value = fields.get(name);
      if (value === undefined)
        throw incomplete(`Authorization header requires '${name}' parameter.`);
      return value;
    },
  );
  const scope = /^([\w-]+)\/(\d{8})\/([\w-]+)\/([\w-]+)\/aws4_request$/.exec(credential ?? "");
  if (scope === null)
    throw incomplete(
      `Credential must have exactly 5 slash-delimited elements, got '${credential}'`,
    );
  const timestamp = headers["x-amz-date"];
  if (typeof timestamp !== "string" || !/^\d{8}T\d{6}Z$/.test(timestamp)) {
    throw incomplete(
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    );
  }
  const [, accessKeyId = "", day = "", region = "", service = ""] = scope;
  return {
    accessKeyId,
    day,
    region,
    service,
    signedHeaders: (signedHeaders ?? "").split(";"),
    signature: signature ?? "",
    timestamp,
  };
}

/** Throws SignatureDoesNotMatch, with AWS's words, unless `request` was signed for `service` with `secretAccessKey` around `now`. */
export function verifySignature(
  request: SignedRequest,
  claim: SignatureClaim,
  { secretAccessKey, service, now }: { secretAccessKey: string; service: string; now: Date },
): void {
  if (claim.service !== service)
    throw mismatch(`Credential should be scoped to correct service: '${service}'. `);
  if (!claim.timestamp.startsWith(claim.day)) {
    throw mismatch(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${claim.day}' != '${claim.timestamp.slice(0, 8)}', from '${claim.timestamp}'.`,
    );
  }
  verifyTime(claim.timestamp, now);
  for (const name of ["host", "x-amz-date", "x-amz-security-token"]) {
    if (request.headers[name] !== undefined && !claim.signedHeaders.includes(name)) {
      throw mismatch(`'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
    }
  }
  const expected = Buffer.from(computeSignature(request, claim, secretAccessKey));
  const given = Buffer.from(claim.signature);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) {
    throw mismatch(
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  }
}

function splitField(field: string): [string, string] {
  const separator = field.indexOf("=");
  return [field.slice(0, separator).trim(), field.slice(separator + 1).trim()];
}

function verifyTime(timestamp: string, now: Date): void {
  const signedAt = parseTimestamp(timestamp);
  const oldest = new Date(now.getTime() - MAX_AGE_MINUTES * 60_000);
  const newest = new Date(now.getTime() + MAX_AHEAD_MINUTES * 60_000);
  if (signedAt < oldest) {
    throw mismatch(
      `Signature expired: ${timestamp} is now earlier than ${formatTimestamp(oldest)} (${formatTimestamp(now)} - ${MAX_AGE_MINUTES} min.)`,
    );
  }
  if (signedAt > newest) {
    throw mismatch(
      `Signature not yet current: ${timestamp} is still later than ${formatTimestamp(newest)} (${formatTimestamp(now)} + ${MAX_AHEAD_MINUTES} min.)`,
    );
  }
}

function computeSignature(
  request: SignedRequest,
  claim: SignatureClaim,
  secretAccessKey: string,
): string {
  const [path = "/", query = ""] = request.target.split("?", 2);
  const canonicalRequest = [
    request.method,
    path,
    canonicalQuery(query),
    ...claim.signedHeaders.map((name) => `${name}:${canonicalHeader(request.headers[name])}`),
    "",
    claim.signedHeaders.join(";"),
    sha256(request.body),
  ].join("\n");
  const scope = [claim.day, claim.region, claim.service, "aws4_request"];
  const stringToSign = [
    "AWS4-HMAC-SHA256",
    claim.timestamp,
    scope.join("/"),
    sha256(canonicalRequest),
  ].join("\n");
  const signingKey = scope.reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  return hmac(signingKey, stringToSign).toString("hex");
}

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join("&");
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalHeader(value: string | string[] | undefined): string {
  return [value ?? ""].flat().join(",").trim().replaceAll(/ +/g, " ");
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

function parseTimestamp(timestamp: string): Date {
  return new Date(
    timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
}

function formatTimestamp(date: Date): string {
  return date.toISOString().replaceAll(/[-:]|\.\d+/g, "");
}

function incomplete(message: string): Error {
  return refusal(400, "IncompleteSignature", message);
}

function mismatch(message: string): Error {
  return refusal(403, "SignatureDoesNotMatch", message);
}
