import { defineCommand } from "../cli/command.ts";
import { sectionNames } from "../config/document.ts";
import { editEach } from "../config/edit.ts";
import type { AwsFiles } from "../config/files.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { credentialProcessLine, findProgram, runningProgram } from "../program/program-path.ts";
import { adopt, isAdoptable } from "../profiles/adoption.ts";
import { assertNotShadowed, reviewProfile } from "../profiles/preflight.ts";
import { editConfig } from "../profiles/edit-config.ts";
import { findProfile } from "../profiles/find-profile.ts";
import { reportChange } from "../profiles/change-report.ts";
import { writeOptions } from "../profiles/profile-options.ts";

export default defineCommand({
  usage: "adopt [NAME]",
  summary: "let awsrole manage existing role profiles",
  description:
    "Turns a standard role profile (role_arn, source_profile ...), or one of IAM Identity Center (sso_session ...), into a managed one in place; awsrole release turns it back.",
  positionals: { NAME: { describe: "the role profile" } },
  options: {
    all: { type: "boolean", default: false, describe: "every standard role and SSO profile" },
    command: writeOptions.command,
    "dry-run": writeOptions["dry-run"],
  },
  examples: [
    { command: "awsrole adopt prod --dry-run", says: "preview the changed lines" },
    {
      command: "awsrole adopt --all",
      says: "adopt every role profile, in one change that undo reverts",
    },
  ],
  async run(context, args) {
    const name = args.positionals["NAME"];
    if ((name === undefined) === !args.all) {
      throw new AwsRoleError("ERR_USAGE", "adopt: specify a profile or --all", {
        hint: "usage: awsrole adopt (NAME | --all)",
      });
    }
    const program = findProgram(runningProgram(context.env, context.platform), args.command);
    const adoptOne = (files: AwsFiles, config: AwsFiles["config"], one: string) => {
      assertNotShadowed(files, one);
      return adopt(config, one, findProfile(files, one), credentialProcessLine(program, one));
    };
    let adopted: readonly string[] = [];
    let kept: readonly string[] = [];
    const change = await editConfig(context, {
      action: name === undefined ? "adopt --all" : `adopt ${name}`,
      dryRun: args["dry-run"],
      edit: (files) => {
        if (name !== undefined) {
          adopted = [name];
          return adoptOne(files, files.config, name);
        }
        const chosen = sectionNames(files.config, "profile").filter((one) => isChosen(files, one));
        const reasons = new Map(chosen.map((one) => [one, reasonAgainst(files, one, adoptOne)]));
        adopted = chosen.filter((one) => reasons.get(one) === undefined);
        kept = [...reasons].flatMap(([one, why]) =>
          why === undefined ? [] : [`${one} stays as it is: ${why}`],
        );
        return editEach(files.config, adopted, (config, one) => adoptOne(files, config, one));
      },
      review: (files) => [
        ...program.warnings,
        ...kept,
        ...adopted.flatMap((one) => reviewProfile(files, one, context.env)),
      ],
    });
    const [first] = adopted;
    reportChange(context, args, change, {
      facts: name === undefined ? { adopted } : { profile: name },
      done:
        adopted.length === 1
          ? `profile ${first} is now managed by awsrole`
          : `${adopted.length} profiles are now managed by awsrole`,
      ...(first === undefined ? {} : { next: `aws sts get-caller-identity --profile ${first}` }),
    });
    return kept.length === 0 ? 0 : 1;
  },
});

/** A profile with a bad line is for `doctor`. */
function isChosen(files: AwsFiles, name: string): boolean {
  try {
    return isAdoptable(findProfile(files, name));
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return false;
  }
}

function reasonAgainst(
  files: AwsFiles,
  name: string,
  adoptOne: (files: AwsFiles, config: AwsFiles["config"], name: string) => unknown,
): string | undefined {
  try {
    adoptOne(files, files.config, name);
    return undefined;
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return error.message;
  }
}
