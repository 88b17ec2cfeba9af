import { plural } from "../../cli/output.ts";
import { setTimeout as pause } from "node:timers/promises";
import { type Arguments, defineCommand } from "../../cli/command.ts";
import { canAsk, openPrompts } from "../../cli/prompts.ts";
import { printNotice, printWarning } from "../../cli/messages.ts";
import { createSpinner } from "../../cli/spinner.ts";
import { type AwsFiles, readAwsFiles } from "../../config/files.ts";
import { readSsoSession } from "../../config/sso.ts";
import type { Context } from "../../foundation/context.ts";
import { type Deadline, deadlineFromNow, sinceStartMs } from "../../foundation/deadline.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { commandLine } from "../../foundation/shell-quote.ts";
import { reportChange } from "../../profiles/change-report.ts";
import { defaultRegion } from "../../profiles/default-region.ts";
import { editConfig } from "../../profiles/edit-config.ts";
import { writeOptions } from "../../profiles/profile-options.ts";
import { credentialProcessLine, findProgram, runningProgram } from "../../program/program-path.ts";
import { deleteItems, rowsOf } from "../../sessions/delete-items.ts";
import { renameSessions } from "../../sessions/rename-sessions.ts";
import { removeExports, renameExports } from "../../profiles/exports.ts";
import { openPortal } from "../../sessions/open-portal.ts";
import { type Filter, parseFilter } from "./filter.ts";
import { listAccess, type Listing } from "./listing.ts";
import { planSync, type SyncOptions, type SyncPlan, type Wanted } from "./plan.ts";
import { addSessions, assumedIn, readTeamFile, type TeamFile } from "./team-file.ts";
import { assertTemplate, defaultTemplate } from "../../profiles/name-template.ts";

/** Listing hundreds of accounts takes minutes where AWS throttles. */
const listingWithinMs = 15 * 60_000;

const options = {
  template: {
    type: "string",
    describe:
      "profile name template, with {account-name}, {account-id}, {role}, {session} and {email}",
  },
  filter: {
    type: "string",
    array: true,
    value: "GLOB",
    describe: "only these accounts (name or ID); also role=GLOB, account=GLOB, id=GLOB",
  },
  prune: {
    type: "boolean",
    default: false,
    describe: "remove profiles written by sync whose access is gone",
  },
  rename: {
    type: "boolean",
    default: false,
    describe: "rename profiles written by sync that the template names differently",
  },
  native: {
    type: "boolean",
    default: false,
    describe: "write plain sso_* profiles, which the AWS CLI and SDKs resolve themselves",
  },
  from: {
    type: "string",
    completes: "files",
    value: "FILE",
    describe: "sessions, template, filters and role chains of a team, from a JSON file",
  },
  yes: {
    type: "boolean",
    default: false,
    describe: "with --prune: remove without asking, even most of the profiles",
  },
  command: writeOptions.command,
  "dry-run": writeOptions["dry-run"],
} as const;

