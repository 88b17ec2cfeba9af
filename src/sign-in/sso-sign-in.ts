/**
 * Signing in to IAM Identity Center: by the browser (authorization code with PKCE), or by a code that is approved on any device.
 *
 * One sign-in per session at a time among all of a user's processes; those that wait take its token.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Context } from "../foundation/context.ts";
import { deadlineFromNow } from "../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { createPeerLookup, type PeerLookup } from "../foundation/peer.ts";
import { answerOf } from "../aws/error-hints.ts";
import type { StsConnection } from "../config/connection.ts";
import type { SsoSessionSettings } from "../config/sso.ts";
import { withLock } from "../locks/single-flight.ts";
import { withTokenLock } from "../sso/get-token.ts";
import { assertCanKeepToken, readToken, type TokenPlaces, writeToken } from "../sso/token-store.ts";
import type { IssuedToken, Oidc } from "../sso/oidc.ts";
import { refusedSignIn } from "../sso/refused-sign-in.ts";
import { findPortal } from "../sso/portal-address.ts";
import { type OidcClient, signInLock, type SsoToken } from "../sso/token.ts";
import { canShowBrowser, openBrowser } from "./browser.ts";
import { openCallback } from "./callback-server.ts";
import { createPkce } from "./pkce.ts";

/** How a person is spoken to while they sign in; on stderr. */
export type SignInReporter = {
  tell(text: string): void;
};

export type SsoSignInOptions = {
  readonly session: SsoSessionSettings;
  readonly oidcConnection: StsConnection;
  readonly places: TokenPlaces;
  readonly useDeviceCode: boolean;
  /** False: the address is shown only, for the person to open. */
  readonly opensBrowser: boolean;
  readonly reporter: SignInReporter;
};

/** How long a person may take. */
export const signInMs = 10 * 60_000;
/** For AWS's answers after that. */
const graceMs = 30_000;

/**
 * Signs in, and keeps the token (sso/token-store.ts says where).
 * @throws ERR_PERSON_REFUSED, ERR_DEADLINE, ERR_AWS_REFUSED, ERR_AWS_THROTTLED, ERR_AWS_UNAVAILABLE, ERR_NETWORK, ERR_STORE_FAILED.
 */
export async function signInToSso(context: Context, options: SsoSignInOptions): Promise<SsoToken> {
  const { runtimeDir, clock } = context;
  const { places } = options;
  const session = { ...options.session, region: options.oidcConnection.region };
  await assertCanKeepToken(session, places);
  const before = await readToken(session, places);
  return withLock({ dir: runtimeDir(), key: signInLock(session), waitMs: signInMs }, async () => {
    const current = await readToken(session, places);
    const isNew = current?.accessToken !== before?.accessToken;
    if (current !== undefined && isNew && current.expiresAt > clock.now()) return current;
    const { ssoClients } = await import("../sso/clients.ts");
    const deadline = deadlineFromNow(signInMs + graceMs);
    const oidc = ssoClients.createOidc(options.oidcConnection, deadline);
    const refused = refusedSignIn(context, session);
    const startUrl = await findPortal(session.startUrl, options.oidcConnection, deadline);
    const asked = { ...options, session: { ...options.session, startUrl } };
    const { client, issued } = await obtainToken(context, oidc, asked).catch((error: unknown) => {
      if (isRefusal(error)) refused.remember(error);
      throw error;
    });
    refused.forget();
    // Not in the middle of a refresh: that would put the old sign-in back.
    return withTokenLock(session, { runtimeDir: runtimeDir(), deadline }, () =>
      writeToken(session, { ...issued, client }, places),
    );
  });
}

/** The person said no, or did nothing for ten minutes. */
function isRefusal(error: unknown): error is AwsRoleError {
  return (
    isAwsRoleError(error) && (error.code === "ERR_PERSON_REFUSED" || error.code === "ERR_DEADLINE")
  );
}

type Obtained = { readonly client: OidcClient; readonly issued: IssuedToken };

