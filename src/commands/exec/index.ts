import type { Environment } from "../../foundation/environment.ts";
import type { Context } from "../../foundation/context.ts";
import {
  applyVariables,
  credentialVariables,
  endpointVariables,
} from "../../program/aws-variables.ts";
import { runChild } from "./child-process.ts";
import { defineCommand, fetchOptions, sessionOptions } from "../../cli/command.ts";
import { readAwsFiles } from "../../config/files.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { fetchSession, requireName } from "../../sessions/fetch-credentials.ts";
import type { ServeArguments } from "../../endpoint/renewing-profile.ts";
import { serveProfiles, shadowOfEndpoint } from "../../endpoint/serve-profiles.ts";

const usage = "exec [NAME]";

export default defineCommand({
  usage,
  summary: "run a command with the credentials in its environment",
  description:
    "Runs COMMAND (without a shell) with the credentials of a profile in its environment, cleared of what would be used in their place. With --serve " +
    "the environment has an endpoint that keeps them fresh instead. The exit code is the command's; 125: awsrole failed, 126: the command cannot be " +
    "executed, 127: it was not found.",
  positionals: { NAME: { describe: "the profile (default: AWS_PROFILE)" } },
  options: {
    ...fetchOptions,
    ...sessionOptions,
    serve: {
      type: "boolean",
      default: false,
      describe: "give the command an endpoint that keeps its credentials fresh",
    },
  },
  examples: [
    { command: "awsrole exec prod -- aws s3 ls", says: "one command as prod" },
    {
      command: "awsrole exec prod --serve -- terraform apply",
      says: "one that runs longer than a session",
    },
    { command: `awsrole exec prod -- sh -c 'echo "$AWS_REGION"'`, says: "with a shell's help" },
  ],
  usesAwsProfile: true,
  takesCommand: true,
  async run(context, args) {
    const name = requireName(args.positionals["NAME"], `${usage} -- COMMAND ...`);
    const run = (variables: Environment): Promise<number> =>
      runChild({
        words: args.rest ?? [],
        env: applyVariables(context.env, variables, context.platform),
        platform: context.platform,
      });
    if (args.serve) return runServed(context, name, args, run);
    return run(credentialVariables(await fetchSession(context, name, args), context.env));
  },
});

async function runServed(
  context: Context,
  name: string,
  args: ServeArguments,
  run: (variables: Environment) => Promise<number>,
): Promise<number> {
  const shadow = shadowOfEndpoint(readAwsFiles(context.env, context.platform), name);
  if (shadow !== undefined)
    throw new AwsRoleError("ERR_CONFIG_CONFLICT", `exec --serve: ${shadow}`, {
      hint: `give keys, which come before everything: awsrole exec ${name} -- ...; or take that away from [default]`,
    });
  const { served, end } = await serveProfiles(context, args, {
    profiles: [{ profile: name }],
    admitBy: "user-or-token",
    // The terminal is the command's: its SDK gets what awsrole would report.
    report: { warn: () => {}, onFetched: () => {}, onFailed: () => {}, onRefused: () => {} },
  });
  const [one] = served;
  try {
    if (one === undefined) throw new Error("no profile is served");
    return await end(await run(endpointVariables(one, name, one.first.region, context.env)));
  } catch (error) {
    await end(125);
    throw error;
  }
}
