/** How many codes fetching takes, known before anybody is asked. */
import type { Mfa } from "../../config/profiles.ts";
import { deviceOfCall, type Hop, type SessionHop } from "../chain.ts";

/** One code of a device, and the request of the session that it makes: equal requests share it. */
export type NeededCode = {
  readonly device: Mfa;
  readonly request: string;
  /** True for a session that other roles use too. */
  readonly isShared: boolean;
};

/** The code that fetching `hop` would take; `isUsable`: whether a hop's cached session can still sign. */
export async function codeNeeded(
  hop: Hop,
  isUsable: (hop: SessionHop) => Promise<boolean>,
): Promise<NeededCode | undefined> {
  if (hop.kind === "base" || hop.kind === "sso") return undefined;
  const device = deviceOfCall(hop);
  if (device !== undefined)
    return { device, request: hop.request, isShared: hop.kind === "user-session" };
  const { signer } = hop;
  if (signer.kind === "base" || (await isUsable(signer))) return undefined;
  return codeNeeded(signer, isUsable);
}

/** Whether a device's codes come without a person. */
export function isAutomatic({ process, hasSeed }: Mfa): boolean {
  return process !== undefined || hasSeed === true;
}
