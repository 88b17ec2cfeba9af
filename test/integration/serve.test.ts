/** `serve` and `exec --serve`: who is answered, with what, and for how long. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asWsl, noWsl } from "../support/as-wsl.ts";
import { missing, titled } from "../support/installed.ts";
import { commandAs, giveTo, noOtherUser, runAs, users } from "../support/other-user.ts";
import { createRoleHome } from "../support/role-home.ts";
import { type Home, program, runAwsrole, runCommand } from "../support/run-awsrole.ts";
import {
  type Answer,
  askEndpoint,
  type ServeProcess,
  startServe,
} from "../support/serve-process.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";
import { noTerminal, openTerminal, type Terminal } from "../support/terminal.ts";

const awsrole = program.join(" ");
const serial = "arn:aws:iam::123456789012:mfa/Bob";

let sts: AwsDouble;
let home: Home;
let serve: ServeProcess | undefined;
beforeEach(async () => {
  sts = await startAwsDouble();
  home = createRoleHome(sts);
});
afterEach(async () => {
  await serve?.end("SIGKILL");
  serve = undefined;
  await sts.close();
  await home.remove();
});

const start = async (words: readonly string[], env?: NodeJS.ProcessEnv): Promise<ServeProcess> =>
  (serve = await startServe(home, words, env));
const assumed = (): number => sts.callsOf("AssumeRole").length;
const edit = (change: (text: string) => string): void =>
  writeFileSync(home.configFile, change(readFileSync(home.configFile, "utf8")));

/** Roles of the account, each with a profile of its name. */
function addRoles(names: readonly string[]): void {
  for (const name of names) {
    const arn = `arn:aws:iam::123456789012:role/${name}`;
    sts.addRole({ arn });
    edit((text) => `${text}\n[profile ${name}]\nrole_arn = ${arn}\nsource_profile = bob\n`);
  }
}

