import { consoleSessionSeconds } from "../../config/aws-limits.ts";
import { printJson, assertPrivateOutput } from "../../cli/output.ts";
import type { Context } from "../../foundation/context.ts";
import { formatUntil } from "../../cli/times.ts";
import { readAwsFiles } from "../../config/files.ts";
import { type Hop, resolveChain } from "../../credentials/chain.ts";
import { regionFor } from "../../program/aws-variables.ts";
import { fetchWithMinLife, minLifeOptions } from "../../sessions/min-life.ts";
import {
  assertBrowser,
  type BrowserLaunch,
  browserLaunch,
  browserNames,
  needsAddress,
} from "./browser.ts";
import { federatedUser } from "./federated-user.ts";
import { consolePage, type DestinationArguments } from "./destination.ts";
import { consoleUrlOf, signInUrl } from "./sign-in-url.ts";
import { defineCommand, fetchOptions } from "../../cli/command.ts";
import { partitionOf } from "../../config/connection.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { createPeerLookup } from "../../foundation/peer.ts";
import {
  type Fetched,
  type FetchArguments,
  fetchChain,
  noticeTo,
  requireProfileName,
  type ResolvedChain,
} from "../../sessions/fetch-credentials.ts";
import { openOneShotRedirect } from "./local-redirect.ts";
import { type RedirectPage, writeRedirectPage } from "./redirect-page.ts";

const usage = "console [NAME]";
const browserWithinMs = 60_000;
/** Where another user cannot take the address, and where one can: then a browser that finds it spent needs its time to start. */
const watchMs = { seen: 2000, unseen: 10_000 };

export default defineCommand({
  usage,
  summary: "open the AWS console in your browser",
  description:
    "Opens the AWS console in the browser, signed in as the role of the profile, or as the IAM user of a key profile (who needs a policy that allows sts:GetFederationToken). The browser gets a URL of this machine that works once; the sign-in URL itself " +
    "(valid for 15 minutes) is only shown with --print.",
  positionals: { NAME: { describe: "the profile (default: AWS_PROFILE)" } },
  options: {
    ...fetchOptions,
    ...minLifeOptions,
    service: { type: "string", describe: "open this service: s3, ec2, logs" },
    region: { type: "string", describe: "open this region (default: the profile's)" },
    destination: {
      type: "string",
      value: "URL",
      describe: "open this page of the console",
    },
    browser: {
      type: "string",
      value: "BROWSER",
      completes: browserNames,
      describe:
        "chrome, chromium, brave, edge, firefox or firefox-container, with a browser profile of its own for each profile; or the path of a program",
    },
    print: {
      type: "boolean",
      default: false,
      describe: "print the sign-in URL instead (a secret for 15 minutes)",
    },
    force: {
      type: "boolean",
      default: false,
      describe: "with --print: print even to a file that others can read",
    },
  },
  examples: [
    { command: "awsrole console prod", says: "open the browser" },
    { command: "awsrole console prod --service s3 --region us-east-1", says: "open a service" },
    {
      command: "awsrole console prod --browser firefox",
      says: "keep several consoles open side by side",
    },
    { command: "awsrole console prod --print", says: "print a URL for another browser or machine" },
  ],
  usesAwsProfile: true,
  async run(context, args) {
    const name = requireProfileName(args.positionals["NAME"], usage);
    assertBrowser(args.browser);
    const resolved = resolve(context, name);
    const portal = portalLink(context, name, resolved, args);
    if (portal !== undefined) {
      if (args.print) {
        printUrl(context, args, portal);
        return 0;
      }
      // The link is no secret: a browser that opens it has to sign in.
      noticeTo(
        context,
        args,
      )(`opening the console in your browser; if nothing opens, open ${portal}`);
      await startBrowser(context, { ...args, profile: name }, portal);
      if (args.json) printJson(context, { opened: true, profile: name });
      return 0;
    }
    if (args.print && !args.force)
      assertPrivateOutput(
        context,
        "console",
        `(umask 077; awsrole console ${name} --print > FILE)`,
      );
    const fetched = await fetchForConsole(context, name, resolved, args);
    const partition = partitionOfSession(fetched);
    const region = regionFor(fetched.region, context.env) ?? fetched.connection.region;
    const { url, hasOwnLength } = await signInUrl(
      {
        settings: fetched.files.profile(name) ?? new Map(),
        credentials: fetched.credentials,
        partition,
        destination: consolePage(consoleUrlOf(partition), region, args),
        sessionSeconds: isLongSessionPossible(fetched.chain) ? consoleSessionSeconds : undefined,
      },
      fetched.connection,
      fetched.sessions.deadline,
    );
    const { expiresAt } = fetched.credentials;
    const until = hasOwnLength
      ? new Date(context.clock.now().getTime() + consoleSessionSeconds * 1000)
      : expiresAt;
    if (args.print) {
      printUrl(context, args, url);
      return 0;
    }
    await openInBrowser(context, { ...args, profile: name }, url);
    if (until !== undefined)
      noticeTo(context, args)(`signed in until ${formatUntil(until, context.clock.now())}`);
    if (args.json) printJson(context, { opened: true, profile: name });
    return 0;
  },
});

type ConsoleArguments = DestinationArguments & {
  readonly quiet: boolean;
  readonly json: boolean;
  readonly browser: string | undefined;
};

