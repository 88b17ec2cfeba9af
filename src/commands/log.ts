import { printNotice } from "../cli/messages.ts";
import { printJson } from "../cli/output.ts";
import { defineCommand } from "../cli/command.ts";
import { printTable } from "../cli/table.ts";
import { readAwsFiles } from "../config/files.ts";
import { profileNotFound } from "../config/profiles.ts";
import { readAuditLog } from "../sessions/audit-log.ts";

export default defineCommand({
  usage: "log [NAME]",
  summary: "which program was given which role, and when (if AWSROLE_LOG=on)",
  description:
    "Shows the record that awsrole keeps in its state folder while AWSROLE_LOG is on: when, which profile and role, whether from the cache, until when, and the name of the " +
    "program that asked. Never its arguments, never a secret. About the last five thousand lines are kept.",
  positionals: { NAME: { describe: "only this profile" } },
  examples: [
    { command: "awsrole log prod", says: "what used prod, and when" },
    { command: "awsrole log --json", says: "everything, for programs" },
  ],
  async run(context, args) {
    const name = args.positionals["NAME"];
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
          context.env["AWSROLE_LOG"] === "on"
            ? "nothing has been recorded yet"
            : "nothing is recorded: set AWSROLE_LOG=on where your programs run",
        );
      return 0;
    }
    const rows = deliveries.map(({ time, profile, result, expiration, error, program }) => [
      time,
      profile,
      result,
      expiration ?? error ?? "",
      program ?? "",
    ]);
    context.stdout(printTable(["TIME", "PROFILE", "RESULT", "UNTIL", "PROGRAM"], rows));
    return 0;
  },
});
