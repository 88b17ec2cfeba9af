/** Which cached sessions come from a sign-in. */
import type { IndexEntry } from "../state/item-index.ts";

/** True for the session of a role of that sign-in, or of one that such a role assumes, by the request in its row. */
export function isOfSsoSession(
  { request }: IndexEntry,
  session: { readonly name: string | undefined; readonly startUrl: string },
): boolean {
  const { sso, startUrl } = firstRequest(request);
  return sso === (session.name ?? session.startUrl) && startUrl === session.startUrl;
}

/** The request that a chain begins with: that of a role has the request of its source in it, as text. */
function firstRequest(request: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const { source, ...own } = JSON.parse(request ?? "{}") as Readonly<Record<string, unknown>>;
    return typeof source === "string" && source.startsWith("{") ? firstRequest(source) : own;
  } catch {
    return {};
  }
}
