import { assertPrivateOutput, printJson } from "../../cli/output.ts";
import { formatUntil } from "../../cli/times.ts";
import { defineCommand, fetchOptions, sessionOptions } from "../../cli/command.ts";
import { detectShell } from "../../cli/shells/detect.ts";
import { formatVariables, type ShellName, shellNames } from "../../cli/shells/statements.ts";
import {
  serveProfiles,
  type ServedProfile,
  shadowOfEndpoint,
} from "../../endpoint/serve-profiles.ts";
import type { Context } from "../../foundation/context.ts";
import type { Environment } from "../../foundation/environment.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { escapeControls } from "../../foundation/text.ts";
import { endpointVariables } from "../../program/aws-variables.ts";
import { callingProgram } from "../../program/calling-program.ts";
import { type Fetched, noticeTo, requireProfileName } from "../../sessions/fetch-credentials.ts";
import { createFailureReports } from "./failure-reports.ts";
import { type GivenToken, readToken } from "./token-file.ts";

const usage = "serve [NAMES..]";

export default defineCommand({
  usage,
  summary: "serve credentials on a loopback endpoint and keep them fresh",
  description:
    "Serves the ECS container credentials protocol on 127.0.0.1, prints the variables that point to it, and runs until Ctrl-C. " +
    "Each profile has its own path and its own token, valid only for that path. Requests without the token are rejected, and so are those of other users " +
    "where the system can identify them (Linux). The config is read for every request, so edits take effect at once.",
  positionals: {
    NAMES: { describe: "the profiles (default: AWS_PROFILE)", array: true, completes: "profiles" },
  },
  options: {
    ...fetchOptions,
    ...sessionOptions,
    port: { type: "string", describe: "port to listen on (default: any free port)" },
    "token-file": {
      type: "string",
      array: true,
      value: "FILE",
      completes: "files",
      describe:
        "read the token from a file of mode 0600, or /dev/fd/N (once for each profile, in their order)",
    },
    "allow-containers": {
      type: "boolean",
      default: false,
      describe: "accept any user with the token, such as programs in containers",
    },
    shell: {
      type: "string",
      choices: shellNames,
      describe: "output format (default: your shell)",
    },
    force: {
      type: "boolean",
      default: false,
      describe: "print the token even to a file that others can read",
    },
  },
  examples: [
    { command: "awsrole serve prod", says: "then run the printed lines in another terminal" },
    {
      command: "(umask 077; awsrole serve prod --json > endpoint.json) &",
      says: "in a script (stop it with kill %1)",
    },
    {
      command:
        "awsrole serve prod staging --port 9911 --token-file prod.token --token-file staging.token",
      says: "fixed address and tokens, for services and containers",
    },
    {
      command: "awsrole exec prod --serve -- terraform apply",
      says: "the same for one command, with nothing to copy",
    },
  ],
  usesAwsProfile: true,
  async run(context, args) {
    const names = args.names.length > 0 ? [...new Set(args.names)] : [];
    const profiles =
      names.length > 0 ? names : [requireProfileName(args.positionals["NAME"], usage)];
    const port = parsePort(args.port);
    const tokens = readTokens(args["token-file"] ?? [], profiles);
    if (!args.force)
      assertPrivateOutput(
        context,
        "serve",
        `(umask 077; awsrole serve ${profiles.join(" ")} ... > FILE)`,
      );
    const notice = noticeTo(context, args);
    const warnOnce = once((text) => context.stderr(text));
    const reports = createFailureReports((text) =>
      context.stderr(`awsrole: ${escapeControls(text)}\n`),
    );
    const { served, end } = await serveProfiles(context, args, {
      profiles: profiles.map((profile, at) => ({ profile, token: tokens[at]?.token })),
      port,
      admitBy: args["allow-containers"] ? "token" : "user",
      report: {
        warn: warnOnce,
        onFetched: (fetched) => {
          if (fetched.how !== "stale") reports.succeeded(fetched.profile);
          if (fetched.how === "fetched" || fetched.how === "joined")
            notice(`renewed ${fetched.profile}${until(fetched, context.clock.now())}`);
        },
        onFailed: (profile, error) => reports.failed(profile, describe(profile, error)),
        onRefused: (message) => reports.failed("", `refused a request: ${message}`),
      },
    });
    try {
      announce(served, context.clock.now(), notice);
      printVariables(context, served, tokens, shellFor(context, args));
    } catch (error) {
      await end(1);
      throw error;
    }
    await untilAsked();
    notice("stopped");
    return end(0);
  },
});

