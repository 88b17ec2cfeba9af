/** The question before a key's only copy is deleted. */
import { confirm } from "../cli/confirm.ts";
import type { Context } from "../foundation/context.ts";

export type OnlyCopy = {
  readonly profile: string;
  readonly accessKeyIds: readonly string[];
  /** What asks. */
  readonly command: string;
  /** How to keep it instead; by default the command that does. */
  readonly keeping?: string;
};

/** Resolves when a person agrees. @throws ERR_USAGE where there is no person to ask, ERR_PERSON_REFUSED. */
export async function confirmOnlyCopy(
  { platform }: Context,
  input: boolean,
  {
    profile,
    accessKeyIds,
    command,
    keeping = `awsrole remove-key ${profile} --to-credentials-file keeps it, in plain text`,
  }: OnlyCopy,
): Promise<void> {
  const keys = `the access key${accessKeyIds.length === 1 ? "" : "s"} ${accessKeyIds.join(" and ")}`;
  await confirm(platform, input, {
    facts: [
      `this deletes ${keys} of ${profile}: awsrole has the only copy of the secret, and AWS does not show it again`,
      keeping,
    ],
    question: "Delete it?",
    code: "ERR_USAGE",
    asks: `${command} asks for confirmation before it deletes the only copy of ${keys}`,
    hint: `use --yes to delete without confirmation; ${keeping}`,
    refused: "nothing was deleted",
  });
}
