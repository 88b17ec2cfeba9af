/** Names of items in the secret store. They carry no secret; the request inside the item decides whether it is the right one. */
import { shortHash } from "../../foundation/hash.ts";

/** `session/v1/PROFILE/HASH`: the profile for people who look into their keychain, the hash to tell requests apart. */
export function sessionAccount(profileName: string, request: string): string {
  return `session/v1/${profileName.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 40)}/${shortHash(`${profileName}\n${request}`)}`;
}

/** `mfa/v1/HASH`: the session that all roles of one device and key share, whichever profile they belong to. */
export function mfaAccount(request: string): string {
  return `mfa/v1/${shortHash(request)}`;
}

/** Long-term keys are named by access key id. */
export function keyAccount(accessKeyId: string): string {
  return `key/v1/${accessKeyId}`;
}

/** The seed of an MFA device, by the device. */
export function seedAccount(serial: string): string {
  return `seed/v1/${shortHash(serial)}`;
}
