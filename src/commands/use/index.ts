import { defineCommand } from "../../cli/command.ts";
import { canAskOnStderr, openPrompts } from "../../cli/prompts.ts";
import {
  changeableShells,
  type ChangeableShell,
  formatChange,
} from "../../cli/shells/statements.ts";
import { readAwsFiles } from "../../config/files.ts";
import { profileNotFound } from "../../config/profiles.ts";
import type { Context } from "../../foundation/context.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { previousProfile, stopUsing, useProfile } from "../../program/shell-profile.ts";
import { rememberUse, usesIn } from "./recent-uses.ts";

type Switch = {
  readonly name: string;
  readonly region: string | undefined;
  readonly shell: ChangeableShell;
};

export default defineCommand({
  usage: "use [NAME]",
  summary: "switch the current shell to a profile",
  description:
    "Sets AWS_PROFILE in this shell and clears the AWS variables that take precedence over it (keys, web identity, container endpoints). " +
    "No secret enters the environment: AWS programs get credentials from awsrole, and renew them, automatically. " +
    "Without NAME it shows a list to choose from, the last used first. `-` switches to the previous profile. " +
    "--unset restores the previous variables. It works through a shell function: add the line of awsrole init to your shell's start file.",
  positionals: { NAME: { describe: "the profile, or - for the previous one" } },
  options: {
    region: { type: "string", describe: "set AWS_REGION and AWS_DEFAULT_REGION too" },
    unset: {
      type: "boolean",
      default: false,
      describe: "restore the variables from before the first use",
    },
    shell: {
      type: "string",
      choices: changeableShells,
      describe: "print the statements for this shell (set by the function of awsrole init)",
    },
  },
  examples: [
    { command: "awsrole use prod", says: "use prod in this shell" },
    { command: "awsrole use", says: "choose from a list" },
    { command: "awsrole use -", says: "switch to the previous profile" },
    { command: "awsrole use --unset", says: "restore the shell's variables" },
  ],
  async run(context, args) {
    if (args.shell === undefined) throw withoutFunction();
    const given = args.positionals["NAME"];
    if (args.unset) {
      if (given !== undefined || args.region !== undefined)
        throw new AwsRoleError("ERR_USAGE", "use: --unset takes no NAME and no --region", {
          hint: "awsrole use --unset",
        });
      context.stdout(formatChange(args.shell, stopUsing(context.env)));
      return 0;
    }
    const name = given ?? (await pick(context, args));
    switchShell(context, { name, region: args.region, shell: args.shell });
    return 0;
  },
});

/** True for a shell that `use` can change. */
export function isChangeableShell(shell: string): shell is ChangeableShell {
  return changeableShells.some((one) => one === shell);
}

/**
 * Prints the statements that switch a shell to the profile `name`, or, for `-`, to the one used before.
 * @throws ERR_PROFILE_NOT_FOUND, ERR_CONFIG_SYNTAX.
 */
export function switchShell(context: Context, { name, region, shell }: Switch): void {
  const files = readAwsFiles(context.env, context.platform);
  const profile = name === "-" ? previous(context) : name;
  if (files.profile(profile) === undefined) throw profileNotFound(files, profile);
  context.stdout(formatChange(shell, useProfile({ profile, region }, context.env)));
  rememberUse(context, profile);
}

function withoutFunction(): AwsRoleError {
  return new AwsRoleError("ERR_USAGE", "use: only a shell function can change the current shell", {
    hint: 'add it to your shell\'s start file (bash: ~/.bashrc): eval "$(awsrole init bash)"',
  });
}

function previous({ env }: Context): string {
  const name = previousProfile(env);
  if (name !== undefined) return name;
  throw new AwsRoleError("ERR_PROFILE_NOT_FOUND", "use: no previous profile in this shell", {
    hint: "awsrole use NAME",
  });
}

async function pick(
  context: Context,
  args: { readonly input: boolean; readonly json: boolean },
): Promise<string> {
  if (!canAskOnStderr(context, args))
    throw new AwsRoleError("ERR_USAGE", "use: specify a profile", {
      hint: "awsrole use NAME; awsrole list shows your profiles",
    });
  const names = readAwsFiles(context.env, context.platform).profileNames();
  if (names.length === 0)
    throw new AwsRoleError("ERR_PROFILE_NOT_FOUND", "there are no profiles yet", {
      hint: "awsrole add-profile creates one",
    });
  const uses = usesIn(context);
  const ordered = names.toSorted((one, other) => (uses[other] ?? 0) - (uses[one] ?? 0));
  const prompts = await openPrompts(process.stderr);
  const choices = ordered.map((name) => ({ value: name, label: name }));
  return prompts.choose("Use profile", choices, { isSearchable: true });
}
