/** Proxies and TLS on the loopback, with certificates of a private authority that the test makes itself. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request as httpRequest, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Server as NetServer, type Socket } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";

/** A private authority's certificate, as a file for AWS_CA_BUNDLE, and one for 127.0.0.1 that it signed. */
export type Certificates = {
  readonly caFile: string;
  readonly key: Buffer;
  readonly cert: Buffer;
};

/** Makes them in `folder` with openssl. */
export function makeCertificates(folder: string): Certificates {
  const file = (name: string): string => join(folder, name);
  const openssl = (...words: string[]): void =>
    void execFileSync("openssl", words, { cwd: folder, stdio: "pipe" });
  writeFileSync(file("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  const newKey = ["-newkey", "rsa:2048", "-nodes", "-keyout"];
  openssl("req", "-x509", ...newKey, "ca.key", "-out", "ca.pem", "-subj", "/CN=a private CA");
  openssl("req", ...newKey, "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1");
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"];
  openssl("x509", "-req", "-in", "server.csr", ...signing, "-out", "server.pem");
  return {
    caFile: file("ca.pem"),
    key: readFileSync(file("server.key")),
    cert: readFileSync(file("server.pem")),
  };
}

export type Listening = { readonly port: number; readonly close: () => void };

/** `url`'s server behind TLS. */
export function startTlsFront(url: string, { key, cert }: Certificates): Promise<Listening> {
  const { port } = new URL(url);
  return listen(
    createTlsServer({ key, cert }, (socket) =>
      pipeBothWays(socket, connect(Number(port), "127.0.0.1")),
    ),
  );
}

export type LocalProxy = Listening & {
  /** `CONNECT host:port` or `METHOD url`, each with whether its Proxy-Authorization was right. */
  readonly seen: readonly { readonly what: string; readonly isAuthorized: boolean }[];
};

/** A proxy that wants `user:password`; with certificates it is reached by TLS. */
export async function startProxy(login: string, certificates?: Certificates): Promise<LocalProxy> {
  const seen: { what: string; isAuthorized: boolean }[] = [];
  const expected = `Basic ${Buffer.from(login).toString("base64")}`;
  const admit = (what: string, authorization: string | undefined): boolean => {
    const isAuthorized = authorization === expected;
    seen.push({ what, isAuthorized });
    return isAuthorized;
  };
  const server: Server =
    certificates === undefined ? createHttpServer() : createHttpsServer(certificates);
  server.on("request", (request, response) => {
    const { url = "", method, headers } = request;
    if (!admit(`${method} ${url}`, headers["proxy-authorization"])) {
      response.writeHead(407).end();
      return;
    }
    const forwarded = httpRequest(url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forwarded);
  });
  server.on("connect", (request, socket: Socket) => {
    if (!admit(`CONNECT ${request.url}`, request.headers["proxy-authorization"])) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const [host = "", port] = (request.url ?? "").split(":");
    const target = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      pipeBothWays(socket, target);
    });
    target.on("error", () => socket.destroy());
  });
  return { ...(await listen(server)), seen };
}

function pipeBothWays(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const)
    from.on("error", () => to.destroy()).pipe(to);
}

async function listen(server: NetServer): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
