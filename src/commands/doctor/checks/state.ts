/** What awsrole keeps beside the secrets: rows and folders. */
import { statSync } from "node:fs";
import { isAwsRoleError } from "../../../foundation/errors.ts";
import { permissionCommand } from "../../../foundation/permission-advice.ts";
import { recentForeignAccess } from "../../../foundation/windows-acl.ts";
import { takenReason } from "../../../state/runtime-dir.ts";
import type { Check, Facts, Finding } from "../finding.ts";

/** Every check of the state and runtime folders. */
export const checkState: Check = (facts) => [
  ...stateFolder(facts),
  ...rows(facts),
  ...runtimeFolder(facts),
];

function stateFolder({ stateFolder: file, platform }: Facts): Finding[] {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return [];
  const open = {
    id: "state-open",
    file,
    what: `${file} is open to other users`,
    fix: permissionCommand("700", file, platform),
  } as const;
  if (platform !== "win32")
    return (found.mode & 0o077) === 0 ? [] : [{ ...open, autoFix: { file, mode: 0o700 } }];
  try {
    return recentForeignAccess(file) === "none" ? [] : [open];
  } catch (error) {
    if (!isAwsRoleError(error)) throw error;
    return [{ ...open, what: error.message, fix: error.hint ?? open.fix }];
  }
}

function rows({ rows: listed, files, now }: Facts): Finding[] {
  const known = files.profileNames();
  return listed.flatMap(({ profile, kind, expiresAt, store }): Finding[] => {
    if (kind === "sign-in") return [];
    const thing = kind === "key" ? "a key" : kind === "seed" ? "an MFA seed" : "a session";
    if (kind !== "mfa" && !known.includes(profile))
      return [
        {
          id: "row-orphaned",
          profile,
          what: `the store ${store} holds ${thing} of profile ${profile}, which no longer exists`,
          fix:
            kind === "key"
              ? `to delete it: awsrole remove-key ${profile}; to keep it, restore the profile (awsrole undo, if removing it was the last change)`
              : kind === "seed"
                ? `restore the profile with its mfa_serial, then run awsrole add-mfa ${profile} --remove`
                : `awsrole logout --all deletes all sessions`,
        },
      ];
    const age = expiresAt === undefined ? 0 : now.getTime() - Date.parse(expiresAt);
    if (!(age > weekMs)) return [];
    return [
      {
        id: "row-expired",
        profile,
        what: `the store ${store} still holds ${thing} that expired at ${expiresAt}`,
        fix: `awsrole logout ${profile}`,
      },
    ];
  });
}

const weekMs = 7 * 24 * 3600 * 1000;

function runtimeFolder({ runtime, platform }: Facts): Finding[] {
  const taken = runtime.rejected.find(({ reason }) => reason === takenReason);
  if (runtime.folder !== undefined && taken !== undefined)
    return [
      {
        id: "runtime-folder-taken",
        what: `another user created ${taken.path}; ${runtime.folder} is used instead`,
        fix: "set XDG_RUNTIME_DIR to a private folder, or ask the other user what it is for",
      },
    ];
  if (runtime.folder !== undefined) return [];
  const reasons = runtime.rejected.map(({ path, reason }) => `${path}: ${reason}`).join("; ");
  return [
    {
      id: "runtime-folder-missing",
      what: `there is no private runtime folder${reasons === "" ? "" : ` (${reasons})`}`,
      fix:
        platform === "win32"
          ? "set LOCALAPPDATA to a folder that awsrole can write, as Windows does"
          : "set XDG_RUNTIME_DIR, or make one of these folders private (chmod 700)",
    },
  ];
}
