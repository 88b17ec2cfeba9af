/** The question before a key's only copy is deleted. */
import { confirm } from "../cli/confirm.ts";
import type { Context } from "../foundation/context.ts";

/** Resolves when a person agrees. `command`: what asks. @throws ERR_USAGE where there is no person to ask, ERR_PERSON_REFUSED. */
export async function confirmOnlyCopy(
  { platform }: Context,
  input: boolean,
  profile: string,
  accessKeyIds: readonly string[],
  command: string,
): Promise<void> {
  const keys = `the access key${accessKeyIds.length === 1 ? "" : "s"} ${accessKeyIds.join(" and ")}`;
  await confirm(platform, input, {
    facts: [
      `this deletes ${keys} of ${profile}: awsrole has the only copy of the secret, and AWS does not show it again`,
      `awsrole remove-key ${profile} --to-credentials-file writes it to the credentials file instead`,
    ],
    question: "Delete it?",
    code: "ERR_USAGE",
    asks: `${command} asks for confirmation before it deletes the only copy of ${keys}`,
    hint: `use --yes to delete without confirmation; awsrole remove-key ${profile} --to-credentials-file keeps it, in plain text`,
    refused: "nothing was deleted",
  });
}
