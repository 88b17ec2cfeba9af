/**
 * A profile's credentials at an endpoint, for `serve` and `exec --serve`. They are renewed as `credential-process` renews them: the files are read
 * anew for every request, and cache, flight, backoff and old sessions follow the same rules. Beside that:
 *
 * - Requests that come meanwhile share one fetch, and a client that gives up does not end it: the next one finds its result.
 * - SDKs wait for an endpoint no longer than a second (JavaScript) or two (botocore). So while an old session can still be delivered, a
 *   request waits 700 ms for its renewal and then gets the old one.
 */
import type { Context } from "../foundation/context.ts";
import { setTimeout as pause } from "node:timers/promises";
import { plainKeysThatShadow } from "../config/profiles.ts";
import type { AwsFiles } from "../config/files.ts";
import type { Provided } from "./answers.ts";
import { type Endpoint, openEndpoint } from "./server.ts";
import type { Hop } from "../credentials/chain.ts";
import { watchForLogout } from "../state/logout-epoch.ts";
import { createSessionMemory } from "../credentials/cache/memory-cache.ts";
import { keyOf } from "../credentials/get-credentials.ts";
import {
  type FetchArguments,
  type Fetched,
  fetchChain,
  type ResolvedChain,
  resolveSession,
} from "../sessions/fetch-credentials.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { createPeerLookup, type PeerLookup } from "../foundation/peer.ts";
import { endBlockedProcess } from "../stores/keychain/end-process.ts";

export type Serving = {
  readonly endpoint: Endpoint;
  /** What was fetched before the endpoint was opened. */
  readonly first: Fetched;
  /** Closes the endpoint; answers `exitCode`, or ends the process with it at once while a fetch that nobody wants any more is under way. */
  readonly end: (exitCode: number) => Promise<number>;
};

export type ServeArguments = FetchArguments & { readonly "long-term": boolean };

/**
 * How it is known who connects. `user`: our own user and root only, refused where that cannot be seen on Linux; `token`: whoever has the
 * token; `user-or-token`: the first where it can be seen, else the second, for a token that only the command's environment has.
 */
export type AdmitBy = "user" | "token" | "user-or-token";

/** With an old session at hand, in milliseconds. */
const patienceMs = 700;

/** What becomes of what there is to say once the endpoint is open. */
export type LaterNews = {
  readonly warn: (text: string) => void;
  readonly onFetched: (fetched: Fetched) => void;
};

/** Fetches once, then opens the endpoint. @throws what fetching throws; ERR_NETWORK, ERR_PEERS_UNKNOWN. */
export async function serveProfile(
  context: Context,
  profile: string,
  args: ServeArguments,
  admitBy: AdmitBy,
  news: LaterNews,
): Promise<Serving> {
  const { platform, clock } = context;
  const memory = createSessionMemory(clock, () => watchForLogout(context.stateDir));
  const running = new Map<string, Promise<Fetched>>();

  const resolve = (): ResolvedChain => resolveSession(context, profile, args["long-term"]);
  // Before a code is asked for.
  const peers = await peersFor(platform, admitBy);
  const first = await fetchChain(context, profile, args, resolve(), memory);
  const endpoint = await openEndpoint({
    provide,
    now: () => clock.now(),
    peers,
    onOtherUser: (uid) =>
      news.warn(
        `awsrole: another user${uid === undefined ? "" : ` (uid ${uid})`} sent the token of this endpoint and was refused: stop and start again for a new token\n`,
      ),
  });
  return {
    endpoint,
    first,
    end: async (exitCode) => {
      endpoint.close();
      // Nothing is pending that would have to be written; without a fetch the process ends by itself.
      return running.size > 0 ? endBlockedProcess(exitCode) : exitCode;
    },
  };

  async function provide(): Promise<Provided> {
    const resolved = resolve();
    const { chain } = resolved;
    const old = chain.kind === "leaf" ? undefined : memory.recall(keyOf(chain));
    const fetched = fetchOnce(resolved);
    const { credentials } = await (old === undefined
      ? fetched
      : Promise.race([fetched, pause(patienceMs, old, { ref: false })]));
    return { credentials, roleArn: roleArnOf(chain) };
  }

  /** The code of `--mfa-code` is spent by now, and what `--force-refresh` asked for is done. */
  function fetchOnce(resolved: ResolvedChain): Promise<Fetched> {
    const { chain } = resolved;
    const key = chain.kind === "leaf" ? "leaf" : chain.request;
    const known = running.get(key);
    if (known !== undefined) return known;
    const later = { ...args, "mfa-code": undefined, "force-refresh": false };
    const fetching = fetchChain(
      { ...context, stderr: news.warn },
      profile,
      later,
      resolved,
      memory,
    );
    running.set(key, fetching);
    fetching
      .then(news.onFetched, () => {
        // Whoever still waits is told.
      })
      .finally(() => running.delete(key));
    return fetching;
  }
}

async function peersFor(
  platform: NodeJS.Platform,
  admitBy: AdmitBy,
): Promise<PeerLookup | undefined> {
  if (admitBy === "token") return undefined;
  const peers = await createPeerLookup(platform);
  if (peers === undefined && admitBy === "user" && platform === "linux")
    throw new AwsRoleError(
      "ERR_PEERS_UNKNOWN",
      "serve: this system does not show which user connects to the endpoint (WSL, or no /proc/net/tcp)",
      {
        hint: "awsrole exec NAME --serve -- COMMAND gives it to one command; serve --allow-containers answers every program that has the token, also another user's",
      },
    );
  return peers;
}

/**
 * What stands in the way of the endpoint and cannot be cleared from an environment: SDKs look into `[default]` before they look for an
 * endpoint. A sentence part, with the place; undefined if nothing does, or if it is the very profile.
 */
export function shadowOfEndpoint(files: AwsFiles, profile: string): string | undefined {
  const settings = profile === "default" ? undefined : files.profile("default");
  const key = [...plainKeysThatShadow, "credential_process"].find((one) => settings?.has(one));
  const setting = key === undefined ? undefined : settings?.get(key);
  return setting === undefined
    ? undefined
    : `[default] has ${key} (${setting.file}:${setting.line}), which AWS tools use before they ask an endpoint`;
}

function roleArnOf(chain: Hop): string | undefined {
  return chain.kind === "role" ? chain.role.arn : undefined;
}