describe("the endpoint", () => {
  it("answers who has its token, and nobody else", async () => {
    const endpoint = await start(["prod"]);
    const half = halfOpen(endpoint.url);
    const port = new URL(endpoint.url).port;
    expect(endpoint.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/credentials\/prod$/);
    expect(endpoint.token).toMatch(/^[\w-]{43}$/);
    const good = await askEndpoint(endpoint);
    expect(good.status).toBe(200);
    expect(good.headers).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-store",
    });
    expect(good.body).toEqual({
      AccessKeyId: expect.stringMatching(/^ASIA/),
      SecretAccessKey: expect.stringMatching(/./),
      Token: expect.stringMatching(/./),
      Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      RoleArn: "arn:aws:iam::123456789012:role/example-role",
      AccountId: "123456789012",
    });

    const { token } = endpoint;
    const unauthorized = { status: 401, code: "Unauthorized" };
    const attacks: readonly (readonly [object, { status: number; code: string }])[] = [
      [{ headers: { authorization: undefined } }, unauthorized],
      [{ headers: { authorization: "" } }, unauthorized],
      [
        { headers: { authorization: `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}` } },
        unauthorized,
      ],
      [{ headers: { authorization: token.slice(0, -1) } }, unauthorized],
      [{ headers: { authorization: `${token}A` } }, unauthorized],
      [{ headers: { authorization: `Bearer ${token}` } }, unauthorized],
      [{ headers: { authorization: token.toUpperCase() } }, unauthorized],
      [{ headers: { authorization: "x" }, path: "/elsewhere", method: "POST" }, unauthorized],
      [{ headers: { host: `evil.example:${port}` } }, { status: 403, code: "ForbiddenHost" }],
      [{ headers: { host: `localhost:${port}` } }, { status: 403, code: "ForbiddenHost" }],
      [{ headers: { host: "127.0.0.1:1" } }, { status: 403, code: "ForbiddenHost" }],
      [{ headers: { host: `127.0.0.1.nip.io:${port}` } }, { status: 403, code: "ForbiddenHost" }],
      [{ headers: { origin: "https://evil.example" } }, { status: 403, code: "ForbiddenOrigin" }],
      [{ headers: { origin: "null" } }, { status: 403, code: "ForbiddenOrigin" }],
      [
        { headers: { origin: `http://127.0.0.1:${port}` }, method: "OPTIONS" },
        { status: 403, code: "ForbiddenOrigin" },
      ],
      ...[
        "/",
        "/credentials",
        "/credentials/",
        "/credentials/prod/",
        "/credentials/prod?x=1",
        "/credentials/PROD",
        "/../credentials/prod",
        "/%63redentials/prod",
        "//credentials/prod",
        `http://127.0.0.1:${port}/credentials/prod`,
      ].map((path) => [{ path }, { status: 404, code: "NotFound" }] as const),
      ...["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"].map(
        (method) => [{ method }, { status: 405, code: "MethodNotAllowed" }] as const,
      ),
    ];
    for (const [attack, refusal] of attacks) {
      const { status, body, headers } = await askEndpoint(endpoint, attack);
      expect({ status, code: body["code"] }, JSON.stringify(attack)).toEqual(refusal);
      expect(JSON.stringify(body)).not.toContain("SecretAccessKey");
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
    expect((await askEndpoint(endpoint, { method: "HEAD" })).status).toBe(405);
    // SDKs built on the AWS Common Runtime leave the port out.
    expect(await askEndpoint(endpoint, { headers: { host: "127.0.0.1" } })).toMatchObject({
      status: 200,
      body: { AccessKeyId: good.body["AccessKeyId"] },
    });

    // Below HTTP: no or two hosts, a header without end, no HTTP at all, a request inside a request.
    expect(await raw(endpoint.url, "GET /credentials/prod HTTP/1.1\r\n\r\n")).toMatch(
      /^HTTP\/1.1 400 /,
    );
    expect(
      await raw(endpoint.url, `GET /credentials/prod HTTP/1.0\r\nAuthorization: ${token}\r\n\r\n`),
    ).toMatch(/^HTTP\/1.1 403 /);
    expect(
      await raw(
        endpoint.url,
        `GET /credentials/prod HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1:${port}\r\nAuthorization: ${token}\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1.1 40[03] /);
    expect(
      await raw(
        endpoint.url,
        `GET /credentials/prod HTTP/1.1\r\nX: ${"x".repeat(100_000)}\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1.1 431 |^$/);
    expect(await raw(endpoint.url, "hello\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
    const smuggled = `POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 500\r\n\r\nGET /credentials/prod HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: ${token}\r\n\r\n`;
    expect(await raw(endpoint.url, smuggled)).not.toContain("SecretAccessKey");

    // What node would answer by itself, or hang up on, is answered like everything else.
    const [expected, ...others] = await Promise.all(
      [
        `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
        `CONNECT example.com:443 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
        `GET /credentials/prod HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nExpect: nothing\r\n\r\n`,
        `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      ].map(async (text) => (await raw(endpoint.url, text)).replace(/^Date: .*$/m, "Date: now")),
    );
    expect(expected).toMatch(/^HTTP\/1.1 401 /);
    expect(others).toEqual(others.map(() => expected));

    // Who connects and says nothing, or says half of it, is cut off.
    expect(await half).not.toContain("SecretAccessKey");
    expect((await askEndpoint(endpoint)).status).toBe(200);
    expect(assumed()).toBe(1);
    expect(await endpoint.end()).toEqual([0, null]);
    await expect(askEndpoint(endpoint)).rejects.toThrow("ECONNREFUSED");
  });

  it("makes one fetch for a thousand requests at once", async () => {
    const endpoint = await start(["prod"]);
    expect(
      await runAwsrole(["logout", "prod"], { env: { ...home.env, AWSROLE_STORE: "none" } }),
    ).toMatchObject({ code: 0 });
    sts.behave({ delayMs: 1000, only: ["AssumeRole"] });
    const asked: Promise<Answer>[] = [];
    // A hundred connections at a time: a client that has connected and whose request is not read within 5 s is cut off, as it should be.
    while (asked.length < 1000) {
      const sent = Array.from(
        { length: 100 },
        () =>
          new Promise<void>((resolve, reject) => {
            const answer = askEndpoint(endpoint, { onSent: resolve });
            answer.catch(reject);
            asked.push(answer);
          }),
      );
      await Promise.all(sent);
    }
    const answers = await Promise.all(asked);
    const different = new Set(
      answers.map(({ status, body }) => `${status} ${body["AccessKeyId"] ?? JSON.stringify(body)}`),
    );
    expect([...different].join(" / ")).not.toContain(" / ");
    expect(answers[0]?.status).toBe(200);
    expect(assumed()).toBe(2);
  });

  it("renews in time, gives the old credentials while it cannot or takes too long, and says what is wrong when they end", async () => {
    const endpoint = await start(["prod"]);
    const keyAt = async (seconds: number): Promise<string | undefined> => {
      endpoint.setSecondsAhead(seconds);
      sts.clock.setOffset(seconds * 1000);
      return (await askEndpoint(endpoint)).body["AccessKeyId"];
    };
    const first = await keyAt(0);
    expect(await keyAt(2600)).toBe(first);
    sts.behave({ delayMs: 1500, times: 1 });
    expect(await keyAt(2700), "while STS takes its time").toBe(first);
    // That fetch continues: a later request finds its result.
    while ((await keyAt(2700)) === first) await pause(50);
    expect(assumed()).toBe(2);
    const second = await keyAt(2700);
    sts.behave({ serverError: 503 });
    expect(await keyAt(2700 + 3500), "while STS fails").toBe(second);
    sts.behave({});
    expect(await keyAt(2700 + 3535), "when STS is asked again, after 30 s").not.toBe(second);
    expect(endpoint.stderr()).toMatch(/^awsrole: renewed prod \(credentials until /m);

    sts.behave({ serverError: 503 });
    endpoint.setSecondsAhead(12_000);
    sts.clock.setOffset(12_000_000);
    expect(await askEndpoint(endpoint)).toMatchObject({
      status: 503,
      body: { code: "ERR_AWS_UNAVAILABLE", Message: expect.stringMatching(/^awsrole: /) },
    });
    sts.behave({ deny: "not today" });
    expect(await askEndpoint(endpoint)).toMatchObject({
      status: 403,
      body: { Code: "ERR_AWS_DENIED", message: expect.stringContaining("not today") },
    });
  });

  it("serves what the files say now, and what a logout left", async () => {
    sts.addRole({ arn: "arn:aws:iam::123456789012:role/other" });
    const endpoint = await start(["prod"], { AWSROLE_STORE: "plaintext" });
    const first = await askEndpoint(endpoint);
    await runAwsrole(["logout", "prod"], { env: { ...home.env, AWSROLE_STORE: "plaintext" } });
    const second = await askEndpoint(endpoint);
    expect(second.body["AccessKeyId"]).not.toBe(first.body["AccessKeyId"]);
    edit((text) => text.replace("role/example-role", "role/other"));
    expect((await askEndpoint(endpoint)).body["RoleArn"]).toBe(
      "arn:aws:iam::123456789012:role/other",
    );
    edit((text) => text.replace("profile prod", "profile gone"));
    expect(await askEndpoint(endpoint)).toMatchObject({
      status: 400,
      body: { code: "ERR_PROFILE_NOT_FOUND" },
    });
    expect(assumed()).toBe(3);
  });

  it("shares the cache with every other awsrole", async () => {
    const env = { ...home.env, AWSROLE_STORE: "plaintext" };
    await runAwsrole(["credential-process", "--profile", "prod"], { env });
    const endpoint = await start(["prod"], { AWSROLE_STORE: "plaintext" });
    await askEndpoint(endpoint);
    expect(assumed()).toBe(1);
  });

  it("gives a session of an access key, or with --long-term the key in a form that SDKs take", async () => {
    const session = await askEndpoint(await start(["bob"]));
    expect(session.body).toMatchObject({
      AccessKeyId: expect.stringMatching(/^ASIA/),
      Token: expect.stringMatching(/./),
    });
    await serve?.end();
    const key = await askEndpoint(await start(["bob", "--long-term"]));
    expect(key.body).toMatchObject({
      AccessKeyId: sts.bob.accessKeyId,
      Token: "",
      Expiration: expect.stringMatching(/Z$/),
    });
  });
});

describe.skipIf(noOtherUser !== undefined)(
  titled("another user of the machine", noOtherUser),
  () => {
    const serveAsVictim = async (words: readonly string[]): Promise<ServeProcess> => {
      giveTo(users.victim, home.path);
      return (serve = await startServe(home, words, {}, commandAs(users.victim, [])));
    };
    const ask = async (
      uid: number,
      { url, token }: Pick<ServeProcess, "url" | "token">,
      hostname = "127.0.0.1",
    ): Promise<string> => {
      const script = `const [, url, authorization, hostname] = process.argv;
        const { port, pathname, host } = new URL(url);
        require("node:http").get({ hostname, port, path: pathname, headers: { authorization, host } }, (answer) => {
          let text = "";
          answer.on("data", (chunk) => (text += chunk)).on("end", () => {
            const { code, AccessKeyId } = JSON.parse(text);
            console.log(answer.statusCode + " " + (code ?? AccessKeyId.slice(0, 4)));
          });
        });`;
      const command = [process.execPath, "-e", script, url, token, hostname];
      return (await runAs(uid, command, { env: {} })).stdout.trim();
    };

    it("is not answered though it has the token, which serve reports; its own user and root are, from IPv6 sockets too", async () => {
      const endpoint = await serveAsVictim(["prod"]);
      for (const hostname of ["127.0.0.1", "::ffff:127.0.0.1"]) {
        expect(await ask(users.thief, endpoint, hostname)).toBe("401 Unauthorized");
        expect(await ask(users.victim, endpoint, hostname)).toBe("200 ASIA");
        expect(await ask(0, endpoint, hostname)).toBe("200 ASIA");
      }
      const reports = endpoint.stderr().match(/^awsrole: another user \(uid \d+\) sent .*$/gm);
      expect(reports).toEqual([
        `awsrole: another user (uid ${users.thief}) sent the token of this endpoint and was refused: stop and start again for a new token`,
      ]);
    });

    it("is answered at no path of several, with that path's token or another; its own user is, at each", async () => {
      addRoles(["staging", "other"]);
      const endpoint = await serveAsVictim(["prod", "staging", "other"]);
      const addresses = Object.values(endpoint.profiles());
      expect(addresses).toHaveLength(3);
      for (const [index, address] of addresses.entries()) {
        const { token = "" } = addresses[(index + 1) % 3] ?? {};
        expect(await ask(users.thief, address)).toBe("401 Unauthorized");
        expect(await ask(users.thief, { ...address, token })).toBe("401 Unauthorized");
        expect(await ask(users.victim, { ...address, token: "x".repeat(43) })).toBe(
          "401 Unauthorized",
        );
        expect(await ask(users.victim, address)).toBe("200 ASIA");
      }
    });

    it("is answered with --allow-containers, if it has the token", async () => {
      const endpoint = await serveAsVictim(["prod", "--allow-containers"]);
      expect(await ask(users.thief, endpoint)).toBe("200 ASIA");
      expect(await ask(users.thief, { ...endpoint, token: "x" })).toBe("401 Unauthorized");
    });
  },
);

describe.skipIf(noWsl !== undefined)(
  titled("where connections show no user, as in WSL", noWsl),
  () => {
    const run = (words: readonly string[]) =>
      runCommand([...asWsl(home.path), ...program, ...words], {
        env: { ...home.env, AWSROLE_STORE: "none" },
      });

    it("serve wants --allow-containers, and asks AWS for nothing before that is clear", async () => {
      expect(await run(["serve", "prod"])).toEqual({
        code: 1,
        signal: null,
        stdout: "",
        stderr:
          "awsrole: serve: this system does not show which user connects to the endpoint (WSL, or no /proc/net/tcp)\n" +
          "awsrole: hint: awsrole exec NAME --serve -- COMMAND gives it to one command; serve --allow-containers answers every program that has the token, also another user's\n",
      });
      expect(assumed()).toBe(0);
      serve = await startServe(home, ["prod", "--allow-containers"], {}, asWsl(home.path));
      expect((await askEndpoint(serve)).status).toBe(200);
    });

    it("exec --serve relies on the token, which only its command has", async () => {
      const script =
        "fetch(process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI, { headers: { authorization: process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN } }).then((r) => console.log(r.status))";
      expect(
        await run(["exec", "prod", "--serve", "--", process.execPath, "-e", script]),
      ).toMatchObject({ code: 0, stdout: "200\n" });
    });
  },
);

describe("serve", () => {
  it("prints statements that the AWS CLI needs nothing else to work with", async () => {
    const noAws = missing("aws");
    const ask =
      noAws === undefined ? "aws sts get-caller-identity --query Arn --output text" : "true";
    const script = [
      "umask 077",
      `${awsrole} serve prod --shell bash > statements & `,
      "while ! grep -q AWSROLE_PROFILE statements 2> /dev/null; do sleep 0.05; done",
      ". ./statements",
      ask,
      "kill $!; wait $!; echo ended=$?",
      `eval "$(${awsrole} env --unset)"`,
      "env | grep -c -E '^AWS(_CONTAINER|_REGION|ROLE_PROFILE|ROLE_BEFORE)'",
    ].join("\n");
    const { stdout, stderr } = await runCommand(["bash", "-c", script], {
      env: { ...home.env, AWSROLE_STORE: "none", AWS_PROFILE: "bob", AWS_ACCESS_KEY_ID: "AKIAOLD" },
      cwd: home.path,
    });
    if (noAws === undefined)
      expect(stdout).toContain(
        "arn:aws:sts::123456789012:assumed-role/example-role/AWSCLI-Session\n",
      );
    expect(stdout).toMatch(/ended=0\n0\n$/);
    expect(stderr).toMatch(
      /^awsrole: serving prod \(credentials until [^)]+\); press Ctrl-C to stop\. Run this in the shell that should use it:\n/,
    );
  });

  it("has few lines to copy", async () => {
    for (const shell of ["bash", "fish", "powershell"]) {
      const child = await printed(["prod", "--shell", shell]);
      expect(child.split("\n").length, child).toBeLessThan(9);
    }
  });

  it("gives each profile its own path, and a token that is good for that path only; a role can be switched while it runs", async () => {
    const others = ["staging", "team/a+b@c"];
    for (const name of ["staging", "other"])
      sts.addRole({ arn: `arn:aws:iam::123456789012:role/${name}` });
    edit((text) =>
      others.reduce(
        (all, name) =>
          `${all}\n[profile ${name}]\nrole_arn = arn:aws:iam::123456789012:role/staging\nsource_profile = bob\n`,
        text,
      ),
    );
    const endpoint = await start(["prod", ...others]);
    const addresses = endpoint.profiles();
    expect(Object.keys(addresses)).toEqual(["prod", ...others]);
    expect(Object.values(addresses).map(({ url }) => new URL(url).pathname)).toEqual([
      "/credentials/prod",
      "/credentials/staging",
      "/credentials/team~2fa~2bb~40c",
    ]);
    const routes = Object.entries(addresses);
    for (const [name, { url, token }] of routes)
      for (const [other, wrong] of [...routes, ["nobody", { token: "x".repeat(43) }] as const]) {
        const answer = await askEndpoint({ url, token: wrong.token });
        const expected = other === name ? 200 : other === "nobody" ? 401 : 404;
        expect(answer.status, `${other}'s token at ${name}'s path`).toBe(expected);
        if (expected === 200)
          expect(answer.body["RoleArn"]).toMatch(name === "prod" ? /example-role$/ : /staging$/);
        else expect(JSON.stringify(answer.body)).not.toContain("SecretAccessKey");
        expect(token === wrong.token).toBe(other === name);
      }
    edit((text) => text.replaceAll("role/staging", "role/other"));
    expect((await askEndpoint(addresses["staging"]!)).body["RoleArn"]).toMatch(/other$/);
    expect((await askEndpoint(addresses["prod"]!)).body["RoleArn"]).toMatch(/example-role$/);
  });

  it("answers twenty programs at three paths, each with its own role, by one fetch for each path", async () => {
    const names = ["prod", "staging", "other"];
    addRoles(names.slice(1));
    const addresses = Object.entries((await start(names)).profiles());
    // Not by fetch, which takes node longer to load than all the rest.
    const script = `const [, url, authorization] = process.argv;
      const roles = new Set();
      const ask = (left) => require("node:http").get(url, { headers: { authorization } }, (answer) => {
        let text = "";
        answer.on("data", (chunk) => (text += chunk)).on("end", () => {
          roles.add(JSON.parse(text).RoleArn);
          if (left > 0) ask(left - 1);
          else console.log([...roles].join());
        });
      });
      ask(4);`;
    const programs = Array.from({ length: 20 }, async (_, index) => {
      const [name, { url = "", token = "" } = {}] = addresses[index % 3] ?? [];
      const ended = await runCommand([process.execPath, "-e", script, url, token], { env: {} });
      return { name, ...ended };
    });
    for (const { name, stdout, stderr } of await Promise.all(programs)) {
      const role = name === "prod" ? "example-role" : name;
      expect(stdout, stderr).toBe(`arn:aws:iam::123456789012:role/${role}\n`);
    }
    expect(assumed()).toBe(3);
  });

  it("reports on stderr why it refuses: each reason once, and again after a success", async () => {
    const endpoint = await start(["prod"]);
    const lines = (): string[] => endpoint.stderr().split("\n").slice(1, -1);
    await askEndpoint(endpoint, { headers: { authorization: "x" } });
    await askEndpoint(endpoint, { headers: { authorization: "y" } });
    const refused =
      "awsrole: refused a request: AWS_CONTAINER_AUTHORIZATION_TOKEN is missing or is not this endpoint's";
    expect(lines()).toEqual([refused]);
    await runAwsrole(["logout", "prod"], { env: { ...home.env, AWSROLE_STORE: "none" } });
    sts.behave({ deny: "not today" });
    expect((await askEndpoint(endpoint)).status).toBe(403);
    expect((await askEndpoint(endpoint)).status).toBe(403);
    expect(lines()).toEqual([
      refused,
      expect.stringMatching(
        /^awsrole: prod: STS refused AssumeRole of \S+: AccessDenied: not today \(check that .*\)$/,
      ),
    ]);
    sts.behave({});
    expect((await askEndpoint(endpoint)).status).toBe(200);
    await runAwsrole(["logout", "prod"], { env: { ...home.env, AWSROLE_STORE: "none" } });
    sts.behave({ deny: "not today" });
    expect((await askEndpoint(endpoint)).status).toBe(403);
    expect(lines().filter((line) => line.includes("not today")).length).toBe(2);
  });

  it("keeps address and token with --port and --token-file, and prints no token then", async () => {
    const file = join(home.path, "prod.token");
    const token = "t".repeat(40);
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    const port = await freePort();
    const words = ["prod", "--port", String(port), "--token-file", file];
    const endpoint = await start(words);
    expect(endpoint.url).toBe(`http://127.0.0.1:${port}/credentials/prod`);
    expect(endpoint.variables).toMatchObject({ AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file });
    expect(JSON.stringify(endpoint.variables) + endpoint.stderr()).not.toContain(token);
    expect((await askEndpoint({ url: endpoint.url, token })).status).toBe(200);
    const second = await runAwsrole(["serve", ...words, "--store", "none"], { env: home.env });
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        new RegExp(`^awsrole: port ${port} of 127.0.0.1 is already in use\nawsrole: hint: choose `),
      ),
    });
    await endpoint.end();
    serve = await startServe(
      home,
      ["prod", "--port", String(port), "--token-file", "/dev/fd/3"],
      {},
      ["sh", "-c", `exec "$@" 3< ${file}`, "sh"],
    );
    expect(serve.token, "the program that gave the descriptor has it").toBe("");
    expect((await askEndpoint({ url: serve.url, token })).status).toBe(200);
  });

  it.each([
    [["prod", "--port", "0"], 2, /invalid value "0" for --port/],
    [["prod", "--port", "65536"], 2, /invalid value "65536" for --port/],
    [["prod", "--port", "http"], 2, /invalid value "http" for --port/],
    [["prod", "--token-file", "missing"], 1, /the token file missing cannot be read/],
    [
      ["prod", "--token-file", "open"],
      1,
      /the token file open can be read by others\n.*chmod 600 open/,
    ],
    [
      ["prod", "--token-file", "short"],
      1,
      /the token in short cannot be used\n.*32 to 512 characters/,
    ],
    [["prod", "--token-file", "."], 1, /the token file . cannot be read/],
    [
      ["prod", "bob", "--token-file", "good"],
      2,
      /2 profiles need as many --token-file options, not 1/,
    ],
    [
      ["prod", "bob", "--token-file", "good", "--token-file", "same"],
      2,
      /two profiles have the same token/,
    ],
    [["prod", "nobody"], 1, /profile nobody not found/],
  ] as const)("refuses %j", async (words, code, message) => {
    for (const name of ["good", "same", "open"])
      writeFileSync(join(home.path, name), "t".repeat(40), {
        mode: name === "open" ? 0o644 : 0o600,
      });
    writeFileSync(join(home.path, "short"), "secret-token", { mode: 0o600 });
    const env = { ...home.env, AWSROLE_STORE: "none" };
    const refused = await runCommand([...program, "serve", ...words], { env, cwd: home.path });
    expect(refused).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(message) });
    expect(refused.stderr).not.toContain("secret-token");
  });

  it("warns of a [default] that AWS tools would use instead, and exec --serve refuses it", async () => {
    edit(
      (text) =>
        `${text}\n[default]\nrole_arn = arn:aws:iam::123456789012:role/other\nsource_profile = bob\n`,
    );
    const endpoint = await start(["prod"]);
    expect(endpoint.stderr()).toMatch(
      /^awsrole: \[default\] has role_arn \(\S+config:\d+\), which AWS tools use before they ask an endpoint/,
    );
    const refused = await runAwsrole(["exec", "prod", "--serve", "--", "true"], { env: home.env });
    expect(refused).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(
        /hint: use keys instead, which take precedence: awsrole exec prod -- /,
      ),
    });
  });

  it("fails before it serves, when there is nothing to serve", async () => {
    sts.behave({ deny: "no" });
    expect(
      await runAwsrole(["serve", "prod"], { env: { ...home.env, AWSROLE_STORE: "none" } }),
    ).toMatchObject({ code: 1, stdout: "" });
    expect(await runAwsrole(["serve"], { env: home.env })).toMatchObject({ code: 2 });
  });
});

