/**
 * IAM Identity Center's access portal: what a signed-in person may use. The token goes in a header; nothing is signed.
 * Reached by `import()`: the SDK's client is large.
 */
import {
  GetRoleCredentialsCommand,
  ListAccountRolesCommand,
  ListAccountsCommand,
  LogoutCommand,
  SSOClient,
} from "@aws-sdk/client-sso";
import { answerOf } from "../aws/error-hints.ts";
import { createCaller } from "../aws/client.ts";
import type { IssuedSession } from "../aws/sts.ts";
import type { StsConnection } from "../config/connection.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";

export type Account = {
  readonly id: string;
  readonly name: string | undefined;
  readonly email: string | undefined;
};

/** What the portal answers, with an access token. */
export type Portal = ReturnType<typeof createPortal>;

/** The most that a page may have. */
const pageSize = 100;

/**
 * The portal by one connection. Throws AwsRoleError: ERR_LOGIN_NEEDED for a token that has ended (401), ERR_AWS_DENIED (403), ERR_AWS_REFUSED,
 * ERR_AWS_THROTTLED, ERR_AWS_UNAVAILABLE, ERR_NETWORK, ERR_DEADLINE.
 */
export function createPortal(
  connection: StsConnection,
  { remainingMs }: { readonly remainingMs: () => number },
) {
  const callAws = createCaller("IAM Identity Center", connection, remainingMs);
  const call: typeof callAws = (facts, credentials, send) =>
    callAws(facts, credentials, send).catch((error: unknown) => {
      throw isEndedToken(error) ? signInEnded(error) : error;
    });
  return {
    /** Credentials of a permission set's role, for as long as that says (1 to 12 h). */
    async roleCredentials(
      accessToken: string,
      { accountId, roleName }: { readonly accountId: string; readonly roleName: string },
    ): Promise<IssuedSession> {
      const action = "GetRoleCredentials";
      const { output, answeredAt, clockSkewSeconds } = await call(
        { action, secrets: [accessToken] },
        undefined,
        (config) =>
          new SSOClient(config).send(
            new GetRoleCredentialsCommand({ accessToken, accountId, roleName }),
          ),
      );
      const { accessKeyId, secretAccessKey, sessionToken, expiration } =
        output.roleCredentials ?? {};
      if (!accessKeyId || !secretAccessKey || !sessionToken || !expiration)
        throw senseless(action, "no credentials");
      if (!(expiration > answeredAt.getTime()))
        throw senseless(action, "credentials that have already expired");
      return {
        credentials: {
          accessKeyId,
          secretAccessKey,
          sessionToken,
          expiresAt: new Date(Math.floor(expiration / 1000) * 1000),
          accountId,
        },
        issuedAt: answeredAt,
        clockSkewSeconds,
      };
    },

    /** Every account that the person may use, page by page. */
    async listAccounts(accessToken: string): Promise<readonly Account[]> {
      const accounts = await pages(async (nextToken) => {
        const { output } = await call(
          { action: "ListAccounts", secrets: [accessToken] },
          undefined,
          (config) =>
            new SSOClient(config).send(
              new ListAccountsCommand({ accessToken, nextToken, maxResults: pageSize }),
            ),
        );
        return { items: output.accountList ?? [], nextToken: output.nextToken };
      });
      return accounts.flatMap(({ accountId, accountName, emailAddress }) =>
        accountId ? [{ id: accountId, name: accountName, email: emailAddress }] : [],
      );
    },

    /** The names of the roles that the person may use in an account. */
    async listAccountRoles(accessToken: string, accountId: string): Promise<readonly string[]> {
      const roles = await pages(async (nextToken) => {
        const { output } = await call(
          { action: "ListAccountRoles", secrets: [accessToken] },
          undefined,
          (config) =>
            new SSOClient(config).send(
              new ListAccountRolesCommand({
                accessToken,
                accountId,
                nextToken,
                maxResults: pageSize,
              }),
            ),
        );
        return { items: output.roleList ?? [], nextToken: output.nextToken };
      });
      return roles.flatMap(({ roleName }) => (roleName ? [roleName] : []));
    },

    /** Ends the sign-in at AWS; one that has ended already is fine. */
    async logout(accessToken: string): Promise<void> {
      try {
        await call({ action: "Logout", secrets: [accessToken] }, undefined, (config) =>
          new SSOClient(config).send(new LogoutCommand({ accessToken })),
        );
      } catch (error) {
        if (!isAwsRoleError(error) || error.code !== "ERR_LOGIN_NEEDED") throw error;
      }
    },
  };
}

type Page<Item> = { readonly items: readonly Item[]; readonly nextToken: string | undefined };

async function pages<Item>(
  ask: (nextToken: string | undefined) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  let nextToken: string | undefined;
  do {
    const page = await ask(nextToken);
    all.push(...page.items);
    // An endpoint that gives the same page for ever is not AWS's.
    if (page.nextToken !== undefined && page.nextToken === nextToken)
      throw senseless("a list", "the same page again");
    nextToken = page.nextToken || undefined;
  } while (nextToken !== undefined);
  return all;
}

function isEndedToken(error: unknown): boolean {
  return isAwsRoleError(error) && answerOf(error).status === 401;
}

function signInEnded(cause: unknown): AwsRoleError {
  return new AwsRoleError("ERR_LOGIN_NEEDED", "the sign-in to IAM Identity Center has expired", {
    cause,
  });
}

function senseless(action: string, what: string): AwsRoleError {
  return new AwsRoleError(
    "ERR_AWS_UNAVAILABLE",
    `IAM Identity Center returned ${what} for ${action}`,
    { hint: "check that endpoint_url and the proxy lead to AWS" },
  );
}
