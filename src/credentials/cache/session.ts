/**
 * One cached session: how it is stored, and how long it may still be used.
 *
 * Expiry is judged by the lifetime that STS granted and the time that has passed since, never by comparing STS's clock with the
 * local one: a wrong local clock must neither kill a good session nor keep a dead one alive. Two clocks measure the time passed,
 * the wall clock and the uptime (which counts suspension and cannot be set); the larger counts. After a reboot the uptime
 * difference is smaller than the true time, so the wall clock decides by itself.
 */
import { userSessionSeconds } from "../../config/aws-limits.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { Credentials } from "../../aws/credentials.ts";
import { appendChecksum, parseWithChecksum } from "./checksum.ts";

/** A session as fetched. `request` is the canonical text of everything that led to it (`chain.ts`). */
export type CachedSession = {
  readonly request: string;
  readonly credentials: Credentials & { readonly sessionToken: string; readonly expiresAt: Date };
  /** Granted by STS: Expiration − STS's own clock at issue, in seconds. */
  readonly lifetimeSeconds: number;
  /** Local wall clock and uptime (seconds) when it was fetched. */
  readonly fetchedAt: Date;
  readonly fetchedAtUptimeSeconds: number;
};

/** Seconds left; may be negative. */
export function remainingSeconds(session: CachedSession, clock: Clock): number {
  const wall = (clock.now().getTime() - session.fetchedAt.getTime()) / 1000;
  const uptime = clock.uptimeSeconds() - session.fetchedAtUptimeSeconds;
  return session.lifetimeSeconds - Math.max(wall, uptime, 0);
}

/** Below this much time left, no caller gets the session any more, in seconds. */
export const usableSeconds = 60;

/** Below this much time left, a renewal may ask a person, in seconds: just above the refresh window of most SDKs (5 min). */
export const urgentSeconds = 330;

/**
 * Delivered without renewal while this many seconds remain: above botocore's 15-minute window, which would otherwise run the
 * process for every call; shorter sessions could never satisfy that, so they are held to the 5-minute window of the others.
 */
export function freshSeconds(session: Pick<CachedSession, "lifetimeSeconds">): number {
  return session.lifetimeSeconds >= shortSessionSeconds - measuredShort ? 960 : urgentSeconds;
}

/** SDKs want credentials again a quarter of an hour before their end: of sessions shorter than this, some ask before every call. */
export const shortSessionSeconds = 1800;
/** A lifetime is measured when the answer has come, up to an exchange (5 s) and some whole-second rounding after the issue. */
const measuredShort = 10;

/** The stored text: JSON that repeats the whole request, so that a swapped or outdated item is recognised, and ends with its own hash. */
export function encodeSession(session: CachedSession): string {
  const { credentials } = session;
  return appendChecksum(
    JSON.stringify({
      v: 1,
      request: session.request,
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      sessionToken: credentials.sessionToken,
      expiration: credentials.expiresAt.toISOString(),
      accountId: credentials.accountId,
      lifetimeSeconds: session.lifetimeSeconds,
      fetchedAt: session.fetchedAt.getTime(),
      fetchedAtUptimeSeconds: session.fetchedAtUptimeSeconds,
    }),
  );
}

/** The session in `text` if it is whole and answers `request`; anything else (damaged, foreign, swapped) is undefined: a miss. */
export function decodeSession(text: string, request: string): CachedSession | undefined {
  const item = parseWithChecksum(text);
  if (item === undefined || item["v"] !== 1 || item["request"] !== request) return undefined;
  const {
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiration,
    accountId,
    lifetimeSeconds,
    fetchedAt,
    fetchedAtUptimeSeconds,
  } = item;
  if (
    !isText(accessKeyId) ||
    !isText(secretAccessKey) ||
    !isText(sessionToken) ||
    !isText(expiration)
  )
    return undefined;
  if (!isFinite(lifetimeSeconds) || !isFinite(fetchedAt) || !isFinite(fetchedAtUptimeSeconds))
    return undefined;
  const expiresAt = new Date(expiration);
  if (Number.isNaN(expiresAt.getTime()) || lifetimeSeconds > userSessionSeconds.most)
    return undefined;
  return {
    request,
    credentials: {
      accessKeyId,
      secretAccessKey,
      sessionToken,
      expiresAt,
      ...(isText(accountId) ? { accountId } : {}),
    },
    lifetimeSeconds,
    fetchedAt: new Date(fetchedAt),
    fetchedAtUptimeSeconds,
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isFinite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
