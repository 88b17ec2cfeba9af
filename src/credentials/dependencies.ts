/** What `credentials/` is handed: stores, clocks, calls and prompts, as arguments. `sessions/open-sessions.ts` makes them. */
import type { Credentials } from "../aws/credentials.ts";
import type { IssuedSession, Sts } from "../aws/sts.ts";
import type { StsConnection } from "../config/connection.ts";
import type { Clock } from "../foundation/clock.ts";
import type { Deadline } from "../foundation/deadline.ts";
import type { FailureCooldown } from "../state/failure-cooldown.ts";
import type { BaseCredentials, SamlSource } from "./base-credentials.ts";
import type { SessionCache } from "./cache/session-cache.ts";
import type { SsoHop } from "./chain.ts";
import type { MfaCodes } from "./mfa/code-queue.ts";

/** What getting credentials needs from outside. */
export type SessionDependencies = {
  readonly cache: SessionCache;
  readonly failures: FailureCooldown;
  readonly clock: Clock;
  readonly deadline: Deadline;
  /** Where processes meet; undefined: every process works alone. */
  readonly runtimeDir: string | undefined;
  readonly forceRefresh: boolean;
  readonly openSts: (connection: StsConnection) => Promise<Sts>;
  readonly resolveBaseCredentials: (base: BaseCredentials) => Promise<Credentials>;
  /** What the command prints, for this profile. @throws ERR_PROCESS_FAILED, never with its text or its output. */
  readonly runSamlProcess: (source: SamlSource, profileName: string) => Promise<string>;
  readonly sso: SsoAccess;
  readonly codes: MfaCodes;
  /** For people's commands: something they should know (a capped duration, a clock that is wrong). */
  readonly notice: (text: string) => void;
};

/** Roles of IAM Identity Center. */
export type SsoAccess = {
  /** A role's credentials, from AWS. */
  readonly fetch: (hop: SsoHop) => Promise<IssuedSession>;
  /** Fails at once where only a sign-in by a person would help; asks AWS for nothing. @throws ERR_LOGIN_NEEDED. */
  readonly requireSignIn: (hop: SsoHop) => Promise<void>;
};
