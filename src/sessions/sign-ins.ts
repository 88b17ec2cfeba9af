/** Until when one is signed in to IAM Identity Center, from AWS's files and our rows: no store is opened, and AWS is not asked. */
import { formatUntil } from "../cli/times.ts";
import type { AwsFiles } from "../config/files.ts";
import { findSsoSessions, type SsoSessionSettings } from "../config/sso.ts";
import type { Context } from "../foundation/context.ts";
import { openItemIndex } from "../state/item-index.ts";
import { sessionId } from "../sso/token.ts";
import { readSignInState, type SignInState } from "../sso/token-store.ts";

/** A session of the config; `state` is undefined where one never signed in, or signed out. */
export type SignIn = {
  readonly session: SsoSessionSettings;
  readonly state: SignInState | undefined;
};

/** Every sign-in that the config knows of. Sessions that are not whole are left out. Throws ERR_STORE_FAILED for a foreign state folder. */
export async function listSignIns(
  { homeFolder, stateDir }: Pick<Context, "homeFolder" | "stateDir">,
  files: AwsFiles,
): Promise<readonly SignIn[]> {
  const places = { homeFolder, rows: openItemIndex(stateDir) };
  return Promise.all(
    findSsoSessions(files, () => {}).map(async (session) => ({
      session,
      state: await readSignInState({ ...session, region: session.region.value }, places),
    })),
  );
}

/** The one of this session. */
export function signInOf(
  signIns: readonly SignIn[],
  session: Pick<SsoSessionSettings, "name" | "startUrl">,
): SignIn | undefined {
  return signIns.find((one) => sessionId(one.session) === sessionId(session));
}

/** True while credentials come without a person. */
export function isSignedIn({ state }: SignIn, now: Date): boolean {
  return state !== undefined && (state.isRenewable || state.expiresAt > now);
}

/** `signed in until 17:01, in 59 min`, and the other cases, as a clause. */
export function describeSignIn({ state }: SignIn, now: Date): string {
  if (state === undefined) return "not signed in";
  const until = formatUntil(state.expiresAt, now);
  if (state.expiresAt > now)
    return `signed in until ${until}${state.isRenewable ? " (then renewed)" : ""}`;
  return state.isRenewable
    ? "signed in: the token is renewed at the next use"
    : `the sign-in ended: ${until}`;
}
