/** AWS Sign-In: the tokens of `aws login`, and the console's federation endpoint. */
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { refusal } from "./answers.ts";
import type { Clock } from "./clock.ts";
import { issueSession, userAsCaller, type Directory, type User } from "./directory.ts";
import { verifyDpop } from "./dpop.ts";
import type { Decision } from "./identity-center.ts";
import type { ServiceActions, ServiceCall } from "./service-call.ts";

const ACCESS_TOKEN_SECONDS = 900;

type LoginSession = { user: User; endsAt: Date };
type Code = {
  session: LoginSession;
  clientId: string;
  redirectUri: string;
  challenge: string;
  expiresAt: Date;
};
type RefreshToken = { session: LoginSession; clientId: string; thumbprint: string };

/** The part of the double that is AWS Sign-In. `settings.user` signs in. */
export function createSignin(directory: Directory, clock: Clock, bob: User) {
  const codes = new Map<string, Code>();
  const refreshTokens = new Map<string, RefreshToken>();
  const usedIds = new Set<string>();
  const signinTokens = new Set<string>();
  const settings = {
    user: bob,
    sessionSeconds: 12 * 3600,
    codeSeconds: 600,
    person: "approves" as Decision,
  };

  return {
    settings,
    /** A sign-in as `aws login` leaves it in `~/.aws/login/cache/<sha256 of the session>.json`. */
    logIn: ({ clientId = "arn:aws:signin:::devtools/same-device" }: { clientId?: string } = {}) => {
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const { crv, kty, x, y } = publicKey.export({ format: "jwk" });
      const thumbprint = createHash("sha256")
        .update(JSON.stringify({ crv, kty, x, y }))
        .digest("base64url");
      const session = { user: settings.user, endsAt: secondsFromNow(settings.sessionSeconds) };
      const { accessToken, expiresIn, idToken, refreshToken, tokenType } = issueTokens({
        session,
        clientId,
        thumbprint,
      });
      return {
        accessToken: {
          ...accessToken,
          accountId: settings.user.accountId,
          expiresAt: secondsFromNow(expiresIn).toISOString().replace(/\.\d+/, ""),
        },
        tokenType,
        clientId,
        refreshToken,
        idToken,
        dpopKey: privateKey.export({ format: "pem", type: "sec1" }),
      };
    },
    /** Ends every session of `aws login`: as after a change of the password. */
    endSessions: (): void => refreshTokens.clear(),
    actions: {
      Authorize: authorize,
      CreateOAuth2Token: createToken,
      GetSigninToken: getSigninToken,
      Login: login,
    } as ServiceActions,
  };

  function authorize({
    input,
    url,
  }: ServiceCall<Record<"client_id" | "redirect_uri" | "state" | "code_challenge", string>>) {
    const isCrossDevice = input.client_id.endsWith("/cross-device");
    const expected = isCrossDevice
      ? `${url}/v1/sessions/confirmation`
      : /^http:\/\/127\.0\.0\.1:\d+\/oauth\/callback$/.exec(input.redirect_uri)?.[0];
    if (input.redirect_uri !== expected)
      throw signinRefusal("ValidationException", "INVALID_REQUEST", "redirect_uri");
    if (settings.person === "leaves") return { text: "Sign in" };
    const answer = new URLSearchParams({ state: input.state });
    if (settings.person === "denies") answer.set("error", "access_denied");
    else {
      const code = randomBytes(32).toString("base64url");
      const session = { user: settings.user, endsAt: secondsFromNow(settings.sessionSeconds) };
      codes.set(code, {
        session,
        clientId: input.client_id,
        redirectUri: input.redirect_uri,
        challenge: input.code_challenge,
        expiresAt: secondsFromNow(settings.codeSeconds),
      });
      answer.set("code", code);
    }
    // The page of the other device shows what the person is to paste.
    if (isCrossDevice) return { text: Buffer.from(answer.toString()).toString("base64") };
    return { redirect: `${input.redirect_uri}?${answer.toString()}` };
  }

  function createToken({
    input,
    request,
    url,
    now,
  }: ServiceCall<{
    tokenInput: { clientId: string; grantType: string } & Partial<
      Record<"code" | "redirectUri" | "codeVerifier" | "refreshToken", string>
    >;
  }>) {
    const { clientId, grantType, code, redirectUri, codeVerifier, refreshToken } = input.tokenInput;
    const proof = verifyDpop(request.headers["dpop"], {
      method: request.method,
      url: `${url}${request.target}`,
      now,
      usedIds,
    });
    if ("problem" in proof)
      throw signinRefusal("ValidationException", "INVALID_REQUEST", `DPoP: ${proof.problem}`);
    if (grantType === "refresh_token") {
      const known = refreshTokens.get(refreshToken ?? "");
      if (
        known === undefined ||
        known.clientId !== clientId ||
        known.thumbprint !== proof.thumbprint ||
        known.session.endsAt <= now
      )
        throw signinRefusal(
          "AccessDeniedException",
          "TOKEN_EXPIRED",
          "The refresh token has expired",
        );
      refreshTokens.delete(refreshToken ?? "");
      return { json: issueTokens(known) };
    }
    const granted = codes.get(code ?? "");
    codes.delete(code ?? "");
    const challenge = createHash("sha256")
      .update(codeVerifier ?? "")
      .digest("base64url");
    if (
      granted === undefined ||
      granted.expiresAt <= now ||
      granted.clientId !== clientId ||
      granted.redirectUri !== redirectUri ||
      granted.challenge !== challenge
    )
      throw signinRefusal(
        "AccessDeniedException",
        "AUTHCODE_EXPIRED",
        "The authorization code has expired",
      );
    return {
      json: issueTokens({ session: granted.session, clientId, thumbprint: proof.thumbprint }),
    };
  }

  function issueTokens({ session, clientId, thumbprint }: RefreshToken) {
    const caller = userAsCaller(session.user, "user-session", clock.now());
    const issued = issueSession(directory, caller, {
      now: clock.now(),
      durationSeconds: ACCESS_TOKEN_SECONDS,
      tokenLength: 356,
    });
    const refreshToken = `planted-login-refresh-token-${randomBytes(32).toString("base64url")}`;
    refreshTokens.set(refreshToken, { session, clientId, thumbprint });
    const claims = {
      sub: session.user.arn,
      iss: "https://signin.aws.amazon.com/signin",
      aud: clientId,
    };
    return {
      accessToken: {
        accessKeyId: issued.accessKeyId,
        secretAccessKey: issued.secretAccessKey,
        sessionToken: issued.sessionToken,
      },
      tokenType: "aws_sigv4",
      expiresIn: ACCESS_TOKEN_SECONDS,
      refreshToken,
      idToken: [{ alg: "ES384", typ: "JWT" }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
        .concat("c2ln")
        .join("."),
    };
  }

  /** Takes good sessions of roles and of GetFederationToken; a length of their own for the first only. */
  function getSigninToken({
    input,
    input: { SessionDuration },
    now,
  }: ServiceCall<{ Session: string; SessionDuration?: number }>) {
    const given = JSON.parse(input.Session) as Partial<Record<string, string>>;
    const { sessionId = "", sessionKey, sessionToken, ...more } = given;
    const session = directory.sessionsById.get(sessionId);
    const isGood =
      session !== undefined &&
      session.secretAccessKey === sessionKey &&
      session.sessionToken === sessionToken &&
      session.expiresAt > now &&
      (session.caller.kind === "role-session" ||
        (session.caller.kind === "federated-user" && SessionDuration === undefined));
    if (!isGood || Object.keys(more).length > 0) throw refusal(400, "BadSession", "Bad Request");
    const token = `planted-signin-token-${randomBytes(32).toString("base64url")}`;
    signinTokens.add(token);
    return { json: { SigninToken: token } };
  }

  function login({ input }: ServiceCall<{ SigninToken: string; Destination: string }>) {
    if (!signinTokens.delete(input.SigninToken))
      throw refusal(400, "BadSession", "the sign-in token is unknown");
    return { redirect: input.Destination };
  }

  function secondsFromNow(count: number): Date {
    return new Date(clock.now().getTime() + count * 1000);
  }
}

export function signinRefusal(code: string, error: string, message: string): Error {
  return refusal(400, code, message, {}, { error, message });
}