function printUrl(context: Context, { json }: { readonly json: boolean }, url: string): void {
  if (json) printJson(context, { url });
  else context.stdout(`${url}\n`);
}

/** A key profile's chain is the key itself: the console takes no session of GetSessionToken. @throws ERR_PROFILE_*, ERR_CONFIG_*. */
function resolve(context: Context, name: string): ResolvedChain {
  const files = readAwsFiles(context.env, context.platform);
  const chain = resolveChain(files, name, context.env);
  return { files, chain: chain.kind === "user-session" ? chain.signer : chain };
}

/** Credentials that the console takes: those of the chain, or where they are a long-term key a session of its user. */
async function fetchForConsole(
  context: Context,
  name: string,
  resolved: ResolvedChain,
  args: FetchArguments & { readonly "min-life": string | undefined },
): Promise<Fetched> {
  const fetched = await fetchWithMinLife(context, args, (one) =>
    fetchChain(context, name, one, resolved),
  );
  const { credentials, connection, sessions, chain } = fetched;
  if (credentials.sessionToken !== undefined) return fetched;
  const sts = await sessions.openSts(connection);
  if (deviceOfKey(chain))
    noticeTo(
      context,
      args,
    )(
      `AWS takes no MFA code for an IAM user's console session: policies that require MFA deny in it (a role profile has it)`,
    );
  return { ...fetched, how: "fetched", credentials: await federatedUser(sts, credentials) };
}

function deviceOfKey(chain: Hop): boolean {
  return (
    chain.kind === "base" && chain.source.kind === "keychain-key" && chain.source.mfa !== undefined
  );
}

/**
 * A profile of IAM Identity Center needs no token: the access portal's own link to the account and role, which the browser signs in to by itself.
 * Undefined for other profiles. @throws ERR_PROFILE_*, ERR_CONFIG_*.
 */
function portalLink(
  context: Context,
  name: string,
  { files, chain }: ResolvedChain,
  args: DestinationArguments,
): string | undefined {
  if (chain.kind !== "sso") return undefined;
  const { session, accountId, roleName } = chain.sso;
  const partition = partitionOfRegion(chain.portal.region);
  const region =
    regionFor(files.profile(name)?.get("region")?.value || undefined, context.env) ??
    chain.portal.region;
  const query = new URLSearchParams({
    account_id: accountId,
    role_name: roleName,
    destination: consolePage(consoleUrlOf(partition), region, args),
  });
  return `${session.startUrl.replace(/\/?(?:#.*)?$/, "")}/#/console?${query.toString()}`;
}

/** AWS takes a length of its own only for a role that a user's key, or its MFA session, assumed. */
function isLongSessionPossible(chain: Hop): boolean {
  return chain.kind === "role" && chain.signer.kind !== "role" && chain.signer.kind !== "sso";
}

function partitionOfSession({ chain, connection }: Fetched): string {
  return chain.kind === "role"
    ? (partitionOf(chain.role.arn) ?? "aws")
    : partitionOfRegion(connection.region);
}

function partitionOfRegion(region: string): string {
  const start = /^(?:cn|us-gov|eusc)(?=-)/.exec(region)?.[0];
  return start === undefined ? "aws" : `aws-${start}`;
}

/** @throws ERR_DEADLINE, ERR_ADDRESS_REUSED, ERR_NETWORK, ERR_CONFIG_WRITE, ERR_PEERS_UNKNOWN. */
async function openInBrowser(
  context: Context,
  args: ConsoleArguments & { readonly profile: string },
  url: string,
): Promise<void> {
  const { env, platform } = context;
  const notice = noticeTo(context, args);
  const peers = await createPeerLookup(platform);
  if (peers === undefined && needsAddress(args.browser))
    throw new AwsRoleError(
      "ERR_PEERS_UNKNOWN",
      `console: --browser ${args.browser} puts the sign-in URL on a command line, which other users can read here`,
      { hint: "choose another browser" },
    );
  const redirect = await openOneShotRedirect(url, {
    timeoutMs: browserWithinMs,
    watchMs: peers === undefined ? watchMs.unseen : watchMs.seen,
    peers,
    onOtherUser: (uid) =>
      notice(
        `another user${uid === undefined ? "" : ` (uid ${uid})`} requested the sign-in URL and was refused`,
      ),
  });
  let page: RedirectPage | undefined;
  try {
    if (peers === undefined) page = writeRedirectPage(redirect.url, env, platform);
    notice(
      `opening the console in your browser; if nothing opens, open ${redirect.url} on this machine within a minute (it works once)`,
    );
    await startBrowser(context, args, page?.path ?? redirect.url);
    await redirect.used;
  } finally {
    page?.remove();
    redirect.close();
  }
}

/** No browser to start is no reason to give up: the address may be opened by hand. @throws ERR_USAGE for an unknown browser. */
async function startBrowser(
  context: Context,
  args: ConsoleArguments & { readonly profile: string },
  target: string,
): Promise<void> {
  const { default: open, apps } = await import("open");
  const { browser, profile } = args;
  const { stateDir, platform } = context;
  const launch: BrowserLaunch =
    browser === undefined
      ? { target }
      : browserLaunch(browser, profile, target, { stateDir, apps });
  const { app } = launch;
  const launched = await open(launch.target, app === undefined ? {} : { app }).catch(
    () => undefined,
  );
  launched?.on("error", () => {});
  if (launched === undefined)
    noticeTo(context, args)(`no browser could be started here (${browser ?? platform})`);
}
