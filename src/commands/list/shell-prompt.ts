/** `list --prompt`: a few characters for a shell prompt, from the environment and the rows in the state folder; nothing is opened or asked. */
import type { Context } from "../../foundation/context.ts";
import { escapeControls } from "../../foundation/text.ts";
import { openItemIndex } from "../../state/item-index.ts";

/**
 * `prod 42m`, with its line feed: the profile that this shell uses and the minutes that its credentials last. Empty where no profile is in use, or
 * nothing of it is cached; `prod 0m` when they have ended in the environment, where they stay.
 */
export async function promptLine(context: Context): Promise<string> {
  const { env, stateDir, clock } = context;
  const inEnvironment = env["AWSROLE_PROFILE"];
  const profile = inEnvironment || env["AWS_PROFILE"] || env["AWS_DEFAULT_PROFILE"];
  if (!profile) return "";
  const until =
    (inEnvironment ? env["AWS_CREDENTIAL_EXPIRATION"] : undefined) ??
    (await openItemIndex(stateDir).list())
      .filter((row) => row.kind === "role" && row.profile === profile)
      .map((row) => row.expiresAt ?? "")
      .toSorted()
      .at(-1);
  const minutes = Math.floor((Date.parse(until ?? "") - clock.now().getTime()) / 60_000);
  if (Number.isNaN(minutes) || (minutes < 0 && !inEnvironment)) return "";
  return `${escapeControls(profile)} ${Math.max(0, minutes)}m\n`;
}
