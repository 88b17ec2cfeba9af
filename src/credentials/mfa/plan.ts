/**
 * Where a person's code goes: the decision table of docs/explanation/mfa.md, as data for the chain and for `explain`.
 *
 * AWS takes a code only together with an IAM user's long-term key, once per code, either with GetSessionToken (a session of up to 36
 * hours, whose own calls then count as proven) or with AssumeRole itself. A role assumed by a session lasts an hour at most
 * (docs.aws.amazon.com, IAM User Guide, "Methods to assume a role"). So one session serves every role of up to an hour, and a
 * longer role pays for its length with a code of its own.
 */
import { chainedRoleSeconds, roleSessionSeconds } from "../../config/aws-limits.ts";
import type { Mfa } from "../../config/profiles.ts";

/** How long the credentials that sign a role's call live; of a foreign program's this is known only after it has run. */
export type SignerLife = "long-term" | "temporary" | "unknown";

/** What is done about MFA at one role; `why` is a sentence part for people. */
export type MfaPlan =
  | { readonly kind: "none"; readonly why: string }
  /** One GetSessionToken session per device and key signs for the role. */
  | { readonly kind: "shared-session"; readonly device: Mfa; readonly why: string }
  /** The code goes with the role's own AssumeRole call. */
  | { readonly kind: "own-code"; readonly device: Mfa; readonly why: string }
  /** AWS would refuse it: a session cannot present a device. */
  | { readonly kind: "impossible"; readonly device: Mfa; readonly why: string };

/** The plan for a role of `durationSeconds` (absent: AWS's default of an hour) with this device, if any, and this signer. */
export function planMfa({
  device,
  durationSeconds = roleSessionSeconds.usual,
  signer,
}: {
  readonly device: Mfa | undefined;
  readonly durationSeconds?: number | undefined;
  readonly signer: SignerLife;
}): MfaPlan {
  if (device === undefined) return { kind: "none", why: "no mfa_serial is set" };
  if (signer === "temporary") {
    return {
      kind: "impossible",
      device,
      why: "its source provides temporary credentials, and AWS accepts MFA codes only with an IAM user's long-term key",
    };
  }
  if (durationSeconds > chainedRoleSeconds) {
    return {
      kind: "own-code",
      device,
      why: `${durationSeconds} s is more than the ${chainedRoleSeconds} s that AWS allows with a shared MFA session`,
    };
  }
  return {
    kind: "shared-session",
    device,
    why: `one code creates a session of ${device.sessionSeconds} s, shared by all roles of up to ${chainedRoleSeconds} s`,
  };
}
