/** `console`: the browser is signed in, and nobody else sees how. The browser is a script that writes down its command line. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openOneShotRedirect } from "../../src/commands/console/local-redirect.ts";
import { type FederationDouble, startFederationDouble } from "../support/federation-double.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Finished, type Home, runAwsrole } from "../support/run-awsrole.ts";
import { startStsDouble, type StsDouble } from "../support/sts-double.ts";

describe.skipIf(process.platform !== "linux")(
  "console (elsewhere than on Linux the browser cannot be replaced by a script)",
  () => {
    let sts: StsDouble;
    let signin: FederationDouble;
    let home: Home;
    let visits: string;
    beforeEach(async () => {
      [sts, signin] = await Promise.all([startStsDouble(), startFederationDouble()]);
      home = createRoleHome(sts);
      visits = join(home.path, "visits");
    });
    afterEach(async () => {
      signin.close();
      await sts.close();
      await home.remove();
    });

    /** `then`: what the browser does with the address in `$1`. */
    function run(words: readonly string[], then = ""): Promise<Finished> {
      // The one that comes with awsrole obeys BROWSER; the stand-alone program runs the system's.
      const browser = join(home.path, "xdg-open");
      writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$@" >> ${visits}\n${then}\n`);
      chmodSync(browser, 0o755);
      return runAwsrole(["console", ...words], {
        env: {
          ...home.env,
          AWSROLE_STORE: "none",
          AWS_ENDPOINT_URL_SIGNIN: signin.url,
          BROWSER: browser,
          PATH: `${home.path}:${process.env["PATH"]}`,
          DISPLAY: ":0",
        },
      });
    }
    const fetchOnce = `${process.execPath} -e 'fetch(process.argv[1],{redirect:"manual"}).then(r=>console.log(r.status+" "+r.headers.get("location")))' "$1" >> VISITS`;

    it("leads the browser to the console through an address that works once; no secret is printed or on a command line", async () => {
      const { code, stdout, stderr } = await run(["prod"], fetchOnce.replace("VISITS", visits));
      expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
      expect(stderr).toMatch(
        /^awsrole: opening the console [^\n]*http:\/\/127\.0\.0\.1:\d+\/[\w-]+ /,
      );
      await vi.waitFor(() => expect(readFileSync(visits, "utf8")).toMatch(/^302 /m), {
        timeout: 120_000,
      });
      const [address = "", answer = ""] = readFileSync(visits, "utf8").trim().split("\n");
      expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}$/);
      const location = new URL(answer.replace("302 ", ""));
      expect(Object.fromEntries(location.searchParams)).toEqual({
        Action: "login",
        Issuer: "awsrole",
        Destination: "https://console.aws.amazon.com/?region=eu-west-1",
        SigninToken: "planted-signin-token",
      });
      expect(stderr + address).not.toContain("planted-signin-token");
    });

    it("sends the session in the body of a POST, never in an address", async () => {
      await run(["prod", "--print"]);
      const { sessionToken, secretAccessKey, accessKeyId } = sts.sessions()[0] ?? {};
      expect(signin.seen.map(({ line }) => line)).toEqual(["POST /federation"]);
      const form = new URLSearchParams(signin.seen[0]?.body);
      expect(form.get("Action")).toBe("getSigninToken");
      expect(JSON.parse(form.get("Session") ?? "")).toEqual({
        sessionId: accessKeyId,
        sessionKey: secretAccessKey,
        sessionToken,
      });
    });

    it("shows the address itself under --print only, and starts no browser then", async () => {
      const { code, stdout } = await run(["prod", "--print"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /^http:\/\/127\.0\.0\.1:\d+\/federation\?Action=login&[^\n]*planted-signin-token\n$/,
      );
      expect(JSON.parse((await run(["prod", "--print", "--json"])).stdout)).toHaveProperty("url");
      expect(existsSync(visits)).toBe(false);
    });

    it("says that a user cannot sign in this way, and what the service refuses", async () => {
      const user = await run(["bob"]);
      expect(user).toMatchObject({ code: 1, stdout: "" });
      expect(user.stderr).toMatch(
        /^awsrole: profile bob is an IAM user, and the console takes sessions of roles only\n/,
      );
      signin.answer = { status: 400, body: "no" };
      expect((await run(["prod"])).stderr).toMatch(
        /refused the session \(400\)\nawsrole: hint: it takes sessions of roles only/,
      );
      signin.answer = { status: 200, body: "<html>" };
      expect((await run(["prod"])).stderr).toMatch(/answered without a token\nawsrole: hint: /);
    });
  },
);

describe("the address for the browser", () => {
  const target = "https://signin.example/federation?SigninToken=x";
  const get = (url: string, headers: Record<string, string> = {}, method = "GET") =>
    new Promise<{ status: number | undefined; headers: Record<string, unknown> }>(
      (resolve, reject) =>
        request(url, { method, headers }, (response) => {
          response.resume();
          resolve({ status: response.statusCode, headers: response.headers });
        })
          .on("error", reject)
          .end(),
    );

  it("answers its path, once, uncached, without a referrer; and nothing else", async () => {
    const redirect = await openOneShotRedirect(target, 5000);
    const { origin } = new URL(redirect.url);
    expect((await get(`${origin}/`)).status).toBe(404);
    expect((await get(redirect.url, {}, "POST")).status).toBe(404);
    expect((await get(redirect.url, { host: "evil.example" })).status).toBe(404);
    const answer = await get(redirect.url);
    expect(answer).toMatchObject({
      status: 302,
      headers: {
        location: target,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
      },
    });
    await redirect.used;
    await expect(get(redirect.url)).rejects.toThrow();
  });

  it("ends with a browser that goes away before it has the answer", async () => {
    const redirect = await openOneShotRedirect(target, 5000);
    const { hostname, port, host, pathname } = new URL(redirect.url);
    const socket = connect(Number(port), hostname, () => {
      socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, () =>
        socket.resetAndDestroy(),
      );
    });
    socket.on("error", () => {});
    await redirect.used;
    await expect(get(redirect.url)).rejects.toThrow();
  });

  it("is gone when no browser comes", async () => {
    const redirect = await openOneShotRedirect(target, 50);
    await expect(redirect.used).rejects.toMatchObject({ code: "ERR_DEADLINE" });
    await expect(get(redirect.url)).rejects.toThrow();
  });
});
