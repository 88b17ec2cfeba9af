/** A bad network, seen from the program's outside: how it ends, within what time, and what is served meanwhile. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { missing, titled } from "../support/installed.ts";
import {
  type Certificates,
  type Listening,
  makeCertificates,
  startProxy,
  startTlsFront,
} from "../support/local-proxy.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import type { Behaviour } from "../support/aws-double/behaviour.ts";

const ask = ["credential-process", "--profile", "prod"];

/** Every way to fail, and the first line that its user sees. */
const failures: readonly (readonly [what: string, behaviour: Behaviour, line: RegExp])[] = [
  ["a connection that nobody answers", { hang: "accept" }, /did not respond within the time limit/],
  ["an answer that never begins", { hang: "headers" }, /did not respond within the time limit/],
  ["an answer that stops in its middle", { hang: "body" }, /did not respond within the time limit/],
  ["a connection that is reset", { reset: true }, /connection|reset/i],
  ["half an answer", { malformed: "truncated" }, /STS/],
  ["a page of a network's own", { malformed: "wrong-content-type" }, /STS/],
  ["bytes", { malformed: "garbage" }, /STS/],
  ["nothing", { malformed: "empty" }, /STS/],
  ["throttling", { throttle: {} }, /Rate exceeded/],
  ["throttling by 429 for a minute", { throttle: { status: 429, retryAfterSeconds: 60 } }, /Rate/],
  ["a failure of the service", { serverError: 500 }, /STS/],
  ["a service that is not there", { serverError: 503 }, /unavailable/i],
  ["a region where STS is switched off", { disabledRegions: ["eu-west-1"] }, /not activated/],
];