/** @throws ERR_USAGE. */
function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new AwsRoleError("ERR_USAGE", `serve: invalid value "${text}" for --port`, {
    hint: "a number from 1 to 65535",
  });
}

/** @throws ERR_USAGE when there is not one for each profile; what reading throws. */
function readTokens(files: readonly string[], profiles: readonly string[]): readonly GivenToken[] {
  if (files.length > 0 && files.length !== profiles.length)
    throw new AwsRoleError(
      "ERR_USAGE",
      `serve: ${profiles.length} profiles need as many --token-file options, not ${files.length}`,
      { hint: "give one token file for each profile, or none to generate the tokens" },
    );
  const tokens = files.map((file) => readToken(file));
  if (new Set(tokens.map(({ token }) => token)).size < tokens.length)
    throw new AwsRoleError("ERR_USAGE", "serve: two profiles have the same token", {
      hint: "a token is valid for one profile only: give each its own",
    });
  return tokens;
}

function shellFor(
  { env, platform }: Context,
  args: { readonly json: boolean; readonly shell: string | undefined },
): ShellName {
  if (args.json) return "json";
  const chosen = shellNames.find((name) => name === args.shell);
  return chosen ?? detectShell({ env, platform, caller: callingProgram(platform) });
}

function announce(
  served: readonly ServedProfile[],
  now: Date,
  notice: (text: string) => void,
): void {
  const [first] = served;
  for (const {
    profile,
    first: { files },
  } of served) {
    const shadow = shadowOfEndpoint(files, profile);
    if (shadow !== undefined) notice(`${shadow}: remove it, or the endpoint is not used`);
  }
  const what = served.map((one) => `${one.profile}${until(one.first, now)}`).join(", ");
  const where =
    served.length === 1 ? "the shell that should use it" : "the shell that should use each";
  if (first !== undefined) notice(`serving ${what}; press Ctrl-C to stop. Run this in ${where}:`);
}

/** One profile's variables, or each profile's below its name. */
function printVariables(
  context: Context,
  served: readonly ServedProfile[],
  tokens: readonly GivenToken[],
  shell: ShellName,
): void {
  const variables = served.map((one, at): readonly [string, Environment] => {
    const { profile, url, token, first } = one;
    const given = tokens[at];
    const secret = given === undefined ? { token } : { tokenFile: given.file };
    // What was set in this shell before says nothing about the one where the lines are run.
    const { AWSROLE_BEFORE: _, ...rest } = endpointVariables(
      { url, ...secret },
      profile,
      first.region,
      context.env,
    );
    return [profile, rest];
  });
  const [only] = variables;
  if (variables.length === 1 && only !== undefined) {
    context.stdout(formatVariables(shell, only[1]));
  } else if (shell === "json") {
    const profiles = Object.fromEntries(
      variables.map(([profile, values]) => [profile, JSON.parse(formatVariables(shell, values))]),
    );
    printJson(context, { profiles });
  } else {
    const comment = shell === "cmd" ? "REM" : "#";
    for (const [profile, values] of variables)
      context.stdout(`${comment} ${escapeControls(profile)}\n${formatVariables(shell, values)}`);
  }
}

function describe(profile: string, error: unknown): string {
  if (!isAwsRoleError(error)) return `${profile}: internal error`;
  const { message, hint } = error;
  const about = message.includes(profile) ? message : `${profile}: ${message}`;
  return hint === undefined ? about : `${about} (${hint})`;
}

function until({ credentials: { expiresAt } }: Fetched, now: Date): string {
  return expiresAt === undefined ? "" : ` (credentials until ${formatUntil(expiresAt, now)})`;
}

/** What goes wrong at every renewal is reported once. */
function once(say: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (said.has(text)) return;
    said.add(text);
    say(text);
  };
}

/** Ctrl-C is the way to end it, and no failure. */
function untilAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
