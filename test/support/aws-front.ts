/** A double under AWS's own host names, for programs that know no other: an HTTPS proxy with certificates of an authority of its own. */
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { AwsDouble } from "./aws-double.ts";
import { createAuthority } from "./closed-world/certificates.ts";

export type AwsFront = {
  /** What leads a program of AWS's there. */
  readonly env: NodeJS.ProcessEnv;
  close(): void;
};

/** Starts it; `folder` is for its certificates. Every host in eu-west-1 that is asked for must be one of the double's. */
export async function startAwsFront(aws: AwsDouble, folder: string): Promise<AwsFront> {
  const authority = createAuthority(folder);
  const services: Readonly<Record<string, string>> = {
    "oidc.eu-west-1.amazonaws.com": aws.urls["sso-oidc"],
    "portal.sso.eu-west-1.amazonaws.com": aws.urls.sso,
    "sts.eu-west-1.amazonaws.com": aws.urls.sts,
  };
  for (const host of Object.keys(services)) aws.hosts.add(host);
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(403).end());
  server.on("connection", (socket) => sockets.add(socket));
  server.on("connect", (request, socket: Socket) => {
    const [host = ""] = (request.url ?? "").split(":");
    const url = services[host];
    if (url === undefined) {
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext: authority.contextFor(host),
    });
    const target = connect(Number(new URL(url).port), "127.0.0.1");
    secure.on("error", () => target.destroy()).pipe(target);
    target.on("error", () => secure.destroy()).pipe(secure);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    env: { HTTPS_PROXY: proxy, NO_PROXY: "127.0.0.1", AWS_CA_BUNDLE: authority.caFile },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
