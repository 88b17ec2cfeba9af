import type { Environment } from "../../../src/foundation/environment.ts";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readCaBundle } from "../../../src/aws/ca-bundle.ts";
import { proxyFor } from "../../../src/aws/proxy.ts";

const STS = "https://sts.eu-west-1.amazonaws.com/";

describe("the proxy of a URL", () => {
  it.each<[string, Environment, string | undefined]>([
    [STS, {}, undefined],
    [STS, { HTTPS_PROXY: "" }, undefined],
    [STS, { HTTPS_PROXY: "http://p:3128" }, "http://p:3128/"],
    [STS, { https_proxy: "http://lower:1", HTTPS_PROXY: "http://upper:1" }, "http://lower:1/"],
    [STS, { HTTPS_PROXY: "https://tls-proxy" }, "https://tls-proxy/"],
    [STS, { HTTPS_PROXY: "p:3128" }, "http://p:3128/"],
    [STS, { HTTPS_PROXY: "user:pa%40ss@p:3128" }, "http://user:pa%40ss@p:3128/"],
    [STS, { HTTP_PROXY: "http://p:3128" }, undefined],
    ["http://127.0.0.1:4566/", { HTTPS_PROXY: "http://p:1" }, undefined],
    ["http://127.0.0.1:4566/", { HTTP_PROXY: "http://localhost:1" }, "http://localhost:1/"],
  ])("%s by %j is %s", (url, env, expected) => {
    expect(proxyFor(new URL(url), env)?.href).toBe(expected);
  });

  it("without TLS is on this machine, or none: a signed request in clear text stays here", () => {
    const env = { HTTP_PROXY: "http://proxy.example.com:3128" };
    expect(proxyFor(new URL("http://127.0.0.1:4566/"), env)).toBeUndefined();
  });

  it.each(["socks5://p:1", "http://", "://", "http://user:secret@:1"])(
    "%j is an error that does not show it",
    (HTTPS_PROXY) => {
      expect(() => proxyFor(new URL(STS), { HTTPS_PROXY })).toThrow(
        expect.objectContaining({
          code: "ERR_NETWORK",
          message: "HTTPS_PROXY is not an http or https URL",
        }),
      );
    },
  );
});

describe("NO_PROXY", () => {
  it.each([
    "*",
    "sts.eu-west-1.amazonaws.com",
    "STS.EU-WEST-1.AMAZONAWS.COM",
    "amazonaws.com",
    ".amazonaws.com",
    "*.amazonaws.com",
    "other.example.com, amazonaws.com",
    "other.example.com amazonaws.com",
    "amazonaws.com:443",
  ])("%j goes around the proxy", (NO_PROXY) => {
    expect(isDirect(STS, NO_PROXY)).toBe(true);
  });

  it.each([
    "",
    ",",
    ".",
    "*.",
    "aws.com",
    "mazonaws.com",
    "eu-west-1.amazonaws.com.evil",
    "amazonaws.com:80",
    "sts.us-east-1.amazonaws.com",
    "10.0.0.0/8",
  ])("%j does not", (NO_PROXY) => {
    expect(isDirect(STS, NO_PROXY)).toBe(false);
  });

  it("takes addresses, with and without brackets and ports", () => {
    expect(isDirect("https://[::1]:8443/", "::1")).toBe(true);
    expect(isDirect("https://[::1]:8443/", "[::1]")).toBe(true);
    expect(isDirect("https://[::1]:8443/", "[::1]:8443")).toBe(true);
    expect(isDirect("https://[::1]:8443/", "[::1]:9443")).toBe(false);
    expect(isDirect("https://127.0.0.1:8443/", "127.0.0.1:8443")).toBe(true);
    expect(isDirect("https://127.0.0.1:8443/", "27.0.0.1")).toBe(false);
  });

  function isDirect(url: string, NO_PROXY: string): boolean {
    return proxyFor(new URL(url), { HTTPS_PROXY: "http://p:1", NO_PROXY }) === undefined;
  }
});

describe("a CA bundle", () => {
  const folder = mkdtempSync(join(tmpdir(), "awsrole-ca-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("that cannot be read is an error with its path", () => {
    expect(() => readCaBundle(join(folder, "gone.pem"))).toThrow(
      expect.objectContaining({
        code: "ERR_CONFIG_READ",
        message: `the CA bundle ${join(folder, "gone.pem")} does not exist`,
      }),
    );
    expect(() => readCaBundle(folder)).toThrow("is a folder, not a file");
  });

  it("that holds no certificate is one too", () => {
    const file = join(folder, "key.pem");
    writeFileSync(file, "-----BEGIN PRIVATE KEY-----\n");
    expect(() => readCaBundle(file)).toThrow("no certificate in");
  });
});
