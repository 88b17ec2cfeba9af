/**
 * Sessions written to the credentials file for programs that read nothing else (`export`). Each is a profile of its own there, marked by two
 * settings that SDKs ignore: whose credentials they are, and until when. What is not marked is never touched.
 */
import { type Credentials, formatExpiration } from "../aws/credentials.ts";
import { readGoodLines, readSettings, sectionNames } from "../config/document.ts";
import { addSection, deleteSections, editEach, setKey } from "../config/edit.ts";
import { type AwsFiles, readAwsFiles } from "../config/files.ts";
import type { Context } from "../foundation/context.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { openStateFile, type StateFile } from "../state/json-file.ts";
import { editConfig } from "./edit-config.ts";

const fromKey = "awsrole_exported_from";
const untilKey = "awsrole_exported_until";

/** One that is in the credentials file. `until` as it is written there. */
export type ExportedProfile = {
  readonly name: string;
  readonly from: string;
  readonly until: Date;
};

/** Those in the credentials file. */
export function exportedProfiles({
  credentials,
}: Pick<AwsFiles, "credentials">): readonly ExportedProfile[] {
  return sectionNames(credentials, "profile").flatMap((name) => {
    // A bad line elsewhere in the file stops no command that only looks for exports.
    const settings = readGoodLines(credentials, "profile", name);
    const from = settings?.get(fromKey)?.value;
    const until = settings?.get(untilKey)?.value;
    return from === undefined || until === undefined
      ? []
      : [{ name, from, until: new Date(until) }];
  });
}

/**
 * Writes the session as `[name]`. @throws ERR_PROFILE_EXISTS for a profile that is not an earlier export of `from`, ERR_CONFIG_*.
 */
export async function writeExport(
  context: Context,
  {
    name,
    from,
    credentials: session,
    until,
  }: {
    readonly name: string;
    readonly from: string;
    readonly credentials: Credentials;
    readonly until: Date;
  },
): Promise<string> {
  const pairs: readonly (readonly [string, string])[] = [
    ["aws_access_key_id", session.accessKeyId],
    ["aws_secret_access_key", session.secretAccessKey],
    ["aws_session_token", session.sessionToken ?? ""],
    [fromKey, from],
    [untilKey, formatExpiration(until)],
  ];
  // Before the file: an interrupted export is found and removed, too.
  markerIn(context).write(true);
  const { file } = await editConfig(context, {
    action: `export ${from}`,
    dryRun: false,
    kind: "credentials",
    notUndoable: `awsrole logout ${from} removes it`,
    edit: (files) => {
      assertFree(files, name, from);
      const id = { kind: "profile", name } as const;
      return readSettings(files.credentials, "profile", name) === undefined
        ? addSection(files.credentials, id, pairs)
        : pairs.reduce((edited, [key, value]) => setKey(edited, id, key, value), files.credentials);
    },
  });
  return file;
}

/** @throws ERR_PROFILE_EXISTS for a name that is another's. */
export function assertFree(files: AwsFiles, name: string, from: string): void {
  if (files.profile(name) === undefined) return;
  const isOurs = exportedProfiles(files).some((one) => one.name === name && one.from === from);
  const isInConfig = sectionNames(files.config, "profile").includes(name);
  if (isOurs && !isInConfig) return;
  throw new AwsRoleError("ERR_PROFILE_EXISTS", `export: there is a profile ${name} already`, {
    hint: `--as NAME writes it under another name`,
  });
}

/** Removes those that are `meant`; their names. @throws ERR_CONFIG_* where the file cannot be written. */
export async function removeExports(
  context: Context,
  meant: (exported: ExportedProfile) => boolean,
): Promise<readonly string[]> {
  const files = readAwsFiles(context.env, context.platform);
  const names = exportedProfiles(files)
    .filter(meant)
    .map(({ name }) => name);
  if (names.length === 0) return [];
  await editConfig(context, {
    action: "remove exported credentials",
    dryRun: false,
    kind: "credentials",
    notUndoable: "they were a session",
    edit: ({ credentials }) =>
      deleteSections(
        credentials,
        exportedProfiles({ credentials })
          .filter(meant)
          .map(({ name }) => ({ kind: "profile", name })),
      ),
  });
  if (exportedProfiles(readAwsFiles(context.env, context.platform)).length === 0)
    markerIn(context).remove();
  return names;
}

/** Marks exports as those of their profile's new name, by its old one, so that `logout` finds them. @throws ERR_CONFIG_* where the file cannot be written. */
export async function renameExports(
  context: Context,
  names: ReadonlyMap<string, string>,
): Promise<void> {
  const renamedIn = (files: Pick<AwsFiles, "credentials">): ReadonlyMap<string, string> =>
    new Map(
      exportedProfiles(files).flatMap(({ name, from }) => {
        const to = names.get(from);
        return to === undefined ? [] : [[name, to]];
      }),
    );
  if (renamedIn(readAwsFiles(context.env, context.platform)).size === 0) return;
  await editConfig(context, {
    action: "rename exported credentials",
    dryRun: false,
    kind: "credentials",
    notUndoable: "their lines are secrets",
    edit: ({ credentials }) => {
      const renamed = renamedIn({ credentials });
      return editEach(credentials, [...renamed.keys()], (profile, name) =>
        setKey(profile, { kind: "profile", name }, fromKey, renamed.get(name) ?? ""),
      );
    },
  });
}

/** Removes those that have ended. Costs nothing where none was ever written; never throws: the next command tries again. */
export async function removeEndedExports(context: Context): Promise<void> {
  try {
    if (!markerIn(context).exists()) return;
    const now = context.clock.now();
    await removeExports(context, ({ until }) => !(until > now));
  } catch {
    // Ended credentials give nothing away.
  }
}

/** Says that there are some, so that other commands need not look. */
function markerIn({ stateDir }: Context): StateFile<true> {
  return openStateFile(stateDir, "exports.json", (value) => (value === true ? true : undefined));
}
