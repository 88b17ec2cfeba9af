/** Ending a sign-in to IAM Identity Center: at AWS, and in the files of AWS's tools on this machine. */
import { rm } from "node:fs/promises";
import type { StsConnection } from "../config/connection.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import type { Deadline } from "../foundation/deadline.ts";
import { readToken } from "./get-token.ts";
import { type SsoSession, tokenFile } from "./token.ts";

/**
 * Signs out; false where nobody was signed in. The token is deleted here in any case.
 * @throws ERR_NETWORK, ERR_AWS_THROTTLED, ERR_AWS_UNAVAILABLE: the token stays good at AWS until it ends.
 */
export async function signOut(
  session: SsoSession,
  {
    homeFolder,
    portal,
    deadline,
  }: {
    readonly homeFolder: string;
    readonly portal: StsConnection;
    readonly deadline: Deadline;
  },
): Promise<boolean> {
  const token = await readToken(session, { homeFolder });
  await rm(tokenFile(homeFolder, session), { force: true });
  if (token === undefined) return false;
  try {
    const { ssoClients } = await import("./clients.ts");
    await ssoClients.createPortal(portal, deadline).logout(token.accessToken);
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    throw new AwsRoleError(
      error.code,
      `you are signed out on this machine, but not at AWS: ${error.message}`,
      { hint: `the token stays good there until ${token.expiresAt.toISOString()}`, cause: error },
    );
  }
  return true;
}
