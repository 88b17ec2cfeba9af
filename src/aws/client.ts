/**
 * What the SDK's clients have in common: a configuration that leaves the SDK nothing to look up in files or
 * environment, attempts that know the deadline, AWS's clock, and errors in our words.
 */

import type { Credentials } from "./credentials.ts";
import type { StsConnection } from "../config/connection.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { explainFailure, type RoleAsked, type ServiceName } from "./error-hints.ts";
import { createRequestHandler, type RequestHandler } from "./http.ts";

/** One call, for messages: the operation, the role it asks for, and what must never be shown. */
export type CallFacts = {
  readonly action: string;
  readonly role?: RoleAsked;
  readonly secrets?: readonly string[];
};

/** What came back. `answeredAt` is AWS's own clock; `clockSkewSeconds` how far it is ahead of this machine's. */
export type Answer<Output> = {
  readonly output: Output;
  readonly answeredAt: Date;
  readonly clockSkewSeconds: number;
};

/**
 * A function that makes one call with an SDK client: `send` gets the client's configuration, creates the client and sends.
 * Without credentials the call is one that AWS takes unsigned. Throws only `AwsRoleError` (see `explainFailure`).
 */
export function createCaller(
  service: ServiceName,
  connection: StsConnection,
  remainingMs: () => number,
) {
  const http = createRequestHandler(connection, remainingMs);
  // Kept from call to call, so that a wrong clock costs one attempt and not one per call.
  let aheadMs = 0;
  let clockSkewSeconds = 0;

  return async function call<Output>(
    facts: CallFacts,
    credentials: Credentials | undefined,
    send: (config: ReturnType<typeof clientConfig>) => Promise<Output>,
  ): Promise<Answer<Output>> {
    let sawDate = false;
    const requestHandler: RequestHandler = {
      async handle(request) {
        const result = await http.handle(request);
        const date = Date.parse(result.response.headers["date"] ?? "");
        if (!Number.isNaN(date)) {
          aheadMs = date - Date.now();
          // The header leaves out up to a second: half of it is given back, so that equal clocks differ by 0.
          clockSkewSeconds = Math.round((aheadMs + 500) / 1000) + 0;
          sawDate = true;
        }
        return result;
      },
    };
    const config = {
      ...clientConfig(connection, credentials, remainingMs),
      requestHandler,
      systemClockOffset: aheadMs,
    };
    try {
      const output = await withoutVersionWarning(() => send(config));
      return {
        output,
        answeredAt: new Date(Date.now() + aheadMs),
        clockSkewSeconds,
      };
    } catch (error) {
      const { secretAccessKey, sessionToken } = credentials ?? {};
      throw explainFailure(error, {
        service,
        action: facts.action,
        role: facts.role,
        isSession: sessionToken !== undefined,
        clockSkewSeconds: sawDate ? Math.round(aheadMs / 1000) : undefined,
        secrets: [secretAccessKey, sessionToken, ...(facts.secrets ?? [])].filter(
          (secret) => secret !== undefined,
        ),
      });
    }
  };
}

/**
 * Every setting that the SDK would otherwise look for in `process.env` or in the section of AWS_PROFILE. Tests give it hostile ones, and no home
 * folder to look in.
 */
export function clientConfig(
  connection: StsConnection,
  credentials: Credentials | undefined,
  remainingMs: () => number,
) {
  return {
    region: connection.region,
    ...(connection.endpointUrl !== undefined && { endpoint: connection.endpointUrl }),
    ignoreConfiguredEndpointUrls: true,
    useFipsEndpoint: connection.useFipsEndpoint,
    useDualstackEndpoint: connection.useDualstackEndpoint,
    credentials: credentials
      ? {
          accessKeyId: credentials.accessKeyId,
          secretAccessKey: credentials.secretAccessKey,
          ...(credentials.sessionToken !== undefined && { sessionToken: credentials.sessionToken }),
        }
      : unsigned,
    maxAttempts: connection.maxAttempts,
    retryMode: "standard" as const,
    retryStrategy: retryStrategy(connection.maxAttempts, remainingMs),
    defaultsMode: "standard" as const,
    authSchemePreference: [] as string[],
    sigv4aSigningRegionSet: nothing,
    disableClockSkewCorrection: false,
    userAgentAppId: nothing,
  };
}

async function nothing(): Promise<undefined> {}

async function unsigned(): Promise<never> {
  throw new AwsRoleError("ERR_INTERNAL", "an unsigned call asked for credentials");
}

/** What is left after a pause must still be enough for an attempt to be worth it. */
const WORTHWHILE_MS = 500;

/**
 * The SDK's own strategy cuts Retry-After short and knows no deadline. This one waits as long as AWS asks, and where
 * that would leave no time, gives the caller AWS's error at once.
 */
function retryStrategy(maxAttempts: number, remainingMs: () => number) {
  const token = (count: number, delayMs: number) => ({
    getRetryCount: () => count,
    getRetryDelay: () => delayMs,
    getRetryCost: () => 0,
  });
  return {
    acquireInitialRetryToken: async () => token(0, 0),
    refreshRetryTokenForRetry: async (
      last: { getRetryCount(): number },
      failure: { error?: unknown; errorType: string; retryAfterHint?: Date },
    ) => {
      const attempts = last.getRetryCount() + 1;
      const pauseMs = Math.max(
        (failure.errorType === "THROTTLING" ? 500 : 50) * (1 + Math.random()),
        (failure.retryAfterHint?.getTime() ?? 0) - Date.now(),
      );
      const worthIt = failure.errorType === "THROTTLING" || failure.errorType === "TRANSIENT";
      if (!worthIt || attempts >= maxAttempts || pauseMs + WORTHWHILE_MS > remainingMs()) {
        throw failure.error;
      }
      return token(attempts, pauseMs);
    },
    recordSuccess: () => {},
  };
}

/**
 * On Node 20 the SDK prints a warning when its first client is created; stderr must stay empty. The variable is put back before anything is
 * waited for, because children, and what else runs meanwhile, see the environment.
 */
export function withoutVersionWarning<Result>(createAndSend: () => Result): Result {
  const name = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";
  const before = process.env[name];
  process.env[name] = "true";
  try {
    return createAndSend();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