async function obtainToken(
  { env, platform }: Context,
  oidc: Oidc,
  options: SsoSignInOptions,
): Promise<Obtained> {
  const { session, useDeviceCode, opensBrowser, reporter } = options;
  try {
    if (useDeviceCode) return await byDeviceCode(oidc, options);
    const isShown = !opensBrowser || canShowBrowser(env, platform);
    const peers = await createPeerLookup(platform);
    if (isShown && (platform !== "linux" || peers !== undefined))
      return await byBrowser(oidc, options, peers);
    reporter.tell(
      isShown
        ? "other users' connections cannot be distinguished from yours here, so this sign-in uses a code"
        : "no browser can be opened here, so this sign-in uses a code",
    );
    return await byDeviceCode(oidc, options);
  } catch (error) {
    if (!isAwsRoleError(error) || error.code !== "ERR_AWS_REFUSED" || error.hint !== undefined)
      throw error;
    throw new AwsRoleError(error.code, error.message, {
      hint: `check sso_start_url (${session.startUrl}) and sso_region (${session.region.value})`,
      cause: error,
    });
  }
}

async function byBrowser(
  oidc: Oidc,
  { session, opensBrowser, reporter }: SsoSignInOptions,
  peers: PeerLookup | undefined,
): Promise<Obtained> {
  const { state, codeVerifier, codeChallenge } = createPkce();
  const client = await oidc.register({
    name: clientName(session),
    scopes: session.scopes,
    startUrl: session.startUrl,
    redirectUris: ["http://127.0.0.1/oauth/callback"],
  });
  const callback = await openCallback({ state, timeoutMs: signInMs, peers });
  try {
    const { redirectUri } = callback;
    const { clientId } = client;
    const { scopes } = session;
    const url = oidc.authorizeUrl({ clientId, redirectUri, state, codeChallenge, scopes });
    reporter.tell(
      opensBrowser
        ? `opening your browser to sign in; if nothing opens, open this address on this machine:\n${url}`
        : `open this address on this machine to sign in:\n${url}`,
    );
    if (opensBrowser) await openBrowser(url);
    const code = await callback.code;
    const grant = { kind: "authorization_code", code, codeVerifier, redirectUri } as const;
    return { client, issued: await oidc.createToken(client, grant) };
  } finally {
    callback.close();
  }
}

async function byDeviceCode(
  oidc: Oidc,
  { session, reporter }: SsoSignInOptions,
): Promise<Obtained> {
  const { startUrl, scopes } = session;
  const client = await oidc.register({ name: clientName(session), scopes, startUrl });
  const device = await oidc.startDeviceAuthorization(client, startUrl);
  const { deviceCode } = device;
  const { default: encodeQr } = await import("qr");
  reporter.tell(
    [
      `open ${device.verificationUri} on any device, and enter the code`,
      "",
      `    ${device.userCode}`,
      "",
      `or open ${device.verificationUriComplete}`,
      encodeQr(device.verificationUriComplete, "ascii"),
      "only approve a code that you requested yourself",
    ].join("\n"),
  );
  const endsAt = performance.now() + device.expiresInSeconds * 1000;
  let { intervalSeconds } = device;
  while (performance.now() < endsAt) {
    await pause(intervalSeconds * 1000);
    try {
      const issued = await oidc.createToken(client, { kind: "device_code", deviceCode });
      return { client, issued };
    } catch (error) {
      const { name } = isAwsRoleError(error) ? answerOf(error) : {};
      if (name === "SlowDownException") intervalSeconds += 5;
      else if (name === "ExpiredTokenException") break;
      else if (name === "AccessDeniedException")
        throw new AwsRoleError("ERR_PERSON_REFUSED", "the sign-in was denied", {
          hint: "try again, and allow the access",
          cause: error,
        });
      else if (name !== "AuthorizationPendingException" && !isPassing(error)) throw error;
    }
  }
  throw new AwsRoleError("ERR_DEADLINE", "the code was not approved in time", {
    hint: "try again; a code is valid for about ten minutes",
  });
}

/** Trouble on the way, which the next attempt may not meet. */
function isPassing(error: unknown): boolean {
  return (
    isAwsRoleError(error) &&
    ["ERR_NETWORK", "ERR_AWS_UNAVAILABLE", "ERR_AWS_THROTTLED"].includes(error.code)
  );
}

function clientName({ name }: SsoSessionSettings): string {
  return name === undefined ? "awsrole" : `awsrole-${name.replaceAll(/[^\w-]/g, "-")}`;
}
