import { formatTime, formatUntil } from "../cli/times.ts";
import { printDone, printNotice } from "../cli/messages.ts";
import { printJson } from "../cli/output.ts";
import { defineCommand } from "../cli/command.ts";
import { printTable } from "../cli/table.ts";
import { readAwsFiles } from "../config/files.ts";
import { profileNotFound } from "../config/profiles.ts";
import type { Context } from "../foundation/context.ts";
import { isLogging, readAuditLog } from "../sessions/audit-log.ts";
import { readLastFailure } from "../sessions/last-failure.ts";

export default defineCommand({
  usage: "log [NAME]",
  summary:
    "show which program used which role, and when (if awsrole_log is on), or the last failure",
  description:
    "With --last, shows why credentials could not be provided the last time, whichever program asked. It is kept even when the log is off, because many SDKs do not show it. Without, shows the log that awsrole writes while AWSROLE_LOG, or else awsrole_log in [default], is on: time, profile, role, whether it came from the cache, expiration, and the name of the " +
    "calling program. Never its arguments, never a secret. It keeps about the last 5,000 lines.",
  positionals: { NAME: { describe: "show only this profile" } },
  options: {
    last: {
      type: "boolean",
      default: false,
      describe: "show the last failure: the profile, the calling program, and the reason",
    },
  },
  examples: [
    { command: "awsrole log --last", says: "show what an SDK did not show" },
    { command: "awsrole log prod", says: "show what used prod, and when" },
    { command: "awsrole log --json", says: "print everything as JSON" },
  ],
  async run(context, args) {
    const name = args.positionals["NAME"];
    if (args.last) return printLastFailure(context, name, args);
    const deliveries = (await readAuditLog(context)).filter(
      ({ profile }) => name === undefined || profile === name,
    );
    // A profile that is gone may still be on record.
    if (name !== undefined && deliveries.length === 0) {
      const files = readAwsFiles(context.env, context.platform);
      if (files.profile(name) === undefined) throw profileNotFound(files, name);
    }
    if (args.json) {
      printJson(context, { deliveries });
      return 0;
    }
    if (deliveries.length === 0) {
      if (!args.quiet)
        printNotice(
          context,
          isLogging(context, readAwsFiles(context.env, context.platform))
            ? "nothing has been logged yet"
            : "logging is off: write awsrole_log = on in [default] of the config, or set AWSROLE_LOG=on where your programs run",
        );
      return 0;
    }
    const now = context.clock.now();
    const rows = deliveries.map(({ time, profile, result, expiration, error, program }) => [
      formatTime(new Date(time), now),
      profile,
      error ?? result,
      expiration === undefined ? "" : formatUntil(new Date(expiration), now),
      program ?? "",
    ]);
    context.stdout(printTable(["TIME", "PROFILE", "RESULT", "EXPIRES", "PROGRAM"], rows));
    return 0;
  },
});

function printLastFailure(
  context: Context,
  name: string | undefined,
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
): number {
  const found = readLastFailure(context);
  const last = name === undefined || found?.profile === name ? found : undefined;
  if (json) printJson(context, last === undefined ? {} : { last });
  else if (last === undefined) {
    if (!quiet)
      printNotice(
        context,
        found?.profile === undefined
          ? "no failure is on record"
          : `no failure of ${name} is on record; the last one was of ${found.profile}`,
      );
  } else {
    const { time, profile, program, code, message, hint } = last;
    const who = program === undefined ? "" : `, asked by ${program}`;
    printDone(
      context,
      `${profile ?? "awsrole"} failed at ${formatUntil(new Date(time), context.clock.now())}${who}`,
    );
    printDone(context, `${message} (${code})`, 2);
    if (hint !== undefined) printDone(context, `hint: ${hint}`, 2);
  }
  return 0;
}
