/**
 * Signing in with a console identity, as `aws login` does, into AWS's own cache: by a callback on this machine, or with a text that the page on
 * another device shows and the person pastes.
 */
import { generateKeyPairSync } from "node:crypto";
import type { StsConnection } from "../config/connection.ts";
import type { Context } from "../foundation/context.ts";
import { deadlineFromNow } from "../foundation/deadline.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { createPeerLookup } from "../foundation/peer.ts";
import { withLock } from "../locks/single-flight.ts";
import { loginFile, writeLogin } from "../sso/login-session.ts";
import { canShowBrowser, openBrowser } from "./browser.ts";
import { openCallback } from "./callback-server.ts";
import { createPkce } from "./pkce.ts";
import type { SignInReporter } from "./sso-sign-in.ts";

export type ConsoleSignInOptions = {
  readonly loginSession: string;
  readonly connection: StsConnection;
  /** By another device, whose page shows a text to paste. */
  readonly isCrossDevice: boolean;
  readonly opensBrowser: boolean;
  readonly reporter: SignInReporter;
  /** Asks for the text of the page; undefined where no person can be asked. */
  readonly askForText: (() => Promise<string>) | undefined;
};

const signInMs = 10 * 60_000;

/** Signs in; until when the credentials last. @throws as `signInToSso`, and ERR_LOGIN_NEEDED where the text cannot be asked for. */
export async function signInToConsole(
  context: Context,
  options: ConsoleSignInOptions,
): Promise<Date> {
  const { env, platform, homeFolder, runtimeDir } = context;
  const { loginSession, connection } = options;
  const { ssoClients } = await import("../sso/clients.ts");
  const signin = ssoClients.createSignin(connection, deadlineFromNow(signInMs + 30_000));
  const { state, codeVerifier, codeChallenge } = createPkce();
  const peers = await createPeerLookup(platform);
  const isHere =
    !options.isCrossDevice &&
    (!options.opensBrowser || canShowBrowser(env, platform)) &&
    (platform !== "linux" || peers !== undefined);
  const clientId = `arn:aws:signin:::devtools/${isHere ? "same-device" : "cross-device"}`;
  const callback = isHere ? await openCallback({ state, timeoutMs: signInMs, peers }) : undefined;
  const redirectUri = callback?.redirectUri ?? signin.confirmationUrl();
  const url = signin.authorizeUrl({ clientId, redirectUri, state, codeChallenge });
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const dpopKey = keys.privateKey.export({ format: "pem", type: "sec1" }).toString();
  try {
    options.reporter.tell(
      callback === undefined
        ? `open this address on any device to sign in, then paste the text that the page shows:\n${url}`
        : `opening your browser to sign in; if nothing opens, open this address on this machine:\n${url}`,
    );
    if (callback !== undefined && options.opensBrowser) await openBrowser(url);
    const code = await (callback?.code ?? pastedCode(options, state));
    const issued = await signin.createToken(
      { clientId, grantType: "authorization_code", code, codeVerifier, redirectUri },
      dpopKey,
    );
    const identity = subjectOf(issued.idToken);
    if (identity !== loginSession)
      throw new AwsRoleError(
        "ERR_IDENTITY_MISMATCH",
        `you signed in as ${identity ?? "another identity"}, not as ${loginSession}`,
        { hint: "sign out of the console in the browser, then sign in as that identity" },
      );
    const deps = { env, homeFolder };
    await withLock(
      { dir: runtimeDir(), key: `login ${loginSession}`, waitMs: signInMs },
      async () =>
        writeLogin(loginFile(loginSession, deps), loginSession, clientId, dpopKey, issued),
    );
    return issued.credentials.expiresAt;
  } finally {
    callback?.close();
  }
}

async function pastedCode({ askForText }: ConsoleSignInOptions, state: string): Promise<string> {
  if (askForText === undefined)
    throw new AwsRoleError("ERR_LOGIN_NEEDED", "the text can be entered in a terminal only", {
      hint: "run it in a terminal",
    });
  const text = Buffer.from(await askForText(), "base64").toString("latin1");
  const answer = Object.fromEntries(new URLSearchParams(text));
  const { code } = answer;
  if (answer["state"] !== state || !code)
    throw new AwsRoleError("ERR_PERSON_REFUSED", "this text does not belong to this sign-in", {
      hint: "try again, and paste the whole text that the page shows",
    });
  return code;
}

/** The identity in an id token (a JWT), which came from AWS itself over TLS: its signature is not looked at. */
function subjectOf(idToken: string | undefined): string | undefined {
  try {
    const [, claims = ""] = (idToken ?? "").split(".");
    const { sub } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as {
      sub?: unknown;
    };
    return typeof sub === "string" ? sub : undefined;
  } catch {
    return undefined;
  }
}