describe("exec --serve", () => {
  const exec = (words: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    runAwsrole(["exec", "prod", "--serve", "--", ...words], {
      env: { ...home.env, AWSROLE_STORE: "none", ...more },
    });

  it("gives an endpoint and nothing that would be used before it, and ends with its command", async () => {
    const { stdout, code } = await exec(
      ["sh", "-c", `${process.execPath} -p 'JSON.stringify(process.env)'; exit 4`],
      {
        AWS_ACCESS_KEY_ID: "AKIAOLD",
        AWS_SECRET_ACCESS_KEY: "old",
        AWS_PROFILE: "bob",
        AWS_WEB_IDENTITY_TOKEN_FILE: "/t",
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x",
      },
    );
    expect(code).toBe(4);
    const env = JSON.parse(stdout) as Record<string, string>;
    expect(env).toMatchObject({ AWS_REGION: "eu-west-1", AWSROLE_PROFILE: "prod" });
    expect(
      Object.keys(env).filter((name) =>
        /^AWS_(ACCESS|SECRET|SESSION|PROFILE|WEB|CONTAINER.*RELATIVE)/.test(name),
      ),
    ).toEqual([]);
    const url = env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] ?? "";
    await expect(askEndpoint({ url, token: "" })).rejects.toThrow("ECONNREFUSED");
  });

  it("ends at once, though a fetch is under way that nobody needs any more", async () => {
    const script = join(home.path, "ask.cjs");
    const go = join(home.path, "go");
    writeFileSync(
      script,
      `const { existsSync, writeFileSync } = require("node:fs");
      const [, , go] = process.argv;
      const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: authorization } = process.env;
      require("node:http").get(url, { headers: { authorization } }, (answer) => {
        answer.resume();
        writeFileSync(go + 0, "");
        const timer = setInterval(() => {
          if (existsSync(go + 1)) require("node:http").get(url, { headers: { authorization } }).on("error", () => {}), clearInterval(timer);
        }, 10);
        setInterval(() => existsSync(go + 2) && process.exit(5), 10);
      });`,
    );
    const env = { ...home.env, AWSROLE_STORE: "none" };
    const ended = runAwsrole(["exec", "prod", "--serve", "--", process.execPath, script, go], {
      env,
    });
    while (!existsSync(`${go}0`)) await pause(20);
    await runAwsrole(["logout", "prod"], { env });
    sts.behave({ hang: "headers" });
    writeFileSync(`${go}1`, "");
    while (assumed() === 1) await pause(20);
    writeFileSync(`${go}2`, "");
    expect((await ended).code).toBe(5);
    // Had it waited for the silent STS, it would have asked a second time.
    expect(assumed()).toBe(2);
  });
});

