/** Profiles at an endpoint, for `serve` and `exec --serve`: each at a path of its own, with a token that is good for that path only. */
import { randomBytes } from "node:crypto";
import { plainKeysThatShadow } from "../config/profiles.ts";
import type { AwsFiles } from "../config/files.ts";
import { createMemoryCache } from "../credentials/cache/memory-cache.ts";
import type { Context } from "../foundation/context.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { createPeerLookup, type PeerLookup } from "../foundation/peer.ts";
import type { Fetched } from "../sessions/fetch-credentials.ts";
import { watchForLogout } from "../state/logout-epoch.ts";
import { endBlockedProcess } from "../stores/keychain/end-process.ts";
import { credentialsPath } from "./admission.ts";
import {
  createRenewingProfile,
  type ServeArguments,
  type ServeReporter,
} from "./renewing-profile.ts";
import { openEndpoint } from "./server.ts";

/** A profile that is served. */
export type ServedProfile = {
  readonly profile: string;
  /** What AWS_CONTAINER_CREDENTIALS_FULL_URI is to be. */
  readonly url: string;
  /** What AWS_CONTAINER_AUTHORIZATION_TOKEN is to be: what was given, or 256 random bits in base64url. */
  readonly token: string;
  /** What was fetched before the endpoint was opened. */
  readonly first: Fetched;
};

export type Serving = {
  /** In the order in which they were asked for. */
  readonly served: readonly ServedProfile[];
  /** Closes the endpoint; answers `exitCode`, or ends the process with it at once while a fetch that is no longer needed is under way. */
  readonly end: (exitCode: number) => Promise<number>;
};

/**
 * How it is known who connects. `user`: our own user and root only, refused where that cannot be seen on Linux; `token`: every program with
 * the token; `user-or-token`: the first where it can be seen, else the second, for a token that only the command's environment has.
 */
export type AdmitBy = "user" | "token" | "user-or-token";

export type ServeOptions = {
  readonly profiles: readonly { readonly profile: string; readonly token?: string | undefined }[];
  readonly port?: number | undefined;
  readonly admitBy: AdmitBy;
  readonly report: ServeReporter & {
    /** A request that was let in to no path. */
    readonly onRefused: (message: string) => void;
  };
};

const renewEveryMs = 20_000;

/** Fetches each once, then opens the endpoint. @throws what fetching throws; ERR_NETWORK, ERR_PEERS_UNKNOWN. */
export async function serveProfiles(
  context: Context,
  args: ServeArguments,
  { profiles, port, admitBy, report }: ServeOptions,
): Promise<Serving> {
  const { platform, clock } = context;
  const memory = createMemoryCache(clock, () => watchForLogout(context.stateDir));
  // Before a code is asked for.
  const peers = await peersFor(platform, admitBy);
  const renewing = profiles.map(({ profile, token }) => ({
    profile,
    path: credentialsPath(profile),
    token: token ?? randomBytes(32).toString("base64url"),
    ...createRenewingProfile(context, profile, args, memory, report),
  }));
  const firsts: Fetched[] = [];
  // One after the other: a code serves all roles of its device, and works once.
  for (const { fetchFirst } of renewing)
    firsts.push(await fetchFirst(firsts.length === 0 ? args : { ...args, "mfa-code": undefined }));
  const endpoint = await openEndpoint({
    routes: renewing,
    port,
    isForContainers: admitBy === "token",
    now: () => clock.now(),
    peers,
    onRefused: report.onRefused,
    onOtherUser: (uid) =>
      report.warn(
        `awsrole: another user${uid === undefined ? "" : ` (uid ${uid})`} sent the token of this endpoint and was refused: stop and start again for a new token\n`,
      ),
  });
  const renewal = setInterval(() => {
    for (const { renewAhead } of renewing) renewAhead();
  }, renewEveryMs).unref();
  return {
    served: firsts.flatMap((first, at) => {
      const one = renewing[at];
      return one === undefined
        ? []
        : [{ profile: one.profile, url: `${endpoint.origin}${one.path}`, token: one.token, first }];
    }),
    end: async (exitCode) => {
      clearInterval(renewal);
      endpoint.close();
      // Nothing is pending that would have to be written; without a fetch the process ends by itself.
      return renewing.some(({ isFetching }) => isFetching())
        ? endBlockedProcess(exitCode)
        : exitCode;
    },
  };
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
 * What comes before the endpoint and cannot be cleared from an environment: SDKs look into `[default]` before they look for an
 * endpoint. A sentence part, with the place; undefined if nothing does, or if it is the very profile.
 */
export function shadowOfEndpoint(files: AwsFiles, profile: string): string | undefined {
  const settings = profile === "default" ? undefined : files.goodLines("default");
  const key = [...plainKeysThatShadow, "credential_process"].find((one) => settings?.has(one));
  const setting = key === undefined ? undefined : settings?.get(key);
  return setting === undefined
    ? undefined
    : `[default] has ${key} (${setting.file}:${setting.line}), which AWS tools use before they ask an endpoint`;
}
