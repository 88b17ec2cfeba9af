/**
 * Credentials for the commands that people run (`whoami`, `env`, `exec`, `serve`, `console`, `warm`): fetched in one place, so that
 * all of them warn alike about what `credential-process` must keep silent about.
 */
import { printNotice } from "../cli/messages.ts";
import type { Context } from "../foundation/context.ts";
import { createSpinner } from "../cli/spinner.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import { connectionFor, type StsConnection } from "../config/connection.ts";
import { type Hop, profilesOf, resolveChain, withUserSession } from "../credentials/chain.ts";
import type { SessionDependencies } from "../credentials/dependencies.ts";
import type { CredentialsResult } from "../credentials/get-credentials.ts";
import type { MemoryCache } from "../credentials/cache/memory-cache.ts";
import { getAndLog } from "./audit-log.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import type { Overlay } from "./one-call.ts";
import { openSessions } from "./open-sessions.ts";

/** The options that all these commands share, as typed. */
export type FetchArguments = {
  readonly store: string | undefined;
  readonly quiet: boolean;
  readonly input: boolean;
  readonly "force-refresh": boolean;
  readonly "mfa-code": string | undefined;
};

/** The same of commands that hand credentials to programs. */
export type SessionArguments = FetchArguments & {
  readonly "long-term": boolean;
  /** What this call changes in the files. */
  readonly overlay?: Overlay | undefined;
};

/** Credentials of one profile and what they were found by. */
export type Fetched = CredentialsResult & {
  readonly profile: string;
  readonly files: AwsFiles;
  readonly chain: Hop;
  readonly sessions: SessionDependencies;
  /** The way to STS that this profile's own calls take. */
  readonly connection: StsConnection;
  /** The profile's plain `region`: where its services are. */
  readonly region: string | undefined;
};

/** A profile's chain, and the files it is in. */
export type ResolvedChain = { readonly files: AwsFiles; readonly chain: Hop };

/** Fetches the credentials of a profile, warning on stderr. @throws what `getCredentials` throws, ERR_CONFIG_…, ERR_PROFILE_… */
export async function fetchCredentials(
  context: Context,
  profile: string,
  args: FetchArguments,
): Promise<Fetched> {
  const files = readAwsFiles(context.env, context.platform);
  const chain = resolveChain(files, profile, context.env);
  return fetchChain(context, profile, args, { files, chain });
}

/** The same for a chain that was resolved before; `memory` is in front of the cache. */
export async function fetchChain(
  context: Context,
  profile: string,
  args: FetchArguments,
  { files, chain }: ResolvedChain,
  memory?: MemoryCache,
): Promise<Fetched> {
  const settings = files.profile(profile) ?? new Map();
  const notice = noticeTo(context, args);
  const sessions = openSessions(context, {
    files,
    store: args.store,
    forceRefresh: args["force-refresh"],
    profile,
    profiles: profilesOf(chain),
    mfaCode: args["mfa-code"],
    input: args.input,
    notice,
    // A process that serves has the terminal to itself no longer.
    ...(memory === undefined
      ? { spin: args.quiet ? undefined : createSpinner(context, "asking AWS") }
      : { memory }),
  });
  const obtained = await getAndLog(context, profile, chain, sessions, files);
  if (obtained.how === "stale" && obtained.trouble !== undefined)
    notice(
      `${profile} could not be renewed (${obtained.trouble.message}); the cached session is used for the ${Math.floor((obtained.remainingSeconds ?? 0) / 60)} minutes that remain`,
    );
  const trouble = sessions.cache.trouble();
  if (trouble !== undefined)
    notice(
      `nothing is cached: ${trouble.message}${trouble.hint === undefined ? "" : ` (${trouble.hint})`}`,
    );
  if (obtained.how === "fetched") await sessions.cache.removeExpired();
  return {
    ...obtained,
    profile,
    files,
    chain,
    sessions,
    connection:
      chain.kind === "base" || chain.kind === "sso"
        ? connectionFor(context, files, profile)
        : chain.connection,
    region: settings.get("region")?.value || undefined,
  };
}

/** The same for programs that are handed the credentials. */
export async function fetchForProgram(
  context: Context,
  profile: string,
  args: SessionArguments,
): Promise<Fetched> {
  return fetchChain(context, profile, args, resolveSession(context, profile, args));
}

/**
 * The chain for programs that are handed the credentials: an access key is not what leaves awsrole, but a session of it,
 * unless `--long-term` says so. No network. @throws ERR_PROFILE_*, ERR_CONFIG_*.
 */
export function resolveSession(
  context: Context,
  profile: string,
  { "long-term": isLongTerm, overlay }: Pick<SessionArguments, "long-term" | "overlay">,
): ResolvedChain {
  const read = readAwsFiles(context.env, context.platform);
  const files = overlay === undefined ? read : overlay(read);
  const chain = resolveChain(files, profile, context.env);
  return { files, chain: isLongTerm ? chain : withUserSession(files, chain, context.env) };
}

/** Where these commands warn: on stderr, unless `--quiet`. */
export function noticeTo(
  context: Context,
  args: { readonly quiet: boolean },
): (text: string) => void {
  return (text) => {
    if (!args.quiet) printNotice(context, text);
  };
}

/** NAME where it is needed. @throws ERR_USAGE. */
export function requireProfileName(name: string | undefined, usage: string): string {
  if (name !== undefined) return name;
  throw new AwsRoleError(
    "ERR_USAGE",
    `${usage.split(" ")[0]}: specify a profile (or set AWS_PROFILE)`,
    {
      hint: `usage: awsrole ${usage}; awsrole list shows your profiles`,
    },
  );
}