describe.skipIf(noTerminal !== undefined)(titled("serve in a terminal", noTerminal), () => {
  let terminal: Terminal;
  afterEach(() => terminal.close());

  it("asks for a code there, when it starts and when a renewal needs one, and ends on Ctrl-C", async () => {
    sts.addRole({ arn: "arn:aws:iam::123456789012:role/example-role", requireMfa: true });
    edit((text) =>
      text.replace("AWSCLI-Session", `AWSCLI-Session\nawsrole_mfa_serial = ${serial}`),
    );
    const env = { ...home.env, AWSROLE_STORE: "none" };
    terminal = openTerminal(env);
    await terminal.waitFor(/[$#] *$/);
    terminal.enter(`${awsrole} serve prod --shell sh; echo code=$?`);
    await terminal.waitFor(/^Enter MFA code for \S+: *$/m);
    terminal.enter(sts.currentCode(sts.bob));
    const [, url = ""] = await terminal.waitFor(
      /^export AWS_CONTAINER_CREDENTIALS_FULL_URI='(.*)'$/m,
    );
    const [, token = ""] = await terminal.waitFor(
      /^export AWS_CONTAINER_AUTHORIZATION_TOKEN='(.*)'$/m,
    );
    await terminal.waitFor(/^export AWSROLE_PROFILE='prod'$/m);
    const first = await askEndpoint({ url, token });
    for (const name of ["prod", "bob"]) await runAwsrole(["logout", name], { env });
    sts.clock.advance(30_000);
    const second = askEndpoint({ url, token });
    await terminal.waitFor(/MFA code for[^]*MFA code for \S+: *$/);
    terminal.enter(sts.currentCode(sts.bob));
    expect((await second).body["AccessKeyId"]).not.toBe(first.body["AccessKeyId"]);
    terminal.press("C-c");
    await terminal.waitFor(/^(\^C)?code=0$/m);
    await expect(askEndpoint({ url, token })).rejects.toThrow("ECONNREFUSED");
  });
});

/** What it prints for a shell. */
async function printed(words: readonly string[]): Promise<string> {
  const file = join(home.path, "printed");
  const script = `umask 077; "$@" > ${file} & while ! grep -q AWSROLE_PROFILE ${file} 2> /dev/null; do sleep 0.05; done; kill $!; wait`;
  await runCommand(["sh", "-c", script, "sh", ...program, "serve", ...words], {
    env: { ...home.env, AWSROLE_STORE: "none" },
  });
  return readFileSync(file, "utf8");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Sends text, and reads until the endpoint hangs up. */
function raw(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(new URL(url).port), "127.0.0.1", () =>
      socket.write(text),
    );
    let answer = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
    socket.on("error", () => {}).once("close", () => resolve(answer));
  });
}

/** Connections that never become a request; resolves when the endpoint has hung up on all. */
async function halfOpen(url: string): Promise<string> {
  const texts = ["", "GET /cred", "GET /credentials HTTP/1.1\r\nHost: x\r\n"];
  return (await Promise.all(texts.map((text) => raw(url, text)))).join("");
}
