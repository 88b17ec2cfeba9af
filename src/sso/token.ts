/**
 * A sign-in to IAM Identity Center: the access token of a session, and what renews it.
 *
 * Its text is the AWS CLI's: `~/.aws/sso/cache/SHA1.json`, of the session's name or, without one, of the start URL. The CLI and all SDKs read it
 * there, so times are `YYYY-MM-DDTHH:MM:SSZ` and keys that we do not know are kept.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { formatExpiration } from "../aws/credentials.ts";

/** A sign-in, of an `[sso-session NAME]` or, in the old form, of a start URL. */
export type SsoSession = {
  /** Absent in the old form. */
  readonly name: string | undefined;
  readonly startUrl: string;
  readonly region: string;
  /** True while a profile of the config in use reaches it without awsrole: then AWS's file is the only copy of its token. */
  readonly isNative: () => boolean;
};

export type SsoToken = {
  readonly accessToken: string;
  readonly expiresAt: Date;
  /** Good for one refresh each. */
  readonly refreshToken?: string;
  readonly client?: OidcClient;
  /** The whole text, for what else is in it. */
  readonly raw: Readonly<Record<string, unknown>>;
};

/** What RegisterClient gave: who refreshes. */
export type OidcClient = {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly expiresAt: Date;
};

/** What tells a session from others: its name, or the start URL of the old form. */
export function sessionId({ name, startUrl }: Pick<SsoSession, "name" | "startUrl">): string {
  return name ?? startUrl;
}

/** The lock that is held while a person signs in. */
export function signInLock(session: Pick<SsoSession, "name" | "startUrl">): string {
  return `sign-in ${sessionId(session)}`;
}

/** Where AWS's tools keep a session's token. */
export function tokenFile(homeFolder: string, session: SsoSession): string {
  const name = createHash("sha1").update(sessionId(session)).digest("hex");
  return join(homeFolder, ".aws", "sso", "cache", `${name}.json`);
}

/** The token in a text; undefined for one that has none, or is of another portal (the session's start URL was changed since). */
export function parseToken(
  raw: Readonly<Record<string, unknown>> | undefined,
  session: SsoSession,
): SsoToken | undefined {
  if (raw === undefined) return undefined;
  const text = (key: string): string | undefined => {
    const value = raw[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const accessToken = text("accessToken");
  const expiresAt = parseInstant(text("expiresAt"));
  if (accessToken === undefined || expiresAt === undefined) return undefined;
  const startUrl = text("startUrl");
  if (startUrl !== undefined && !isSamePortal(startUrl, session.startUrl)) return undefined;
  const refreshToken = text("refreshToken");
  const [clientId, clientSecret] = [text("clientId"), text("clientSecret")];
  const registeredUntil = parseInstant(text("registrationExpiresAt"));
  return {
    accessToken,
    expiresAt,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(clientId === undefined || clientSecret === undefined || registeredUntil === undefined
      ? {}
      : { client: { clientId, clientSecret, expiresAt: registeredUntil } }),
    raw,
  };
}

/** The text of a token. What the answer of a refresh leaves out (a new refresh token) is left out here too. */
export function formatToken(
  session: SsoSession,
  token: Omit<SsoToken, "raw">,
  raw: SsoToken["raw"] = {},
): Readonly<Record<string, unknown>> {
  const { refreshToken: _, ...others } = raw;
  const { client, refreshToken } = token;
  return {
    ...others,
    startUrl: session.startUrl,
    region: session.region,
    accessToken: token.accessToken,
    expiresAt: formatExpiration(token.expiresAt),
    ...(client === undefined
      ? {}
      : {
          clientId: client.clientId,
          clientSecret: client.clientSecret,
          registrationExpiresAt: formatExpiration(client.expiresAt),
        }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
  };
}

/** The one that lasts longer; of two that last equally long, one that can be refreshed. */
export function newerToken<T extends SsoToken>(
  one: T | undefined,
  other: T | undefined,
): T | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const difference = one.expiresAt.getTime() - other.expiresAt.getTime();
  if (difference !== 0) return difference > 0 ? one : other;
  return one.refreshToken === undefined ? other : one;
}

/** `…/start`, `…/start/`, `…/start#/` are one portal. */
export function isSamePortal(one: string, other: string): boolean {
  const plain = (url: string): string =>
    url
      .trim()
      .replace(/#.*$/, "")
      .replace(/(?<!\/)\/+$/, "")
      .toLowerCase();
  return plain(one) === plain(other);
}

/** AWS's form, and the older ones that its caches may have: `2026-01-01T00:00:00UTC`. */
function parseInstant(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const instant = new Date(text.replace(/UTC$/, "Z"));
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}
