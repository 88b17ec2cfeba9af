import { formatUntil } from "../../cli/times.ts";
import { profileNotFound } from "../../config/profiles.ts";
import { readRoleOptions } from "../../profiles/profile-options.ts";
import { defineCommand, fetchOptions, sessionOptions } from "../../cli/command.ts";
import { readAwsFiles } from "../../config/files.ts";
import type { ServeArguments } from "../../endpoint/renewing-profile.ts";
import { serveProfiles, shadowOfEndpoint } from "../../endpoint/serve-profiles.ts";
import type { Context } from "../../foundation/context.ts";
import type { Environment } from "../../foundation/environment.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import {
  applyVariables,
  credentialVariables,
  endpointVariables,
} from "../../program/aws-variables.ts";
import {
  type Fetched,
  fetchForProgram,
  noticeTo,
  requireProfileName,
} from "../../sessions/fetch-credentials.ts";
import { fetchWithMinLife, minLifeOptions } from "../../sessions/min-life.ts";
import {
  narrowing,
  narrowingOptions,
  type Overlay,
  profileOfRole,
} from "../../sessions/one-call.ts";
import { runChild } from "./child-process.ts";
import { matchingProfiles, runEach } from "./each.ts";

const usage = "exec [NAME]";

export default defineCommand({
  usage,
  summary: "run a command with the credentials in its environment",
  description:
    "Runs COMMAND (without a shell) with the credentials of a profile in its environment, with conflicting AWS variables removed. Without a command, at a terminal, it opens " +
    "your shell. With --serve the environment has an endpoint that keeps the credentials fresh instead. The exit code is the command's; 125: awsrole failed, 126: the command " +
    "cannot be executed, 127: it was not found.",
  positionals: { NAME: { describe: "the profile (default: AWS_PROFILE)" } },
  options: {
    ...fetchOptions,
    ...sessionOptions,
    ...minLifeOptions,
    serve: {
      type: "boolean",
      default: false,
      describe: "provide the credentials through an endpoint that keeps them fresh",
    },
    ...narrowingOptions,
    "role-arn": { type: "string", describe: "assume this role without a profile" },
    "source-profile": {
      type: "string",
      value: "NAME",
      completes: "profiles",
      describe: "with --role-arn: the profile that provides the source credentials",
    },
    each: {
      type: "string",
      value: "PATTERN",
      describe: "run the command once for each matching profile (quote the pattern: 'prod-*')",
    },
  },
  examples: [
    { command: "awsrole exec prod -- aws s3 ls", says: "run one command as prod" },
    {
      command: "awsrole exec prod --serve -- terraform apply",
      says: "run a command that takes longer than a session",
    },
    { command: `awsrole exec prod -- sh -c 'echo "$AWS_REGION"'`, says: "use shell syntax" },
    { command: "awsrole exec prod --read-only -- env", says: "use a read-only session" },
    {
      command:
        "awsrole exec --role-arn arn:aws:iam::123456789012:role/example-role --source-profile bob -- env",
      says: "assume a role without a profile",
    },
    {
      command: "awsrole exec --each 'prod*' -- aws s3 ls",
      says: "run once for each matching profile",
    },
  ],
  usesAwsProfile: true,
  takesCommand: true,
  async run(context, args) {
    // What is wrong with the command line alone, once and before anything else.
    readRoleOptions(
      {
        "role-arn": args["role-arn"],
        "source-profile": args["source-profile"],
        "policy-arn": args["policy-arn"],
        tag: args.tag,
      },
      process.cwd(),
    );
    narrowing("", args);
    if (args.each !== undefined) return runForEach(context, args.each, args);
    const { name, overlay } = target(context, args);
    const session = { ...args, overlay };
    const words = args.rest ?? [];
    const run = (variables: Environment, fetched: Fetched): Promise<number> =>
      runChild({
        words: words.length > 0 ? words : openShell(context, args, fetched),
        env: applyVariables(context.env, variables, context.platform),
        platform: context.platform,
      });
    if (args.serve && args["min-life"] !== undefined)
      throw new AwsRoleError("ERR_USAGE", "--serve cannot be combined with --min-life", {
        hint: "--serve renews the credentials automatically",
      });
    if (args.serve) return runServed(context, name, session, run);
    const fetched = await fetchWithMinLife(context, session, (one) =>
      fetchForProgram(context, name, one),
    );
    return run(credentialVariables(fetched, context.env), fetched);
  },
});