export default defineCommand({
  usage: "sync [SESSION]",
  summary: "write a profile for every account and role you have access to",
  description:
    "Lists your accounts and roles in IAM Identity Center and writes a profile for each, in one change that undo reverts. It changes and removes " +
    "only profiles that it wrote itself, keeps what you added to them, and does nothing if nothing has changed.",
  positionals: { SESSION: { describe: "the sso-session (default: the only one)" } },
  options,
  examples: [
    { command: "awsrole sync acme --dry-run", says: "preview the profiles" },
    {
      command: "awsrole sync acme --prune",
      says: "also remove profiles you no longer have access to",
    },
    { command: "awsrole sync --template '{role}-{account-name}'", says: "use other profile names" },
    {
      command: "awsrole sync --filter 'prod-*' --filter role=Admin*",
      says: "only some accounts and roles",
    },
  ],
  async run(context, args) {
    const team = args.from === undefined ? undefined : readTeamFile(args.from);
    const template = args.template ?? team?.template ?? defaultTemplate;
    assertTemplate(template, "sync: --template");
    const filter = parseFilter([...(args.filter ?? []), ...(team?.filters ?? [])]);
    const program = findProgram(runningProgram(context.env, context.platform), args.command);
    const files = withTeamSessions(readAwsFiles(context.env, context.platform), team);
    const sessions = chooseSessions(files, args.positionals["SESSION"], team);
    const deadline = deadlineFromNow(listingWithinMs);
    const listings: Listing[] = [];
    for (const session of sessions) {
      try {
        listings.push(await list(context, { files, session, filter, deadline, args }));
      } catch (error) {
        throw team === undefined ? error : await firstSignIn(context, { error, team, args });
      }
    }
    const wanted = listings.flatMap(({ access }): readonly Wanted[] => [
      ...access,
      ...assumedIn(access, team, portalRegion(files)),
    ]);
    const sync: SyncOptions = {
      template,
      native: args.native,
      rename: args.rename,
      prune: args.prune,
      knowsChains: team !== undefined,
      regionOf: (session) =>
        defaultRegion(files, context.env) ?? readSsoSession(files, session).region.value,
      lineFor: (profile) => credentialProcessLine(program, profile),
    };
    await confirmRemovals(context, planSync(files.config, wanted, listings, sync), args);
    let plan: SyncPlan | undefined;
    const change = await editConfig(context, {
      action: ["sync", ...sessions].join(" "),
      dryRun: args["dry-run"],
      edit: (latest) => {
        plan = planSync(withTeamSessions(latest, team).config, wanted, listings, sync);
        return plan.document;
      },
      review: () => program.warnings,
    });
    if (plan === undefined) throw new Error("the change was not planned");
    const trouble = args["dry-run"] ? undefined : await followProfiles(context, plan, args);
    const { added, updated, renamed, removed, stale } = plan;
    const failed = listings.flatMap((listing) => listing.failed);
    reportChange(context, args, change, {
      facts: {
        sessions,
        added,
        updated,
        renamed,
        removed,
        stale,
        failedAccounts: failed.map(({ accountId, error }) => ({ accountId, code: error.code })),
      },
      done: summaryOf(plan, wanted.length),
      ...(added[0] === undefined
        ? {}
        : { next: `aws sts get-caller-identity --profile ${added[0]}` }),
    });
    warn(context, args, { plan, listings, again: commandAgain(args) });
    // The profiles are changed all the same, which had to be said first.
    if (trouble !== undefined) throw trouble.error;
    return failed.length === 0 ? 0 : 1;
  },
});

type Args = Arguments<typeof options>;

/** The files as they are once the team's sessions are written. @throws ERR_CONFIG_CONFLICT for one that is there with other values. */
function withTeamSessions(files: AwsFiles, team: TeamFile | undefined): AwsFiles {
  return team === undefined ? files : addSessions(files, team);
}

/**
 * The error of a listing that a sign-in must come before. On a new machine the session is in the team's file only, where `login` does not look:
 * so it is written now. @throws ERR_CONFIG_*.
 */
async function firstSignIn(
  context: Context,
  { error, team, args }: { readonly error: unknown; readonly team: TeamFile; readonly args: Args },
): Promise<unknown> {
  if (!isAwsRoleError(error) || error.code !== "ERR_LOGIN_NEEDED") return error;
  const files = readAwsFiles(context.env, context.platform);
  if (withTeamSessions(files, team) === files) return error;
  const again = commandAgain(args);
  if (args["dry-run"])
    return new AwsRoleError(error.code, error.message, {
      hint: `${again}, without --dry-run, writes the team's sessions, so that you can sign in`,
      cause: error,
    });
  const { file } = await editConfig(context, {
    action: "sync (sessions)",
    dryRun: false,
    edit: (latest) => withTeamSessions(latest, team).config,
  });
  if (!args.quiet) printNotice(context, `the team's sessions are written to ${file}`);
  const { hint = "" } = error;
  return new AwsRoleError(error.code, error.message, {
    hint: `${hint}, then: ${again}`,
    cause: error,
  });
}

/** @throws ERR_USAGE where it must be said which, ERR_PROFILE_INVALID for one that is not whole. */
function chooseSessions(
  files: AwsFiles,
  given: string | undefined,
  team: TeamFile | undefined,
): readonly string[] {
  const known = team?.sessions.map(({ name }) => name) ?? files.ssoSessionNames();
  if (given !== undefined) {
    readSsoSession(files, given);
    return [given];
  }
  if (team !== undefined) return known;
  const [only, ...others] = known;
  if (only !== undefined && others.length === 0) return [only];
  throw new AwsRoleError(
    "ERR_PROFILE_INVALID",
    only === undefined ? "there is no sso-session in your config" : "sync: specify a session",
    {
      hint:
        only === undefined
          ? "awsrole login, in a terminal, creates one"
          : `choose from ${known.join(", ")}`,
    },
  );
}

async function list(
  context: Context,
  {
    files,
    session,
    filter,
    deadline,
    args,
  }: {
    readonly files: AwsFiles;
    readonly session: string;
    readonly filter: Filter;
    readonly deadline: Deadline;
    readonly args: Args;
  },
): Promise<Listing> {
  let progress = `listing the accounts of ${session}`;
  const spin = args.quiet ? undefined : createSpinner(context, () => progress);
  const work = async (): Promise<Listing> => {
    const { portal, withToken } = await openPortal(context, { files, session, deadline, args });
    return withToken((accessToken) =>
      listAccess(portal, {
        session,
        accessToken,
        filter,
        onProgress: (done, all) => {
          progress = `listing the roles of ${session}: ${done} of ${all} accounts`;
        },
        nowMs: sinceStartMs,
        pause: (ms) => pause(ms),
      }),
    );
  };
  return spin === undefined ? work() : spin(work());
}

