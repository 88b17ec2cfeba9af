import { formatUntil } from "../../cli/times.ts";
import { printNotice } from "../../cli/messages.ts";
import { printJson } from "../../cli/output.ts";
import { defineCommand } from "../../cli/command.ts";
import { tableRows } from "../../cli/table.ts";
import { readAwsFiles } from "../../config/files.ts";
import { keyAccount } from "../../credentials/cache/item-names.ts";
import type { IndexEntry } from "../../state/item-index.ts";
import { rowsOf } from "../../sessions/delete-items.ts";
import { describeSignIn, isSignedIn, listSignIns, type SignIn } from "../../sessions/sign-ins.ts";
import { escapeControls } from "../../foundation/text.ts";
import { globPattern } from "../../foundation/glob.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { sessionId } from "../../sso/token.ts";
import { describeProfile, type ProfileSummary } from "../../profiles/summary.ts";
import { drawTree } from "./source-tree.ts";

export default defineCommand({
  usage: "list [PATTERN]",
  summary: "list profiles with their role, source and cached session",
  description:
    "Lists the profiles of the AWS files with their role, source, cached session and store, those of IAM Identity Center by session, with until when you are signed in. It opens no store and uses no network.",
  positionals: {
    PATTERN: {
      describe:
        "only profiles whose name, account or session contains this, or matches it with * and ?",
      completes: "profiles",
    },
  },
  options: {
    tree: { type: "boolean", default: false, describe: "show profiles as a tree of sources" },
    prompt: {
      type: "boolean",
      default: false,
      describe: "print a short status for a shell prompt: the profile in use and the minutes left",
    },
  },
  examples: [
    { command: "awsrole list", says: "show a table" },
    {
      command: "awsrole list acme",
      says: "show profiles with acme in their name, account or session",
    },
    { command: "awsrole list --tree", says: "show sources as a tree" },
    { command: "awsrole list --json", says: "print JSON for programs" },
  ],
  async run(context, args) {
    // Alone, which is how a prompt calls it, it is answered before this is loaded (entry/cli.ts).
    if (args.prompt) {
      if (args.json || args.tree)
        throw new AwsRoleError(
          "ERR_USAGE",
          `list: --prompt cannot be combined with ${args.json ? "--json" : "--tree"}`,
          { hint: "give one of them" },
        );
      const { promptLine } = await import("./shell-prompt.ts");
      context.stdout(await promptLine(context));
      return 0;
    }
    const files = readAwsFiles(context.env, context.platform);
    const now = context.clock.now();
    const heldFor = groupRows(await rowsOf(context).list(), now);
    const pattern = args.positionals["PATTERN"];
    const listed = files
      .profileNames()
      .map((name) => describeProfile(files, name))
      .filter(filterOf(pattern))
      .map((summary): Listed => ({ ...summary, ...heldFor(summary) }));
    const signIns = await listSignIns(context, files);
    if (args.json)
      printJson(context, {
        profiles: listed,
        ...(signIns.length === 0 ? {} : { signIns: signIns.map((one) => signInFacts(one, now)) }),
      });
    else if (listed.length === 0) {
      if (!args.quiet)
        printNotice(
          context,
          pattern === undefined
            ? "No profiles yet. Run awsrole to see how to create one."
            : `No profile matches ${pattern}.`,
        );
    } else if (args.tree) {
      const names = new Set(files.profileNames());
      context.stdout(drawTree(listed, (name) => names.has(name)));
    } else {
      const shown =
        pattern === undefined ? signIns : signIns.filter((one) => listed.some(isOf(one)));
      context.stdout(drawTable(listed, args.quiet ? [] : shown, now));
    }
    return 0;
  },
});

function signInFacts({ session, state }: SignIn, now: Date) {
  return {
    session: session.name,
    startUrl: session.startUrl,
    signedIn: isSignedIn({ session, state }, now),
    until: state?.expiresAt.toISOString(),
    renewable: state?.isRenewable,
  };
}

/** Without `*` and `?` a part of the name is enough. */
function filterOf(pattern: string | undefined): (profile: ProfileSummary) => boolean {
  if (pattern === undefined) return () => true;
  const { test } = globPattern(/[*?]/.test(pattern) ? pattern : `*${pattern}*`);
  return ({ name, ssoRole = "", ssoSession = "" }) => [name, ssoRole, ssoSession].some(test);
}

function isOf({ session }: SignIn): (profile: ProfileSummary) => boolean {
  return ({ ssoSession }) => ssoSession === sessionId(session);
}

/** Profiles in the order of the files, then those of each session below a line that says until when one is signed in to it. */
function drawTable(listed: readonly Listed[], signIns: readonly SignIn[], now: Date): string {
  const groups = signIns.map((one) => ({
    heading: `${escapeControls(sessionId(one.session))}: ${describeSignIn(one, now)}\n`,
    profiles: listed.filter(isOf(one)),
  }));
  const grouped = new Set(groups.flatMap(({ profiles }) => profiles));
  const others = listed.filter((one) => !grouped.has(one));
  const header = ["PROFILE", "KIND", "ROLE", "VIA", "CACHED UNTIL", "STORE"];
  const [head = "", ...lines] = tableRows(
    header,
    [...others, ...grouped].map((one) => [
      one.name,
      one.kind,
      one.error ?? roleOf(one) ?? one.ssoRole ?? one.accessKeyId ?? "",
      one.sourceProfile ?? (grouped.has(one) ? "" : (one.otherSource ?? "")),
      one.cachedUntil === undefined ? "" : formatUntil(new Date(one.cachedUntil), now),
      one.store ?? "",
    ]),
  );
  return [
    head,
    ...lines.splice(0, others.length),
    ...groups.flatMap(({ heading, profiles }) => [
      "\n",
      heading,
      ...lines.splice(0, profiles.length),
    ]),
  ].join("");
}

type Held = { readonly cachedUntil?: string; readonly store?: string };
type Listed = ProfileSummary & Held;

/** What a store holds for a profile: its role's session that lasts longest, or its key. */
function groupRows(rows: readonly IndexEntry[], now: Date): (profile: ProfileSummary) => Held {
  const held = new Map<string, Held>();
  for (const { kind, account, profile, store, expiresAt } of rows) {
    if (kind === "key") held.set(account, { store });
    if (kind !== "role" || expiresAt === undefined || expiresAt <= now.toISOString()) continue;
    const id = `session ${profile}`;
    if ((held.get(id)?.cachedUntil ?? "") < expiresAt)
      held.set(id, { cachedUntil: expiresAt, store });
  }
  return ({ name, accessKeyId }) =>
    held.get(`session ${name}`) ??
    (accessKeyId === undefined ? undefined : held.get(keyAccount(accessKeyId))) ??
    {};
}

function roleOf({ roleArn }: ProfileSummary): string | undefined {
  return roleArn?.replace(/^arn:[^:]+:iam::(\d+):role\//, "$1 ");
}
