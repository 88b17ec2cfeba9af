/**
 * What is known about a hop's cached session without opening a secret: the row beside it, which repeats the request that led to the session. Where
 * there is a session of an older request only, the two are compared input by input.
 */
import { roleSessionSeconds } from "../config/aws-limits.ts";
import { freshSeconds, usableSeconds } from "../credentials/cache/session.ts";
import { accountOf, profilesOf, type SessionHop } from "../credentials/chain.ts";
import type { IndexEntry } from "../state/item-index.ts";

/** An input of the cache key that differs: `undefined` where it is not set. */
export type ChangedInput = {
  readonly input: string;
  readonly was: string | undefined;
  readonly is: string | undefined;
};

/** What the rows say. `other`: a session is kept, but it was fetched for other settings, and is not used. */
export type CachedEntry = {
  readonly state: "cached" | "due" | "expired" | "other" | "none";
  readonly why: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly store?: string;
  readonly until?: string;
  readonly changed?: readonly ChangedInput[];
};

/** The entry of a hop among `rows` at the time `now`. */
export function cachedEntry(hop: SessionHop, rows: readonly IndexEntry[], now: Date): CachedEntry {
  const inputs = flatten(JSON.parse(hop.request));
  const account = accountOf(hop);
  const own = rows.find((row) => row.account === account && row.request === hop.request);
  if (own !== undefined) return { ...stateOf(own, now), inputs, ...facts(own) };
  const profiles = new Set(profilesOf(hop));
  const kind = hop.kind === "user-session" ? "mfa" : "role";
  const [last] = rows
    .filter((row) => row.kind === kind && row.request !== undefined)
    .filter((row) =>
      kind === "role" ? row.profile === profilesOf(hop)[0] : profiles.has(row.profile),
    )
    .toSorted((a, b) => (b.expiresAt ?? "").localeCompare(a.expiresAt ?? ""));
  if (last === undefined) return { state: "none", why: "no session has been cached yet", inputs };
  const changed = compare(flatten(parse(last.request ?? "")), inputs);
  return {
    state: "other",
    why: "the cached session was fetched with other settings, so it is not used",
    inputs,
    ...facts(last),
    changed,
  };
}

function facts({ store, expiresAt }: IndexEntry): Pick<CachedEntry, "store" | "until"> {
  return { store, ...(expiresAt === undefined ? {} : { until: expiresAt }) };
}

function stateOf(
  { expiresAt, request }: IndexEntry,
  now: Date,
): { state: "cached" | "due" | "expired"; why: string } {
  const left = expiresAt === undefined ? 0 : (Date.parse(expiresAt) - now.getTime()) / 1000;
  if (!(left >= usableSeconds)) return { state: "expired", why: "the cached session has expired" };
  const { durationSeconds = roleSessionSeconds.usual } = Object(parse(request ?? "")) as {
    durationSeconds?: number;
  };
  // By what was asked for: what was granted is in the secret.
  const fresh = freshSeconds({ lifetimeSeconds: durationSeconds });
  return left >= fresh
    ? { state: "cached", why: `it is served while at least ${fresh} s remain` }
    : { state: "due", why: `less than ${fresh} s remain; the next call renews it` };
}

/** Nested objects as `source.role = …`; a signer that is a request of its own is JSON in JSON. */
function flatten(value: unknown, prefix = ""): Record<string, string> {
  const nested = typeof value === "string" && value.startsWith("{") ? parse(value) : value;
  if (prefix.endsWith("policy") && typeof value === "string") return { [prefix]: value };
  if (Array.isArray(nested) || typeof nested !== "object" || nested === null) {
    return { [prefix]: typeof nested === "string" ? nested : JSON.stringify(nested) };
  }
  return Object.assign(
    {},
    ...Object.entries(nested)
      .filter(([key]) => key !== "v")
      .map(([key, inner]) => flatten(inner, prefix === "" ? key : `${prefix}.${key}`)),
  ) as Record<string, string>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function compare(
  was: Readonly<Record<string, string>>,
  is: Readonly<Record<string, string>>,
): ChangedInput[] {
  return [...new Set([...Object.keys(is), ...Object.keys(was)])]
    .filter((input) => was[input] !== is[input])
    .map((input) => ({ input, was: was[input], is: is[input] }));
}
