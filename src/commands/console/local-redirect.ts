/**
 * Handing a browser an address that must not be seen: on its command line stands only a path of this machine that leads there once. Its rules:
 *
 * - 127.0.0.1, a random port, a random path; the Host must be that address, so that no web page can ask under a name of its own.
 * - The first GET of the path is redirected and ends it. Everything else is not found.
 * - No cache keeps it, and the console is not told where the browser came from.
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AwsRoleError } from "../../foundation/errors.ts";

export type OneShotRedirect = {
  readonly url: string;
  /** Resolves when the browser has been there. @throws ERR_DEADLINE after `timeoutMs`. */
  readonly used: Promise<void>;
  close(): void;
};

/** Opens it. @throws ERR_NETWORK when nothing can listen on 127.0.0.1. */
export async function openOneShotRedirect(
  target: string,
  timeoutMs: number,
): Promise<OneShotRedirect> {
  const path = `/${randomBytes(24).toString("base64url")}`;
  const server = createServer({ requestTimeout: 5000, headersTimeout: 5000 });
  await new Promise<void>((resolve, reject) =>
    server
      .once("error", (cause) =>
        reject(
          new AwsRoleError("ERR_NETWORK", "nothing can listen on 127.0.0.1 here", {
            hint: "use --print, which shows the address itself",
            cause,
          }),
        ),
      )
      .listen(0, "127.0.0.1", resolve),
  );
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  const used = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      close();
      reject(
        new AwsRoleError("ERR_DEADLINE", "no browser asked for the console", {
          hint: "try again, or use --print and open the address yourself",
        }),
      );
    }, timeoutMs);
    let isSpent = false;
    server.on("request", ({ url, method, headers }, response) => {
      if (isSpent || url !== path || method !== "GET" || headers.host !== host) {
        response.writeHead(404, { connection: "close" }).end();
        return;
      }
      isSpent = true;
      clearTimeout(timer);
      response
        .writeHead(302, {
          location: target,
          "cache-control": "no-store",
          "referrer-policy": "no-referrer",
          connection: "close",
        })
        .end(() => {
          server.close();
          resolve();
        });
    });
  });
  return { url: `http://${host}${path}`, used, close };
}
