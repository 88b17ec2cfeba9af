/** FixResult what is safe to autoFix: all edits of the config as one change, which `undo` takes back, and modes of files. */
import type { Context } from "../../foundation/context.ts";
import { chmodSync, lstatSync } from "node:fs";
import type { Document } from "../../config/document.ts";
import { AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import { type ConfigChange, editConfig } from "../../profiles/edit-config.ts";
import { commandLine } from "../../foundation/shell-quote.ts";
import { unifiedDiff } from "../../profiles/diff.ts";
import type { Finding } from "./finding.ts";

/** What fixing would do, or did. */
export type FixResult = {
  readonly change: ConfigChange | undefined;
  /** In words: `chmod 600 FILE`. */
  readonly modes: readonly string[];
};

/**
 * Says what would be done; with the diff that was shown (`""` for none), does it.
 * @throws ERR_CONFIG_CONFLICT where it would be another change now; what changing the config throws; ERR_CONFIG_WRITE for a mode.
 */
export async function applyFixes(
  context: Context,
  findings: readonly Finding[],
  shown?: string,
): Promise<FixResult> {
  const edits: ((config: Document) => Document)[] = [];
  const modes = new Map<string, number>();
  for (const { autoFix: one } of findings) {
    if (one === undefined) continue;
    if ("edit" in one) edits.push(one.edit);
    // Never through a link: its target may be used by others.
    else if (lstatSync(one.file).isSymbolicLink()) continue;
    // A file may have two findings: every bit that one of them takes away goes.
    else modes.set(one.file, one.mode & (modes.get(one.file) ?? 0o7777));
  }
  const change =
    edits.length === 0
      ? undefined
      : await editConfig(context, {
          action: "doctor --fix",
          dryRun: shown === undefined,
          edit: ({ config }) => {
            const after = edits.reduce(applied, config);
            const { file } = config;
            if (shown === undefined || unifiedDiff(file, config.text, after.text) === shown)
              return after;
            throw new AwsRoleError("ERR_CONFIG_CONFLICT", `${file} has changed in the meantime`, {
              hint: "nothing was changed: run awsrole doctor --fix again",
            });
          },
        });
  if (shown !== undefined) for (const [file, mode] of modes) changeMode(file, mode);
  return {
    change,
    modes: [...modes].map(([file, mode]) => commandLine("chmod", mode.toString(8), file)),
  };
}

function changeMode(file: string, mode: number): void {
  try {
    chmodSync(file, mode);
  } catch (error) {
    throw new AwsRoleError("ERR_CONFIG_WRITE", `the mode of ${file} cannot be changed`, {
      hint: "its owner can change it",
      cause: error,
    });
  }
}

/** An edit that a bad line forbids, or that another one made needless, is left out: the check that follows says what remains. */
function applied(config: Document, edit: (config: Document) => Document): Document {
  try {
    return edit(config);
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return config;
  }
}
