/** Ways to get a leaf's credentials, each loaded when it is needed. */
import type { Environment } from "../../foundation/environment.ts";
import type { Credentials } from "../../aws/credentials.ts";
import type { Providers } from "../../aws/sdk-providers.ts";
import type { Deadline } from "../../foundation/deadline.ts";
import type { Leaf } from "../base-credentials.ts";
import { AwsRoleError } from "../../foundation/errors.ts";
import { withLock } from "../../locks/single-flight.ts";
import type { KeyStores } from "./keychain-key.ts";

/** What the sources may use. */
export type SourceDependencies = {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly homeFolder: string;
  readonly now: () => Date;
  readonly deadline: Deadline;
  readonly runtimeDir: string | undefined;
  readonly openProviders: () => Promise<Providers>;
  readonly keys: KeyStores;
};

/** Credentials of a leaf. @throws ERR_SOURCE_UNAVAILABLE, ERR_PROCESS_FAILED, ERR_LOGIN_NEEDED, ERR_AWS_DENIED, ERR_NETWORK. */
export async function resolveLeaf(
  { source, profileName, path }: Leaf,
  deps: SourceDependencies,
): Promise<Credentials> {
  switch (source.kind) {
    case "static": {
      const { accessKeyId, secretAccessKey, sessionToken, accountId } = source;
      return {
        accessKeyId,
        secretAccessKey,
        ...(sessionToken === undefined ? {} : { sessionToken }),
        ...(accountId === undefined ? {} : { accountId }),
      };
    }
    case "environment":
      return (await import("./environment.ts")).credentialsFromEnvironment(deps.env, profileName);
    case "process": {
      const { credentialsFromProcess } = await import("./process.ts");
      return credentialsFromProcess({
        ...deps,
        profileName,
        command: source.command,
        accountId: source.settings.get("aws_account_id")?.value || undefined,
        inFlight: path,
      });
    }
    case "sso": {
      const providers = await deps.openProviders();
      const { isSsoTokenDue } = await import("./sso.ts");
      const session = source.ssoSession ?? source.startUrl;
      const ask = (): Promise<Credentials> => providers.sso(source, profileName);
      return (await isSsoTokenDue(deps.homeFolder, session, deps.now()))
        ? inTurn(deps, `sso ${session}`, ask)
        : ask();
    }
    case "login": {
      const providers = await deps.openProviders();
      return inTurn(deps, `login ${source.loginSession}`, () =>
        providers.login(source, profileName),
      );
    }
    case "ec2-instance-metadata":
      return (await deps.openProviders()).instanceMetadata({ profileName });
    case "ecs-container":
      return (await deps.openProviders()).container({ profileName });
    case "keychain-key": {
      const { credentialsFromKeychain } = await import("./keychain-key.ts");
      return credentialsFromKeychain(source.accessKeyId, profileName, deps.keys);
    }
    case "web-identity":
      throw new AwsRoleError(
        "ERR_INTERNAL",
        `profile ${profileName}: ${source.kind} is not resolved here`,
      );
  }
}

/** One process at a time: AWS's refresh tokens can be used once. */
function inTurn<T>(
  { runtimeDir, deadline }: SourceDependencies,
  key: string,
  work: () => Promise<T>,
): Promise<T> {
  return withLock({ dir: runtimeDir, key, waitMs: deadline.remainingMs() }, work);
}
