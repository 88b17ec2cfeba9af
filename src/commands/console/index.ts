import { printJson, assertPrivateOutput } from "../../cli/output.ts";
import type { Context } from "../../foundation/context.ts";
import { defineCommand, fetchOptions } from "../../cli/command.ts";
import { partitionOf } from "../../config/connection.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { createPeerLookup } from "../../foundation/peer.ts";
import {
  type Fetched,
  fetchCredentials,
  noticeTo,
  requireProfileName,
} from "../../sessions/fetch-credentials.ts";
import { openOneShotRedirect } from "./local-redirect.ts";
import { type RedirectPage, writeRedirectPage } from "./redirect-page.ts";

const usage = "console [NAME]";
const browserWithinMs = 60_000;
/** Where another user cannot take the address, and where one can: then a browser that finds it spent needs its time to start. */
const watchMs = { seen: 2000, unseen: 10_000 };

export default defineCommand({
  usage,
  summary: "sign in to the AWS console in your browser",
  description:
    "Opens the AWS console in the browser, signed in as the role of the profile. The browser is given an address of this machine that works once; the sign-in address itself, " +
    "with which anybody could sign in for a quarter of an hour, is shown by --print only.",
  positionals: { NAME: { describe: "the profile (default: AWS_PROFILE)" } },
  options: {
    ...fetchOptions,
    print: {
      type: "boolean",
      default: false,
      describe: "print the sign-in address instead (a secret for 15 minutes)",
    },
    force: {
      type: "boolean",
      default: false,
      describe: "with --print: even to a file that others can read",
    },
  },
  examples: [
    { command: "awsrole console prod", says: "opens the browser" },
    { command: "awsrole console prod --print", says: "for another browser, or another machine" },
  ],
  usesAwsProfile: true,
  async run(context, args) {
    const name = requireProfileName(args.positionals["NAME"], usage);
    if (args.print && !args.force)
      assertPrivateOutput(
        context,
        "console",
        `(umask 077; awsrole console ${name} --print > FILE)`,
      );
    const fetched = await fetchCredentials(context, name, args);
    const partition = partitionOfSession(fetched);
    const { signInUrl } = await import("./sign-in-url.ts");
    const url = await signInUrl(
      fetched.credentials,
      partition,
      fetched.connection,
      fetched.sessions.deadline,
    );
    if (args.print) {
      if (args.json) printJson(context, { url });
      else context.stdout(`${url}\n`);
      return 0;
    }
    await openInBrowser(context, url, noticeTo(context, args));
    if (args.json) printJson(context, { opened: true, profile: name });
    return 0;
  },
});

/** @throws ERR_PROFILE_INVALID: only a role's session can sign in. */
function partitionOfSession({ chain, credentials, connection, profile }: Fetched): string {
  if (chain.kind === "role") return partitionOf(chain.role.arn) ?? "aws";
  if (chain.kind === "base" && credentials.sessionToken !== undefined) {
    const start = /^(?:cn|us-gov|eusc)(?=-)/.exec(connection.region)?.[0];
    return start === undefined ? "aws" : `aws-${start}`;
  }
  throw new AwsRoleError(
    "ERR_PROFILE_INVALID",
    `profile ${profile} is an IAM user, and the console takes sessions of roles only`,
    { hint: "name a role profile: awsrole list shows which there are" },
  );
}

/** @throws ERR_DEADLINE, ERR_ADDRESS_REUSED, ERR_NETWORK, ERR_CONFIG_WRITE. */
async function openInBrowser(
  { env, platform }: Context,
  url: string,
  notice: (text: string) => void,
): Promise<void> {
  const peers = await createPeerLookup(platform);
  const redirect = await openOneShotRedirect(url, {
    timeoutMs: browserWithinMs,
    watchMs: peers === undefined ? watchMs.unseen : watchMs.seen,
    peers,
    onOtherUser: (uid) =>
      notice(
        `another user${uid === undefined ? "" : ` (uid ${uid})`} asked for the sign-in address and was refused`,
      ),
  });
  let page: RedirectPage | undefined;
  try {
    if (peers === undefined) page = writeRedirectPage(redirect.url, env, platform);
    notice(
      `opening the console in your browser; if nothing opens, open ${redirect.url} on this machine within a minute (it works once)`,
    );
    const { default: open } = await import("open");
    const launched = await open(page?.path ?? redirect.url).catch(() => undefined);
    // No browser to start is no reason to give up: the address may be opened by hand.
    launched?.on("error", () => {});
    if (launched === undefined) notice(`no browser could be started here (${platform})`);
    await redirect.used;
  } finally {
    page?.remove();
    redirect.close();
  }
}
