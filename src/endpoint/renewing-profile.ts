/**
 * A profile's credentials for an endpoint. They are renewed as `credential-process` renews them: the files are read again for every
 * request, and cache, single flight, cooldown and old sessions follow the same rules. Beside that:
 *
 * - Requests that come meanwhile share one fetch, and a client that gives up does not end it: the next one finds its result.
 * - SDKs wait for an endpoint no longer than a second (JavaScript, Ruby) or two (botocore). So while an old session can still be
 *   delivered, a request waits 700 ms for its renewal and then gets the old one.
 * - Ruby asks once. So a session that was asked for is renewed ahead, when it is no longer fresh or has ended (a laptop that slept), as far
 *   as that needs no person; one that no program has used since it was fetched is left to end.
 */
import { setTimeout as pause } from "node:timers/promises";
import { freshSeconds, remainingSeconds } from "../credentials/cache/session.ts";
import type { MemoryCache } from "../credentials/cache/memory-cache.ts";
import type { Hop } from "../credentials/chain.ts";
import { keyOf } from "../credentials/get-credentials.ts";
import type { Context } from "../foundation/context.ts";
import {
  type Fetched,
  fetchChain,
  type ResolvedChain,
  resolveSession,
  type SessionArguments,
} from "../sessions/fetch-credentials.ts";
import type { Provided } from "./answers.ts";

export type ServeArguments = SessionArguments;

/** What becomes of what there is to report once the endpoint is open. */
export type ServeReporter = {
  /** What fetching warns of, a line or more. */
  readonly warn: (text: string) => void;
  readonly onFetched: (fetched: Fetched) => void;
  readonly onFailed: (profile: string, error: unknown) => void;
};

export type RenewingProfile = {
  /** Fetches once more than any request: at the start, where a code may be given. @throws what fetching throws. */
  readonly fetchFirst: (args: ServeArguments) => Promise<Fetched>;
  /** For one request. @throws what fetching throws. */
  provide(): Promise<Provided>;
  /** Renews a session that is in use and no longer fresh. Never throws; to be called now and then. */
  readonly renewAhead: () => void;
  /** True while a fetch is under way. */
  readonly isFetching: () => boolean;
};

/** With an old session at hand, in milliseconds. */
const patienceMs = 700;

/** Makes it; nothing is fetched before it is asked. */
export function createRenewingProfile(
  context: Context,
  profile: string,
  args: ServeArguments,
  memory: MemoryCache,
  report: ServeReporter,
): RenewingProfile {
  const running = new Map<string, Promise<Fetched>>();
  /** The code of `--mfa-code` is spent by now, and what `--force-refresh` asked for is done. */
  const later = { ...args, "mfa-code": undefined, "force-refresh": false };
  let isInUse = false;
  let endsAt: Date | undefined;

  const resolve = (): ResolvedChain => resolveSession(context, profile, args);
  return {
    fetchFirst: async (first) => {
      const fetched = await fetchChain(context, profile, first, resolve(), memory);
      endsAt = fetched.credentials.expiresAt;
      return fetched;
    },
    provide,
    renewAhead,
    isFetching: () => running.size > 0,
  };

  async function provide(): Promise<Provided> {
    isInUse = true;
    try {
      const resolved = resolve();
      const { chain } = resolved;
      const old = chain.kind === "base" ? undefined : memory.recall(keyOf(chain));
      const fetched = fetchOnce(resolved, later);
      const { credentials } = await (old === undefined
        ? fetched
        : Promise.race([fetched, pause(patienceMs, old, { ref: false })]));
      return { credentials, roleArn: roleArnOf(chain) };
    } catch (error) {
      report.onFailed(profile, error);
      throw error;
    }
  }

  function renewAhead(): void {
    if (!isInUse || running.size > 0) return;
    try {
      const resolved = resolve();
      const { chain } = resolved;
      if (chain.kind === "base") return;
      const old = memory.recall(keyOf(chain));
      if (old !== undefined && remainingSeconds(old, context.clock) >= freshSeconds(old)) return;
      const hasEnded = endsAt !== undefined && context.clock.now() >= endsAt;
      // Neither there nor ended by itself: a logout, or another role behind the path. Once tried, the next request decides.
      isInUse = false;
      if (old !== undefined || hasEnded)
        fetchOnce(resolved, { ...later, input: false }).catch(() => {});
    } catch {
      // The next request says what is wrong with the profile.
    }
  }

  function fetchOnce(resolved: ResolvedChain, how: ServeArguments): Promise<Fetched> {
    const { chain } = resolved;
    const key = chain.kind === "base" ? "base" : chain.request;
    const known = running.get(key);
    if (known !== undefined) return known;
    const fetching = fetchChain(
      { ...context, stderr: report.warn },
      profile,
      how,
      resolved,
      memory,
    );
    running.set(key, fetching);
    fetching
      .then(
        (fetched) => {
          endsAt = fetched.credentials.expiresAt;
          report.onFetched(fetched);
        },
        () => {
          // Requests that wait report it.
        },
      )
      .finally(() => running.delete(key));
    return fetching;
  }
}

function roleArnOf(chain: Hop): string | undefined {
  return chain.kind === "role" ? chain.role.arn : undefined;
}
