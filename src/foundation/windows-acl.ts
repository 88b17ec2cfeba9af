/**
 * Access lists of Windows, where a file's mode says nothing. Its rules:
 *
 * - A folder that is to be private is cut off from what its parent hands down; it, and what will be in it, is its user's and the system's (S-1-5-18).
 * - Where a list is read, administrators may be in it, too: what %LOCALAPPDATA% hands down has them, and they can take any file.
 * - By Windows' own icacls.exe and whoami.exe, because node has no function for it. Their start takes tens of milliseconds: a folder is restricted once, when
 *   it is made, and its list is read once a minute by a process, never by the cache hit.
 * - By SIDs and SDDL (`/save`) alone: the names of accounts that icacls shows are in the language of the system.
 * - The owner is not in what icacls saves, so it is not checked: another user's folder with a list that names only us passes.
 *
 * https://learn.microsoft.com/windows/win32/secauthz/ace-strings
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sinceStartMs } from "./deadline.ts";
import { AwsRoleError } from "./errors.ts";
import { systemProgram } from "./windows-executable.ts";

/** What the list of a folder allows other users. */
export type ForeignAccess = "none" | "read" | "write";

/** Runs a program of Windows to its end and returns what it prints. @throws where it does not end with 0. */
export type RunSystemProgram = (name: string, args: readonly string[]) => string;

/** On a machine that is very busy a start takes seconds; what does not end even so must not take all of an unattended call's time. */
const timeoutMs = 10_000;
const believedMs = 60_000;

/** Leaves `folder`, which is new, to this user and the system. @throws ERR_STORE_FAILED. */
export function restrictToOwner(folder: string, run: RunSystemProgram = runSystemProgram): void {
  try {
    const all = "(OI)(CI)F";
    const grants = [`*${ownSid(run)}:${all}`, `*S-1-5-18:${all}`];
    run("icacls.exe", [folder, "/inheritance:r", "/grant:r", ...grants]);
  } catch (error) {
    throw failed(`the access list of ${folder} cannot be set`, error);
  }
}

const known = new Map<string, { readonly access: ForeignAccess; readonly atMs: number }>();

/** What other users may do with `folder`, which exists, as it was within the last minute. @throws ERR_STORE_FAILED where its list cannot be read. */
export function recentForeignAccess(folder: string): ForeignAccess {
  const last = known.get(folder);
  if (last !== undefined && sinceStartMs() - last.atMs < believedMs) return last.access;
  const access = foreignAccess(folder);
  known.set(folder, { access, atMs: sinceStartMs() });
  return access;
}

/** What other users may do with `folder`, which exists. @throws ERR_STORE_FAILED where its list cannot be read. */
export function foreignAccess(
  folder: string,
  run: RunSystemProgram = runSystemProgram,
): ForeignAccess {
  try {
    const own = ownSid(run);
    const scratch = mkdtempSync(join(process.getBuiltinModule("node:os").tmpdir(), "awsrole-"));
    try {
      const saved = join(scratch, "list");
      run("icacls.exe", [folder, "/save", saved]);
      return accessInList(readFileSync(saved, "utf16le"), own);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  } catch (error) {
    throw failed(`the access list of ${folder} cannot be read`, error);
  }
}

/** Rights by their letters; for a folder 1 is to list it, 2 and 4 to add to it, 0x40 to delete in it. */
const rightsByLetters: Readonly<Record<string, number>> = {
  GA: 0x1000_0000,
  GX: 0x2000_0000,
  GW: 0x4000_0000,
  GR: 0x8000_0000,
  FA: 0x1f01ff,
  FR: 0x120089,
  FW: 0x120116,
  FX: 0x1200a0,
  RC: 0x20000,
  SD: 0x10000,
  WD: 0x40000,
  WO: 0x80000,
  CC: 0x1,
  DC: 0x2,
  LC: 0x4,
  SW: 0x8,
  RP: 0x10,
  WP: 0x20,
  DT: 0x40,
  LO: 0x80,
  CR: 0x100,
};

/** To add, to change (extended) attributes, to delete in it; to delete it, to change its list or owner; all, and to write in general. */
const writeRights = 0x2 | 0x4 | 0x10 | 0x40 | 0x100 | 0x10000 | 0x40000 | 0x80000 | 0x5000_0000;

/** The system, administrators, the one called Administrator, the owner, and who makes a file in it. */
const trusted: ReadonlySet<string> = new Set(["SY", "BA", "LA", "OW", "CO", "S-1-5-18"]);

/** What `saved`, the text of `icacls /save`, allows others than the user with the SID `own`. @throws where there is no list in it. */
export function accessInList(saved: string, own: string): ForeignAccess {
  // The file's name is in the line before, and may hold anything.
  const list = /^D:([A-Z_]*)((?:\([^()]*\))*)$/.exec(saved.trimEnd().split(/\r?\n/).at(-1) ?? "");
  if (list === null) throw new Error("no SDDL");
  const [, flags = "", entries = ""] = list;
  if (flags.includes("NO_ACCESS_CONTROL")) return "write";
  let access: ForeignAccess = "none";
  for (const [, entry = ""] of entries.matchAll(/\(([^()]*)\)/g)) {
    const [type = "", , rights = "", , , who = ""] = entry.split(";");
    // What denies gives nothing; conditions of an entry are taken to hold.
    if (!["A", "OA", "XA", "ZA"].includes(type) || who === own || trusted.has(who)) continue;
    if ((maskOf(rights) & writeRights) !== 0) return "write";
    access = "read";
  }
  return access;
}

function maskOf(rights: string): number {
  if (/^0x[\da-f]+$/i.test(rights)) return Number(rights);
  // Letters that are not known count as all rights.
  return (rights.match(/../g) ?? []).reduce(
    (mask, letters) => mask | (rightsByLetters[letters] ?? writeRights),
    0,
  );
}

let sid: string | undefined;

function ownSid(run: RunSystemProgram): string {
  if (run !== runSystemProgram) return findSid(run);
  sid ??= findSid(run);
  return sid;
}

function findSid(run: RunSystemProgram): string {
  const found = /S-1-[\d-]+/.exec(run("whoami.exe", ["/user", "/fo", "csv", "/nh"]))?.[0];
  if (found === undefined) throw new Error("whoami.exe shows no SID");
  return found;
}

function runSystemProgram(name: string, args: readonly string[]): string {
  // Loaded only here: a cache hit starts nothing.
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const { status, error, stdout } = spawnSync(systemProgram(process.env, name), args, {
    encoding: "latin1",
    windowsHide: true,
    stdio: ["ignore", "pipe", "ignore"],
    timeout: timeoutMs,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${name} exits with ${status}`);
  return stdout;
}

function failed(what: string, error: unknown): AwsRoleError {
  const reason = error instanceof Error ? error.message : String(error);
  return new AwsRoleError("ERR_STORE_FAILED", `${what} (${reason})`, {
    hint: "set AWSROLE_STATE_DIR to a folder on an NTFS drive of this computer; icacls.exe and whoami.exe of Windows must be allowed to run",
    cause: error,
  });
}
