/** Sign-ins that have ended: of the sessions that the profiles in question use, once each. */
import { type Hop, resolveChain } from "../../../credentials/chain.ts";
import type { Context } from "../../../foundation/context.ts";
import { isAwsRoleError } from "../../../foundation/errors.ts";
import { describeSignIn, isSignedIn, listSignIns, signInOf } from "../../../sessions/sign-ins.ts";
import { sessionId } from "../../../sso/token.ts";
import type { Facts, Finding } from "../finding.ts";

/** Reads AWS's files and the rows; opens no store. */
export async function checkSignIns(
  context: Context,
  { files, names, env, now }: Pick<Facts, "files" | "names" | "env" | "now">,
): Promise<readonly Finding[]> {
  const signIns = await listSignIns(context, files);
  if (signIns.length === 0) return [];
  const found = new Map<string, Finding>();
  for (const profile of names) {
    let hop: Hop;
    try {
      hop = resolveChain(files, profile, env);
    } catch (error) {
      // The check of profiles has it.
      if (!isAwsRoleError(error)) throw error;
      continue;
    }
    while (hop.kind === "role" || hop.kind === "user-session") hop = hop.signer;
    if (hop.kind !== "sso") continue;
    const { session } = hop.sso;
    const signIn = signInOf(signIns, session);
    const id = sessionId(session);
    if (signIn === undefined || found.has(id) || isSignedIn(signIn, now)) continue;
    found.set(id, {
      id: "login-expired",
      profile,
      what: `${session.name === undefined ? id : `sso-session ${id}`}: ${describeSignIn(signIn, now)}`,
      fix: `awsrole login ${session.name ?? profile}`,
    });
  }
  return [...found.values()];
}
