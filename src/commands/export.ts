import { existsSync, statSync } from "node:fs";
import { defineCommand, fetchOptions } from "../cli/command.ts";
import { printDone, printWarning } from "../cli/messages.ts";
import { printJson } from "../cli/output.ts";
import { readAwsFiles } from "../config/files.ts";
import { assertWritableName } from "../config/names.ts";
import type { Context } from "../foundation/context.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { permissionCommand } from "../foundation/permission-advice.ts";
import { formatUntil } from "../cli/times.ts";
import { assertFree, removeEndedExports, writeExport } from "../profiles/exports.ts";
import { requireName } from "../profiles/find-profile.ts";
import { fetchForProgram } from "../sessions/fetch-credentials.ts";
import { fetchWithMinLife, minLifeOptions } from "../sessions/min-life.ts";

export default defineCommand({
  usage: "export NAME",
  summary: "write temporary credentials for programs that read only ~/.aws/credentials",
  description:
    "Writes a session of NAME into ~/.aws/credentials, as a profile of its own (NAME-exported), marked and with its end. awsrole logout NAME removes it, and so does the next " +
    "awsrole command once it has ended. It gives up what awsrole is for: the session lies in plain text, and nothing renews it. Use it for programs that know neither " +
    "credential_process, nor the environment, nor a container endpoint.",
  positionals: { NAME: { describe: "the profile whose session is written" } },
  options: {
    ...fetchOptions,
    ...minLifeOptions,
    "to-credentials-file": {
      type: "boolean",
      default: false,
      describe: "write to ~/.aws/credentials (needed: nothing else is there to write to)",
    },
    as: {
      type: "string",
      value: "NAME",
      describe: "the name of the profile that is written (default: NAME-exported)",
    },
  },
  examples: [
    {
      command: "awsrole export prod --to-credentials-file",
      says: "then: AWS_PROFILE=prod-exported PROGRAM",
    },
    { command: "awsrole logout prod", says: "removes it again" },
  ],
  async run(context, args) {
    const name = requireName("export", args.positionals["NAME"]);
    if (!args["to-credentials-file"])
      throw new AwsRoleError("ERR_USAGE", "export: --to-credentials-file is required", {
        hint: `usage: awsrole export ${name} --to-credentials-file (awsrole env prints variables instead)`,
      });
    const written = args.as ?? `${name}-exported`;
    assertWritableName(written, context.platform);
    await removeEndedExports(context);
    const files = readAwsFiles(context.env, context.platform);
    assertFree(files, written, name);
    const path = files.credentials.file;
    const isNew = !existsSync(path);
    if (!isNew) assertPrivate(context, path);
    const fetched = await fetchWithMinLife(context, args, (one) =>
      fetchForProgram(context, name, { ...one, "long-term": false }),
    );
    const { credentials } = fetched;
    const until = credentials.expiresAt;
    if (credentials.sessionToken === undefined || until === undefined)
      throw new AwsRoleError(
        "ERR_PROFILE_INVALID",
        `profile ${name} has credentials that do not expire; export writes temporary credentials only`,
        { hint: "awsrole exec hands them to a program without a file" },
      );
    const file = await writeExport(context, { name: written, from: name, credentials, until });
    if (isNew)
      printWarning(
        context,
        `${file} is new: programs with the AWS SDK for Java v1 now read it in place of ~/.aws/config and find no other profile; for them set AWS_CREDENTIAL_PROFILES_FILE=~/.aws/config`,
      );
    if (args.json)
      printJson(context, {
        profile: name,
        exportedAs: written,
        file,
        expiresAt: until.toISOString(),
      });
    else if (!args.quiet)
      printDone(
        context,
        `wrote a session of ${name} to ${file} as profile ${written} (plain text, valid until ${formatUntil(until, context.clock.now())}); awsrole logout ${name} removes it`,
      );
    return 0;
  },
});

/** @throws ERR_CONFIG_WRITE for a file that others can read. */
function assertPrivate({ platform }: Context, file: string): void {
  if (platform === "win32" || (statSync(file).mode & 0o077) === 0) return;
  throw new AwsRoleError("ERR_CONFIG_WRITE", `export: other users can read ${file}`, {
    hint: permissionCommand("600", file, platform),
  });
}
