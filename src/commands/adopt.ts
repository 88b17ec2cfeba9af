import { defineCommand } from "../cli/command.ts";
import { credentialProcessLine, findProgram, runningProgram } from "../program/program-path.ts";
import { adopt } from "../profiles/adoption.ts";
import { assertNotShadowed, reviewProfile } from "../profiles/preflight.ts";
import { editConfig } from "../profiles/edit-config.ts";
import { findProfile, requireName } from "../profiles/find-profile.ts";
import { reportChange } from "../profiles/change-report.ts";
import { writeOptions } from "../profiles/profile-options.ts";

export default defineCommand({
  usage: "adopt NAME",
  summary: "let awsrole provide the credentials of an existing role profile",
  description:
    "Turns a standard role profile (role_arn, source_profile ...) into a managed one in place; release turns it back.",
  positionals: { NAME: { describe: "the role profile" } },
  options: { command: writeOptions.command, "dry-run": writeOptions["dry-run"] },
  examples: [{ command: "awsrole adopt prod --dry-run", says: "show the lines that would change" }],
  async run(context, args) {
    const name = requireName("adopt", args.positionals["NAME"]);
    const program = findProgram(runningProgram(context.env, context.platform), args.command);
    const change = await editConfig(context, {
      action: `adopt ${name}`,
      dryRun: args["dry-run"],
      edit: (files) => {
        assertNotShadowed(files, name);
        return adopt(
          files.config,
          name,
          findProfile(files, name),
          credentialProcessLine(program, name),
        );
      },
      review: (files) => [...program.warnings, ...reviewProfile(files, name, context.env)],
    });
    reportChange(context, args, change, {
      facts: { profile: name },
      done: `profile ${name} gets its credentials from awsrole now`,
      next: `aws sts get-caller-identity --profile ${name}`,
    });
    return 0;
  },
});
