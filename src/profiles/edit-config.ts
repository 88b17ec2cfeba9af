/**
 * One change of the config file (or the credentials file), from reading to the word about it: under the lock, after re-reading, atomic, with what
 * `undo` needs. With `--dry-run` the same without lock, write and journal.
 */
import type { Context } from "../foundation/context.ts";
import type { Document, FileKind } from "../config/document.ts";
import { type AwsFiles, combineDocuments, readAwsFiles } from "../config/files.ts";
import { applyEdits, reverseEdits } from "../config/line-edits.ts";
import { awsFilePaths, homesWarning } from "../config/paths.ts";
import { realTarget, assertReplaceable, replaceFile } from "../config/write.ts";
import { AwsRoleError, isAwsRoleError } from "../foundation/errors.ts";
import { type LockRequest, withLock } from "../locks/single-flight.ts";
import { completeEdits, hashText, openJournal } from "./undo-journal.ts";
import { unifiedDiff } from "./diff.ts";

/** What a change did, or would do. */
export type ConfigChange = {
  readonly file: string;
  /** The unified diff, secrets masked; `""` when nothing changes. */
  readonly diff: string;
  /** Why `undo` cannot take it back; undefined when it can. */
  readonly notUndoable?: string | undefined;
  readonly warnings: readonly string[];
};

export type ConfigEdit = {
  /** What is done, for the journal: `add-profile prod`. */
  readonly action: string;
  readonly dryRun: boolean;
  /** The config file, unless it is the credentials file. */
  readonly kind?: FileKind;
  /** Why `undo` must not take it back; absent where it may. */
  readonly notUndoable?: string;
  /** The file's new text. Throws what forbids the change. */
  edit(files: AwsFiles): Document;
  /** Looks at the files as they would be: warnings, or throws what forbids the change. */
  review?(files: AwsFiles): readonly string[];
};

/** Changes one of the two files. Throws ERR_CONFIG_READ, ERR_CONFIG_WRITE, ERR_DEADLINE (the lock), and what `edit` and `review` throw. */
export async function editConfig(context: Context, change: ConfigEdit): Promise<ConfigChange> {
  const { env, platform } = context;
  const { kind = "config" } = change;
  const plan = (): Plan => {
    const files = readAwsFiles(env, platform);
    const after = change.edit(files);
    const changed =
      kind === "config"
        ? combineDocuments(after, files.credentials)
        : combineDocuments(files.config, after);
    const homes = homesWarning(env, platform);
    const reviewed = change.review?.(changed) ?? [];
    const warnings = homes === undefined ? reviewed : [...reviewed, homes];
    return { before: files[kind], after, warnings };
  };
  if (change.dryRun) return describe(plan());
  const target = await realTarget(awsFilePaths(env, platform)[kind]);
  const attempt = async (): Promise<ConfigChange> => {
    const planned = plan();
    const { before, after } = planned;
    if (before.text === after.text) return describe(planned);
    // Before anything is written, the record for `undo` included.
    await assertReplaceable(target);
    const journal = openJournal(context.stateDir);
    const notUndoable =
      change.notUndoable ??
      (kind === "credentials" ? "changes to the credentials file are not recorded" : undefined);
    const recorded =
      notUndoable !== undefined
        ? { unkept: notUndoable }
        : journal.record(
            { file: target, action: change.action, at: context.clock.now() },
            { before: before.text, after: after.text },
          );
    try {
      await replaceFile(target, before.text, after.text);
    } catch (error) {
      if ("id" in recorded) journal.remove(recorded.id);
      throw error;
    }
    return describe(planned, "id" in recorded ? undefined : recorded.unkept);
  };
  return withLock(lockOf(context, target), () => repeatOnConflict(attempt));
}

/**
 * Takes back the newest edit of this config file, if the file is as that edit left it.
 * @throws ERR_CONFIG_CONFLICT where there is none, or the file has changed since; ERR_CONFIG_WRITE.
 */
export async function undoLastEdit(
  context: Context,
  dryRun: boolean,
): Promise<{ readonly action: string; readonly change: ConfigChange }> {
  const { env, platform } = context;
  const journal = openJournal(context.stateDir);
  const target = await realTarget(awsFilePaths(env, platform).config);
  return withLock(lockOf(context, target), async () => {
    const { config } = readAwsFiles(env, platform);
    const entries = journal.entries().filter((entry) => entry.file === target);
    const entry = entries.find(({ after }) => after === hashText(config.text));
    if (entry === undefined) {
      throw new AwsRoleError(
        "ERR_CONFIG_CONFLICT",
        entries.length === 0
          ? `there is no change to ${config.file} to undo`
          : `${config.file} was changed by something else since awsrole's last change`,
        {
          hint: "only the last ten changes can be undone; changes that contain secrets are not recorded (awsrole undo --list)",
        },
      );
    }
    const text = applyEdits(config.text, reverseEdits(completeEdits(entry.edits, config.text)));
    if (hashText(text) !== entry.before) {
      throw new AwsRoleError("ERR_CONFIG_CONFLICT", "the record of the change is damaged", {
        hint: "nothing was changed",
      });
    }
    if (!dryRun) {
      await replaceFile(target, config.text, text);
      journal.remove(entry.id);
    }
    const change = {
      file: config.file,
      diff: unifiedDiff(config.file, config.text, text),
      warnings: [],
    };
    return { action: entry.action, change };
  });
}

/** An edit that is remembered: when it was, and whether `undo`, called often enough, would reach it. */
export type RememberedEdit = {
  readonly action: string;
  readonly at: Date;
  readonly isUndoable: boolean;
};

/** The remembered edits of this config file, the newest first. @throws ERR_CONFIG_READ, ERR_STORE_FAILED. */
export async function rememberedEdits(context: Context): Promise<readonly RememberedEdit[]> {
  const { env, platform } = context;
  const target = await realTarget(awsFilePaths(env, platform).config);
  let state = hashText(readAwsFiles(env, platform).config.text);
  return openJournal(context.stateDir)
    .entries()
    .filter((entry) => entry.file === target)
    .map(({ action, at, before, after }) => {
      const isUndoable = after === state;
      if (isUndoable) state = before;
      return { action, at, isUndoable };
    });
}

/** Other programs know no lock: what they changed in the same moment is read again. */
async function repeatOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 2; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || !isAwsRoleError(error) || error.code !== "ERR_CONFIG_CONFLICT") throw error;
    }
  }
}

type Plan = { before: Document; after: Document; warnings: readonly string[] };

/** One writer per config file. Fifty in a queue are done within a few seconds; a person does not wait longer for one that is stuck. */
function lockOf(context: Context, target: string): LockRequest {
  return { dir: context.runtimeDir(), key: `config ${target}`, waitMs: 20_000 };
}

function describe({ before, after, warnings }: Plan, notUndoable?: string): ConfigChange {
  const { file } = before;
  return { file, diff: unifiedDiff(file, before.text, after.text), notUndoable, warnings };
}
