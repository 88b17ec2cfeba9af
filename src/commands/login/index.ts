/** Signing in: to an IAM Identity Center session, or to the console identity of a `login_session` profile. */
import { formatExpiration } from "../../aws/credentials.ts";
import { printNotice, printWarning } from "../../cli/messages.ts";
import { printJson } from "../../cli/output.ts";
import { type Arguments, commonOptions, defineCommand } from "../../cli/command.ts";
import { canAsk, openPrompts } from "../../cli/prompts.ts";
import { resolveConnection, type StsConnection } from "../../config/connection.ts";
import { type AwsFiles, readAwsFiles } from "../../config/files.ts";
import {
  neitherProfileNorSession,
  readSsoSession,
  type SsoSessionSettings,
} from "../../config/sso.ts";
import type { CredentialSource } from "../../credentials/base-credentials.ts";
import { type Hop, resolveChain } from "../../credentials/chain.ts";
import type { Context } from "../../foundation/context.ts";
import { deadlineFromNow } from "../../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { escapeControls } from "../../foundation/text.ts";
import { deleteItems, rowsOf } from "../../sessions/delete-items.ts";
import { prepareStore, tokenPlaces } from "../../sessions/open-store.ts";
import { isOfSsoSession } from "../../sessions/sso-items.ts";
import { signInToConsole } from "../../sign-in/console-sign-in.ts";
import { signInMs, signInToSso } from "../../sign-in/sso-sign-in.ts";

const options = {
  "sso-session": {
    type: "string",
    describe: "the sso-session of exactly this name",
    value: "NAME",
  },
  "use-device-code": {
    type: "boolean",
    default: false,
    describe: "sign in on another device, with a code",
  },
  browser: {
    type: "boolean",
    default: true,
    describe: "show the address only, and open no browser",
  },
  input: commonOptions.input,
} as const;

export default defineCommand({
  usage: "login [NAME]",
  summary: "sign in to IAM Identity Center, or to the console identity of a profile",
  description:
    "Opens the browser to sign in to an [sso-session], or to that of a profile, or as aws login does for a profile with login_session. " +
    "AWS's own tools use the same sign-in. Without a browser on this machine, or with --use-device-code, it shows a code to approve on any device.",
  positionals: {
    NAME: {
      describe:
        "a profile or an sso-session (default: AWS_PROFILE, or the only session there is; without any it asks for one)",
    },
  },
  options,
  examples: [
    { command: "awsrole login acme", says: "sign in to [sso-session acme]" },
    {
      command: "awsrole login prod",
      says: "sign in to the session of profile prod",
    },
    { command: "awsrole login acme --use-device-code", says: "on a machine without a browser" },
  ],
  usesAwsProfile: true,
  async run(context, args) {
    const files = readAwsFiles(context.env, context.platform);
    const name = args.positionals["NAME"];
    const isFirst = name === undefined && args["sso-session"] === undefined;
    if (isFirst && files.ssoSessionNames().length === 0 && canAsk(context, args)) {
      const { createFirstSession } = await import("./first-session.ts");
      await createFirstSession(context, await openPrompts(), {
        args,
        signIn: (changed, session) =>
          signIn(context, changed, sessionTarget(context, changed, session), args),
      });
      return 0;
    }
    await signIn(context, files, await findTarget(context, files, name, args), args);
    return 0;
  },
});

type Args = Arguments<typeof options>;

/** Signs in, and says so. @throws ERR_LOGIN_NEEDED with `--no-input`, and what the two ways of signing in throw. */
async function signIn(
  context: Context,
  files: AwsFiles,
  target: Target,
  args: Args,
): Promise<void> {
  if (!args.input)
    throw new AwsRoleError(
      "ERR_LOGIN_NEEDED",
      "signing in is interactive, but prompting is disabled by --no-input",
      {
        hint: "run it without --no-input",
      },
    );
  const reporter = {
    tell: (text: string) =>
      context.isTerminal.stderr
        ? text.split("\n").forEach((line) => printNotice(context, line))
        : context.stderr(`awsrole: ${escapeLines(text)}\n`),
  };
  const opensBrowser = args.browser;
  if (target.kind === "console") {
    const { loginSession, connection } = target;
    const expiresAt = await signInToConsole(context, {
      loginSession,
      connection,
      isCrossDevice: args["use-device-code"],
      opensBrowser,
      reporter,
      askForText: canAsk(context, args)
        ? async () => (await openPrompts()).ask("Text of the page", { check: () => {} })
        : undefined,
    });
    report(context, args, loginSession, expiresAt);
    return;
  }
  const { session, connection } = target;
  const token = await signInToSso(context, {
    session,
    oidcConnection: connection,
    places: tokenPlaces(
      context,
      prepareStore(context, { ...args, files, deadline: deadlineFromNow(signInMs) }),
    ),
    useDeviceCode: args["use-device-code"],
    opensBrowser,
    reporter,
  });
  // A person who signs in wants the access that they have now.
  const rows = (await rowsOf(context).list()).filter((row) => isOfSsoSession(row, session));
  try {
    await deleteItems(context, rows, args);
  } catch (error) {
    // The sign-in is kept all the same, and the command that offered it can continue.
    if (!isAwsRoleError(error)) throw error;
    printWarning(
      context,
      `sessions made before this sign-in were not deleted and are used until they expire: ${error.message}`,
    );
  }
  report(context, args, session.name ?? session.startUrl, token.expiresAt);
}