describe("a network failure", () => {
  it.concurrent.each(failures)(
    "%s: ends with 1 in time, an empty stdout and one clear line; an old session is served meanwhile",
    async (_what, behaviour, line) => {
      await withRole(async (sts, home) => {
        const env = { ...home.env, AWSROLE_STORE: "plaintext" };
        const first = await runAwsrole(ask, { env });
        expect(first).toMatchObject({ code: 0, stderr: "" });
        sts.behave(behaviour);
        const forced = timed(() => runAwsrole([...ask, "--force-refresh"], { env }));

        // 400 s are left: it wants to be renewed, and may still be served.
        sts.clock.advance(3_200_000);
        const later = { env, clockOffsetSeconds: { wall: 3200, uptime: 3200 } };
        const renewed = timed(() => runAwsrole(ask, later));

        const { code, stdout, stderr, seconds } = await forced;
        expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
        expect(stderr).toMatch(/^awsrole: [^\n]+\nawsrole: hint: [^\n]+\n$/);
        expect(stderr.split("\n")[0]).toMatch(line);
        expect(seconds).toBeLessThan(18);

        expect(await renewed).toMatchObject({ code: 0, stderr: "", stdout: first.stdout });
        const before = sts.requests.length;
        expect(await runAwsrole(ask, later)).toMatchObject({ code: 0, stdout: first.stdout });
        expect(sts.requests.length, "30 s of peace for AWS").toBe(before);
      });
    },
  );

  it.concurrent("nobody listens: says which endpoint, and what to look at", async () => {
    // Below those that the system hands out: a port that was free a moment ago may be another test's by now.
    const port = 1;
    await withRole(async (_sts, home) => {
      const env = { ...home.env, AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}` };
      const { code, stdout, stderr } = await runAwsrole([...ask, "--store", "none"], { env });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(new RegExp(`^awsrole: [^\\n]*127\\.0\\.0\\.1:${port}[^\\n]*refused`));
    });
  });

  it.concurrent("a name that does not exist: says so, and asks about region and proxy", async () => {
    await withRole(async (_sts, home) => {
      const { AWS_ENDPOINT_URL_STS: _, ...env } = home.env;
      const { code, stdout, stderr } = await runAwsrole([...ask, "--store", "none"], {
        env: { ...env, AWS_ENDPOINT_URL_STS: "https://sts.nowhere.invalid" },
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^awsrole: [^\n]*sts\.nowhere\.invalid/);
      expect(stderr).toMatch(/hint: [^\n]*(region|proxy)/i);
    });
  });
});

const noOpenssl = missing("openssl", ["version"]);
describe.skipIf(noOpenssl !== undefined)(
  titled("proxies and private authorities", noOpenssl),
  () => {
    let folder: string;
    let certificates: Certificates;
    const open: Listening[] = [];
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "awsrole-tls-"));
      certificates = makeCertificates(folder);
    });
    afterEach(() => open.splice(0).forEach(({ close }) => close()));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    const fetch = (home: Home, more: NodeJS.ProcessEnv): Promise<Finished> =>
      runAwsrole([...ask, "--store", "none"], { env: { ...home.env, ...more } });

    it("a TLS endpoint of a private CA: refused without AWS_CA_BUNDLE whatever node is told, trusted with it", async () => {
      await withRole(async (sts, home) => {
        const front = await startTlsFront(sts.url, certificates);
        sts.hosts.add(`127.0.0.1:${front.port}`);
        open.push(front);
        const endpoint = { AWS_ENDPOINT_URL_STS: `https://127.0.0.1:${front.port}` };
        const refused = await fetch(home, { ...endpoint, NODE_TLS_REJECT_UNAUTHORIZED: "0" });
        expect(refused).toMatchObject({ code: 1, stdout: "" });
        expect(refused.stderr).toMatch(/certificate/);
        expect(refused.stderr).toMatch(/hint: [^\n]*AWS_CA_BUNDLE/);
        expect(sts.requests).toHaveLength(0);
        const trusted = await fetch(home, { ...endpoint, AWS_CA_BUNDLE: certificates.caFile });
        expect(trusted).toMatchObject({ code: 0, stderr: "" });
      });
    });

    it.each([
      ["a proxy", false],
      ["a proxy behind TLS", true],
    ])("%s that wants a password carries the call, its password stays unseen", async (_, isTls) => {
      await withRole(async (sts, home) => {
        const front = await startTlsFront(sts.url, certificates);
        sts.hosts.add(`127.0.0.1:${front.port}`);
        const proxy = await startProxy("someone:s3cret-pw", isTls ? certificates : undefined);
        open.push(front, proxy);
        const at = (login: string): NodeJS.ProcessEnv => ({
          AWS_ENDPOINT_URL_STS: `https://127.0.0.1:${front.port}`,
          AWS_CA_BUNDLE: certificates.caFile,
          HTTPS_PROXY: `${isTls ? "https" : "http"}://${login}@127.0.0.1:${proxy.port}`,
          DEBUG: "*",
        });
        expect(await fetch(home, at("someone:s3cret-pw"))).toMatchObject({ code: 0, stderr: "" });
        expect(proxy.seen).toContainEqual({
          what: `CONNECT 127.0.0.1:${front.port}`,
          isAuthorized: true,
        });
        const wrong = await fetch(home, at("someone:wr0ng-pw"));
        expect(wrong).toMatchObject({ code: 1, stdout: "" });
        expect(wrong.stderr).toMatch(/^awsrole: [^\n]*(407|proxy)/i);
        expect(wrong.stderr).not.toContain("wr0ng-pw");

        const before = proxy.seen.length;
        const around = { ...at("someone:s3cret-pw"), NO_PROXY: "127.0.0.1" };
        expect(await fetch(home, around)).toMatchObject({ code: 0, stderr: "" });
        expect(proxy.seen).toHaveLength(before);
      });
    });

    it("an endpoint without TLS goes through HTTP_PROXY on this machine", async () => {
      await withRole(async (_sts, home) => {
        const proxy = await startProxy("someone:s3cret-pw");
        open.push(proxy);
        const HTTP_PROXY = `http://someone:s3cret-pw@127.0.0.1:${proxy.port}`;
        expect(await fetch(home, { HTTP_PROXY })).toMatchObject({ code: 0, stderr: "" });
        expect(proxy.seen).toHaveLength(1);
      });
    });
  },
);

async function withRole(
  test: (sts: AwsDouble, home: Home) => Promise<void>,
  settings: readonly string[] = [],
): Promise<void> {
  const sts = await startAwsDouble();
  const home = createRoleHome(sts, { settings });
  try {
    await test(sts, home);
  } finally {
    await sts.close();
    await home.remove();
  }
}

async function timed(run: () => Promise<Finished>): Promise<Finished & { seconds: number }> {
  const startedAt = performance.now();
  const finished = await run();
  return { ...finished, seconds: (performance.now() - startedAt) / 1000 };
}
