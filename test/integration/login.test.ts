/** `login` and `logout SESSION`, against the double of AWS. The browser is a script that visits the address, as a person's would. */
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPeerLookup } from "../../src/foundation/peer.ts";
import { openCallback } from "../../src/sign-in/callback-server.ts";
import { type AwsDouble, startAwsDouble } from "../support/aws-double.ts";
import { createSsoHome, ssoAccountId, ssoConfig, type SsoHome } from "../support/sso-home.ts";

let aws: AwsDouble;
let home: SsoHome;
let visits: string;

beforeEach(async () => {
  aws = await startAwsDouble();
  home = createSsoHome(aws);
  visits = join(home.path, "visits");
});
afterEach(async () => {
  await aws.close();
  await home.remove();
});

/** `awsrole login WORDS` with a browser that follows where it is led. */
function login(words: readonly string[], { isSlow = false } = {}) {
  const browser = join(home.path, "xdg-open");
  const visit = `${process.execPath} -e 'fetch(process.argv[1]).then(async r=>console.log(r.status+" "+(await r.text()).replaceAll("\\n"," ")))' "$1" >> ${visits}`;
  writeFileSync(
    browser,
    `#!/bin/sh\nprintf '%s\\n' "$1" >> ${visits}\n${isSlow ? "sleep 1\n" : ""}${visit}\n`,
  );
  chmodSync(browser, 0o755);
  return home.run(["login", ...words], {
    env: {
      BROWSER: browser,
      PATH: `${home.path}:${process.env["PATH"]}`,
      DISPLAY: ":0",
      XDG_DATA_DIRS: join(home.path, "no-applications"),
      XDG_DATA_HOME: join(home.path, "no-applications"),
    },
  });
}
const visited = (): string => (existsSync(visits) ? readFileSync(visits, "utf8") : "");
const actions = () => aws.requests.map(({ action }) => action);

