/** `console`: the browser is signed in, and nobody else sees how. The browser is a script that writes down its command line. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  openOneShotRedirect,
  type RedirectOptions,
} from "../../src/commands/console/local-redirect.ts";
import { createPeerLookup } from "../../src/foundation/peer.ts";
import { asWsl, noWsl } from "../support/as-wsl.ts";
import { noOtherUser, runAs, users } from "../support/other-user.ts";
import { createRoleHome } from "../support/role-home.ts";
import { titled } from "../support/installed.ts";
import { type Finished, type Home, program, runCommand } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { storeKeyIn } from "../support/store-key.ts";

/** By its path: on PATH is what keeps tests from the machine's own browser. */
const chromium = "/usr/bin/chromium";
const noChromium = existsSync(chromium) ? undefined : "Chromium is not installed";
const support = join(import.meta.dirname, "..", "support");

describe.skipIf(process.platform !== "linux")(
  "console (elsewhere than on Linux the browser cannot be replaced by a script)",
  () => {
    let sts: AwsDouble;
    let home: Home;
    let visits: string;
    beforeEach(async () => {
      sts = await startAwsDouble();
      home = createRoleHome(sts);
      visits = join(home.path, "visits");
    });
    afterEach(async () => {
      await sts.close();
      await home.remove();
    });

    /** `then`: what the browser does with the address in `$1`. */
    function run(
      words: readonly string[],
      then = "",
      before: readonly string[] = [],
    ): Promise<Finished> {
      // The one that comes with awsrole obeys BROWSER; the stand-alone program runs the system's.
      const browser = join(home.path, "xdg-open");
      writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$@" >> ${visits}\n${then}\n`);
      chmodSync(browser, 0o755);
      return runCommand([...before, ...program, "console", ...words], {
        env: {
          ...home.env,
          AWSROLE_STORE: "none",
          AWS_ENDPOINT_URL_SIGNIN: sts.urls.signin,
          BROWSER: browser,
          PATH: `${home.path}:${process.env["PATH"]}`,
          DISPLAY: ":0",
          // xdg-open would find the machine's own browser there before it obeys BROWSER.
          XDG_DATA_DIRS: join(home.path, "no-applications"),
          XDG_DATA_HOME: join(home.path, "no-applications"),
        },
      });
    }
    const edit = (change: (text: string) => string): void =>
      writeFileSync(home.configFile, change(readFileSync(home.configFile, "utf8")));
    /** For how long the browser is signed in, in seconds from now. */
    const lifeSaidIn = (stderr: string): number => {
      const [, hours = "0", minutes = "0"] =
        /^awsrole: signed in until [-\d ]*\d\d:\d\d, in (?:(\d+) h ?)?(?:(\d+) min)?$/m.exec(
          stderr,
        ) ?? [];
      return Number(hours) * 3600 + Number(minutes) * 60;
    };
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
        SigninToken: expect.stringMatching(/^planted-signin-token-/),
      });
      const console = await fetch(location, { redirect: "manual" });
      expect(console.headers.get("location")).toBe(location.searchParams.get("Destination"));
      expect(stderr + address).not.toContain("planted-signin-token");
    });

    it("sends the session in the body of a POST, never in an address", async () => {
      await run(["prod", "--print"]);
      const { sessionToken, secretAccessKey, accessKeyId } = sts.sessions()[0] ?? {};
      const [exchange] = sts.callsOf("GetSigninToken");
      expect(exchange).toMatchObject({ method: "POST", target: "/federation" });
      expect(JSON.parse(String(exchange?.input["Session"]))).toEqual({
        sessionId: accessKeyId,
        sessionKey: secretAccessKey,
        sessionToken,
      });
    });

    it("shows the address itself under --print only, and starts no browser then", async () => {
      const { code, stdout } = await run(["prod", "--print"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /^http:\/\/127\.0\.0\.1:\d+\/federation\?Action=login&[^\n]*planted-signin-token-[\w-]+\n$/,
      );
      expect(JSON.parse((await run(["prod", "--print", "--json"])).stdout)).toHaveProperty("url");
      expect(existsSync(visits)).toBe(false);
    });

    const destinationOf = async (words: readonly string[]): Promise<string | null> => {
      const { stdout, stderr } = await run([...words, "--print"]);
      expect(stdout, stderr).toMatch(/^http/);
      return new URL(stdout).searchParams.get("Destination");
    };

    it("opens the profile's region, not that of STS, at a service or a page", async () => {
      edit((text) => `${text}\nawsrole_region = us-east-1\n`);
      expect(await destinationOf(["prod"])).toBe(
        "https://console.aws.amazon.com/?region=eu-west-1",
      );
      expect(await destinationOf(["prod", "--service", "ddb", "--region", "us-west-2"])).toBe(
        "https://console.aws.amazon.com/dynamodbv2/home?region=us-west-2",
      );
      expect(await destinationOf(["prod", "--destination", "/s3/buckets/x?tab=objects"])).toBe(
        "https://console.aws.amazon.com/s3/buckets/x?tab=objects",
      );
    });

    it("asks for the longest session that AWS gives, again without where AWS does not, and says until when", async () => {
      const visit = fetchOnce.replace("VISITS", visits);
      const long = await run(["prod"], visit);
      const [asked] = sts.callsOf("GetSigninToken");
      expect(asked?.input["SessionDuration"]).toBeDefined();
      expect(Number(asked?.input["SessionDuration"])).toBe(43_200);
      expect(lifeSaidIn(long.stderr)).toBeGreaterThan(42_000);
      sts.behave({
        refuse: { status: 400, code: "BadRequest", message: "no" },
        only: ["GetSigninToken"],
        times: 1,
      });
      const short = await run(["prod"], visit);
      expect(
        sts.callsOf("GetSigninToken").map(({ input }) => input["SessionDuration"] !== undefined),
      ).toEqual([true, true, false]);
      expect(lifeSaidIn(short.stderr)).toBeLessThan(3700);
    });

    it("leads an IAM Identity Center profile to the access portal's own link, without a call to AWS", async () => {
      edit(
        (text) =>
          `${text}\n[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start/\nsso_region = eu-central-1\n[profile reader]\nregion = us-east-2\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n`,
      );
      const { stdout } = await run([
        "reader",
        "--service",
        "s3",
        "--region",
        "us-east-2",
        "--print",
      ]);
      const destination = encodeURIComponent(
        "https://console.aws.amazon.com/s3/home?region=us-east-2",
      );
      expect(stdout).toBe(
        `https://corp.awsapps.com/start/#/console?account_id=123456789012&role_name=Reader&destination=${destination}\n`,
      );
      expect(await run(["reader"])).toMatchObject({ code: 0 });
      await vi.waitFor(() => expect(readFileSync(visits, "utf8")).toMatch(/role_name=Reader/));
      expect(sts.requests).toEqual([]);
    });

    it.each([
      ["chromium-stub", /^--profile-directory=awsrole-prod\n--no-first-run\nhttp:\/\/127/],
      ["firefox-stub", /^--profile\n\S+\/browsers\/awsrole-prod\nhttp:\/\/127/],
      ["any-stub", /^http:\/\/127/],
    ])("gives each profile a browser profile of its own: %s", async (name, expected) => {
      const visit = fetchOnce.replace('"$1"', '"$last"').replace("VISITS", visits);
      const stub = join(home.path, name);
      writeFileSync(
        stub,
        `#!/bin/sh\nprintf '%s\\n' "$@" >> ${visits}\nfor last; do :; done\n${visit}\n`,
      );
      chmodSync(stub, 0o755);
      expect(await run(["prod", "--browser", stub])).toMatchObject({ code: 0 });
      expect(readFileSync(visits, "utf8")).toMatch(expected);
    });

    it.skipIf(noChromium !== undefined)(
      titled("signs a real Chromium in, which visits the address once", noChromium),
      async () => {
        const headless = join(home.path, "chromium-headless");
        const words = [
          "--headless=new --no-sandbox --disable-gpu --disable-background-networking",
          `--user-data-dir=${home.path}/chromium --host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'`,
          "--virtual-time-budget=1000 --dump-dom",
        ];
        writeFileSync(
          headless,
          `#!/bin/sh\nexec ${chromium} ${words.join(" ")} "$@" > ${home.path}/dom 2>&1\n`,
        );
        chmodSync(headless, 0o755);
        expect(await run(["prod", "--browser", headless])).toMatchObject({ code: 0 });
        await vi.waitFor(() => expect(sts.callsOf("Login")).toHaveLength(1), { timeout: 60_000 });
        const [login] = sts.callsOf("Login");
        expect(login).toMatchObject({ status: 302, userAgent: expect.stringMatching(/Chrome/) });
        expect(login?.headers.referer).toBeUndefined();
      },
    );

    it.each([
      [
        ["prod", "--browser", "netscape"],
        /invalid value "netscape" for --browser\n.*choose from chrome, /,
      ],
      [
        ["prod", "--service", "s3", "--destination", "/x"],
        /--service and --destination cannot be combined/,
      ],
      [["prod", "--service", "../x"], /invalid value "..\/x" for --service/],
      [["prod", "--region", "mars"], /invalid value "mars" for --region/],
      [
        ["prod", "--destination", "https://evil.example/"],
        /--destination is not a URL of this console/,
      ],
      [["prod", "--destination", "https://console.aws.amazon.com.evil.example/"], /not a URL/],
      [["prod", "--destination", "//evil.example/"], /not a URL/],
      [["prod", "--destination", "javascript:alert(1)"], /not a URL/],
    ] as const)("refuses %j", async (words, message) => {
      expect(await run(words)).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.stringMatching(message),
      });
      expect(sts.callsOf("GetSigninToken")).toEqual([]);
    });

    it("warns and ends with 1 when the address is used a second time", async () => {
      const twice = `${fetchOnce}; ${fetchOnce}`.replaceAll("VISITS", visits);
      const { code, stdout, stderr } = await run(["prod", "--json"], twice);
      expect({ code, error: JSON.parse(stdout) as unknown }).toMatchObject({
        code: 1,
        error: { error: { code: "ERR_ADDRESS_REUSED" } },
      });
      expect(stderr).toMatch(
        /\nawsrole: the one-time sign-in URL was used twice: another program may be signed in to the console\nawsrole: hint: unless you opened it twice yourself, revoke the role's sessions now: /,
      );
    });

    it.skipIf(noOtherUser !== undefined)(
      titled(
        "keeps the console from another user who finds the address on a command line and is faster",
        noOtherUser,
      ),
      async () => {
        const slowly = `sleep 1; ${fetchOnce.replace("VISITS", visits)}`;
        const [mine, theirs] = await Promise.all([run(["prod"], slowly), steal(home)]);
        expect(theirs).toBe("404 nowhere\n");
        expect(mine.code).toBe(0);
        expect(mine.stderr).toContain(
          `awsrole: another user (uid ${users.thief}) requested the sign-in URL and was refused\n`,
        );
        expect(readFileSync(visits, "utf8")).toMatch(/^302 [^\n]*SigninToken=/m);
      },
    );

    it.skipIf(noOtherUser !== undefined || noWsl !== undefined)(
      titled(
        "hands the browser a page that only its user can read where connections show no user, as in WSL",
        noOtherUser ?? noWsl,
      ),
      async () => {
        const read = `u=$(sed -n 's/.*url=\\([^"]*\\)".*/\\1/p' "$1"); stat -c %a "$1" "$(dirname "$1")" >> ${visits}; set -- "$u"`;
        const visit = fetchOnce.replace("VISITS", visits);
        const [mine, theirs] = await Promise.all([
          // Twice, so that it does not watch for a second visit until the end.
          run(["prod"], `sleep 1; ${read}; ${visit}; ${visit}`, asWsl(home.path)),
          steal(home),
        ]);
        expect(theirs).toBe("EACCES\n");
        const [page = "", ...seen] = readFileSync(visits, "utf8").trim().split("\n");
        expect(page).toMatch(/\/console-\w+\/console\.html$/);
        // awsrole may have ended before the second answer was written down.
        expect(seen.slice(0, 3)).toEqual([
          "600",
          "700",
          expect.stringMatching(/^302 .*SigninToken=/),
        ]);
        expect(existsSync(join(page, ".."))).toBe(false);
        expect(mine).toMatchObject({ code: 1, stderr: expect.stringContaining("was used twice") });
      },
    );

    it("signs an IAM user in by GetFederationToken, with all that the user may do, for twelve hours, without a length at the sign-in", async () => {
      const { code, stderr } = await run(["bob"], fetchOnce.replace("VISITS", visits));
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const [call] = sts.callsOf("GetFederationToken");
      expect(call).toMatchObject({
        accessKeyId: sts.bob.accessKeyId,
        region: "eu-west-1",
        input: { Name: "Bob", DurationSeconds: 43_200 },
      });
      expect(JSON.parse(String(call?.input["Policy"]))).toEqual({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
      });
      const [exchange] = sts.callsOf("GetSigninToken");
      expect(exchange?.input["SessionDuration"]).toBeUndefined();
      expect(exchange).toMatchObject({ status: 200 });
      expect(lifeSaidIn(stderr)).toBeGreaterThan(42_000);
      expect(readFileSync(visits, "utf8")).toMatch(/^302 .*SigninToken=/m);
    });

    it("takes no code for an IAM user with a device, and warns of what that means", async () => {
      Object.assign(home.env, storeKeyIn(home.path));
      const { code } = await runCommand([...program, "add-key", "keyed", "--store", "file"], {
        env: home.env,
        stdin: `${sts.bob.accessKeyId}\n${sts.bob.secretAccessKey}\n`,
      });
      expect(code).toBe(0);
      edit((text) =>
        text.replace(
          "[profile keyed]\n",
          `[profile keyed]\nawsrole_mfa_serial = ${sts.bob.mfaSerial}\n`,
        ),
      );
      const { stderr } = await run(["keyed", "--print", "--no-input"]);
      expect(stderr).toMatch(/^awsrole: AWS takes no MFA code for an IAM user's console session: /);
      expect(sts.callsOf("GetSessionToken")).toEqual([]);
      expect(sts.callsOf("GetFederationToken")).toHaveLength(1);
    });

    it("is of the user's partition, and says which policy the user lacks", async () => {
      const cn = sts.addUser({ name: "Mei", partition: "aws-cn" });
      sts.iam.usersByArn.get(cn.arn)!.attachedPolicyArns = new Set();
      writeFileSync(
        home.credentialsFile,
        `[mei]\naws_access_key_id = ${cn.accessKeyId}\naws_secret_access_key = ${cn.secretAccessKey}\n`,
      );
      edit((text) => `${text}\n[profile mei]\nawsrole_region = cn-north-1\n`);
      const refused = await run(["mei", "--print"]);
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr).toMatch(
        /^awsrole: STS refused GetFederationToken: AccessDenied: User: \S+ is not authorized to perform: sts:GetFederationToken on resource: arn:aws-cn:sts::123456789012:federated-user\/Mei /,
      );
      expect(refused.stderr).toMatch(
        /\nawsrole: hint: attach a policy to the user that allows sts:GetFederationToken on the resource which AWS names; /,
      );
      sts.iam.usersByArn.get(cn.arn)!.attachedPolicyArns = new Set([
        "arn:aws-cn:iam::aws:policy/AdministratorAccess",
      ]);
      const { stdout } = await run(["mei", "--print", "--region", "cn-north-1"]);
      expect(new URL(stdout).searchParams.get("Destination")).toBe(
        "https://console.amazonaws.cn/?region=cn-north-1",
      );
    });

    it("says what the sign-in service refuses", async () => {
      const only = ["GetSigninToken"];
      sts.behave({ only, refuse: { status: 400, code: "BadSession", message: "no" } });
      expect((await run(["prod"])).stderr).toMatch(
        /refused the session \(400\)\nawsrole: hint: it takes sessions of roles and of GetFederationToken only/,
      );
      sts.behave({ only, malformed: "wrong-content-type" });
      expect((await run(["prod"])).stderr).toMatch(/returned no token\nawsrole: hint: /);
    });
  },
);

