/**
 * The container credentials endpoint: AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN lead SDKs here. Its rules:
 *
 * - 127.0.0.1 only, on a port and with a token that are new every time.
 * - Only who `admission.ts` lets in is answered; and one request per connection.
 * - Whoever sends slowly, much, or nothing at all is cut off: other users of the machine can connect too.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AwsRoleError } from "../foundation/errors.ts";
import { credentialsPath, refusalOf } from "./admission.ts";
import { credentialsBody, errorBody, failureOf, type Provided } from "./answers.ts";

export type Endpoint = {
  readonly url: string;
  /** 256 random bits, base64url: what a client sends as `Authorization`. */
  readonly token: string;
  /** Stops at once; whoever waits for an answer is hung up on. */
  close(): void;
};

/** Header fields of SDKs come to less than 1 KiB. */
const mostHeaderBytes = 8 * 1024;
/** The clients are on this machine. */
const headersWithinMs = 2000;
const requestWithinMs = 5000;
const mostConnections = 1024;

/** Opens it. `provide` is called once per request that is let in. @throws ERR_NETWORK. */
export async function openEndpoint(
  provide: () => Promise<Provided>,
  now: () => Date,
): Promise<Endpoint> {
  const token = randomBytes(32).toString("base64url");
  const server = createServer({
    maxHeaderSize: mostHeaderBytes,
    headersTimeout: headersWithinMs,
    requestTimeout: requestWithinMs,
    connectionsCheckingInterval: 1000,
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(
        new AwsRoleError("ERR_NETWORK", "the endpoint cannot listen on 127.0.0.1", {
          hint: "a sandbox or a firewall may forbid it",
          cause,
        }),
      );
    server.once("error", fail).listen(0, "127.0.0.1", () => {
      server.off("error", fail);
      resolve();
    });
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on("request", (request, response) => {
    // A client that hangs up meanwhile is no failure.
    answer(request, response).catch(() => response.destroy());
  });
  return {
    url: `http://${host}${credentialsPath}`,
    token,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOf(request, host, token);
    if (refusal !== undefined) {
      const { status, code, message } = refusal;
      if (status === 405) response.setHeader("Allow", "GET");
      send(response, status, errorBody(code, message));
      return;
    }
    try {
      send(response, 200, credentialsBody(await provide(), now()));
    } catch (error) {
      const { status, body } = failureOf(error);
      send(response, status, body);
    }
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, {
      "Content-Type": "application/json",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      Connection: "close",
    })
    .end(JSON.stringify(body));
}