/** What is kept of the profiles goes with them: under their new names, or away. @returns the first failure, after all that can be done is. */
async function followProfiles(
  context: Context,
  { renamed, removed }: SyncPlan,
  args: Args,
): Promise<{ readonly error: unknown } | undefined> {
  let trouble: { readonly error: unknown } | undefined;
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => (trouble ??= { error }));
  };
  if (renamed.length > 0) {
    const names = new Map(renamed.map(({ from, to }) => [from, to]));
    await attempt(() => renameSessions(context, names, args));
    await attempt(() => renameExports(context, names));
  }
  const gone = new Set(removed);
  if (gone.size === 0) return trouble;
  await attempt(async () => {
    const rows = await rowsOf(context).list();
    const items = rows.filter((row) => row.kind !== "key" && gone.has(row.profile));
    await deleteItems(context, items, args);
  });
  await attempt(() => removeExports(context, ({ from }) => gone.has(from)));
  return trouble;
}

function portalRegion(files: AwsFiles): (session: string) => string {
  return (session) => readSsoSession(files, session).region.value;
}

/** Where most of what sync wrote would go, the person is asked: the listing may be right and still not what is meant. */
async function confirmRemovals(context: Context, plan: SyncPlan, args: Args): Promise<void> {
  const count = plan.removed.length;
  if (args.yes || args["dry-run"] || count * 2 <= plan.syncedBefore) return;
  const what = `${count} of ${plan.syncedBefore} profiles would be removed`;
  if (!canAsk(context, args))
    throw new AwsRoleError(
      "ERR_CONFIG_CONFLICT",
      `${what}: you no longer have access to their roles`,
      {
        hint: "check with --dry-run, then repeat with --yes",
      },
    );
  const prompts = await openPrompts();
  prompts.show(what, plan.removed);
  const isSure = await prompts.choose("Remove these profiles?", [
    { value: false, label: "No" },
    { value: true, label: "Yes", hint: "awsrole undo reverts it" },
  ]);
  if (!isSure) throw new AwsRoleError("ERR_INTERRUPTED", "nothing was changed");
}

function summaryOf({ added, updated, renamed, removed }: SyncPlan, all: number): string {
  const counts = [
    [added.length, "added"],
    [updated.length, "updated"],
    [renamed.length, "renamed"],
    [removed.length, "removed"],
  ] as const;
  const parts = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `${plural(all, "role")}: ${parts.join(", ")}`;
}

/** The command as it was typed, without what only this run was for. */
function commandAgain({ positionals, from, filter = [], template, native }: Args): string {
  const words = [
    "awsrole",
    "sync",
    ...(positionals["SESSION"] === undefined ? [] : [positionals["SESSION"]]),
    ...(from === undefined ? [] : ["--from", from]),
    ...(template === undefined ? [] : ["--template", template]),
    ...filter.flatMap((one) => ["--filter", one]),
    ...(native ? ["--native"] : []),
  ];
  return commandLine(...words);
}

function warn(
  context: Context,
  { quiet, prune }: Pick<Args, "quiet" | "prune">,
  {
    plan: { stale, misnamed },
    listings,
    again,
  }: {
    readonly plan: SyncPlan;
    readonly listings: readonly Listing[];
    readonly again: string;
  },
): void {
  for (const { accountId, error } of listings.flatMap(({ failed }) => failed))
    printWarning(
      context,
      `account ${accountId} could not be listed, its profiles stay as they are: ${error.message}`,
    );
  if (quiet) return;
  if (prune)
    for (const { name, reason } of stale) printWarning(context, `${name} stays: ${reason}`);
  else if (stale.length > 0)
    printWarning(
      context,
      `you no longer have access to ${stale.length === 1 ? `the role of profile ${stale[0]?.name}` : `the roles of ${stale.length} profiles`}: ${again} --prune removes ${stale.length === 1 ? "it" : "them"}`,
    );
  if (misnamed.length > 0)
    printNotice(
      context,
      `${misnamed.length === 1 ? `profile ${misnamed[0]?.from} would be ${misnamed[0]?.to}` : `${misnamed.length} profiles have other names than`} by the template: ${again} --rename renames ${misnamed.length === 1 ? "it" : "them"}`,
    );
}
