import { printDone, printWarning } from "../cli/messages.ts";
import { plural, printJson } from "../cli/output.ts";
import { formatUntil } from "../cli/times.ts";
import { type ExportedProfile, exportedProfiles, removeExports } from "../profiles/exports.ts";
import { defineCommand } from "../cli/command.ts";
import { escapeControls } from "../foundation/text.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import { resolveConnection, type StsConnection } from "../config/connection.ts";
import {
  findSsoSessions,
  neitherProfileNorSession,
  readSsoSession,
  type SsoSessionSettings,
} from "../config/sso.ts";
import { type Hop, resolveChain } from "../credentials/chain.ts";
import type { Context } from "../foundation/context.ts";
import { deadlineFromNow, deadlineMs } from "../foundation/deadline.ts";
import { prepareStore, tokenPlaces } from "../sessions/open-store.ts";
import { isOfSsoSession } from "../sessions/sso-items.ts";
import { isSession } from "../state/item-index.ts";
import { markLogout } from "../state/logout-epoch.ts";
import { sessionId } from "../sso/token.ts";
import { deleteItems, forgetOpenedKeys, rowsOf } from "../sessions/delete-items.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";

export default defineCommand({
  usage: "logout [NAME]",
  summary: "delete cached credentials, or end a sign-in",
  positionals: {
    NAME: { describe: "the profile or sso-session whose sessions are deleted" },
  },
  options: {
    all: { type: "boolean", default: false, describe: "delete the sessions of every profile" },
    sso: {
      type: "boolean",
      default: false,
      describe: "also end the sign-in to IAM Identity Center that they come from",
    },
    "sso-session": {
      type: "string",
      describe: "the sso-session of exactly this name",
      value: "NAME",
    },
  },
  examples: [
    { command: "awsrole logout prod", says: "delete the sessions of prod" },
    { command: "awsrole logout acme", says: "sign out of [sso-session acme], also in AWS" },
    {
      command: "awsrole logout --all",
      says: "forget every session (long-term keys stay), and lock the file store",
    },
  ],
  async run(context, args) {
    const name = args.positionals["NAME"];
    const exact = args["sso-session"];
    if ([name, exact, args.all || undefined].filter((one) => one !== undefined).length !== 1) {
      throw new AwsRoleError("ERR_USAGE", "logout: specify a profile, an sso-session or --all", {
        hint: "usage: awsrole logout (NAME | --sso-session NAME | --all)",
      });
    }
    const { env, platform, clock } = context;
    const signIns = findSignIns(context, readAwsFiles(env, platform), { ...args, name, exact });
    const rows = rowsOf(context);
    // Refuses another user's folder before anything is written into it.
    await rows.list();
    // Before looking: what is being fetched at this moment must not be cached afterwards.
    let unmarked: unknown;
    try {
      markLogout(context.stateDir);
    } catch (error) {
      unmarked = error;
    }
    const listed = (await rows.list()).filter(
      (row) =>
        isSession(row.kind) &&
        (args.all ||
          (name !== undefined && row.profile === name) ||
          signIns.some(({ session }) => isOfSsoSession(row, session))),
    );
    const files = readAwsFiles(env, platform);
    const left = new Set([name, ...listed.map(({ profile }) => profile)]);
    const isLeft = ({ from }: ExportedProfile): boolean =>
      args.all || left.has(from) || signIns.some((one) => isOfSignIn(context, files, from, one));
    const isKnown = listed.length > 0 || signIns.length > 0 || exportedProfiles(files).some(isLeft);
    if (name !== undefined && !isKnown) requireProfile(files, name);
    // A store that does not open keeps nothing else from ending.
    const trouble = await deleteItems(context, listed, args).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const { ended, failure } = await endSignIns(context, signIns, args);
    const removed = await removeExports(context, isLeft);
    // Last: a sign-in may lie in the file store, too.
    if (args.all) await forgetOpenedKeys(context);
    if (trouble !== undefined) throw trouble.error;
    if (unmarked !== undefined)
      throw new AwsRoleError(
        "ERR_STORE_FAILED",
        "the sessions are deleted, but one that is being fetched now may still be cached: the state folder cannot be written",
        {
          hint: "check its permissions and the free disk space, then run logout again",
          cause: unmarked,
        },
      );
    if (failure !== undefined) throw failure;
    const now = clock.now().toISOString();
    const validUntil = listed
      .flatMap(({ expiresAt }) => (expiresAt !== undefined && expiresAt > now ? [expiresAt] : []))
      .toSorted()
      .at(-1);
    const deleted = listed.map((row) => ({ profile: row.profile, expiresAt: row.expiresAt }));
    if (args.json) printJson(context, { deleted, signedOut: ended, removedExports: removed });
    else if (!args.quiet) {
      for (const one of ended) context.stdout(`signed out of ${escapeControls(one)}\n`);
      printDone(
        context,
        `${listed.length === 0 ? "no cached sessions" : `deleted ${plural(listed.length, "cached session")}`}${name === undefined ? "" : ` of ${name}`}`,
      );
      if (removed.length > 0)
        printDone(context, `removed ${removed.join(", ")} from the credentials file`);
      if (validUntil !== undefined)
        printDone(
          context,
          `credentials already issued remain valid until ${formatUntil(new Date(validUntil), clock.now())}`,
        );
    }
    return 0;
  },
});

