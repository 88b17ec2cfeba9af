import { defineCommand } from "../cli/command.ts";
import { sectionNames } from "../config/document.ts";
import { editEach } from "../config/edit.ts";
import type { AwsFiles } from "../config/files.ts";
import { isManaged } from "../config/profiles.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { release, whyNotReleasable } from "../profiles/adoption.ts";
import { editConfig } from "../profiles/edit-config.ts";
import { findProfile } from "../profiles/find-profile.ts";
import { reportChange } from "../profiles/change-report.ts";
import { writeOptions } from "../profiles/profile-options.ts";

export default defineCommand({
  usage: "release [NAME]",
  summary: "turn managed profiles back into standard ones (also the way to uninstall)",
  positionals: { NAME: { describe: "the managed profile" } },
  options: {
    all: { type: "boolean", default: false, describe: "every managed profile" },
    "dry-run": writeOptions["dry-run"],
  },
  examples: [
    {
      command: "awsrole release prod",
      says: "the AWS CLI assumes the role of prod by itself again",
    },
    { command: "awsrole release --all && awsrole logout --all", says: "before uninstalling" },
  ],
  async run(context, args) {
    const name = args.positionals["NAME"];
    if ((name === undefined) === !args.all) {
      throw new AwsRoleError("ERR_USAGE", "release wants a profile or --all", {
        hint: "usage: awsrole release (NAME | --all)",
      });
    }
    let released: readonly string[] = [];
    let kept: readonly string[] = [];
    const change = await editConfig(context, {
      action: name === undefined ? "release --all" : `release ${name}`,
      dryRun: args["dry-run"],
      edit: (files) => {
        const chosen = name === undefined ? managedProfiles(files) : [name];
        const verdicts = chosen.map((one) => ({
          one,
          why: whyNotReleasable(findProfile(files, one)),
        }));
        const [first] = verdicts;
        if (name !== undefined && first?.why !== undefined) {
          throw new AwsRoleError("ERR_PROFILE_INVALID", `profile ${name} ${first.why}`, {});
        }
        released = verdicts.flatMap(({ one, why }) => (why === undefined ? [one] : []));
        kept = verdicts.flatMap(({ one, why }) =>
          why === undefined ? [] : [`profile ${one} ${why}`],
        );
        return editEach(files.config, released, (config, one) =>
          release(config, findProfile(files, one)),
        );
      },
      review: () => kept,
    });
    reportChange(context, args, change, {
      facts: { released },
      done: `released ${released.join(", ")}: AWS tools assume ${released.length === 1 ? "the role" : "these roles"} by themselves again`,
    });
    return kept.length === 0 ? 0 : 1;
  },
});

function managedProfiles(files: AwsFiles): readonly string[] {
  return sectionNames(files.config, "profile").filter((name) =>
    isManaged(findProfile(files, name).settings),
  );
}
