import { assertPrivateOutput } from "../../cli/output.ts";
import type { Context } from "../../foundation/context.ts";
import { clearedVariables, credentialVariables } from "../../program/aws-variables.ts";
import { callingProgram } from "../../program/calling-program.ts";
import { defineCommand, fetchOptions, sessionOptions } from "../../cli/command.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { fetchWithMinLife, minLifeOptions } from "../../sessions/min-life.ts";
import { fetchForProgram, requireProfileName } from "../../sessions/fetch-credentials.ts";
import { detectShell } from "../../cli/shells/detect.ts";
import {
  formatVariables,
  howToUse,
  isExecutable,
  type ShellName,
  shellNames,
} from "../../cli/shells/statements.ts";

const usage = "env [NAME]";

export default defineCommand({
  usage,
  summary: "print shell statements that set (or clear) the AWS variables",
  description:
    "Prints statements for your shell to run: they set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, " +
    "AWS_CREDENTIAL_EXPIRATION and the region, and clear variables that would be used instead. --unset reverts all of it. " +
    "If env fails, it clears what an earlier env set and ends with a failing statement, so that eval fails too.",
  positionals: { NAME: { describe: "the profile (default: AWS_PROFILE)" } },
  options: {
    ...fetchOptions,
    ...sessionOptions,
    ...minLifeOptions,
    shell: {
      type: "string",
      choices: shellNames,
      describe: "output format (default: your shell)",
    },
    unset: {
      type: "boolean",
      default: false,
      describe: "clear the variables and restore the previous AWS_PROFILE and region",
    },
    force: {
      type: "boolean",
      default: false,
      describe: "print secrets even to a terminal or to a file that others can read",
    },
  },
  examples: [
    { command: 'eval "$(awsrole env prod)"', says: "use prod in this shell (bash, zsh, sh)" },
    { command: "awsrole env prod | source", says: "the same in fish" },
    {
      command: "awsrole env prod | Out-String | Invoke-Expression",
      says: "the same in PowerShell",
    },
    { command: 'eval "$(awsrole env --unset)"', says: "clear the variables" },
    {
      command: "(umask 077; awsrole env prod --shell dotenv > .env)",
      says: "a private file for docker --env-file",
    },
  ],
  usesAwsProfile: true,
  async run(context, args) {
    const shell = args.json ? "json" : (args.shell ?? detect(context));
    const given = args.positionals["NAME"];
    if (args.unset) {
      if (!isExecutable(shell))
        throw new AwsRoleError("ERR_USAGE", `env: the format ${shell} cannot clear a variable`, {
          hint: "--unset is for shells: --shell bash, zsh, sh, fish, powershell or cmd",
        });
      context.stdout(formatVariables(shell, clearedVariables(context.env)));
      return 0;
    }
    const name = requireProfileName(given, usage);
    if (context.isTerminal.stdout && !args.force) {
      const words = [
        `awsrole env ${name}`,
        ...(args.shell === undefined && !args.json ? [] : [`--shell ${shell}`]),
        ...(args["long-term"] ? ["--long-term"] : []),
        ...(args.store === undefined ? [] : [`--store ${args.store}`]),
      ];
      throw new AwsRoleError("ERR_USAGE", "env: refusing to print secrets to a terminal", {
        hint: `run ${howToUse(shell, words.join(" "))} (or add --force)`,
      });
    }
    if (!args.force)
      assertPrivateOutput(context, "env", `(umask 077; awsrole env ${name} ... > FILE)`);
    const fetched = await fetchWithMinLife(context, args, (one) =>
      fetchForProgram(context, name, one),
    );
    context.stdout(formatVariables(shell, credentialVariables(fetched, context.env)));
    return 0;
  },
});

function detect({ env, platform }: Context): ShellName {
  return detectShell({ env, platform, caller: callingProgram(platform) });
}