type Target =
  | {
      readonly kind: "sso";
      readonly session: SsoSessionSettings;
      readonly connection: StsConnection;
    }
  | { readonly kind: "console"; readonly loginSession: string; readonly connection: StsConnection };

/** What NAME means: a profile that uses a sign-in, or a session. @throws ERR_PROFILE_*, ERR_USAGE. */
async function findTarget(
  context: Context,
  files: AwsFiles,
  name: string | undefined,
  args: {
    readonly "sso-session": string | undefined;
    readonly input: boolean;
    readonly json: boolean;
  },
): Promise<Target> {
  const { env } = context;
  const exact = args["sso-session"];
  if (exact !== undefined) return sessionTarget(context, files, exact);
  const sessions = files.ssoSessionNames();
  if (name === undefined) {
    const [only] = sessions;
    if (only !== undefined && sessions.length === 1) return sessionTarget(context, files, only);
    if (sessions.length > 1 && canAsk(context, args)) {
      const prompts = await openPrompts();
      const chosen = await prompts.choose(
        "Which session do you want to sign in to?",
        sessions.map((value) => ({ value, label: value })),
      );
      return sessionTarget(context, files, chosen);
    }
    throw new AwsRoleError(
      "ERR_PROFILE_NOT_FOUND",
      sessions.length === 0
        ? "there is no sso-session to sign in to"
        : "there are several sso-sessions to sign in to",
      {
        hint:
          sessions.length === 0
            ? "run awsrole login in a terminal, which asks for what it needs"
            : `choose one: ${sessions.map((one) => `awsrole login ${one}`).join(", ")}`,
      },
    );
  }
  if (files.profile(name) === undefined) {
    if (sessions.includes(name)) return sessionTarget(context, files, name);
    throw neitherProfileNorSession(files, name);
  }
  const base = baseOf(resolveChain(files, name, env));
  if (base.kind === "sso") {
    if (sessions.includes(name) && base.session.name !== name)
      throw new AwsRoleError(
        "ERR_PROFILE_INVALID",
        `${name} is a profile and an sso-session, and the profile uses another session`,
        { hint: `awsrole login --sso-session ${name} signs in to the session` },
      );
    return base;
  }
  if (base.kind === "console") return base;
  if (sessions.includes(name))
    throw new AwsRoleError(
      "ERR_PROFILE_INVALID",
      `${name} is a profile and an sso-session, and the profile does not use the session`,
      { hint: `awsrole login --sso-session ${name} signs in to the session` },
    );
  throw new AwsRoleError("ERR_PROFILE_INVALID", `profile ${name} needs no sign-in`, {
    hint: `awsrole explain ${name} shows where its credentials come from`,
  });
}

function sessionTarget({ env }: Context, files: AwsFiles, name: string): Target {
  const session = readSsoSession(files, name);
  const connection = resolveConnection({
    service: "sso_oidc",
    profile: new Map(),
    services: () => undefined,
    ownRegion: session.region,
    env,
  });
  return { kind: "sso", session, connection };
}

function baseOf(hop: Hop): Target | { readonly kind: CredentialSource["kind"] } {
  if (hop.kind === "sso") return { kind: "sso", session: hop.sso.session, connection: hop.oidc };
  if (hop.kind !== "base") return baseOf(hop.signer);
  const { source } = hop;
  return source.kind === "login"
    ? { kind: "console", loginSession: source.loginSession, connection: source.signin }
    : { kind: source.kind };
}

function report(
  context: Context,
  args: { readonly json: boolean; readonly quiet: boolean },
  session: string,
  expiresAt: Date,
): void {
  if (args.json) printJson(context, { session, expiresAt: formatExpiration(expiresAt) });
  else if (!args.quiet) context.stdout(`signed in to ${escapeControls(session)}\n`);
}

function escapeLines(text: string): string {
  return text
    .split("\n")
    .map((line) => escapeControls(line))
    .join("\n");
}
