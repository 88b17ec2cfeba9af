import { plural } from "../cli/output.ts";
import { defineCommand } from "../cli/command.ts";
import { renameSection } from "../config/edit.ts";
import type { AwsFiles } from "../config/files.ts";
import { isManaged } from "../config/profiles.ts";
import { assertWritableName } from "../config/names.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { assertNotShadowed } from "../profiles/preflight.ts";
import { renameSessions } from "../sessions/rename-sessions.ts";
import { renameExports } from "../profiles/exports.ts";
import { editConfig } from "../profiles/edit-config.ts";
import { findProfile, requireName } from "../profiles/find-profile.ts";
import { findReferences, redirectReferences } from "../profiles/references.ts";
import { reportChange } from "../profiles/change-report.ts";
import { changeOptions } from "../profiles/profile-options.ts";

export default defineCommand({
  usage: "rename-profile OLD NEW",
  summary: "rename a profile with its references and cached sessions",
  positionals: {
    OLD: { describe: "current name" },
    NEW: { describe: "new name" },
  },
  options: { "dry-run": changeOptions["dry-run"] },
  examples: [
    {
      command: "awsrole rename-profile prod acme-prod",
      says: "references and sessions are updated too",
    },
  ],
  async run(context, args) {
    const from = requireName("rename-profile", args.positionals["OLD"], "OLD");
    const to = requireName("rename-profile", args.positionals["NEW"], "NEW");
    assertWritableName(to, context.platform);
    const names = new Map([[from, to]]);
    let followed: readonly string[] = [];
    const change = await editConfig(context, {
      action: `rename-profile ${from} ${to}`,
      dryRun: args["dry-run"],
      edit: (files) => {
        const { id, settings } = findProfile(files, from);
        if (!isManaged(settings)) assertWholeProfile(files, from);
        assertNotShadowed(files, to);
        followed = findReferences(files.config)
          .filter((one) => one.to === from && one.profile !== from)
          .map(({ profile }) => profile);
        return redirectReferences(renameSection(files.config, id, to), names);
      },
      review: ({ credentials }) =>
        findReferences(credentials)
          .filter((one) => one.to === from)
          .map(
            ({ profile, key }) =>
              `[${profile}] in ${credentials.file}, which awsrole does not edit, still has ${key} = ${from}: change it to ${to}`,
          ),
    });
    const sessions =
      args["dry-run"] || from === to ? 0 : await renameSessions(context, names, args);
    if (!args["dry-run"] && from !== to) await renameExports(context, names);
    const also = [
      ...(followed.length === 0
        ? []
        : [`${plural(followed.length, "profile")} with it as their source`]),
      ...(sessions === 0 ? [] : [plural(sessions, "cached session")]),
    ];
    reportChange(context, args, change, {
      facts: { from, to, followed, movedSessions: sessions },
      done: `renamed profile ${from} to ${to}${also.length === 0 ? "" : `, with ${also.join(" and ")}`}`,
    });
    return 0;
  },
});

/** Of a managed profile it only shadows, and renaming helps; any other profile would end up in two sections. */
function assertWholeProfile({ credentials }: AwsFiles, name: string): void {
  const half = credentials.find("profile", name)[0];
  if (half === undefined) return;
  throw new AwsRoleError(
    "ERR_CONFIG_CONFLICT",
    `profile ${name} also exists in the credentials file (${credentials.file}:${credentials.lineAt(half.start)}), which awsrole does not rename`,
    {
      hint: `awsrole add-key ${name} --from-credentials-file moves its key first; or rename both by hand`,
    },
  );
}
