/**
 * The way out: which proxy a URL goes through, and which certificates are trusted. The SDK does neither (measured).
 *
 * - HTTPS_PROXY for https URLs, HTTP_PROXY for http ones; lower-case names first; a proxy without a scheme is `http://`.
 * - NO_PROXY as the AWS CLI reads it: a name matches itself and everything below it, with or without a leading dot or `*.`;
 *   an address matches itself; `:port` narrows; `*` is everything.
 * - A CA bundle replaces the built-in certificates, for endpoint and proxy alike, as in the AWS CLI.
 * - Without TLS nothing leaves the machine: such an endpoint is on loopback, and only a proxy on loopback may carry it.
 */

import type { Environment } from "../foundation/environment.ts";
import type { Agent } from "node:http";
import { isLoopback } from "../config/connection.ts";
import { AwsRoleError } from "../foundation/errors.ts";

/** The URL of the proxy for `url`, or `undefined` for the direct way. Throws ERR_NETWORK for a proxy that is no URL. */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const secure = url.protocol === "https:";
  const value = secure
    ? env["https_proxy"] || env["HTTPS_PROXY"]
    : env["http_proxy"] || env["HTTP_PROXY"];
  if (!value || isExcluded(url, env["no_proxy"] || env["NO_PROXY"] || "")) {
    return undefined;
  }
  const text = value.includes("://") ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy?.protocol !== "http:" && proxy?.protocol !== "https:") {
    // The value is not shown: it may hold a password.
    throw new AwsRoleError(
      "ERR_NETWORK",
      `${secure ? "HTTPS_PROXY" : "HTTP_PROXY"} is not an http or https URL`,
      {
        hint: "set it to something like http://proxy.example.com:3128",
      },
    );
  }
  return secure || isLoopback(proxy.hostname) ? proxy : undefined;
}

/**
 * An agent that reaches `url` through `proxy`. `signal` ends a proxy connection that is still being made.
 * The libraries are loaded here, when there is a proxy, because they cost a few milliseconds.
 */
export async function proxyAgent(
  url: URL,
  proxy: URL,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<Agent> {
  const options = { rejectUnauthorized: true, signal, ...(ca !== undefined && { ca }) };
  if (url.protocol === "http:") {
    const { HttpProxyAgent } = await import("http-proxy-agent");
    return new HttpProxyAgent(proxy, options);
  }
  const { HttpsProxyAgent } = await import("https-proxy-agent");
  return new HttpsProxyAgent(proxy, options);
}

function isExcluded(url: URL, noProxy: string): boolean {
  const host = bare(url.hostname);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const [, name = "", entryPort] = /^(.*?)(?::(\d+))?$/.exec(entryHost(entry)) ?? [];
      if (name === "" || (entryPort !== undefined && entryPort !== port)) {
        return false;
      }
      const suffix = name.replace(/^\*?\.?/, "");
      return suffix === "" ? name === "*" : host === bare(suffix) || host.endsWith(`.${suffix}`);
    });
}

/** An IPv6 address without brackets has colons that are not a port. */
function entryHost(entry: string): string {
  return entry.split(":").length > 2 && !entry.startsWith("[") ? `[${entry}]` : entry;
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}
