/**
 * One HTTP exchange with AWS: how the SDK's clients send their requests here.
 *
 * The SDK's own handler knows no proxy, stops watching the clock once headers have arrived, and then waits for the body
 * for ever (measured). This one gives every exchange one end: 3 s to connect, 5 s for all of it, less when less is left;
 * and it says in our words what went wrong on the way.
 *
 * What it throws carries the original error as `cause`: by it the SDK decides whether another attempt makes sense.
 */

import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import type { StsConnection } from "../config/connection.ts";
import { AwsRoleError } from "../foundation/errors.ts";
import { networkError, outOfTime } from "./network-errors.ts";
import { readCaBundle } from "./ca-bundle.ts";
import { proxyAgent, proxyFor } from "./proxy.ts";

const CONNECT_MS = 3000;
const EXCHANGE_MS = 5000;
/** An answer of STS or IAM has a few KB, a long list of roles a few hundred. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** The parts of the SDK's request that matter here. */
type SdkRequest = {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  /** Kept apart from the path; repeated parameters are arrays, one without a value is null. */
  query?: Record<string, string | string[] | null>;
  method: string;
  headers: Record<string, string>;
  body?: unknown;
};
/** What the SDK takes for a response. */
export type SdkResponse = {
  statusCode: number;
  reason?: string;
  headers: Record<string, string>;
  body: Uint8Array;
};
/** What the SDK takes for a request handler. */
export type RequestHandler = { handle(request: SdkRequest): Promise<{ response: SdkResponse }> };

/**
 * A request handler for the SDK. Throws `AwsRoleError`: ERR_NETWORK, ERR_DEADLINE when `remainingMs()` ran out,
 * ERR_CONFIG_READ for the CA bundle.
 */
export function createRequestHandler(
  connection: Pick<StsConnection, "caBundleFile" | "env">,
  remainingMs: () => number,
): RequestHandler {
  let direct: HttpAgent | undefined;
  let ca: string | undefined;

  async function handle(request: SdkRequest): Promise<{ response: SdkResponse }> {
    const url = urlOf(request);
    const secure = url.protocol === "https:";
    if (secure && connection.caBundleFile !== undefined) {
      ca ??= readCaBundle(connection.caBundleFile);
    }
    const proxy = proxyFor(url, connection.env);
    const left = remainingMs();
    if (left <= 0) {
      throw outOfTime(url);
    }
    const ending = new AbortController();
    const endAfter = (limitMs: number, step: "connecting" | "answering") =>
      setTimeout(
        () => ending.abort(left <= limitMs ? outOfTime(url) : timeout(step)),
        Math.min(limitMs, left),
      );
    const connecting = endAfter(CONNECT_MS, "connecting");
    const answering = endAfter(EXCHANGE_MS, "answering");
    try {
      const response = await exchange(
        {
          protocol: url.protocol,
          hostname: url.hostname.replace(/^\[|\]$/g, ""),
          port: url.port,
          path: pathOf(request),
          method: request.method,
          headers: request.headers,
          signal: ending.signal,
          agent: proxy
            ? await proxyAgent(url, proxy, ca, ending.signal)
            : (direct ??= new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true })),
          // Said explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
          ...(secure && { rejectUnauthorized: true, ...(ca !== undefined && { ca }) }),
        },
        request.body,
        () => clearTimeout(connecting),
      );
      if (response.statusCode === 407 && proxy) {
        throw proxyRefusal(407);
      }
      return { response };
    } catch (error) {
      throw networkError(ending.signal.aborted ? ending.signal.reason : error, url, proxy);
    } finally {
      clearTimeout(connecting);
      clearTimeout(answering);
    }
  }
  return { handle };
}

function exchange(
  options: RequestOptions,
  body: unknown,
  onConnect: () => void,
): Promise<SdkResponse> {
  return new Promise((resolve, reject) => {
    const request = options.protocol === "https:" ? httpsRequest(options) : httpRequest(options);
    request.on("error", reject);
    request.once("socket", (socket: Socket & { secureConnecting?: boolean }) => {
      if (!socket.connecting && !socket.secureConnecting) {
        onConnect();
      } else {
        // Never on a socket that is used again: there it would stay, one for every call.
        socket.once(options.protocol === "https:" ? "secureConnect" : "connect", onConnect);
      }
    });
    // Emitted by the proxy agents; without this a proxy's refusal of CONNECT would pass for AWS's. Without TLS there is no CONNECT.
    request.once("proxyConnect", ({ statusCode }: { statusCode?: number }) => {
      if (statusCode !== undefined && statusCode !== 200) {
        request.destroy(proxyRefusal(statusCode));
      }
    });
    request.once("response", (response) =>
      readAnswer(response, String(options.hostname)).then(resolve, reject),
    );
    request.end(body);
  });
}

async function readAnswer(response: IncomingMessage, host: string): Promise<SdkResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new AwsRoleError(
        "ERR_AWS_UNAVAILABLE",
        `the response from ${host} is larger than ${MAX_BODY_BYTES / 1024 / 1024} MiB; AWS sends nothing that large`,
        {
          hint: "check endpoint_url, AWS_ENDPOINT_URL and the proxy: another program may answer there",
        },
      );
    }
    chunks.push(chunk);
  }
  return {
    statusCode: response.statusCode ?? 0,
    ...(response.statusMessage !== undefined && { reason: response.statusMessage }),
    headers: Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
    ),
    body: Buffer.concat(chunks),
  };
}

function urlOf({ protocol, hostname, port }: SdkRequest): URL {
  return new URL(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}/`);
}

/** The path with the query string, whose names and values are percent-encoded as RFC 3986 says. */
function pathOf({ path, query = {} }: SdkRequest): string {
  const encoded = (text: string): string =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    value === null
      ? [encoded(name)]
      : [value].flat().map((one) => `${encoded(name)}=${encoded(one)}`),
  );
  return parameters.length === 0 ? path : `${path}?${parameters.join("&")}`;
}

function proxyRefusal(proxyStatus: number): Error {
  return Object.assign(new Error(`the proxy returned ${proxyStatus}`), { proxyStatus });
}

/** Named as the SDK names one, so that it counts as worth another attempt. */
function timeout(step: "connecting" | "answering"): Error {
  return Object.assign(new Error(`no end of ${step}`), { name: "TimeoutError", step });
}
