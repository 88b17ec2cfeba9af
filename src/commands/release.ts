import { printJson } from "../cli/output.ts";
import { confirm } from "../cli/confirm.ts";
import type { Context } from "../foundation/context.ts";
import { printDone } from "../cli/messages.ts";
import { forgetKey } from "../keys/forget-key.ts";
import { keyIdOf, profilesWithKey } from "../keys/key-profile.ts";
import { returnKey, withoutKeeping } from "../keys/return-key.ts";
import { prepareStore } from "../sessions/open-store.ts";
import { defineCommand } from "../cli/command.ts";
import { sectionNames } from "../config/document.ts";
import { editEach } from "../config/edit.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import { isManaged } from "../config/profiles.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { release, whyNotReleasable } from "../profiles/adoption.ts";
import { editConfig } from "../profiles/edit-config.ts";
import { findProfile } from "../profiles/find-profile.ts";
import { reportChange } from "../profiles/change-report.ts";
import { writeOptions } from "../profiles/profile-options.ts";

export default defineCommand({
  usage: "release [NAME]",
  summary: "turn managed profiles back into standard ones (before uninstalling)",
  positionals: { NAME: { describe: "the managed profile" } },
  options: {
    all: { type: "boolean", default: false, describe: "every managed profile" },
    "to-credentials-file": {
      type: "boolean",
      default: false,
      describe: "write access keys that are in a store back to ~/.aws/credentials, in plain text",
    },
    "dry-run": writeOptions["dry-run"],
  },
  examples: [
    {
      command: "awsrole release prod",
      says: "let the AWS CLI and SDKs assume the role of prod themselves",
    },
    {
      command: "awsrole release --all --to-credentials-file && awsrole logout --all",
      says: "before uninstalling",
    },
  ],
  async run(context, args) {
    const name = args.positionals["NAME"];
    if ((name === undefined) === !args.all) {
      throw new AwsRoleError("ERR_USAGE", "release: specify a profile or --all", {
        hint: "usage: awsrole release (NAME | --all)",
      });
    }
    const returned = args["dry-run"] ? [] : await returnKeys(context, args, name);
    if (name !== undefined && returned.includes(name)) {
      reportReturned(context, args, returned);
      return 0;
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
      facts: { released, returned },
      done:
        `released ${[...returned, ...released].join(", ")}` +
        (kept.length > 0
          ? ": profiles with one of these as their source still need awsrole"
          : released.length === 0
            ? ""
            : `: the AWS CLI and SDKs now assume ${released.length === 1 ? "this role" : "these roles"} themselves`),
    });
    return kept.length === 0 ? 0 : 1;
  },
});

function managedProfiles(files: AwsFiles): readonly string[] {
  return sectionNames(files.config, "profile").filter((name) =>
    isManaged(findProfile(files, name).settings),
  );
}

/** Key profiles whose key is written back first: with --to-credentials-file, or, of the one that is named, after a question. Their names. */
async function returnKeys(
  context: Context,
  args: Arguments,
  name: string | undefined,
): Promise<readonly string[]> {
  const files = readAwsFiles(context.env, context.platform);
  const chosen = (name === undefined ? managedProfiles(files) : [name]).filter(
    (one) => keyIdOf(files, one) !== undefined && !isRole(files, one),
  );
  if (chosen.length === 0 || (!args["to-credentials-file"] && name === undefined)) return [];
  if (!args["to-credentials-file"]) {
    await confirm(context.platform, args.input, {
      facts: [
        `the access key ${keyIdOf(files, chosen[0] ?? "")} of ${name} is in awsrole's store; to release the profile, it must be written to ${files.credentials.file}, in plain text`,
      ],
      question: "Write it there?",
      code: "ERR_PROFILE_INVALID",
      asks: `profile ${name} has its access key in awsrole's store: release asks for confirmation before it writes the key to the credentials file`,
      hint: `to write it without confirmation: awsrole release ${name} --to-credentials-file`,
      refused: "nothing was changed",
    });
  }
  const store = prepareStore(context, { ...args, files });
  for (const one of chosen) {
    const accessKeyId = keyIdOf(files, one) ?? "";
    await returnKey(context, one, accessKeyId, store);
    await editConfig(context, {
      action: `release ${one}`,
      dryRun: false,
      notUndoable: "its key is deleted from the store",
      edit: (latest) => withoutKeeping(latest, one),
    });
    // A key that another profile names stays for that one.
    if (
      profilesWithKey(readAwsFiles(context.env, context.platform).config, accessKeyId).length === 0
    )
      await forgetKey(accessKeyId, store);
  }
  return chosen;
}

function isRole(files: AwsFiles, name: string): boolean {
  return files.profile(name)?.has("awsrole_role_arn") === true;
}

function reportReturned(context: Context, args: Arguments, returned: readonly string[]): void {
  if (args.json) printJson(context, { released: [], returned });
  else if (!args.quiet)
    printDone(
      context,
      `released ${returned.join(", ")}: the key is in the credentials file again, in plain text, and no longer in the store`,
    );
}

type Arguments = {
  readonly "to-credentials-file": boolean;
  readonly input: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly store: string | undefined;
};
