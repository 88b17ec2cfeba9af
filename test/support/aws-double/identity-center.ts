/**
 * IAM Identity Center: the sign-in service (sso-oidc) and the portal (sso), with one person at a time (`settings.userName`), who
 * signs in in a browser that is a test's `fetch`. Lifetimes and one-time use are AWS's as far as they are known; see `aws-models/` for the rest.
 */
import { createHash, randomBytes } from "node:crypto";
import { refusal } from "./answers.ts";
import type { Clock } from "./clock.ts";
import { issueSession, newIdentifier, type Directory } from "./directory.ts";
import type { ServiceActions, ServiceCall } from "./service-call.ts";

const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const CODE_SECONDS = 600;
const REGISTRATION_SECONDS = 90 * 86_400;
const SLOW_DOWN_SECONDS = 5;

/** An account that the person has access to. */
export type Account = {
  accountId: string;
  accountName: string;
  emailAddress: string;
  roleNames: string[];
  /** The portal answers 403 when its roles are asked for, as it does while an account is closed. */
  refusesListing?: boolean;
};

/** What the person does in the browser. `leaves`: neither, and the window stays open. */
export type Decision = "approves" | "denies" | "leaves";

/** A sign-in as the AWS CLI keeps it in `~/.aws/sso/cache`. */
export type SignedIn = {
  startUrl: string;
  region: string;
  accessToken: string;
  expiresAt: string;
  clientId: string;
  clientSecret: string;
  registrationExpiresAt: string;
  refreshToken: string;
};

type Client = {
  id: string;
  secret: string;
  expiresAt: Date;
  scopes: readonly string[];
  grantTypes: readonly string[];
  redirectUris: readonly string[];
};
type PortalSession = { endsAt: Date; userName: string };
type AuthorizationCode = {
  client: Client;
  redirectUri: string;
  challenge: string;
  expiresAt: Date;
};
type Device = {
  userCode: string;
  client: Client;
  status: "pending" | "approved" | "denied";
  expiresAt: Date;
  intervalSeconds: number;
  polledAt: Date | undefined;
};
type AccessToken = { session: PortalSession; expiresAt: Date };
type RefreshToken = { session: PortalSession; client: Client };

