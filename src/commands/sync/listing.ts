/**
 * Everything a signed-in person may use, from the portal. Its rate limit is low (some 20 requests a second for everyone who is signed in), so:
 *
 * - requests start at most 20 times a second, a few of them at the same time;
 * - when AWS throttles, all wait, twice as long each time, and the request is made again;
 * - an account that goes on to fail is reported, and the others are listed: what is incomplete must be known (`--prune`).
 */
import { type AwsRoleError, isAwsRoleError } from "../../foundation/errors.ts";
import type { Portal } from "../../sso/portal.ts";
import type { Filter } from "./filter.ts";
import type { Access } from "../../profiles/name-template.ts";

export type Listing = {
  readonly session: string;
  readonly access: readonly Access[];
  /** Accounts whose roles could not be listed, and why. */
  readonly failed: readonly { readonly accountId: string; readonly error: AwsRoleError }[];
  /** False for what a filter left out: its absence says nothing. */
  readonly covers: (accountId: string, role: string) => boolean;
};

export type ListingOptions = {
  readonly session: string;
  readonly accessToken: string;
  readonly filter: Filter;
  /** Called with how many of how many accounts are done. */
  readonly onProgress: (done: number, all: number) => void;
  /** Milliseconds, on a clock that only grows. */
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
};

const startEveryMs = 50;
const atOnce = 8;
const attempts = 8;
const firstBackoffMs = 500;
const maxBackoffMs = 16_000;

/** Lists it. @throws what ListAccounts fails with, and ERR_LOGIN_NEEDED, ERR_DEADLINE, ERR_INTERRUPTED of any call. */
export async function listAccess(
  portal: Pick<Portal, "listAccounts" | "listAccountRoles">,
  options: ListingOptions,
): Promise<Listing> {
  const { session, accessToken, filter } = options;
  const paced = createPacer(options);
  const all = (await paced(() => portal.listAccounts(accessToken))).map(({ id, name, email }) => ({
    session,
    accountId: id,
    accountName: name,
    email,
  }));
  const accounts = all.filter(filter.matchesAccount);
  const access: Access[] = [];
  const failed: { accountId: string; error: AwsRoleError }[] = [];
  const left = accounts.values();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const account of left) {
      const { accountId } = account;
      try {
        const roles = await paced(() => portal.listAccountRoles(accessToken, accountId));
        access.push(...roles.map((role) => ({ ...account, role })).filter(filter.matches));
      } catch (error) {
        if (!isAwsRoleError(error) || endsAll.has(error.code)) throw error;
        failed.push({ accountId, error });
      }
      done += 1;
      options.onProgress(done, accounts.length);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const byId = new Map(all.map((account) => [account.accountId, account]));
  return {
    session,
    access,
    failed,
    covers: (accountId, role) => {
      // An account that is gone has no name any more that a filter could match.
      const account = byId.get(accountId);
      return account === undefined ? !filter.isNarrow : filter.matches({ ...account, role });
    },
  };
}

/** What no other account would answer differently. */
const endsAll = new Set(["ERR_LOGIN_NEEDED", "ERR_DEADLINE", "ERR_INTERRUPTED"]);

/** Runs calls at the pace above, and again where AWS says that it is too fast or not available. */
function createPacer({ nowMs, pause }: ListingOptions): <T>(call: () => Promise<T>) => Promise<T> {
  let nextStartMs = 0;
  const turn = async (): Promise<void> => {
    const now = nowMs();
    const at = Math.max(now, nextStartMs);
    nextStartMs = at + startEveryMs;
    await pause(at - now);
  };
  return async (call) => {
    for (let attempt = 1; ; attempt += 1) {
      await turn();
      try {
        return await call();
      } catch (error) {
        const isPassing =
          isAwsRoleError(error) &&
          (error.code === "ERR_AWS_THROTTLED" || error.code === "ERR_AWS_UNAVAILABLE");
        if (!isPassing || attempt === attempts) throw error;
        const backoffMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** (attempt - 1));
        nextStartMs = Math.max(nextStartMs, nowMs() + backoffMs);
      }
    }
  };
}