type ExecArguments = Parameters<typeof narrowing>[1] &
  ServeArguments & {
    readonly positionals: Readonly<Record<string, string | undefined>>;
    readonly rest: readonly string[] | undefined;
    readonly profile: string | undefined;
    readonly serve: boolean;
    readonly "min-life": string | undefined;
    readonly "role-arn": string | undefined;
    readonly "source-profile": string | undefined;
  };

/** The profile to use and what this call changes in it. @throws ERR_USAGE. */
function target(
  context: Context,
  args: ExecArguments,
): { readonly name: string; readonly overlay: Overlay | undefined } {
  const { "role-arn": roleArn, "source-profile": source } = args;
  const given = args.positionals["NAME"];
  if (roleArn === undefined && source === undefined) {
    const name = requireProfileName(given, `${usage} -- COMMAND ...`);
    return { name, overlay: narrowing(name, args) };
  }
  if (roleArn === undefined || source === undefined)
    throw new AwsRoleError("ERR_USAGE", "--role-arn and --source-profile go together", {
      hint: "usage: awsrole exec --role-arn ARN --source-profile NAME -- COMMAND ...",
    });
  if (given !== undefined && given !== context.env["AWS_PROFILE"])
    throw new AwsRoleError("ERR_USAGE", `both a profile (${given}) and --role-arn`, {
      hint: "--role-arn is for a role without a profile",
    });
  const known = readAwsFiles(context.env, context.platform);
  if (known.profile(source) === undefined) throw profileNotFound(known, source);
  const made = profileOfRole(roleArn, roleArn, source);
  const narrowed = narrowing(roleArn, args);
  return {
    name: roleArn,
    overlay: narrowed === undefined ? made : (files) => narrowed(made(files)),
  };
}

/** The person's own shell, and whose it is. */
function openShell(
  context: Context,
  args: { readonly quiet: boolean },
  { profile, credentials: { expiresAt } }: Fetched,
): readonly string[] {
  const { env, platform } = context;
  const shell = platform === "win32" ? env["COMSPEC"] || "cmd.exe" : env["SHELL"] || "/bin/sh";
  const until =
    expiresAt === undefined
      ? ""
      : ` (credentials until ${formatUntil(expiresAt, context.clock.now())})`;
  noticeTo(context, args)(`opening ${shell} as ${profile}${until}; type exit to return`);
  return [shell];
}

async function runForEach(context: Context, pattern: string, args: ExecArguments): Promise<number> {
  const { rest: words = [] } = args;
  const isNamed =
    args.profile !== undefined || args.positionals["NAME"] !== context.env["AWS_PROFILE"];
  const other =
    args["role-arn"] !== undefined || args["source-profile"] !== undefined
      ? "--role-arn"
      : args.serve
        ? "--serve"
        : isNamed && args.positionals["NAME"] !== undefined
          ? "NAME"
          : undefined;
  if (other !== undefined)
    throw new AwsRoleError("ERR_USAGE", `--each cannot be combined with ${other}`, {
      hint: "usage: awsrole exec --each PATTERN -- COMMAND ...",
    });
  if (words.length === 0)
    throw new AwsRoleError("ERR_USAGE", "exec: --each needs a command to run", {
      hint: "usage: awsrole exec --each PATTERN -- COMMAND ...",
    });
  const names = readAwsFiles(context.env, context.platform).profileNames();
  return runEach(context, {
    profiles: matchingProfiles(names, pattern),
    words,
    environmentOf: async (profile) => {
      const session = { ...args, overlay: narrowing(profile, args) };
      const fetched = await fetchWithMinLife(context, session, (one) =>
        fetchForProgram(context, profile, one),
      );
      return applyVariables(
        context.env,
        credentialVariables(fetched, context.env),
        context.platform,
      );
    },
    notice: noticeTo(context, args),
  });
}

async function runServed(
  context: Context,
  name: string,
  args: ServeArguments,
  run: (variables: Environment, fetched: Fetched) => Promise<number>,
): Promise<number> {
  const shadow = shadowOfEndpoint(readAwsFiles(context.env, context.platform), name);
  if (shadow !== undefined)
    throw new AwsRoleError("ERR_CONFIG_CONFLICT", `exec --serve: ${shadow}`, {
      hint: `use keys instead, which take precedence: awsrole exec ${name} -- ...; or remove that setting from [default]`,
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
    const { first } = one;
    return await end(await run(endpointVariables(one, name, first.region, context.env), first));
  } catch (error) {
    await end(125);
    throw error;
  }
}
