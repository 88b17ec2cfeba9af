import { formatExpiration } from "../aws/credentials.ts";
import { endpointVariables } from "../program/aws-variables.ts";
import { callingProgram } from "../program/calling-program.ts";
import { defineCommand, fetchOptions, sessionOptions } from "../cli/command.ts";
import { type Fetched, noticeTo, requireName } from "../sessions/fetch-credentials.ts";
import { serveProfile, shadowOfEndpoint } from "../endpoint/serve-profile.ts";
import { detectShell } from "../cli/shells/detect.ts";
import { formatVariables, shellNames } from "../cli/shells/statements.ts";

const usage = "serve [NAME]";

export default defineCommand({
  usage,
  summary: "give credentials to programs at a loopback endpoint, and keep them fresh",
  description:
    "Opens an endpoint on 127.0.0.1 that AWS SDKs read like a container's, prints the variables that lead to it, and serves until Ctrl-C. " +
    "Requests without the printed token are rejected, and so are those of other users where the system shows whose they are (Linux).",
  positionals: { NAME: { describe: "the profile (default: AWS_PROFILE)" } },
  options: {
    ...fetchOptions,
    ...sessionOptions,
    "allow-containers": {
      type: "boolean",
      default: false,
      describe: "answer any user that has the token: programs in containers run as other users",
    },
    shell: {
      type: "string",
      choices: shellNames,
      describe: "the form to print (default: the shell that called)",
    },
  },
  examples: [
    { command: "awsrole serve prod", says: "then run what it prints in another terminal" },
    {
      command: "(umask 077; awsrole serve prod --json > endpoint.json) &",
      says: "for a script (kill %1 ends it)",
    },
    {
      command: "awsrole exec prod --serve -- terraform apply",
      says: "the same for one command, with nothing to copy",
    },
  ],
  usesAwsProfile: true,
  async run(context, args) {
    const name = requireName(args.positionals["NAME"], usage);
    const { env, platform } = context;
    const shell = args.json
      ? "json"
      : (args.shell ?? detectShell({ env, platform, caller: callingProgram(platform) }));
    const notice = once(noticeTo(context, args));
    const { endpoint, first, end } = await serveProfile(
      context,
      name,
      args,
      args["allow-containers"] ? "token" : "user",
      {
        warn: once((text) => context.stderr(text)),
        onFetched: (fetched) => {
          if (fetched.how === "fetched" || fetched.how === "joined")
            notice(`renewed ${name}${until(fetched)}`);
        },
      },
    );
    try {
      const shadow = shadowOfEndpoint(first.files, name);
      if (shadow !== undefined) notice(`${shadow}: take that away, or the endpoint is not asked`);
      notice(
        `serving ${name}${until(first)} until Ctrl-C; run these lines where it is to be used (the token is good for nothing else):`,
      );
      // What stood in this shell before says nothing about the one where the lines are run.
      const { AWSROLE_BEFORE: _, ...variables } = endpointVariables(
        endpoint,
        name,
        first.region,
        env,
      );
      context.stdout(formatVariables(shell, variables));
    } catch (error) {
      endpoint.close();
      throw error;
    }
    return end(await untilAsked());
  },
});

function until({ credentials: { expiresAt } }: Fetched): string {
  return expiresAt === undefined
    ? ""
    : ` (these credentials: until ${formatExpiration(expiresAt)})`;
}

/** Whatever goes wrong at every renewal is said once. */
function once(say: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (said.has(text)) return;
    said.add(text);
    say(text);
  };
}

/** Ctrl-C is an interruption; to be asked to end is what a service is for. */
function untilAsked(): Promise<number> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve(130));
    process.once("SIGTERM", () => resolve(0));
  });
}
