/** Which cached sessions come from a sign-in. */
import type { IndexEntry } from "../state/item-index.ts";

/** True for the session of a role of that sign-in, by the request in its row. */
export function isOfSsoSession(
  { request }: IndexEntry,
  session: { readonly name: string | undefined; readonly startUrl: string },
): boolean {
  if (request === undefined) return false;
  try {
    const { sso, startUrl } = JSON.parse(request) as { sso?: unknown; startUrl?: unknown };
    return sso === (session.name ?? session.startUrl) && startUrl === session.startUrl;
  } catch {
    return false;
  }
}