describe("the address for the browser", () => {
  const target = "https://signin.example/federation?SigninToken=x";
  const open = (more: Partial<RedirectOptions> = {}) =>
    openOneShotRedirect(target, {
      timeoutMs: 5000,
      watchMs: 50,
      peers: undefined,
      onOtherUser: () => {},
      ...more,
    });
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
    const redirect = await open({ peers: await createPeerLookup(process.platform) });
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
    const redirect = await open();
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
    const redirect = await open({ timeoutMs: 50 });
    await expect(redirect.used).rejects.toMatchObject({ code: "ERR_DEADLINE" });
    await expect(get(redirect.url)).rejects.toThrow();
  });

  it("is for its own user only, stays good when another asks, and reports that once", async () => {
    let uid: number | undefined = 4711;
    const others: unknown[] = [];
    const redirect = await open({
      peers: { ownUid: 1000, uidOf: () => Promise.resolve(uid) },
      onOtherUser: (other) => others.push(other),
    });
    expect((await get(redirect.url)).status).toBe(404);
    uid = 0;
    expect((await get(redirect.url)).status, "root has no browser here").toBe(404);
    uid = undefined;
    expect((await get(redirect.url)).status).toBe(404);
    uid = 1000;
    expect((await get(redirect.url)).status).toBe(302);
    uid = 4711;
    expect((await get(redirect.url)).status, "no alarm: another user gets nothing").toBe(404);
    await redirect.used;
    expect(others).toEqual([4711]);
  });

  it.skipIf(noOtherUser !== undefined)(
    titled(
      "would be another user's, were connections not looked at, and that is noticed",
      noOtherUser,
    ),
    async () => {
      const redirect = await open({ watchMs: 20_000 });
      const theirs = await visitAs(users.thief, redirect.url);
      expect(theirs).toBe(`302 ${target}`);
      expect((await get(redirect.url)).status).toBe(404);
      await expect(redirect.used).rejects.toMatchObject({ code: "ERR_ADDRESS_REUSED" });
    },
  );
});

/** Another user looks for the address of a console that `home` opens; what it gets. */
async function steal({ path }: Home): Promise<string> {
  const { stdout } = await runAs(
    users.thief,
    [process.execPath, "--input-type=module", "-", path],
    { env: {}, stdin: readFileSync(join(support, "console-thief.mjs"), "utf8") },
  );
  return stdout;
}

async function visitAs(uid: number, url: string): Promise<string> {
  const script = `fetch(process.argv[1], { redirect: "manual" }).then((r) => console.log(r.status + " " + r.headers.get("location")))`;
  return (await runAs(uid, [process.execPath, "-e", script, url], { env: {} })).stdout.trim();
}
