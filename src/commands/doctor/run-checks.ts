/** All checks, in the order of the report. */
import type { Context } from "../../foundation/context.ts";
import { type AwsFiles, readAwsFiles } from "../../config/files.ts";
import { profileNotFound } from "../../config/profiles.ts";
import { findProgram, type Program, runningProgram } from "../../program/program-path.ts";
import { examineRuntimeFolders } from "../../state/runtime-dir.ts";
import { rowsOf } from "../../sessions/delete-items.ts";
import { isAwsRoleError } from "../../foundation/errors.ts";
import { checkClients } from "./checks/clients.ts";
import { checkEnvironment } from "./checks/environment.ts";
import { checkFiles } from "./checks/files.ts";
import { checkLines } from "./checks/lines.ts";
import { checkProfiles } from "./checks/profiles.ts";
import { checkProgram } from "./checks/program.ts";
import { checkSignIns } from "./checks/sign-ins.ts";
import { checkState } from "./checks/state.ts";
import { checkStore } from "./checks/store.ts";
import { checkValues } from "./checks/values.ts";
import { withoutConsequences } from "./causes.ts";
import type { Facts, Finding } from "./finding.ts";

/** What to look at. */
export type Scope = {
  /** Only this profile, and those it leads to. */
  readonly name: string | undefined;
  readonly isOnline: boolean;
  readonly store: string | undefined;
  readonly input: boolean;
  readonly quiet: boolean;
};

/** Everything that is wrong. @throws ERR_PROFILE_NOT_FOUND for a NAME that does not exist. */
export async function runChecks(context: Context, scope: Scope): Promise<readonly Finding[]> {
  const { env, platform, clock } = context;
  let files: AwsFiles;
  try {
    files = readAwsFiles(env, platform);
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return [{ id: "file-unreadable", what: error.message, fix: error.hint ?? "fix the file" }];
  }
  const all = files.profileNames();
  if (scope.name !== undefined && !all.includes(scope.name))
    throw profileNotFound(files, scope.name);
  const names = scope.name === undefined ? all : withSources(files, scope.name);
  const rows = await rowsOf(context).list();
  const facts: Facts = {
    env,
    platform,
    files,
    names,
    now: clock.now(),
    nodeVersion: process.versions.node,
    stateFolder: context.stateDir,
    rows,
    runtime: examineRuntimeFolders(env, platform),
    program: () => lastingProgram(context),
  };
  const found = [
    checkFiles,
    checkLines,
    checkProfiles,
    checkValues,
    checkClients,
    checkProgram,
    checkEnvironment,
    checkState,
  ].flatMap((check) => [...check(facts)]);
  const findings = [...withoutConsequences(found)];
  findings.push(...(await checkStore(context, files, scope.store, rows, names)));
  findings.push(...(await checkSignIns(context, facts)));
  if (scope.isOnline) {
    const { checkOnline } = await import("./checks/online.ts");
    findings.push(...(await checkOnline(context, files, names, rows, scope)));
  }
  return findings;
}

/** How many profiles `runChecks` looks at; 0 where the files cannot be read. */
export function countProfiles({ env, platform }: Context, name: string | undefined): number {
  try {
    const files = readAwsFiles(env, platform);
    return (name === undefined ? files.profileNames() : withSources(files, name)).length;
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return 0;
  }
}

function lastingProgram({ env, platform }: Context): Program | undefined {
  try {
    return findProgram(runningProgram(env, platform));
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return undefined;
  }
}

/** The profile and those it leads to, itself first; as far as they can be read. */
function withSources(files: AwsFiles, first: string): string[] {
  const names: string[] = [];
  for (let name: string | undefined = first; name !== undefined && !names.includes(name);) {
    if (!files.profileNames().includes(name)) break;
    names.push(name);
    try {
      const settings = files.profile(name);
      name =
        settings?.get("awsrole_source_profile")?.value ?? settings?.get("source_profile")?.value;
    } catch {
      // A bad line in it: the files' check has it.
      break;
    }
  }
  return names;
}
