import { formatUntil } from "../cli/times.ts";
import { printError } from "../cli/messages.ts";
import { plural, printJson } from "../cli/output.ts";
import { formatExpiration } from "../aws/credentials.ts";
import type { Context } from "../foundation/context.ts";
import { defineCommand, fetchOptions } from "../cli/command.ts";
import { escapeControls } from "../foundation/text.ts";
import { readAwsFiles } from "../config/files.ts";
import { readProfile } from "../config/profiles.ts";
import { type Hop, resolveChain } from "../credentials/chain.ts";
import { codeNeeded, type NeededCode, isAutomatic } from "../credentials/mfa/code-needed.ts";
import { canSign, isFresh } from "../credentials/get-credentials.ts";
import { AwsRoleError, exitCodeOf, isAwsRoleError } from "../foundation/errors.ts";
import { type FetchArguments, fetchCredentials, noticeTo } from "../sessions/fetch-credentials.ts";
import { openSessions } from "../sessions/open-sessions.ts";

export default defineCommand({
  usage: "warm [NAMES..]",
  summary: "fetch credentials ahead, with one MFA code for all that can share it",
  description:
    "Fetches the credentials of several profiles so that programs find them in the cache. Roles that share an MFA device share one code; it first shows how many " +
    "codes are needed. If one profile fails, the others are still fetched.",
  positionals: { NAMES: { describe: "the profiles", array: true, completes: "profiles" } },
  options: {
    ...fetchOptions,
    all: { type: "boolean", default: false, describe: "every profile whose session is cached" },
  },
  examples: [
    { command: "awsrole warm prod staging", says: "in the morning, with one MFA code" },
    { command: "awsrole warm --all", says: "every profile" },
  ],
  async run(context, args) {
    if ((args.names.length === 0) !== args.all)
      throw new AwsRoleError("ERR_USAGE", "warm: specify one or more profiles, or --all", {
        hint: "usage: awsrole warm (NAME... | --all); awsrole list shows your profiles",
      });
    const names = args.all ? cachedProfiles(context) : [...new Set(args.names)];
    const plans = await Promise.all(names.map((name) => plan(context, name, args)));
    const codes = new Map(
      plans.flatMap(({ code }) => (code === undefined ? [] : [[code.request, code] as const])),
    );
    announce(noticeTo(context, args), plans, [...codes.values()]);
    const silent = plans.filter(({ code }) => code === undefined || isAutomatic(code.device));
    const outcomes = new Map<string, Outcome>();
    const waiting = silent.values();
    await Promise.all(
      Array.from({ length: Math.min(atOnce, silent.length) }, async () => {
        for (const { name } of waiting) outcomes.set(name, await warm(context, name, args));
      }),
    );
    // One after the other: the first code of a device serves those that follow.
    let next: FetchArguments = args;
    for (const { name } of plans.filter((one) => !silent.includes(one))) {
      const outcome = await warm(context, name, next);
      outcomes.set(name, outcome);
      // A code works once.
      if (!("error" in outcome)) next = { ...args, "mfa-code": undefined };
    }
    return report(context, args, names, outcomes, codes.size);
  },
});

/** AWS throttles a person who asks for hundreds of sessions at once. */
const atOnce = 8;

/** The profiles that have a session to keep; those that are wrong, too, because a person should hear of them. @throws ERR_PROFILE_NOT_FOUND for none. */
function cachedProfiles({ env, platform }: Context): readonly string[] {
  const files = readAwsFiles(env, platform);
  const names = files.profileNames().filter((name) => {
    try {
      return (
        readProfile(files, name).kind !== "empty" && resolveChain(files, name, env).kind !== "base"
      );
    } catch (error) {
      return isAwsRoleError(error);
    }
  });
  if (names.length > 0) return names;
  throw new AwsRoleError("ERR_PROFILE_NOT_FOUND", "no profile has a session to fetch ahead", {
    hint: "awsrole add-profile creates a role profile",
  });
}

type Plan = { readonly name: string; readonly code: NeededCode | undefined };
type Outcome = { readonly expiration: string | undefined } | { readonly error: AwsRoleError };

/** Looks into the cache only. What is wrong with a profile is said when it is fetched. */
async function plan(context: Context, name: string, args: FetchArguments): Promise<Plan> {
  try {
    const files = readAwsFiles(context.env, context.platform);
    const chain: Hop = resolveChain(files, name, context.env);
    const deps = openSessions(context, {
      files,
      store: args.store,
      input: args.input,
      profile: name,
    });
    if (chain.kind === "base" || (!args["force-refresh"] && (await isFresh(chain, deps))))
      return { name, code: undefined };
    return { name, code: await codeNeeded(chain, (signer) => canSign(signer, deps)) };
  } catch (error) {
    if (isAwsRoleError(error)) return { name, code: undefined };
    throw error;
  }
}

function announce(
  notice: (text: string) => void,
  plans: readonly Plan[],
  codes: readonly NeededCode[],
): void {
  const asked = codes.filter(({ device }) => !isAutomatic(device));
  if (asked.length === 0) return;
  notice(`You will be asked for ${plural(asked.length, "MFA code")}:`);
  for (const { request, device, isShared } of asked) {
    const users = plans.filter(({ code }) => code?.request === request).map(({ name }) => name);
    notice(
      `  ${device.serial}, for ${users.join(" and ")}${isShared ? "" : " (its session is longer than the hour that a shared MFA session allows)"}`,
    );
  }
}

async function warm(context: Context, name: string, args: FetchArguments): Promise<Outcome> {
  try {
    const { expiresAt } = (await fetchCredentials(context, name, args)).credentials;
    return { expiration: expiresAt === undefined ? undefined : formatExpiration(expiresAt) };
  } catch (error) {
    if (isAwsRoleError(error) && error.code !== "ERR_INTERRUPTED") return { error };
    throw error;
  }
}

function report(
  context: Context,
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
  names: readonly string[],
  outcomes: ReadonlyMap<string, Outcome>,
  codes: number,
): number {
  const now = context.clock.now();
  const all = names.map(
    (profile) => ({ profile, ...outcomes.get(profile) }) as { profile: string } & Outcome,
  );
  const failures = all.flatMap((one) => ("error" in one ? [one] : []));
  if (json) {
    const profiles = all.map((one) =>
      "error" in one
        ? { profile: one.profile, error: { code: one.error.code, message: one.error.message } }
        : one,
    );
    printJson(context, { codes, profiles });
  } else if (!quiet) {
    const width = Math.max(...names.map((name) => name.length));
    for (const one of all)
      if (!("error" in one))
        context.stdout(
          `${escapeControls(one.profile).padEnd(width)}  ${one.expiration === undefined ? "an access key, which does not expire" : `until ${formatUntil(new Date(one.expiration), now)}`}\n`,
        );
  }
  for (const { profile, error } of failures)
    printError(context, { message: `${profile}: ${error.message}`, hint: error.hint });
  return failures[0] === undefined ? 0 : exitCodeOf(failures[0].error);
}
