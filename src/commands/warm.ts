import { formatUntil } from "../cli/times.ts";
import { printError } from "../cli/messages.ts";
import { plural, printJson } from "../cli/output.ts";
import { formatExpiration } from "../aws/credentials.ts";
import type { Context } from "../foundation/context.ts";
import { defineCommand, fetchOptions } from "../cli/command.ts";
import { escapeControls } from "../foundation/text.ts";
import { readAwsFiles } from "../config/files.ts";
import { type Hop, resolveChain } from "../credentials/chain.ts";
import { codeNeeded, type NeededCode } from "../credentials/mfa/code-needed.ts";
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
  options: fetchOptions,
  examples: [{ command: "awsrole warm prod staging", says: "in the morning, with one MFA code" }],
  async run(context, args) {
    const names = [...new Set(args.names)];
    if (names.length === 0)
      throw new AwsRoleError("ERR_USAGE", "warm: specify one or more profiles", {
        hint: "usage: awsrole warm NAME...; awsrole list shows your profiles",
      });
    const plans = await Promise.all(names.map((name) => plan(context, name, args)));
    const codes = new Map(
      plans.flatMap(({ code }) => (code === undefined ? [] : [[code.request, code] as const])),
    );
    announce(noticeTo(context, args), plans, [...codes.values()]);
    const silent = plans.filter(({ code }) => code === undefined || code.device.process);
    const outcomes = new Map<string, Outcome>();
    await Promise.all(
      silent.map(async ({ name }) => outcomes.set(name, await warm(context, name, args))),
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
  const asked = codes.filter(({ device }) => device.process === undefined);
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
