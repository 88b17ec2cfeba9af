/**
 * The record of what was handed out (`awsrole log`), kept where AWSROLE_LOG, or else `awsrole_log` of `[default]`, is `on`. Its rules:
 *
 * - One JSON line per answer or failure: when, which profile and role, whether from the cache, until when, to which program. Never its arguments, never
 *   a secret.
 * - A file of the state folder, 0600, ours, no link. A line is one appending write, so lines of many processes never mix.
 * - Bounded: past half a mebibyte the file takes the place of the one before, under a lock, and a new one begins.
 * - What goes wrong with it is not reported: the credentials count.
 */
import { formatExpiration } from "../aws/credentials.ts";
import type { AwsFiles } from "../config/files.ts";
import { isLogConfigured } from "../config/store-setting.ts";
import type { Context } from "../foundation/context.ts";
import { constants, type Stats } from "node:fs";
import { join } from "node:path";
import { requestingProgram } from "../program/calling-program.ts";
import type { Hop } from "../credentials/chain.ts";
import type { SessionDependencies } from "../credentials/dependencies.ts";
import { getCredentials, type CredentialsResult } from "../credentials/get-credentials.ts";
import { withLock } from "../locks/single-flight.ts";
import { recordFailure } from "./last-failure.ts";
import { isAwsRoleError } from "../foundation/errors.ts";
import { makePrivateFolder } from "../foundation/private-dir.ts";
import { retryBusy } from "../foundation/retry-busy.ts";
import { open, rename, stat } from "../foundation/watched-fs.ts";

/** One line. `time` and `expiration` are UTC, whole seconds. */
export type AuditEntry = {
  readonly time: string;
  readonly profile: string;
  readonly roleArn?: string | undefined;
  /** `hit`: from the cache; `miss`, `renewed`: from AWS; `joined`: another process fetched it; `served-stale`: an old session; `source`: not ours to cache. */
  readonly result: "hit" | "miss" | "renewed" | "joined" | "served-stale" | "source" | "failed";
  readonly expiration?: string | undefined;
  /** The error's code. */
  readonly error?: string | undefined;
  /** The name of the program that asked, where the system tells without a child process. */
  readonly program?: string | undefined;
};

const mostBytes = 512 * 1024;

/** Whether answers are recorded: the variable wins over the config. */
export function isLogging({ env }: Pick<Context, "env">, files: AwsFiles): boolean {
  const wanted = env["AWSROLE_LOG"];
  return wanted ? wanted === "on" : isLogConfigured(files);
}

/** Gets credentials that are handed on, with an entry about it where the log is on. @throws what `getCredentials` throws. */
export async function getAndLog(
  context: Context,
  profile: string,
  chain: Hop,
  sessions: SessionDependencies,
  files: AwsFiles,
): Promise<CredentialsResult> {
  if (!isLogging(context, files))
    return getCredentials(chain, { use: "deliver" }, sessions).catch((error: unknown) => {
      recordFailure(context, profile, error);
      throw error;
    });
  const roleArn = chain.kind === "role" ? chain.role.arn : undefined;
  const program = context.platform === "linux" ? requestingProgram(context.platform) : undefined;
  const note = (facts: Pick<AuditEntry, "result" | "expiration" | "error">): Promise<void> =>
    append(context, {
      time: formatExpiration(context.clock.now()),
      profile,
      roleArn,
      ...facts,
      program,
    });
  try {
    const result = await getCredentials(chain, { use: "deliver" }, sessions);
    const { expiresAt } = result.credentials;
    const expiration = expiresAt === undefined ? undefined : formatExpiration(expiresAt);
    await note({ result: resultOf(result), expiration });
    return result;
  } catch (error) {
    recordFailure(context, profile, error);
    await note({ result: "failed", error: isAwsRoleError(error) ? error.code : "ERR_INTERNAL" });
    throw error;
  }
}

function resultOf({ how, isRenewal }: CredentialsResult): AuditEntry["result"] {
  switch (how) {
    case "cached":
      return "hit";
    case "base":
      return "source";
    case "fetched":
      return isRenewal === true ? "renewed" : "miss";
    case "stale":
      return "served-stale";
    default:
      return how;
  }
}

type Files = { readonly folder: string; readonly current: string; readonly before: string };

function filesOf({ stateDir: folder }: Context): Files {
  return {
    folder,
    current: join(folder, "deliveries.jsonl"),
    before: join(folder, "deliveries.1.jsonl"),
  };
}

async function append(context: Context, entry: AuditEntry): Promise<void> {
  const files = filesOf(context);
  try {
    makePrivateFolder(files.folder);
    // With `sudo` that keeps HOME a file of root's would stay in the user's folder, and stop the user's own record.
    if (!isOwn(await stat(files.folder))) return;
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
    const file = await open(files.current, flags | careful, 0o600);
    try {
      const found = await file.stat();
      if (!isPrivate(found)) return;
      await file.write(`${JSON.stringify(entry)}\n`);
      if (found.size < mostBytes) return;
    } finally {
      await file.close();
    }
    await withLock(
      { dir: context.runtimeDir(), key: `log ${files.current}`, waitMs: 200 },
      async () => {
        // Another process may have begun a new one just now.
        if ((await stat(files.current)).size >= mostBytes)
          await retryBusy(() => rename(files.current, files.before));
      },
    );
  } catch {
    // See the rules.
  }
}

/** No link is followed, and a pipe in the file's place is not waited for. */
const careful = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

function isOwn({ uid }: Stats): boolean {
  const own = process.geteuid?.();
  return own === undefined || uid === own;
}

function isPrivate(found: Stats): boolean {
  return (
    found.isFile() && isOwn(found) && (process.platform === "win32" || (found.mode & 0o077) === 0)
  );
}

async function readPrivate(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | careful).catch(() => undefined);
  if (file === undefined) return "";
  try {
    return isPrivate(await file.stat()) ? await file.readFile("utf8") : "";
  } catch {
    return "";
  } finally {
    await file.close();
  }
}

/** What was recorded, the oldest first; damaged lines are passed over. */
export async function readAuditLog(context: Context): Promise<readonly AuditEntry[]> {
  const { before, current } = filesOf(context);
  const texts = await Promise.all([before, current].map(readPrivate));
  return texts.flatMap((text) => text.split("\n").flatMap((line) => parseAuditEntry(line) ?? []));
}

function parseAuditEntry(line: string): AuditEntry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return undefined;
    const { time, profile, result, roleArn, expiration, error, program } = value as AuditEntry;
    const isWhole = [time, profile, result].every((one) => typeof one === "string");
    const isClean = [roleArn, expiration, error, program].every(
      (one) => one === undefined || typeof one === "string",
    );
    return isWhole && isClean
      ? { time, profile, roleArn, result, expiration, error, program }
      : undefined;
  } catch {
    return undefined;
  }
}
