/** The offer to sign in, to a person whose command needs it: "Sign in to acme now?". */
import { canAskOnStderr, openPrompts } from "../cli/prompts.ts";
import type { Context } from "../foundation/context.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { refusedSignIn } from "../sso/refused-sign-in.ts";

/**
 * Asks, on stderr because a shell may read stdout, and signs in: true when the command can be tried again. A refusal is remembered for the programs
 * that would start a sign-in by themselves. @throws what `login` throws, ERR_INTERRUPTED.
 */
export async function offerSignIn(
  context: Context,
  signIn: readonly string[],
  run: (words: readonly string[]) => Promise<number>,
): Promise<boolean> {
  if (!canAskOnStderr(context, { input: true, json: false })) return false;
  const name = signIn.at(-1) ?? "";
  const prompts = await openPrompts(process.stderr);
  const isWanted = await prompts.choose(`Sign in to ${name} now?`, [
    { value: true, label: "Yes" },
    { value: false, label: "No" },
  ]);
  if (isWanted) return (await run(["login", ...signIn, "--quiet"])) === 0;
  refusedSignIn(context, { name, startUrl: name }).remember(
    new AwsRoleError("ERR_PERSON_REFUSED", "you chose not to sign in"),
  );
  return false;
}
