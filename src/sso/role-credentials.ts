/** A role of IAM Identity Center: its credentials from the portal, with the token of a sign-in. */
import type { StsConnection } from "../config/connection.ts";
import type { SsoRole } from "../config/sso.ts";
import type { IssuedSession } from "../aws/sts.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import type { SsoClients } from "./clients.ts";
import { assertCanGetToken, getToken, type TokenDependencies } from "./get-token.ts";

/** Which role, and the ways to the two services. */
export type SsoRoleRequest = {
  readonly profileName: string;
  readonly sso: SsoRole;
  readonly portal: StsConnection;
  readonly oidc: StsConnection;
};

export type SsoDependencies = Omit<TokenDependencies, "openOidc"> & {
  readonly openClients: () => Promise<SsoClients>;
};

/**
 * The role's credentials, again.
 * @throws ERR_LOGIN_NEEDED where only a person can go on, ERR_AWS_DENIED, ERR_AWS_REFUSED, ERR_AWS_THROTTLED, ERR_AWS_UNAVAILABLE, ERR_NETWORK,
 * ERR_DEADLINE.
 */
export async function fetchSsoRole(
  request: SsoRoleRequest,
  deps: SsoDependencies,
): Promise<IssuedSession> {
  const { profileName, sso } = request;
  const session = { ...sso.session, region: request.portal.region };
  const tokens = tokenDependencies(request, deps);
  try {
    const token = await getToken(session, tokens);
    const portal = (await deps.openClients()).createPortal(request.portal, deps.deadline);
    try {
      return await portal.roleCredentials(token.accessToken, sso);
    } catch (error) {
      if (!isAwsRoleError(error) || error.code !== "ERR_LOGIN_NEEDED") throw error;
      // AWS knows it no more, though it has not ended: someone signed out, or signed in again meanwhile.
      const other = await getToken(session, tokens, token.accessToken);
      return await portal.roleCredentials(other.accessToken, sso);
    }
  } catch (error) {
    throw isAwsRoleError(error) ? explained(error, profileName, sso) : error;
  }
}

/** Fails at once without a sign-in that a refresh can help; reads files only. @throws ERR_LOGIN_NEEDED. */
export async function requireSignIn(request: SsoRoleRequest, deps: SsoDependencies): Promise<void> {
  try {
    const session = { ...request.sso.session, region: request.portal.region };
    await assertCanGetToken(session, tokenDependencies(request, deps));
  } catch (error) {
    throw isAwsRoleError(error) ? explained(error, request.profileName, request.sso) : error;
  }
}

function tokenDependencies(
  { oidc }: SsoRoleRequest,
  { openClients, ...deps }: SsoDependencies,
): TokenDependencies {
  return {
    ...deps,
    openOidc: async () => (await openClients()).createOidc(oidc, deps.deadline),
  };
}

function explained(
  error: AwsRoleError,
  profileName: string,
  { accountId, roleName, session }: SsoRole,
) {
  const isUnnamed = error.code === "ERR_LOGIN_NEEDED" && session.name === undefined;
  const isDenied = error.code === "ERR_AWS_DENIED";
  return new AwsRoleError(
    error.code,
    isDenied
      ? `profile ${profileName}: you have no access to role ${roleName} in account ${accountId}`
      : `profile ${profileName}: ${error.message}`,
    {
      hint: isDenied
        ? "check the account ID and the role name, or ask your administrator to assign the permission set"
        : isUnnamed
          ? `run: awsrole login ${profileName}`
          : error.hint,
      ...(isUnnamed ? { signIn: [profileName] } : {}),
      cause: error,
    },
  );
}