/** The part of the double that is Identity Center. */
export function createIdentityCenter(directory: Directory, clock: Clock) {
  const accounts = new Map<string, Account>();
  const clients = new Map<string, Client>();
  const codes = new Map<string, AuthorizationCode>();
  const devices = new Map<string, Device>();
  const accessTokens = new Map<string, AccessToken>();
  const refreshTokens = new Map<string, RefreshToken>();
  /** For a test to change before it signs in. */
  const settings = {
    startUrl: "https://example.awsapps.com/start",
    region: "eu-west-1",
    userName: "bob@example.com",
    accessTokenSeconds: 3600,
    /** The administrator's "session duration": when it is over, refreshing is, too. */
    portalSessionSeconds: 8 * 3600,
    /** How long the code that a device shows can be approved. */
    deviceCodeSeconds: CODE_SECONDS,
    roleSessionSeconds: 3600,
    deviceIntervalSeconds: 5,
    pageSize: 100,
    /** Each refresh token is good once. */
    rotatesRefreshTokens: true,
    person: "approves" as Decision,
  };

  return {
    settings,
    accounts: accounts as ReadonlyMap<string, Account>,
    /** The one that a test may look at: whose secrets must not be anywhere. */
    clients: clients as ReadonlyMap<string, Client>,
    addAccount: (account: Pick<Account, "accountId" | "roleNames"> & Partial<Account>): void => {
      const { accountId } = account;
      const emailAddress = `${accountId}@example.com`;
      accounts.set(accountId, { accountName: `Account ${accountId}`, emailAddress, ...account });
    },
    removeAccount: (accountId: string): void => void accounts.delete(accountId),
    /** Signs the person in without a browser, as if by the AWS CLI. */
    signIn: (): SignedIn => {
      const client = register({
        scopes: ["sso:account:access"],
        grantTypes: ["authorization_code", "refresh_token"],
      });
      const { accessToken, refreshToken = "", expiresIn } = issueTokens(client, newSession());
      return {
        startUrl: settings.startUrl,
        region: settings.region,
        accessToken,
        expiresAt: secondsFromNow(expiresIn).toISOString().replace(/\.\d+/, ""),
        clientId: client.id,
        clientSecret: client.secret,
        registrationExpiresAt: client.expiresAt.toISOString().replace(/\.\d+/, ""),
        refreshToken,
      };
    },
    /** The person types the code that the device shows. */
    decideDevice: (userCode: string, decision: "approves" | "denies" = "approves"): void => {
      const device = [...devices.values()].find((one) => one.userCode === userCode);
      if (device === undefined) throw new Error(`the double knows no user code ${userCode}`);
      device.status = decision === "approves" ? "approved" : "denied";
    },
    /** The codes that devices show and that nobody has decided on. */
    pendingUserCodes: (): string[] =>
      [...devices.values()]
        .filter(({ status }) => status === "pending")
        .map(({ userCode }) => userCode),
    /** An administrator ends every session: tokens and refresh tokens are dead. */
    endSessions: (): void => {
      for (const { session } of [...accessTokens.values(), ...refreshTokens.values()])
        session.endsAt = clock.now();
    },
    /** Ends an access token before its time; it can be refreshed. */
    expireAccessToken: (token: string): void => {
      const known = accessTokens.get(token);
      if (known === undefined) throw new Error("the double did not issue this token");
      known.expiresAt = clock.now();
    },
    /** As after another program has refreshed with it. */
    endRefreshToken: (token: string): void => void refreshTokens.delete(token),
    isRefreshTokenGood: (token: string): boolean => refreshTokens.has(token),
    oidc: {
      RegisterClient: registerClient,
      StartDeviceAuthorization: startDeviceAuthorization,
      CreateToken: createToken,
      Authorize: authorize,
    } as ServiceActions,
    portal: {
      GetRoleCredentials: getRoleCredentials,
      ListAccounts: listAccounts,
      ListAccountRoles: listAccountRoles,
      Logout: logout,
    } as ServiceActions,
  };

  function registerClient({
    input,
  }: ServiceCall<{
    clientType: string;
    scopes?: string[];
    grantTypes?: string[];
    redirectUris?: string[];
  }>) {
    if (input.clientType !== "public") throw oidcRefusal("InvalidClientMetadataException");
    const wrong = input.scopes?.find((scope) => !/^[\w-]+:[\w:-]+$/.test(scope));
    if (wrong !== undefined) throw oidcRefusal("InvalidScopeException", `Invalid scope: ${wrong}`);
    const { grantTypes = [DEVICE_GRANT, "refresh_token"], redirectUris = [] } = input;
    const unknown = grantTypes.find(
      (grant) => !["authorization_code", "refresh_token", DEVICE_GRANT].includes(grant),
    );
    if (unknown !== undefined) throw oidcRefusal("UnsupportedGrantTypeException");
    if (grantTypes.includes("authorization_code") && redirectUris.length === 0)
      throw oidcRefusal("InvalidRedirectUriException");
    const client = register({ scopes: input.scopes ?? [], grantTypes, redirectUris });
    return {
      json: {
        clientId: client.id,
        clientSecret: client.secret,
        clientIdIssuedAt: seconds(clock.now()),
        clientSecretExpiresAt: seconds(client.expiresAt),
      },
    };
  }

  function startDeviceAuthorization({
    input,
  }: ServiceCall<{ clientId: string; clientSecret: string; startUrl: string }>) {
    const client = knownClient(input);
    if (!client.grantTypes.includes(DEVICE_GRANT)) throw oidcRefusal("UnauthorizedClientException");
    if (input.startUrl.replace(/[#/]+$/, "") !== settings.startUrl)
      throw oidcRefusal("InvalidRequestException", "Invalid start URL provided");
    const letters = "BCDFGHJKLMNPQRSTVWXZ";
    const spell = (): string =>
      Array.from(randomBytes(4), (byte) => letters.charAt(byte % 20)).join("");
    const userCode = `${spell()}-${spell()}`;
    const deviceCode = randomBytes(48).toString("base64url");
    devices.set(deviceCode, {
      userCode,
      client,
      status: "pending",
      expiresAt: secondsFromNow(settings.deviceCodeSeconds),
      intervalSeconds: settings.deviceIntervalSeconds,
      polledAt: undefined,
    });
    const verificationUri = `${settings.startUrl.replace(/\/start$/, "")}/start/#/device`;
    return {
      json: {
        deviceCode,
        userCode,
        verificationUri,
        verificationUriComplete: `${verificationUri}?user_code=${userCode}`,
        expiresIn: CODE_SECONDS,
        interval: settings.deviceIntervalSeconds,
      },
    };
  }

  /** The page in the browser: the person decides at once. */
  function authorize({
    input,
  }: ServiceCall<
    Record<"client_id" | "redirect_uri" | "state" | "scopes" | "code_challenge", string>
  >) {
    const client = clients.get(input.client_id);
    const uri = new URL(input.redirect_uri);
    const portless = `${uri.protocol}//${uri.hostname}${uri.pathname}`;
    if (
      client === undefined ||
      !client.redirectUris.includes(portless) ||
      !client.grantTypes.includes("authorization_code")
    )
      throw oidcRefusal("InvalidRequestException", "unknown client or redirect_uri");
    if (input.scopes.split(" ").some((scope) => !client.scopes.includes(scope)))
      throw oidcRefusal("InvalidRequestException", "a scope that was not registered");
    if (settings.person === "leaves") return { text: "Sign in" };
    uri.searchParams.set("state", input.state);
    if (settings.person === "denies") {
      uri.searchParams.set("error", "access_denied");
      return { redirect: uri.href };
    }
    const code = randomBytes(32).toString("base64url");
    codes.set(code, {
      client,
      redirectUri: input.redirect_uri,
      challenge: input.code_challenge,
      expiresAt: secondsFromNow(CODE_SECONDS),
    });
    uri.searchParams.set("code", code);
    return { redirect: uri.href };
  }

  function createToken({
    input,
    now,
  }: ServiceCall<
    { clientId: string; clientSecret: string; grantType: string } & Partial<
      Record<"code" | "redirectUri" | "codeVerifier" | "deviceCode" | "refreshToken", string>
    >
  >) {
    const client = knownClient(input);
    const { code, redirectUri, codeVerifier, deviceCode, refreshToken } = input;
    if (!["authorization_code", "refresh_token", DEVICE_GRANT].includes(input.grantType))
      throw oidcRefusal("UnsupportedGrantTypeException");
    if (!client.grantTypes.includes(input.grantType))
      throw oidcRefusal("UnauthorizedClientException");
    if (input.grantType === "authorization_code") {
      if (code === undefined || redirectUri === undefined || codeVerifier === undefined)
        throw oidcRefusal("InvalidRequestException");
      const granted = codes.get(code);
      codes.delete(code);
      const challenge = createHash("sha256").update(codeVerifier).digest("base64url");
      if (
        granted === undefined ||
        granted.client !== client ||
        granted.expiresAt <= now ||
        granted.redirectUri !== redirectUri ||
        granted.challenge !== challenge
      )
        throw oidcRefusal("InvalidGrantException", "Invalid grant provided");
      return { json: issueTokens(client, newSession()) };
    }
    if (input.grantType === "refresh_token") {
      if (refreshToken === undefined) throw oidcRefusal("InvalidRequestException");
      const known = refreshTokens.get(refreshToken);
      if (known === undefined || known.client !== client || known.session.endsAt <= now)
        throw oidcRefusal("InvalidGrantException", "Invalid refresh token provided");
      if (settings.rotatesRefreshTokens) refreshTokens.delete(refreshToken);
      return {
        json: issueTokens(
          client,
          known.session,
          settings.rotatesRefreshTokens ? undefined : refreshToken,
        ),
      };
    }
    if (deviceCode === undefined) throw oidcRefusal("InvalidRequestException");
    return { json: tokensForDevice(client, deviceCode, now) };
  }

  function tokensForDevice(client: Client, deviceCode: string, now: Date) {
    const device = devices.get(deviceCode);
    if (device === undefined || device.client !== client)
      throw oidcRefusal("InvalidGrantException", "Invalid device code provided");
    if (device.expiresAt <= now)
      throw oidcRefusal("ExpiredTokenException", "Device code has expired");
    const earliest = (device.polledAt?.getTime() ?? -Infinity) + device.intervalSeconds * 1000;
    device.polledAt = now;
    // a client's timer may fire a few milliseconds early
    if (now.getTime() < earliest - 50) {
      device.intervalSeconds += SLOW_DOWN_SECONDS;
      throw oidcRefusal("SlowDownException");
    }
    if (device.status === "pending")
      throw oidcRefusal("AuthorizationPendingException", "Authorization is still pending");
    devices.delete(deviceCode);
    if (device.status === "denied") throw oidcRefusal("AccessDeniedException");
    return issueTokens(client, newSession());
  }

  function getRoleCredentials({
    input,
    now,
  }: ServiceCall<{ accessToken: string; accountId: string; roleName: string }>) {
    const { userName } = requireSession(input.accessToken, now);
    const { accountId, roleName } = input;
    if (accounts.get(accountId)?.roleNames.includes(roleName) !== true)
      throw portalRefusal(403, "ForbiddenException", "No access");
    const id = createHash("sha256").update(`${accountId}/${roleName}`).digest("hex").slice(0, 16);
    const role = `AWSReservedSSO_${roleName}_${id}`;
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = issueSession(
      directory,
      {
        kind: "role-session",
        arn: `arn:aws:sts::${accountId}:assumed-role/${role}/${userName}`,
        userId: `${newIdentifier("AROA")}:${userName}`,
        accountId,
        partition: "aws",
        user: undefined,
        roleArn: `arn:aws:iam::${accountId}:role/aws-reserved/sso.amazonaws.com/${settings.region}/${role}`,
        mfaAuthenticatedAt: undefined,
        transitiveTags: new Map(),
        sourceIdentity: undefined,
      },
      { now, durationSeconds: settings.roleSessionSeconds, tokenLength: 356 },
    );
    return {
      json: {
        roleCredentials: {
          accessKeyId,
          secretAccessKey,
          sessionToken,
          expiration: expiresAt.getTime(),
        },
      },
    };
  }

  function listAccounts({
    input,
    now,
  }: ServiceCall<{ accessToken: string; maxResults?: number; nextToken?: string }>) {
    requireSession(input.accessToken, now);
    const all = [...accounts.values()].map(({ accountId, accountName, emailAddress }) => ({
      accountId,
      accountName,
      emailAddress,
    }));
    const { page, nextToken } = pageOf(all, input, "accounts");
    return { json: { accountList: page, ...nextToken } };
  }

  function listAccountRoles({
    input,
    now,
  }: ServiceCall<{
    accessToken: string;
    accountId: string;
    maxResults?: number;
    nextToken?: string;
  }>) {
    requireSession(input.accessToken, now);
    const { accountId } = input;
    const account = accounts.get(accountId);
    if (account === undefined || account.refusesListing === true)
      throw portalRefusal(403, "ForbiddenException", "No access");
    const { page, nextToken } = pageOf(
      account.roleNames.map((roleName) => ({ roleName, accountId })),
      input,
      accountId,
    );
    return { json: { roleList: page, ...nextToken } };
  }

  function logout({ input, now }: ServiceCall<{ accessToken: string }>) {
    requireSession(input.accessToken, now).endsAt = now;
    return undefined;
  }

  /** A next token is good for the list that it came from. */
  function pageOf<Item>(
    all: readonly Item[],
    { maxResults, nextToken }: { maxResults?: number; nextToken?: string },
    list: string,
  ) {
    const start =
      nextToken === undefined
        ? 0
        : Number(/^(.+)#(\d+)$/.exec(Buffer.from(nextToken, "base64url").toString())?.[2]);
    if (
      nextToken !== undefined &&
      Buffer.from(`${list}#${start}`).toString("base64url") !== nextToken
    )
      throw portalRefusal(400, "InvalidRequestException", "Invalid next token");
    const end = start + Math.min(maxResults ?? settings.pageSize, settings.pageSize);
    const next =
      end < all.length ? { nextToken: Buffer.from(`${list}#${end}`).toString("base64url") } : {};
    return { page: all.slice(start, end), nextToken: next };
  }

  function requireSession(accessToken: string, now: Date): PortalSession {
    const known = accessTokens.get(accessToken);
    if (known === undefined || known.expiresAt <= now || known.session.endsAt <= now)
      throw portalRefusal(401, "UnauthorizedException", "Session token not found or invalid");
    return known.session;
  }

  function register({
    scopes,
    grantTypes,
    redirectUris = [],
  }: {
    scopes: readonly string[];
    grantTypes: readonly string[];
    redirectUris?: readonly string[];
  }): Client {
    const client = {
      id: randomBytes(16).toString("base64url"),
      secret: `planted-client-secret-${randomBytes(64).toString("base64url")}`,
      expiresAt: secondsFromNow(REGISTRATION_SECONDS),
      scopes,
      grantTypes,
      redirectUris,
    };
    clients.set(client.id, client);
    return client;
  }

  function knownClient({
    clientId,
    clientSecret,
  }: {
    clientId: string;
    clientSecret: string;
  }): Client {
    const client = clients.get(clientId);
    if (client === undefined || client.secret !== clientSecret || client.expiresAt <= clock.now())
      throw oidcRefusal("InvalidClientException");
    return client;
  }

  function newSession(): PortalSession {
    const endsAt = secondsFromNow(settings.portalSessionSeconds);
    return { endsAt, userName: settings.userName };
  }

  /** Refresh tokens go to clients with a scope, and `kept` is handed out again. */
  function issueTokens(client: Client, session: PortalSession, kept?: string) {
    const accessToken = `planted-access-token-${randomBytes(64).toString("base64url")}`;
    const secondsLeft = (session.endsAt.getTime() - clock.now().getTime()) / 1000;
    const expiresIn = Math.floor(Math.min(settings.accessTokenSeconds, secondsLeft));
    accessTokens.set(accessToken, { session, expiresAt: secondsFromNow(expiresIn) });
    const refreshToken = kept ?? `planted-refresh-token-${randomBytes(64).toString("base64url")}`;
    const isRefreshed = client.scopes.length > 0 && client.grantTypes.includes("refresh_token");
    if (isRefreshed) refreshTokens.set(refreshToken, { session, client });
    return {
      accessToken,
      tokenType: "Bearer",
      expiresIn,
      ...(isRefreshed ? { refreshToken } : {}),
    };
  }

  function secondsFromNow(count: number): Date {
    return new Date(clock.now().getTime() + count * 1000);
  }
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** As seen in aws-cli#5971 and #8561: the code as OAuth writes it in the body, as AWS writes it in a header. */
export function oidcRefusal(code: string, description?: string): Error {
  const error = code
    .replace(/Exception$/, "")
    .replaceAll(/(?<=[a-z])[A-Z]/g, "_$&")
    .toLowerCase();
  const status = { InvalidClientException: 401 }[code] ?? 400;
  return refusal(
    status,
    code,
    description ?? "",
    {},
    { error, ...(description === undefined ? {} : { error_description: description }) },
  );
}

/** As seen in oktaws#512. */
export function portalRefusal(status: number, code: string, message: string): Error {
  return refusal(
    status,
    code,
    message,
    {},
    { message, __type: `com.amazonaws.switchboard.portal#${code}` },
  );
}
