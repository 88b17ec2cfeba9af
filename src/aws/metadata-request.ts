/** Requests to the services that give a machine or container its role's credentials: near, quick, never through a proxy. */
import type { Credentials } from "./credentials.ts";
import type { Deadline } from "../foundation/deadline.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { createRequestHandler } from "./http.ts";

export type MetadataAnswer = { readonly status: number; readonly text: string };

export type MetadataRequest = {
  readonly method?: "GET" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
};

/** Longer than a link-local service ever takes, and short where there is none, in milliseconds. */
const exchangeMs = 1000;
const attempts = 2;

/**
 * One request, tried once more when it is not answered, throttled (429) or fails at the other end (5xx).
 * @throws ERR_SOURCE_UNAVAILABLE where nothing answers.
 */
export async function askMetadataService(
  address: string,
  { method = "GET", headers = {} }: MetadataRequest,
  deadline: Deadline,
): Promise<MetadataAnswer> {
  const url = new URL(address);
  const handler = createRequestHandler({ env: {} }, () =>
    Math.min(exchangeMs, deadline.remainingMs()),
  );
  let problem: unknown;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    try {
      const { response } = await handler.handle({
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port === "" ? {} : { port: Number(url.port) }),
        path: `${url.pathname}${url.search}`,
        method,
        headers: { host: url.host, ...headers },
      });
      const { statusCode: status, body } = response;
      const isTransient = status === 429 || status >= 500;
      if (!isTransient || attempt === attempts)
        return { status, text: Buffer.from(body).toString("utf8") };
    } catch (error) {
      problem = error;
    }
  }
  const why = problem instanceof Error ? `: ${problem.message}` : "";
  throw new AwsRoleError("ERR_SOURCE_UNAVAILABLE", `it does not respond${why}`, { cause: problem });
}

/** Credentials as both services write them: `AccessKeyId`, `SecretAccessKey`, `Token`, `Expiration`. Undefined for anything else. */
export function parseMetadataCredentials(text: string): Credentials | undefined {
  const answer = parseObject(text);
  if (answer === undefined) return undefined;
  const field = (key: string): string | undefined => {
    const value = answer[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const [accessKeyId, secretAccessKey] = [field("AccessKeyId"), field("SecretAccessKey")];
  const [sessionToken, accountId] = [field("Token"), field("AccountId")];
  const expiration = field("Expiration");
  const expiresAt = expiration === undefined ? undefined : new Date(expiration);
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  if (expiresAt !== undefined && Number.isNaN(expiresAt.getTime())) return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(accountId === undefined ? {} : { accountId }),
  };
}

/** What a service said in refusing: its code and message, or its text where that is one short line. */
export function reasonIn({ status, text }: MetadataAnswer): string {
  const answer = parseObject(text) ?? {};
  const said = ["code", "Code", "message", "Message"].flatMap((key) => {
    const value = answer[key];
    return typeof value === "string" && value !== "" ? [value] : [];
  });
  return [`HTTP ${status}`, ...said].join(": ").slice(0, 500);
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
