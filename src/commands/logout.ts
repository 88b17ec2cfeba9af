import { printJson } from "../cli/output.ts";
import { defineCommand } from "../cli/command.ts";
import { escapeControls } from "../foundation/text.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import { profileNotFound } from "../config/profiles.ts";
import { markLogout } from "../state/logout-epoch.ts";
import { deleteItems, rowsOf } from "../sessions/delete-items.ts";
import { AwsRoleError } from "../foundation/errors.ts";

export default defineCommand({
  usage: "logout [NAME]",
  summary: "delete cached credentials of a profile, or of all",
  positionals: { NAME: { describe: "the profile whose sessions are deleted" } },
  options: { all: { type: "boolean", default: false, describe: "the sessions of every profile" } },
  examples: [
    { command: "awsrole logout prod", says: "forget the sessions of prod" },
    { command: "awsrole logout --all", says: "forget every session (long-term keys stay)" },
  ],
  async run(context, args) {
    const name = args.positionals["NAME"];
    if ((name === undefined) === !args.all) {
      throw new AwsRoleError("ERR_USAGE", "logout wants a profile or --all", {
        hint: "usage: awsrole logout (NAME | --all)",
      });
    }
    const { env, platform, clock } = context;
    const rows = rowsOf(context);
    // Refuses another user's folder before anything is written into it.
    await rows.list();
    // Before looking: what is being fetched at this moment must not be cached afterwards.
    let unmarked: unknown;
    try {
      markLogout(context.stateDir);
    } catch (error) {
      unmarked = error;
    }
    const listed = (await rows.list()).filter(
      (row) => row.kind !== "key" && (args.all || row.profile === name),
    );
    if (name !== undefined && listed.length === 0)
      requireProfile(readAwsFiles(env, platform), name);
    await deleteItems(context, listed, args);
    if (unmarked !== undefined)
      throw new AwsRoleError(
        "ERR_STORE_FAILED",
        "the sessions are deleted, but one that is being fetched now may still be kept: the state folder cannot be written",
        {
          hint: "see its permissions and the free space on its disk, then run logout again",
          cause: unmarked,
        },
      );
    const now = clock.now().toISOString();
    const validUntil = listed
      .flatMap(({ expiresAt }) => (expiresAt !== undefined && expiresAt > now ? [expiresAt] : []))
      .toSorted()
      .at(-1);
    const deleted = listed.map((row) => ({ profile: row.profile, expiresAt: row.expiresAt }));
    if (args.json) printJson(context, { deleted });
    else if (!args.quiet) {
      context.stdout(
        `deleted ${listed.length} cached session${listed.length === 1 ? "" : "s"}${name === undefined ? "" : ` of ${escapeControls(name)}`}\n`,
      );
      if (validUntil !== undefined)
        context.stdout(
          `credentials already handed out stay valid at AWS until ${validUntil.slice(0, 19)}Z\n`,
        );
    }
    return 0;
  },
});

/** Nothing to delete is fine, a mistyped name is not. A profile that is gone may still have sessions. */
function requireProfile(files: AwsFiles, name: string): void {
  if (!files.profileNames().includes(name)) throw profileNotFound(files, name);
}
