import { printJson } from "../../cli/output.ts";
import { type Credentials, formatExpiration } from "../../aws/credentials.ts";
import type { Context } from "../../foundation/context.ts";
import { defineCommand, fetchOptions } from "../../cli/command.ts";
import { escapeControls } from "../../foundation/text.ts";
import { type AwsFiles, readAwsFiles } from "../../config/files.ts";
import { type Hop, profilesOf, resolveChain } from "../../credentials/chain.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { isSignedIn, listSignIns, type SignIn, signInOf } from "../../sessions/sign-ins.ts";
import { fetchChain } from "../../sessions/fetch-credentials.ts";
import { findIdentityInUse, type IdentityInUse } from "./ambient-credentials.ts";
import { isSessionOfRole } from "./role-identity.ts";

export default defineCommand({
  usage: "whoami [NAME]",
  summary: "who AWS says you are, through which profiles, and until when",
  description:
    "Asks AWS (GetCallerIdentity). Without NAME it looks as AWS programs in this shell would: at keys in the environment, AWS_PROFILE, [default] " +
    "and a container's endpoint, and says which of them counts and what it hides.",
  positionals: { NAME: { describe: "the profile (default: what AWS programs would use here)" } },
  options: {
    ...fetchOptions,
    expect: {
      type: "string",
      value: "ARN",
      describe: "fail (exit code 1) unless it is this ARN, or a session of this role",
    },
  },
  examples: [
    { command: "awsrole whoami prod", says: "the identity behind the profile prod" },
    { command: "awsrole whoami", says: "which identity AWS programs have in this shell, and why" },
    {
      command: "awsrole whoami prod --expect arn:aws:iam::123456789012:role/example-role --quiet",
      says: "for a script, before it does something",
    },
  ],
  async run(context, args) {
    const files = readAwsFiles(context.env, context.platform);
    const named = args.positionals["NAME"];
    const found: IdentityInUse =
      named === undefined
        ? findIdentityInUse(files, context.env)
        : {
            via: `the profile ${named}`,
            shadows: [],
            notes: [],
            profile: named,
            isOfProfile: true,
            resolved: { files, chain: resolveChain(files, named, context.env) },
          };
    const { credentials, chain, connection, sessions } = await fetchChain(
      context,
      found.profile,
      args,
      found.resolved,
    );
    const sts = await sessions.openSts(connection);
    const { account, arn, userId } = await sts.getCallerIdentity(credentials);
    const signIn = await signInOfChain(context, files, chain);
    const promised = chain.kind === "role" ? chain.role.arn : undefined;
    requireIdentity(arn, promised, `what ${found.via} promises`);
    requireIdentity(arn, args.expect, "what --expect says");
    report(context, args, {
      account,
      arn,
      userId,
      ...(found.isOfProfile ? { profile: found.profile } : {}),
      chain: found.isOfProfile ? profilesOf(chain) : [],
      expiration: expirationOf(credentials, context.env),
      ...(signIn?.state === undefined
        ? {}
        : { signedInUntil: signIn.state.expiresAt.toISOString() }),
      roleArn: promised,
      via: found.via,
      shadows: found.shadows,
      notes: [
        ...found.notes,
        ...(signIn === undefined || isSignedIn(signIn, context.clock.now())
          ? []
          : [
              `the sign-in has ended: run awsrole login ${signIn.session.name ?? found.profile} before these credentials do`,
            ]),
      ],
    });
    return 0;
  },
});

/** The sign-in that the credentials came by; they may outlive it. */
async function signInOfChain(
  context: Context,
  files: AwsFiles,
  chain: Hop,
): Promise<SignIn | undefined> {
  let hop = chain;
  while (hop.kind === "role" || hop.kind === "user-session") hop = hop.signer;
  if (hop.kind !== "sso") return undefined;
  return signInOf(await listSignIns(context, files), hop.sso.session);
}

function requireIdentity(arn: string, expected: string | undefined, whose: string): void {
  if (expected === undefined || isSessionOfRole(arn, expected)) return;
  throw new AwsRoleError("ERR_IDENTITY_MISMATCH", `AWS says you are ${arn}, not ${expected}`, {
    hint: `that is ${whose}: awsrole config shows what the profile says, awsrole logout forgets its session`,
  });
}

/** Keys in the environment have theirs beside them (`env` sets it). */
function expirationOf(
  { accessKeyId, expiresAt, sessionToken }: Credentials,
  env: Context["env"],
): string | undefined {
  if (expiresAt !== undefined) return formatExpiration(expiresAt);
  if (sessionToken === undefined) return undefined;
  return env["AWS_ACCESS_KEY_ID"] === accessKeyId ? env["AWS_CREDENTIAL_EXPIRATION"] : undefined;
}

type Facts = {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  /** Absent, and the chain empty, where no profile gave the credentials. */
  readonly profile?: string;
  readonly chain: readonly string[];
  readonly expiration: string | undefined;
  /** Of the access token; absent where no sign-in is behind them. */
  readonly signedInUntil?: string;
  /** The role that the profile promises. */
  readonly roleArn: string | undefined;
  readonly via: string;
  readonly shadows: readonly string[];
  readonly notes: readonly string[];
};

function report(
  context: Context,
  { json, quiet, expect }: { json: boolean; quiet: boolean; expect: string | undefined },
  facts: Facts,
): void {
  if (json) {
    printJson(context, facts);
    return;
  }
  // A script that only asks for the exit code.
  if (quiet && expect !== undefined) return;
  const rows: readonly (readonly [label: string, text: string])[] = [
    ["Arn", facts.arn],
    ["Account", facts.account],
    ["UserId", facts.userId],
    ["Via", facts.via],
    ...(facts.chain.length === 0 ? [] : [["Profile", facts.chain.join(" <- ")] as const]),
    ["Until", facts.expiration ?? "not known, or never (a long-term key)"],
    ...(facts.signedInUntil === undefined ? [] : [["Sign-in", facts.signedInUntil] as const]),
    ...facts.shadows.map((one) => ["Hides", one] as const),
    ...facts.notes.map((one) => ["But", one] as const),
  ];
  for (const [label, text] of rows) context.stdout(`${label.padEnd(8)} ${escapeControls(text)}\n`);
}
