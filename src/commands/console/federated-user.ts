/**
 * A console session of an IAM user itself: GetFederationToken, because the console takes no GetSessionToken session. Its rules (STS API
 * reference, GetFederationToken):
 *
 * - It is allowed what the user's policies and the session's policy both allow, and nothing without a session policy: so this one allows all.
 * - It is signed by the long-term key, takes no MFA code, and lasts as long as asked for: no SessionDuration at the sign-in.
 * - The user needs a policy that allows sts:GetFederationToken; the account's root needs none and gets an hour.
 */
import type { Credentials } from "../../aws/credentials.ts";
import type { Sts } from "../../aws/sts.ts";
import { consoleSessionSeconds, rootFederationSeconds } from "../../config/aws-limits.ts";

const everythingTheUserMay = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
});

/** The session of the user whose long-term key this is, called as the user is. @throws what `Sts` throws. */
export async function federatedUser(
  sts: Pick<Sts, "getCallerIdentity" | "getFederationToken">,
  key: Credentials,
): Promise<Credentials> {
  const { arn } = await sts.getCallerIdentity(key);
  const isRoot = arn.endsWith(":root");
  const { credentials } = await sts.getFederationToken(key, {
    name: federatedName(arn),
    policy: everythingTheUserMay,
    durationSeconds: isRoot ? rootFederationSeconds : consoleSessionSeconds,
  });
  return credentials;
}

/** The user's own name, without its path, fitted to the 2 to 32 characters that AWS takes here. */
export function federatedName(arn: string): string {
  const name = arn.split(/[:/]/).at(-1) ?? "";
  return name.length < 2 ? `user-${name}` : name.slice(0, 32);
}