describe.skipIf(process.platform !== "linux")(
  "login (elsewhere than on Linux the browser cannot be replaced by a script)",
  () => {
    it("signs in by the browser, into the file of AWS's tools, and credentials come", async () => {
      const finished = await login(["corp"]);
      expect(finished).toMatchObject({ code: 0, stdout: "signed in to corp\n" });
      expect(actions()).toEqual(["RegisterClient", "Authorize", "CreateToken"]);
      const token = home.readToken();
      expect(token).toMatchObject({
        startUrl: "https://example.awsapps.com/start",
        region: "eu-west-1",
        accessToken: expect.any(String),
        refreshToken: expect.any(String),
        clientId: expect.any(String),
        clientSecret: expect.any(String),
      });
      await vi.waitFor(() => expect(visited()).toContain("200 "), 20_000);
      expect(visited()).toContain("You are signed in");
      for (const secret of [token["accessToken"], token["refreshToken"], token["clientSecret"]])
        expect(visited() + finished.stdout + finished.stderr).not.toContain(secret);
      expect(await home.run(["whoami", "reader"])).toMatchObject({ code: 0 });
    });

    it("takes a profile, its session, or the only one there is", async () => {
      expect(await login(["reader"])).toMatchObject({ code: 0, stdout: "signed in to corp\n" });
      expect(await login(["--sso-session", "corp"])).toMatchObject({ code: 0 });
      expect(await login([])).toMatchObject({ code: 0, stdout: "signed in to corp\n" });
    });

    it("keeps the sign-in though a session made before cannot be deleted, and says so", async () => {
      await login(["corp"]);
      const words = ["whoami", "reader", "--store", "plaintext"];
      expect(await home.run(words)).toMatchObject({ code: 0 });
      const folder = join(home.path, "state", "awsrole", "items");
      for (const row of readdirSync(folder).map((name) => join(folder, name))) {
        const text = readFileSync(row, "utf8");
        if (text.includes("session/"))
          writeFileSync(row, text.replace(/"store": ?"[^"]+"/, '"store":"keychain"'));
      }
      const finished = await login(["corp"]);
      expect(finished).toMatchObject({ code: 0, stdout: "signed in to corp\n" });
      expect(finished.stderr).toMatch(
        /^awsrole: warning: sessions made before this sign-in were not deleted and .*: .*keychain/m,
      );
    });

    it("once for all who ask at the same time", async () => {
      const all = await Promise.all([1, 2, 3].map(() => login(["corp"], { isSlow: true })));
      expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
      expect(actions().filter((action) => action === "CreateToken")).toHaveLength(1);
    });

    it("denied in the browser: exit 1, and nothing is kept", async () => {
      aws.identityCenter.settings.person = "denies";
      const finished = await login(["corp"]);
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toContain("awsrole: the sign-in was denied in the browser\n");
      expect(existsSync(home.tokenFile)).toBe(false);
    });

    it("of a login_session profile: as aws login does, into AWS's own cache", async () => {
      writeFileSync(
        home.configFile,
        `[profile me]\nlogin_session = ${aws.bob.arn}\nregion = eu-west-1\n`,
      );
      const finished = await login(["me"]);
      expect(finished).toMatchObject({ code: 0, stdout: `signed in to ${aws.bob.arn}\n` });
      const kept = JSON.parse(readFileSync(home.loginFile(aws.bob.arn), "utf8")) as object;
      expect(kept).toMatchObject({
        accessToken: { accountId: aws.bob.accountId },
        clientId: "arn:aws:signin:::devtools/same-device",
        tokenType: "aws_sigv4",
      });
      expect(await home.run(["whoami", "me"])).toMatchObject({ code: 0 });
    });

    it("of a login_session profile, as another identity: refused, and nothing is kept", async () => {
      const other = aws.bob.arn.replace(/\/[^/]+$/, "/Alice");
      writeFileSync(
        home.configFile,
        `[profile me]\nlogin_session = ${other}\nregion = eu-west-1\n`,
      );
      const finished = await login(["me"]);
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toContain(`you signed in as ${aws.bob.arn}, not as ${other}`);
      expect(existsSync(home.loginFile(other))).toBe(false);
    });
  },
);

describe("login by a code", () => {
  const byCode = () => {
    aws.identityCenter.settings.deviceIntervalSeconds = 1;
    return home.run(["login", "corp", "--use-device-code"]);
  };
  const pendingCode = () =>
    vi.waitFor(() => {
      const [code] = aws.identityCenter.pendingUserCodes();
      if (code === undefined) throw new Error("no code yet");
      return code;
    }, 20_000);

  it("shows code, address and QR code, and waits for the approval", async () => {
    const running = byCode();
    const code = await pendingCode();
    await vi.waitFor(() => expect(actions()).toContain("CreateToken"), 20_000);
    aws.identityCenter.decideDevice(code);
    const finished = await running;
    expect(finished).toMatchObject({ code: 0, stdout: "signed in to corp\n" });
    expect(finished.stderr).toContain(`    ${code}\n`);
    expect(finished.stderr).toMatch(/[▀▄█]{10}/);
    expect(finished.stderr).toContain("only approve a code that you requested yourself");
    expect(await home.run(["whoami", "reader"])).toMatchObject({ code: 0 });
  });

  it("denied: exit 1", async () => {
    const running = byCode();
    aws.identityCenter.decideDevice(await pendingCode(), "denies");
    const finished = await running;
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toContain("awsrole: the sign-in was denied\n");
  });

  it("is what a machine without a display gets", async () => {
    aws.identityCenter.settings.deviceIntervalSeconds = 1;
    const running = home.run(["login", "corp"]);
    aws.identityCenter.decideDevice(await pendingCode());
    const finished = await running;
    expect(finished.code).toBe(0);
    expect(finished.stderr).toMatch(/no browser can be opened here, so this sign-in uses a code/);
  });

  it("of a start URL that AWS does not know: exit 1, and which settings to check", async () => {
    writeFileSync(home.configFile, ssoConfig.replace("example.awsapps", "other.awsapps"));
    const finished = await byCode();
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toContain("Invalid start URL provided");
    expect(finished.stderr).toContain("check sso_start_url (https://other.awsapps.com/start)");
  });
});

describe("login without anybody or anything to sign in to", () => {
  it.each([
    [["corp", "--no-input"], 3, /signing in is interactive/],
    [["nobody"], 1, /no profile or sso-session nobody\n.*sso-sessions: corp/],
    [["--sso-session", "nowhere"], 1, /there is no \[sso-session nowhere\] section/],
  ])("%j: exit %i", async (words, code, message) => {
    const finished = await home.run(["login", ...words]);
    expect(finished).toMatchObject({ code, stdout: "" });
    expect(finished.stderr).toMatch(message);
    expect(actions()).toEqual([]);
  });

  it("several sessions, and none named: exit 1, and the commands to choose from", async () => {
    const other = ssoConfig.slice(ssoConfig.indexOf("[sso-session")).replace("corp", "dept");
    writeFileSync(home.configFile, ssoConfig + other);
    const finished = await home.run(["login"]);
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toContain("choose one: awsrole login corp, awsrole login dept");
  });

  it("a profile that needs none, and one that shares its name with a session", async () => {
    const key = `[profile corp]\naws_access_key_id = ${aws.bob.accessKeyId}\naws_secret_access_key = s\n`;
    writeFileSync(home.configFile, key);
    expect((await home.run(["login", "corp"])).stderr).toContain("profile corp needs no sign-in");
    writeFileSync(home.configFile, key + ssoConfig);
    const finished = await home.run(["login", "corp"]);
    expect(finished).toMatchObject({ code: 1 });
    expect(finished.stderr).toContain("awsrole login --sso-session corp signs in to the session");
  });
});

describe("logout of a session", () => {
  it("ends the sign-in at AWS, and deletes its token and the sessions that came from it", async () => {
    home.signIn();
    const words = ["credential-process", "--profile", "reader", "--store", "plaintext"];
    expect(await home.run(words)).toMatchObject({ code: 0 });
    const finished = await home.run(["logout", "corp", "--store", "plaintext"]);
    expect(finished).toMatchObject({ code: 0 });
    expect(finished.stdout).toMatch(/^signed out of corp\ndeleted 1 cached session of corp\n/);
    expect(existsSync(home.tokenFile)).toBe(false);
    expect(actions()).toContain("Logout");
    expect(await home.run(words)).toMatchObject({ code: 3, stdout: "" });
  });

  it("by a profile only with --sso", async () => {
    home.signIn();
    expect(await home.run(["logout", "reader"])).toMatchObject({ code: 0 });
    expect(existsSync(home.tokenFile)).toBe(true);
    expect(await home.run(["logout", "reader", "--sso"])).toMatchObject({ code: 0 });
    expect(existsSync(home.tokenFile)).toBe(false);
  });

  it("while AWS does not answer: signed out here, exit 1, and until when the token stays good", async () => {
    home.signIn();
    aws.behave({ only: ["Logout"], serverError: 503 });
    const finished = await home.run(["logout", "corp"]);
    expect(finished).toMatchObject({ code: 1 });
    expect(finished.stderr).toMatch(/you are signed out on this machine, but not in AWS: /);
    expect(finished.stderr).toMatch(/the token remains valid there until \d\d:\d\d, in .* min/);
    expect(existsSync(home.tokenFile)).toBe(false);
  });
});

describe("the callback of a sign-in", () => {
  const state = "the-state";
  const open = async (timeoutMs = 5000) =>
    openCallback({ state, timeoutMs, peers: await createPeerLookup(process.platform) });
  const ask = (url: string, method = "GET", headers: Record<string, string> = {}) =>
    new Promise<number>((resolve, reject) => {
      request(url, { method, headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .once("error", reject)
        .end();
    });

  it("answers a wrong path, method, state, host or an empty answer with 404, and keeps waiting", async () => {
    const callback = await open();
    const { redirectUri } = callback;
    const right = `${redirectUri}?code=c&state=${state}`;
    expect(await ask(right.replace("/callback", "/other"))).toBe(404);
    expect(await ask(`${redirectUri}/../callback2?code=c&state=${state}`)).toBe(404);
    expect(await ask(right, "POST")).toBe(404);
    expect(await ask(`${redirectUri}?code=evil&state=wrong`)).toBe(404);
    expect(await ask(`${redirectUri}?code=evil`)).toBe(404);
    expect(await ask(`${redirectUri}?state=${state}`)).toBe(404);
    expect(await ask(right, "GET", { host: "evil.example" })).toBe(404);
    expect(await ask(`${redirectUri}?error=access_denied&state=wrong`)).toBe(404);
    expect(await ask(right)).toBe(200);
    expect(await callback.code).toBe("c");
    await expect(ask(right)).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
  });

  it("outlasts what is no address at all", async () => {
    const callback = await open();
    const { host, port } = new URL(callback.redirectUri);
    for (const target of ["//", "http://[", "/\u0000", "?", "///?state=x"]) {
      const answered = new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), "127.0.0.1", () =>
          socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
        );
        socket.once("data", (data) => resolve(data.toString())).once("error", reject);
        socket.once("close", () => resolve("closed"));
      });
      expect(await answered).toMatch(/ 40[04] |closed/);
    }
    expect(await ask(`${callback.redirectUri}?code=c&state=${state}`)).toBe(200);
    expect(await callback.code).toBe("c");
  });

  it("takes an error with the right state for the answer", async () => {
    const callback = await open();
    expect(await ask(`${callback.redirectUri}?error=access_denied&state=${state}`)).toBe(200);
    await expect(callback.code).rejects.toMatchObject({ code: "ERR_PERSON_REFUSED" });
  });

  it("is for the same user only, where users can be told apart", async () => {
    const callback = await openCallback({
      state,
      timeoutMs: 300,
      peers: { ownUid: 1000, uidOf: async () => 1001 },
    });
    expect(await ask(`${callback.redirectUri}?code=c&state=${state}`)).toBe(404);
    await expect(callback.code).rejects.toMatchObject({ code: "ERR_DEADLINE" });
  });
});

it("a managed profile of a session gives credentials like a native one", async () => {
  writeFileSync(
    home.configFile,
    ssoConfig.replace(/^sso_(?=session|account|role)/gm, "awsrole_sso_"),
  );
  home.signIn();
  const { stdout, code } = await home.run(["credential-process", "--profile", "reader"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ AccountId: ssoAccountId });
});
