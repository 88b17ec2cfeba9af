/** The access portal of a session, with a token of its sign-in: for the commands that list what a person may use. */
import { resolveConnection, type Service, type StsConnection } from "../config/connection.ts";
import type { AwsFiles } from "../config/files.ts";
import { readSsoSession } from "../config/sso.ts";
import type { Context } from "../foundation/context.ts";
import type { Deadline } from "../foundation/deadline.ts";
import { isAwsRoleError } from "../foundation/errors.ts";
import { getToken } from "../sso/get-token.ts";
import { prepareStore, tokenPlaces } from "./open-store.ts";
import type { Portal } from "../sso/portal.ts";

export type SignedInPortal = {
  readonly portal: Portal;
  /** Runs `work` with a live token, and once more with another one where AWS takes the first no more. */
  readonly withToken: <T>(work: (accessToken: string) => Promise<T>) => Promise<T>;
};

/**
 * The portal of `[sso-session NAME]`. Throws ERR_PROFILE_INVALID for a session that is not whole; `withToken` throws ERR_LOGIN_NEEDED where only
 * a person can go on, ERR_AWS_*, ERR_NETWORK, ERR_DEADLINE.
 */
export async function openPortal(
  context: Context,
  {
    files,
    session: name,
    deadline,
    args,
  }: {
    readonly files: AwsFiles;
    readonly session: string;
    readonly deadline: Deadline;
    readonly args: { readonly store?: string | undefined; readonly input: boolean };
  },
): Promise<SignedInPortal> {
  const { env, clock, runtimeDir } = context;
  const settings = readSsoSession(files, name);
  const connection = (service: Service): StsConnection =>
    resolveConnection({
      service,
      // As `login` asks: no profile's endpoint has a say in where a sign-in's token goes.
      profile: new Map(),
      ownRegion: settings.region,
      services: () => undefined,
      env,
    });
  const { ssoClients } = await import("../sso/clients.ts");
  const session = { ...settings, region: connection("sso").region };
  const tokens = {
    places: tokenPlaces(context, prepareStore(context, { ...args, files, deadline })),
    now: () => clock.now(),
    deadline,
    runtimeDir: runtimeDir(),
    openOidc: () => Promise.resolve(ssoClients.createOidc(connection("sso_oidc"), deadline)),
  };
  return {
    portal: ssoClients.createPortal(connection("sso"), deadline),
    async withToken(work) {
      const token = await getToken(session, tokens);
      try {
        return await work(token.accessToken);
      } catch (error) {
        if (!isAwsRoleError(error) || error.code !== "ERR_LOGIN_NEEDED") throw error;
        const other = await getToken(session, tokens, token.accessToken);
        return work(other.accessToken);
      }
    },
  };
}
