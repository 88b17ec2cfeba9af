/**
 * The closed world: everything that a program can reach, and a record of what it asked.
 *
 * It runs in a network namespace of its own (`enter.ts`), whose loopback carries the addresses of the metadata services. There is no way out of it, so
 * a request that is not recorded here did not happen. Programs come in by three doors:
 *
 * - an HTTPS proxy that speaks TLS for whatever host it is asked for, with certificates of the world's authority;
 * - port 443 of the loopback, for clients that know no proxy: /etc/hosts then names AWS's hosts (`enter.ts`);
 * - port 80 of the addresses of the metadata services.
 */
import { mkdtempSync, rmSync } from "node:fs";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { createAuthority } from "./certificates.ts";
import { metadataAddresses } from "./enter.ts";

/** A request as it arrived. Header names are lower case; the query is decoded, in the order asked. */
export type WorldRequest = {
  readonly scheme: "https" | "http";
  readonly host: string;
  readonly port: number;
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type WorldAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Answers a request; nothing outside it decides what AWS says. */
export type Answer = (request: WorldRequest) => WorldAnswer | Promise<WorldAnswer>;

export type World = {
  readonly proxyUrl: string;
  readonly caFile: string;
  /** Every request since the last call, the oldest first. */
  take(): WorldRequest[];
  close(): void;
};

/** Opens all doors. `isDirect` adds port 443. */
export async function startWorld(
  answer: Answer,
  { isDirect = false }: { readonly isDirect?: boolean } = {},
): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "awsrole-world-"));
  const authority = createAuthority(folder);
  const sockets = new Set<Socket>();
  let taken: WorldRequest[] = [];

  const serve = (scheme: "https" | "http"): HttpServer =>
    createHttpServer((incoming, outgoing) => {
      void readRequest(incoming, scheme).then(async (request) => {
        taken.push(request);
        const { status, headers = {}, body } = await answer(request);
        outgoing.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
        outgoing.end(body);
      });
    });
  const inTls = serve("https");
  const tls = createTlsServer(
    {
      SNICallback: (host, done) => done(null, authority.contextFor(host)),
      ALPNProtocols: ["http/1.1"],
    },
    (socket: TLSSocket) => inTls.emit("connection", socket),
  );
  tls.on("tlsClientError", () => {});
  const proxy = createHttpServer((_, outgoing) => void outgoing.writeHead(405).end());
  proxy.on("connect", (request: IncomingMessage, socket: Socket) => {
    const [host = ""] = (request.url ?? "").split(":");
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    // Made before the handshake, as some clients send no server name for an address.
    authority.contextFor(host);
    tls.emit("connection", socket);
  });
  const metadata = serve("http");

  const listen = (server: HttpServer | typeof tls, host: string, port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
    });
  for (const server of [proxy, metadata, tls])
    server.on("connection", (socket: Socket) => sockets.add(socket));
  const port = await listen(proxy, "127.0.0.1", 0);
  const others = metadataAddresses.map((address) => {
    const server = createHttpServer();
    server.on("request", (incoming, outgoing) => metadata.emit("request", incoming, outgoing));
    return { server, address };
  });
  for (const { server, address } of others) await listen(server, address, 80);
  if (isDirect) await listen(tls, "127.0.0.1", 443);

  return {
    proxyUrl: `http://127.0.0.1:${port}`,
    caFile: authority.caFile,
    take: () => {
      const all = taken;
      taken = [];
      return all;
    },
    close: () => {
      for (const server of [proxy, metadata, tls, ...others.map((one) => one.server)])
        server.close();
      for (const socket of sockets) socket.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function readRequest(
  incoming: IncomingMessage,
  scheme: "https" | "http",
): Promise<WorldRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  );
  const url = new URL(incoming.url ?? "/", `${scheme}://${headers["host"] ?? "nowhere"}`);
  return {
    scheme,
    host: url.hostname,
    port: Number(url.port || (scheme === "https" ? 443 : 80)),
    method: incoming.method ?? "",
    target: incoming.url ?? "",
    path: url.pathname,
    query: [...url.searchParams],
    headers,
    body: Buffer.concat(chunks).toString(),
  };
}
