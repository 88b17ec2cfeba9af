import { formatUntil } from "../cli/times.ts";
/** Whether a profile works: the role is assumed, and AWS asked who that is. */
import { printDone, printError, printHint } from "../cli/messages.ts";
import { formatExpiration } from "../aws/credentials.ts";
import type { Context } from "../foundation/context.ts";
import { exitCodeOf, isAwsRoleError } from "../foundation/errors.ts";
import { fetchCredentials, type FetchArguments } from "../sessions/fetch-credentials.ts";
import type { ConfigChange } from "./edit-config.ts";
import { type ChangeReport, reportChange } from "./change-report.ts";

/** Who one is with a profile's credentials, and until when (ISO 8601, UTC). */
export type Identity = {
  readonly arn: string;
  readonly account: string;
  readonly expiration: string | undefined;
};

/** AssumeRole, whatever is cached, and GetCallerIdentity. @throws what `getCredentials` throws, and the errors of STS. */
export async function verifyProfile(
  context: Context,
  name: string,
  args: Pick<FetchArguments, "store" | "quiet" | "input">,
): Promise<Identity> {
  const { credentials, connection, sessions } = await fetchCredentials(context, name, {
    ...args,
    "force-refresh": true,
    "mfa-code": undefined,
  });
  const sts = await sessions.openSts(connection);
  const { arn, account } = await sts.getCallerIdentity(credentials);
  const { expiresAt } = credentials;
  return {
    arn,
    account,
    expiration: expiresAt === undefined ? undefined : formatExpiration(expiresAt),
  };
}

/**
 * Tells of a change, and whether the profile works now; the exit code. A profile that does not work stays written: what is wrong may
 * be at AWS, and another person's to fix.
 */
export async function reportVerification(
  context: Context,
  args: Parameters<typeof reportChange>[1],
  change: ConfigChange,
  report: ChangeReport,
  verify: () => Promise<Identity>,
): Promise<number> {
  if (!args.json) reportChange(context, args, change, { facts: report.facts, done: report.done });
  try {
    const identity = await verify();
    if (args.json)
      reportChange(context, args, change, { ...report, facts: { ...report.facts, identity } });
    else if (!args.quiet)
      printDone(
        context,
        `verified: you are ${identity.arn}${identity.expiration === undefined ? "" : ` until ${formatUntil(new Date(identity.expiration), context.clock.now())}`}`,
      );
    return 0;
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    const { code, message, hint } = error;
    if (args.json) {
      const failed = { ...report.facts, error: { code, message, hint } };
      reportChange(context, args, change, { ...report, facts: failed });
    } else {
      const how = code === "ERR_INTERRUPTED" ? "was not verified" : "does not work yet";
      printError(context, { message: `the profile was created, but ${how}: ${message}`, hint });
      printHint(context, "to revert it, run: awsrole undo");
    }
    return exitCodeOf(error);
  }
}