type SignIn = { readonly session: SsoSessionSettings; readonly portal: StsConnection };

/** Ends one after the other; the first failure is reported when all that can be ended are. */
async function endSignIns(
  context: Context,
  signIns: readonly SignIn[],
  args: { readonly store: string | undefined; readonly input: boolean },
): Promise<{ readonly ended: readonly string[]; readonly failure?: AwsRoleError }> {
  const ended: string[] = [];
  let failure: AwsRoleError | undefined;
  if (signIns.length === 0) return { ended };
  const { signOut } = await import("../sso/sign-out.ts");
  const deadline = deadlineFromNow(deadlineMs.attended);
  const files = readAwsFiles(context.env, context.platform);
  const places = tokenPlaces(context, prepareStore(context, { ...args, files, deadline }));
  const runtimeDir = context.runtimeDir();
  const describeTime = (time: Date): string => formatUntil(time, context.clock.now());
  for (const { session, portal } of signIns) {
    const plain = { ...session, region: portal.region };
    try {
      if (await signOut(plain, { places, portal, deadline, runtimeDir, describeTime }))
        ended.push(session.name ?? session.startUrl);
    } catch (error) {
      if (!isAwsRoleError(error)) throw error;
      failure ??= error;
    }
  }
  return { ended, ...(failure === undefined ? {} : { failure }) };
}

/** The sign-ins that are to end: a session by its name, or what a profile (or all) with `--sso` uses. @throws ERR_PROFILE_*, ERR_CONFIG_*. */
function findSignIns(
  context: Context,
  files: AwsFiles,
  wanted: {
    readonly name: string | undefined;
    readonly exact: string | undefined;
    readonly all: boolean;
    readonly sso: boolean;
  },
): readonly SignIn[] {
  const { env } = context;
  const portalOf = (session: SsoSessionSettings): SignIn => {
    const portal = resolveConnection({
      service: "sso",
      profile: session.name === undefined ? session.settings : new Map(),
      services: (section) => files.services(section),
      ownRegion: session.region,
      env,
    });
    return { session, portal };
  };
  const ofSession = (name: string): SignIn => portalOf(readSsoSession(files, name));
  const ofProfile = (name: string): readonly SignIn[] => {
    const first = firstHop(resolveChain(files, name, env));
    return first.kind === "sso" ? [{ session: first.sso.session, portal: first.portal }] : [];
  };
  const { name, exact, all, sso } = wanted;
  if (exact !== undefined) return [ofSession(exact)];
  if (name !== undefined && files.profile(name) === undefined)
    return files.ssoSessionNames().includes(name) ? [ofSession(name)] : [];
  if (!sso) return [];
  if (!all) return ofProfile(name ?? "");
  // One that is not whole keeps none of the others from ending.
  return findSsoSessions(files, ({ message }) =>
    printWarning(context, `${message}: awsrole cannot sign out of it`),
  ).map(portalOf);
}

function firstHop(chain: Hop): Hop {
  return chain.kind === "role" || chain.kind === "user-session" ? firstHop(chain.signer) : chain;
}

/** Whether the credentials of that profile come from the sign-in; false for one that is gone or cannot be read. */
function isOfSignIn(
  { env }: Context,
  files: AwsFiles,
  profile: string,
  { session }: SignIn,
): boolean {
  try {
    const first = firstHop(resolveChain(files, profile, env));
    return first.kind === "sso" && sessionId(first.sso.session) === sessionId(session);
  } catch {
    return false;
  }
}

/** Nothing to delete is fine, a mistyped name is not. A profile that is gone may still have sessions. */
function requireProfile(files: AwsFiles, name: string): void {
  if (!files.profileNames().includes(name)) throw neitherProfileNorSession(files, name);
}
