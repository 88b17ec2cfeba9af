/** Ending a sign-in to IAM Identity Center: at AWS, and wherever its token is kept on this machine. */
import type { StsConnection } from "../config/connection.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import type { Deadline } from "../foundation/deadline.ts";
import { withTokenLock } from "./get-token.ts";
import type { SsoSession } from "./token.ts";
import { readToken, removeToken, type TokenPlaces } from "./token-store.ts";

/**
 * Signs out; false where there was no sign-in. The token is deleted here in any case.
 * @throws ERR_NETWORK, ERR_AWS_THROTTLED, ERR_AWS_UNAVAILABLE: the token stays good at AWS until it ends; ERR_STORE_*: it stays here.
 */
export async function signOut(
  session: SsoSession,
  {
    places,
    portal,
    deadline,
    runtimeDir,
    describeTime,
  }: {
    readonly places: TokenPlaces;
    readonly portal: StsConnection;
    readonly deadline: Deadline;
    readonly runtimeDir: string | undefined;
    /** A time for people. */
    readonly describeTime: (time: Date) => string;
  },
): Promise<boolean> {
  // Not in the middle of a refresh: that would put the sign-in back.
  const token = await withTokenLock(session, { runtimeDir, deadline }, async () => {
    const found = await readToken(session, places);
    await removeToken(session, places);
    return found;
  });
  if (token === undefined) return false;
  try {
    const { ssoClients } = await import("./clients.ts");
    await ssoClients.createPortal(portal, deadline).logout(token.accessToken);
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    throw new AwsRoleError(
      error.code,
      `you are signed out on this machine, but not in AWS: ${error.message}`,
      {
        hint: `the token remains valid there until ${describeTime(token.expiresAt)}`,
        cause: error,
      },
    );
  }
  return true;
}
