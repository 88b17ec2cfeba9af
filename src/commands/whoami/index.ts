import { printJson } from "../../cli/output.ts";
import { formatUntil } from "../../cli/times.ts";
import { type Credentials, formatExpiration } from "../../aws/credentials.ts";
import type { Context } from "../../foundation/context.ts";
import { defineCommand, fetchOptions } from "../../cli/command.ts";
import { escapeControls } from "../../foundation/text.ts";
import { type AwsFiles, readAwsFiles } from "../../config/files.ts";
import { type Hop, profilesOf, resolveChain } from "../../credentials/chain.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { isSignedIn, listSignIns, type SignIn, signInOf } from "../../sessions/sign-ins.ts";
import { fetchChain } from "../../sessions/fetch-credentials.ts";
import { regionFor } from "../../program/aws-variables.ts";
import { findIdentityInUse, type IdentityInUse } from "./ambient-credentials.ts";
import { isSessionOfRole } from "./role-identity.ts";

export default defineCommand({
  usage: "whoami [NAME]",
  summary: "show the AWS identity of a profile and when it expires",
  description:
    "Calls GetCallerIdentity. Without NAME it resolves credentials as AWS programs in this shell do: from keys in the environment, AWS_PROFILE, [default] " +
    "and a container's endpoint, and shows which of them is used and what it hides.",
  positionals: { NAME: { describe: "the profile (default: what AWS programs use in this shell)" } },
  options: {
    ...fetchOptions,
    expect: {
      type: "string",
      value: "ARN",
      describe: "fail (exit code 1) unless it is this ARN, or a session of this role",
    },
  },
  examples: [
    { command: "awsrole whoami prod", says: "show the identity of profile prod" },
    {
      command: "awsrole whoami",
      says: "show which identity AWS programs have in this shell, and why",
    },
    {
      command: "awsrole whoami prod --expect arn:aws:iam::123456789012:role/example-role --quiet",
      says: "in a script, check before doing something",
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
    const { credentials, chain, connection, region, sessions } = await fetchChain(
      context,
      found.profile,
      args,
      found.resolved,
    );
    const sts = await sessions.openSts(connection);
    const { account, arn, userId } = await sts.getCallerIdentity(credentials);
    const signIn = await signInOfChain(context, files, chain);
    const promised = chain.kind === "role" ? chain.role.arn : undefined;
    requireIdentity(arn, promised, `the role of ${found.via}`);
    requireIdentity(arn, args.expect, "the value of --expect");
    report(
      context,
      args,
      {
        account,
        arn,
        userId,
        ...(found.isOfProfile ? { profile: found.profile } : {}),
        chain: found.isOfProfile ? profilesOf(chain) : [],
        region: regionFor(region, context.env),
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
      },
      named !== undefined,
    );
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
  throw new AwsRoleError("ERR_IDENTITY_MISMATCH", `you are ${arn}, not ${expected}`, {
    hint: `expected ${whose}; check the profile with awsrole config, or delete its session with awsrole logout`,
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
  /** Where programs work that take it from the environment or the profile. */
  readonly region: string | undefined;
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
  isNamed: boolean,
): void {
  if (json) {
    printJson(context, facts);
    return;
  }
  // A script that only asks for the exit code.
  if (quiet && expect !== undefined) return;
  const rows: readonly (readonly [label: string, text: string])[] = [
    ["Identity", facts.arn],
    ["Account", facts.account],
    ["User ID", facts.userId],
    facts.chain.length === 0 ? ["Source", facts.via] : ["Profile", facts.chain.join(" <- ")],
    ...(isNamed || facts.chain.length === 0 ? [] : [["Source", facts.via] as const]),
    ...(facts.region === undefined ? [] : [["Region", facts.region] as const]),
    ["Expires", expiryOf(facts.expiration, context.clock.now())],
    ...(facts.signedInUntil === undefined
      ? []
      : [["Sign-in", `until ${expiryOf(facts.signedInUntil, context.clock.now())}`] as const]),
    ...facts.shadows.map((one) => ["Hides", one] as const),
    ...facts.notes.map((one) => ["Note", one] as const),
  ];
  for (const [label, text] of rows) context.stdout(`${label.padEnd(9)} ${escapeControls(text)}\n`);
}

/** AWS_CREDENTIAL_EXPIRATION may be anything. */
function expiryOf(expiration: string | undefined, now: Date): string {
  if (expiration === undefined) return "never, or unknown (a long-term key)";
  const at = new Date(expiration);
  return Number.isNaN(at.getTime()) ? expiration : formatUntil(at, now);
}
