/** A proxy before moto, which cannot be asked what it was asked: lists the actions, and can end a client at the worst moment. */
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";

export type WatchingProxy = {
  readonly url: string;
  /** Every action so far, the oldest first. */
  readonly actions: readonly string[];
  /** Called when an action has been carried out and before its answer is passed on. */
  onAnswered: ((action: string) => Promise<void>) | undefined;
  close(): Promise<void>;
};

/** Starts one before `target` (http) on a free port of 127.0.0.1. */
export async function startWatchingProxy(target: string): Promise<WatchingProxy> {
  const actions: string[] = [];
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      const action = new URLSearchParams(body.toString()).get("Action") ?? "";
      actions.push(action);
      const { method, url: path, headers } = incoming;
      httpRequest({ hostname, port, method, path, headers }, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => parts.push(chunk));
        answer.on("end", () => {
          void (proxy.onAnswered?.(action) ?? Promise.resolve()).then(() => {
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
            outgoing.end(Buffer.concat(parts));
          });
        });
      })
        .on("error", () => outgoing.destroy())
        .end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: WatchingProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    actions,
    onAnswered: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
