import { defineCommand } from "../cli/command.ts";
import { sectionNames, type Settings } from "../config/document.ts";
import { deleteSection, editEach } from "../config/edit.ts";
import { type AwsFiles, combineDocuments, readAwsFiles } from "../config/files.ts";
import type { Context } from "../foundation/context.ts";
import { roleInCredentials, withRoleMoved } from "../profiles/move-role.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import {
  credentialProcessLine,
  findProgram,
  type Program,
  runningProgram,
} from "../program/program-path.ts";
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
    "Turns a standard role profile (role_arn, source_profile ...), or one of IAM Identity Center (sso_session ...), into a managed one in place; awsrole release turns it back. A role in the credentials file, adopted by NAME, is moved to the config file.",
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
    if (name !== undefined) {
      const role = roleInCredentials(readAwsFiles(context.env, context.platform), name);
      if (role !== undefined) return moveAndAdopt(context, args, { name, role, program, adoptOne });
    }
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

type AdoptOne = (files: AwsFiles, config: AwsFiles["config"], name: string) => AwsFiles["config"];

/** The role goes to the config file first: until the end it is still where it was. */
async function moveAndAdopt(
  context: Context,
  args: { readonly json: boolean; readonly quiet: boolean; readonly "dry-run": boolean },
  {
    name,
    role,
    program,
    adoptOne,
  }: {
    readonly name: string;
    readonly role: Settings;
    readonly program: Program;
    readonly adoptOne: AdoptOne;
  },
): Promise<number> {
  const dryRun = args["dry-run"];
  const withoutRole = (files: AwsFiles): AwsFiles =>
    combineDocuments(files.config, deleteSection(files.credentials, { kind: "profile", name }));
  const change = await editConfig(context, {
    action: `adopt ${name}`,
    dryRun,
    notUndoable: "the role came from the credentials file, of which nothing is kept",
    edit: (latest) => {
      const files = withRoleMoved(latest, name, role);
      return adoptOne(files, files.config, name);
    },
    review: (files) => [
      ...program.warnings,
      ...reviewProfile(withoutRole(files), name, context.env),
    ],
  });
  const taken = await editConfig(context, {
    action: `adopt ${name}`,
    kind: "credentials",
    dryRun,
    edit: (files) => withoutRole(files).credentials,
  });
  reportChange(
    context,
    args,
    { ...change, diff: change.diff + taken.diff },
    {
      facts: { profile: name },
      done: `moved the role of ${name} from ${taken.file} to ${change.file}; it gets its credentials from awsrole now`,
      next: `aws sts get-caller-identity --profile ${name}`,
    },
  );
  return 0;
}

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
