/** One thing that is wrong, and what the checks look at. */
import type { Environment } from "../../foundation/environment.ts";
import type { Document, Setting } from "../../config/document.ts";
import type { AwsFiles } from "../../config/files.ts";
import type { Program } from "../../program/program-path.ts";
import type { RuntimeFolders } from "../../state/runtime-dir.ts";
import type { IndexEntry } from "../../state/item-index.ts";
import type { FindingId } from "./rules.ts";

/** How a finding is fixed without a person's judgement: by an edit of the config file, or a mode. */
export type AutoFix =
  | { readonly edit: (config: Document) => Document }
  | { readonly file: string; readonly mode: number };

export type Finding = {
  readonly id: FindingId;
  readonly profile?: string;
  readonly file?: string;
  readonly line?: number;
  /** What is wrong, in a sentence part. */
  readonly what: string;
  /** What to do about it. */
  readonly fix: string;
  readonly autoFix?: AutoFix;
};

/** What the checks that stay on this machine know. */
export type Facts = {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly files: AwsFiles;
  /** The profiles in question. */
  readonly names: readonly string[];
  readonly now: Date;
  readonly nodeVersion: string;
  readonly stateFolder: string;
  readonly rows: readonly IndexEntry[];
  readonly runtime: RuntimeFolders;
  /** What a `credential_process` line shall run; undefined where this awsrole has no path that lasts. */
  readonly program: () => Program | undefined;
};

/** A check of one group. */
export type Check = (facts: Facts) => readonly Finding[];

/** Where a setting is. */
export function at({ file, line }: Setting): { file: string; line: number } {
  return { file, line };
}
