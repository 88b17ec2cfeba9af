/** Leaves that AWS's own providers resolve, driven through the real providers against doubles on the loopback; and commands that lead back here. */
import { createHash, generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRoleHome } from "../support/role-home.ts";
import { type Home, program, runAwsrole } from "../support/run-awsrole.ts";
import { startAwsDouble, type AwsDouble } from "../support/aws-double.ts";

type Seen = { method: string; path: string; headers: IncomingMessage["headers"]; body: string };
type Answer = { status?: number; body: string };

/** A server that answers with what `answer` says, and keeps what it saw. */
async function startDouble(
  answer: (seen: Seen) => Answer,
): Promise<{ url: string; seen: Seen[]; server: Server }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const one = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body,
      };
      seen.push(one);
      const { status = 200, body: text } = answer(one);
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server };
}

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();
const arn = "arn:aws:iam::123456789012:role/example-role";

describe("sources", () => {
  let sts: AwsDouble;
  let home: Home;
  let started: Server[];
  /** A session that the STS double knows, as a metadata service would give it. */
  const issued = () => {
    const session = sts.sessions().at(-1);
    return {
      AccessKeyId: session?.accessKeyId,
      SecretAccessKey: session?.secretAccessKey,
      Token: session?.sessionToken,
      Expiration: inAnHour(),
    };
  };

  beforeAll(async () => {
    sts = await startAwsDouble();
    home = createRoleHome(sts);
    await runAwsrole(["credential-process", "--profile", "prod", "--store", "none"], {
      env: home.env,
    });
    await home.remove();
  });
  afterAll(() => sts.close());
  beforeEach(() => {
    started = [];
  });
  afterEach(async () => {
    for (const server of started) server.close();
    await home?.remove();
  });
  const double = async (answer: (seen: Seen) => Answer) => {
    const one = await startDouble(answer);
    started.push(one.server);
    return one;
  };
  const run = (config: string, env: NodeJS.ProcessEnv = {}, name = "p") => {
    home = createRoleHome(sts, { config });
    return runAwsrole(["credential-process", "--profile", name, "--store", "none"], {
      env: { ...home.env, ...env },
    });
  };
  const role = (...lines: string[]): string =>
    `[profile p]\nrole_arn = ${arn}\n${lines.join("\n")}\n`;

  it("the environment", async () => {
    const keys = {
      AWS_ACCESS_KEY_ID: sts.bob.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sts.bob.secretAccessKey,
    };
    expect(await run(role("credential_source = Environment"), keys)).toMatchObject({
      code: 0,
      stderr: "",
    });
    await home.remove();
    const missing = await run(role("credential_source = Environment"));
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toMatch(/the environment has no AWS keys/);
  });

  it("the EC2 instance metadata service, by IMDSv2", async () => {
    const imds = await double(({ method, path, headers }) => {
      if (method === "PUT" && path === "/latest/api/token") return { body: "a-token" };
      if (headers["x-aws-ec2-metadata-token"] !== "a-token") return { status: 401, body: "" };
      if (path.endsWith("/security-credentials/")) return { body: "the-role" };
      return {
        body: JSON.stringify({
          Code: "Success",
          Type: "AWS-HMAC",
          LastUpdated: new Date().toISOString(),
          ...issued(),
        }),
      };
    });
    const finished = await run(role("credential_source = Ec2InstanceMetadata"), {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
      AWS_EC2_METADATA_DISABLED: undefined,
    });
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(imds.seen.map(({ method }) => method)).toContain("PUT");
  });

  it("the EC2 instance metadata service, while it cannot renew what it has: silently", async () => {
    const imds = await double(({ path }) => {
      if (path === "/latest/api/token") return { body: "a-token" };
      if (path.endsWith("/security-credentials/")) return { body: "the-role" };
      const Expiration = new Date(Date.now() - 1000).toISOString();
      return { body: JSON.stringify({ Code: "Success", ...issued(), Expiration }) };
    });
    const env = {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
      AWS_EC2_METADATA_DISABLED: undefined,
    };
    const profile = role("credential_source = Ec2InstanceMetadata");
    expect(await run(profile, env)).toMatchObject({ code: 0, stderr: "" });
  });

  it("not the EC2 instance metadata service where AWS_EC2_METADATA_DISABLED says so", async () => {
    const imds = await double(() => ({ body: "the-role" }));
    const finished = await run(role("credential_source = Ec2InstanceMetadata"), {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url,
      AWS_EC2_METADATA_DISABLED: "True",
    });
    expect(finished).toMatchObject({ code: 1, stdout: "" });
    expect(finished.stderr).toMatch(/AWS_EC2_METADATA_DISABLED/);
    expect(imds.seen).toEqual([]);
  });

  it("the container endpoint, with its token", async () => {
    const container = await double(({ headers }) =>
      headers.authorization === "let me in"
        ? { body: JSON.stringify(issued()) }
        : { status: 401, body: "{}" },
    );
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${container.url}/creds`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "let me in",
    };
    const finished = await run(role("credential_source = EcsContainer"), env);
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    const tokenFile = join(home.path, "token");
    writeFileSync(tokenFile, "let me in");
    // As EKS Pod Identity sets it, beside a token of somebody else's: the file counts.
    const both = {
      ...env,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "not this one",
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    };
    const withBoth = await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
      env: { ...home.env, ...both },
    });
    expect(withBoth).toMatchObject({ code: 0, stderr: "" });
    await home.remove();
    const none = await run(role("credential_source = EcsContainer"));
    expect(none).toMatchObject({ code: 1, stdout: "" });
    expect(none.stderr).toMatch(/there is no container credentials endpoint/);
  });

  describe("SSO", () => {
    const config = (more = "") =>
      `[profile p]\nrole_arn = ${arn}\nsource_profile = corp\n[profile corp]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = reader\n[sso-session s]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n${more}`;
    const tokenFile = () =>
      join(
        home.path,
        ".aws",
        "sso",
        "cache",
        `${createHash("sha1").update("s").digest("hex")}.json`,
      );
    const writeToken = (minutes: number) => {
      mkdirSync(join(home.path, ".aws", "sso", "cache"), { recursive: true });
      writeFileSync(
        tokenFile(),
        JSON.stringify({
          accessToken: "access-1",
          expiresAt: new Date(Date.now() + minutes * 60_000).toISOString(),
          clientId: "c",
          clientSecret: "s",
          refreshToken: "refresh-1",
          registrationExpiresAt: new Date(Date.now() + 86_400_000).toISOString(),
          region: "eu-west-1",
          startUrl: "https://example.awsapps.com/start",
        }),
      );
    };
    const portal = () =>
      double(({ method, path, headers, body }) => {
        if (method === "POST" && path === "/token") {
          expect(JSON.parse(body)).toMatchObject({ refreshToken: "refresh-1" });
          return {
            body: JSON.stringify({
              accessToken: "access-2",
              expiresIn: 3600,
              refreshToken: "refresh-2",
              tokenType: "Bearer",
            }),
          };
        }
        if (!isRoleRequest(method, path, headers)) return { status: 400, body: "{}" };
        const session = sts.sessions().at(-1);
        return {
          body: JSON.stringify({
            roleCredentials: {
              accessKeyId: session?.accessKeyId,
              secretAccessKey: session?.secretAccessKey,
              sessionToken: session?.sessionToken,
              expiration: Date.now() + 3_600_000,
            },
          }),
        };
      });
    /** As the service's model has GetRoleCredentials: both are required, and in the query. */
    const isRoleRequest = (method: string, path: string, headers: Seen["headers"]): boolean => {
      const { pathname, searchParams } = new URL(path, "http://portal");
      return (
        method === "GET" &&
        pathname === "/federation/credentials" &&
        searchParams.get("role_name") === "reader" &&
        searchParams.get("account_id") === "123456789012" &&
        headers["x-amz-sso_bearer_token"] !== undefined
      );
    };
    const process = (env: NodeJS.ProcessEnv, name = "p") =>
      runAwsrole(["credential-process", "--profile", name, "--store", "none"], {
        env: { ...home.env, ...env },
      });

    it("with a live token: no refresh", async () => {
      const sso = await portal();
      home = createRoleHome(sts, { config: config() });
      writeToken(60);
      const env = {
        ...home.env,
        AWS_ENDPOINT_URL_SSO: sso.url,
        AWS_ENDPOINT_URL_SSO_OIDC: sso.url,
      };
      expect(
        await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], { env }),
      ).toMatchObject({ code: 0, stderr: "" });
      expect(sso.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
        "GET /federation/credentials?role_name=reader&account_id=123456789012",
      ]);
    });

    it("with a token that is about to expire: five processes refresh it once", async () => {
      const sso = await portal();
      home = createRoleHome(sts, { config: config() });
      writeToken(1);
      const env = {
        ...home.env,
        AWS_ENDPOINT_URL_SSO: sso.url,
        AWS_ENDPOINT_URL_SSO_OIDC: sso.url,
      };
      const all = await Promise.all(
        Array.from({ length: 5 }, () => runAwsrole(["whoami", "corp"], { env })),
      );
      expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
      expect(sso.seen.filter(({ path }) => path.startsWith("/token"))).toHaveLength(1);
      expect(JSON.parse(readFileSync(tokenFile(), "utf8"))).toMatchObject({
        accessToken: "access-2",
        refreshToken: "refresh-2",
      });
    });

    /** Answers like AWS, but is somebody else's: whatever reaches it is a token in wrong hands. */
    const strangers: readonly (readonly [string, (url: string) => string, NodeJS.ProcessEnv])[] = [
      ["[default] endpoint_url", (url) => `[default]\nendpoint_url = ${url}\n`, {}],
      [
        "endpoint_url of AWS_PROFILE",
        (url) => `[profile other]\nendpoint_url = ${url}\n`,
        { AWS_PROFILE: "other" },
      ],
      [
        "services of AWS_PROFILE",
        (url) =>
          `[profile other]\nservices = theirs\n[services theirs]\nsso =\n  endpoint_url = ${url}\nsso_oidc =\n  endpoint_url = ${url}\n`,
        { AWS_PROFILE: "other" },
      ],
    ];
    it.each(strangers)("tokens do not follow %s", async (_what, section, env) => {
      const [sso, stranger] = [await portal(), await portal()];
      const own = `[services mine]\nsso =\n  endpoint_url = ${sso.url}\nsso_oidc =\n  endpoint_url = ${sso.url}\n`;
      const text = config(own + section(stranger.url));
      home = createRoleHome(sts, {
        config: text.replace("sso_session = s\n", "sso_session = s\nservices = mine\n"),
      });
      writeToken(1);
      expect(await process(env)).toMatchObject({ code: 0, stderr: "" });
      expect(stranger.seen).toEqual([]);
      expect(sso.seen.map(({ path }) => path.split("?")[0])).toEqual([
        "/token",
        "/federation/credentials",
      ]);
    });

    it("each service has its own endpoint: the variable before the profile's services, those before its endpoint_url", async () => {
      const [sso, oidc, unused] = [await portal(), await portal(), await portal()];
      const text = config(`[services mine]\nsso_oidc =\n  endpoint_url = ${oidc.url}\n`);
      home = createRoleHome(sts, {
        config: text.replace(
          "sso_session = s\n",
          `sso_session = s\nservices = mine\nendpoint_url = ${unused.url}\nawsrole_endpoint_url = ${unused.url}\n`,
        ),
      });
      writeToken(1);
      expect(await process({ AWS_ENDPOINT_URL_SSO: sso.url })).toMatchObject({ code: 0 });
      expect([sso.seen.length, oidc.seen.length, unused.seen.length]).toEqual([1, 1, 0]);
    });

    it.each(["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC"])(
      "%s without TLS, beyond this machine: refused before anything is sent",
      async (variable) => {
        const proxy = await double(() => ({ body: "{}" }));
        home = createRoleHome(sts, { config: config() });
        writeToken(1);
        const finished = await process({
          [variable]: "http://plain.example",
          HTTP_PROXY: proxy.url,
        });
        expect(finished).toMatchObject({ code: 1, stdout: "" });
        expect(finished.stderr).toContain(
          `"http://plain.example" is an endpoint without TLS (${variable})`,
        );
        expect(proxy.seen).toEqual([]);
      },
    );

    // The hosts are botocore's for the same regions and settings.
    it.each([
      ["eu-west-1", {}, ["oidc.eu-west-1.amazonaws.com", "portal.sso.eu-west-1.amazonaws.com"]],
      [
        "cn-north-1",
        {},
        ["oidc.cn-north-1.amazonaws.com.cn", "portal.sso.cn-north-1.amazonaws.com.cn"],
      ],
      [
        "us-gov-west-1",
        { AWS_USE_FIPS_ENDPOINT: "true" },
        ["oidc.us-gov-west-1.amazonaws.com", "portal.sso.us-gov-west-1.amazonaws.com"],
      ],
      [
        "us-east-1",
        { AWS_USE_FIPS_ENDPOINT: "true" },
        ["oidc-fips.us-east-1.amazonaws.com", "portal.sso-fips.us-east-1.amazonaws.com"],
      ],
      [
        "eu-west-1",
        { AWS_USE_DUALSTACK_ENDPOINT: "true" },
        ["oidc.eu-west-1.api.aws", "portal.sso.eu-west-1.api.aws"],
      ],
    ])(
      "AWS's hosts in %s with %j, whatever region the environment has",
      async (region, env, hosts) => {
        const proxy = await double(() => ({ status: 502, body: "" }));
        const asked: string[] = [];
        proxy.server.on("connect", ({ url }: IncomingMessage, socket: Socket) => {
          asked.push(url ?? "");
          socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
        });
        home = createRoleHome(sts, { config: config().replace("eu-west-1\n", `${region}\n`) });
        writeToken(1);
        const finished = await process(
          { ...env, HTTPS_PROXY: proxy.url, AWS_REGION: "ap-south-1" },
          "corp",
        );
        expect(finished).toMatchObject({ code: 1, stdout: "" });
        expect([...new Set(asked)]).toEqual(hosts.map((host) => `${host}:443`));
      },
    );

    it("without a token, or refused: says what to run, exit 3", async () => {
      const sso = await double(() => ({
        status: 401,
        body: '{"message":"Session token not found or invalid"}',
      }));
      const env = { AWS_ENDPOINT_URL_SSO: sso.url, AWS_ENDPOINT_URL_SSO_OIDC: sso.url };
      const missing = await run(config(), env);
      expect(missing).toMatchObject({ code: 3, stdout: "" });
      expect(missing.stderr).toMatch(
        /^awsrole: profile corp: the SSO session has expired or was never started\nawsrole: hint: run: aws sso login --profile corp\n$/,
      );
      writeToken(60);
      const refused = await runAwsrole(
        ["credential-process", "--profile", "p", "--store", "none"],
        { env: { ...home.env, ...env } },
      );
      expect(refused).toMatchObject({ code: 3, stdout: "" });
    });
  });

  it("SSO as it was before sso-session sections: with a live token", async () => {
    const sso = await double(() => {
      const session = sts.sessions().at(-1);
      const { accessKeyId, secretAccessKey, sessionToken } = session ?? {};
      const expiration = Date.now() + 3_600_000;
      return {
        body: JSON.stringify({
          roleCredentials: { accessKeyId, secretAccessKey, sessionToken, expiration },
        }),
      };
    });
    const startUrl = "https://example.awsapps.com/start";
    home = createRoleHome(sts, {
      config: `[profile p]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = reader\n`,
    });
    const cache = join(home.path, ".aws", "sso", "cache");
    mkdirSync(cache, { recursive: true });
    writeFileSync(
      join(cache, `${createHash("sha1").update(startUrl).digest("hex")}.json`),
      JSON.stringify({ startUrl, region: "eu-west-1", accessToken: "a", expiresAt: inAnHour() }),
    );
    const env = { ...home.env, AWS_ENDPOINT_URL_SSO: sso.url };
    expect(
      await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], { env }),
    ).toMatchObject({ code: 0, stderr: "" });
    expect(sso.seen.map(({ headers }) => headers["x-amz-sso_bearer_token"])).toEqual(["a"]);
  });

  describe("a login session", () => {
    const session = "arn:aws:iam::123456789012:user/Bob";
    const cacheFile = () =>
      join(
        home.path,
        ".aws",
        "login",
        "cache",
        `${createHash("sha256").update(session).digest("hex")}.json`,
      );
    /** As `aws login` leaves it. */
    const logIn = (minutes: number) => {
      home = createRoleHome(sts, {
        config: `${role("source_profile = corp")}[profile corp]\nregion = eu-west-1\nlogin_session = ${session}\n`,
      });
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const { accessKeyId, secretAccessKey, sessionToken } = sts.sessions().at(-1) ?? {};
      const expiresAt = new Date(Date.now() + minutes * 60_000).toISOString();
      const accountId = "123456789012";
      mkdirSync(dirname(cacheFile()), { recursive: true });
      writeFileSync(
        cacheFile(),
        JSON.stringify({
          accessToken: { accessKeyId, secretAccessKey, sessionToken, accountId, expiresAt },
          tokenType: "aws_sigv4",
          clientId: "c",
          refreshToken: "refresh-1",
          idToken: "i",
          dpopKey: privateKey.export({ format: "pem", type: "sec1" }),
        }),
      );
    };

    it("that is live: its credentials sign, nobody is asked", async () => {
      logIn(60);
      expect(
        await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
          env: { ...home.env, AWS_ENDPOINT_URL_SIGNIN: "http://127.0.0.1:9" },
        }),
      ).toMatchObject({ code: 0, stderr: "" });
    });

    it("is renewed at its own endpoint, whatever [default] and AWS_PROFILE say", async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = sts.sessions().at(-1) ?? {};
      const answer = () => ({
        body: JSON.stringify({
          accessToken: { accessKeyId, secretAccessKey, sessionToken },
          tokenType: "aws_sigv4",
          expiresIn: 900,
          refreshToken: "refresh-2",
        }),
      });
      const [signin, stranger] = [await double(answer), await double(answer)];
      logIn(2);
      const text = readFileSync(home.configFile, "utf8");
      writeFileSync(
        home.configFile,
        `${text.replace("login_session", `endpoint_url = ${signin.url}\nlogin_session`)}[default]\nendpoint_url = ${stranger.url}\n[profile other]\nservices = theirs\n[services theirs]\nsignin =\n  endpoint_url = ${stranger.url}\n`,
      );
      const words = ["credential-process", "--profile", "corp", "--store", "none"];
      for (const AWS_PROFILE of [undefined, "other"]) {
        expect(await runAwsrole(words, { env: { ...home.env, AWS_PROFILE } })).toMatchObject({
          code: 0,
          stderr: "",
        });
      }
      expect(stranger.seen).toEqual([]);
      expect(signin.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
        "POST /v1/token",
      ]);
      expect(
        await runAwsrole(words, {
          env: { ...home.env, AWS_ENDPOINT_URL_SIGNIN: "http://plain.example" },
        }),
      ).toMatchObject({ code: 1, stderr: expect.stringContaining("without TLS") });
    });

    it("that is about to expire: five processes refresh it once, in AWS's own cache", async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = sts.sessions().at(-1) ?? {};
      const signin = await double(() => ({
        body: JSON.stringify({
          accessToken: { accessKeyId, secretAccessKey, sessionToken },
          tokenType: "aws_sigv4",
          expiresIn: 900,
          refreshToken: "refresh-2",
        }),
      }));
      logIn(2);
      const env = { ...home.env, AWS_ENDPOINT_URL_SIGNIN: signin.url };
      const all = await Promise.all(
        Array.from({ length: 5 }, () => runAwsrole(["whoami", "corp"], { env })),
      );
      expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
      expect(signin.seen.map(({ body }) => body)).toEqual([expect.stringContaining("refresh-1")]);
      expect(JSON.parse(readFileSync(cacheFile(), "utf8"))).toMatchObject({
        refreshToken: "refresh-2",
      });
    });
  });

  it("a login session that was never started: says what to run, exit 3", async () => {
    const finished = await run(`[profile p]\nlogin_session = arn:aws:iam::123456789012:user/Bob\n`);
    expect(finished).toMatchObject({ code: 3, stdout: "" });
    expect(finished.stderr).toMatch(/run: aws login --profile p/);
  });

  it("web identity: unsigned, with the token of the moment", async () => {
    home = createRoleHome(sts, { config: role("web_identity_token_file = /nonexistent/token") });
    const missing = await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
      env: home.env,
    });
    expect(missing.stderr).toMatch(/the web identity token \/nonexistent\/token cannot be read/);
    const file = join(home.path, "token");
    writeFileSync(file, "a.b.c\n");
    writeFileSync(home.configFile, role(`web_identity_token_file = ${file}`));
    await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
      env: home.env,
    });
    expect(sts.callsOf("AssumeRoleWithWebIdentity").at(-1)).toMatchObject({
      accessKeyId: undefined,
      params: { WebIdentityToken: "a.b.c" },
    });
  });

  describe("a foreign credential_process", () => {
    const script = (text: string): string => {
      const file = join(home.path, "helper");
      writeFileSync(file, `#!/bin/sh\n${text}\n`);
      chmodSync(file, 0o755);
      return file;
    };
    const withHelper = async (text: string, more = "") => {
      home = createRoleHome(sts, { config: "" });
      const config =
        role("source_profile = corp") +
        `[profile corp]\ncredential_process = ${script(text)}${more}\n`;
      writeFileSync(home.configFile, config);
      return runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
        env: home.env,
      });
    };
    const answer = () =>
      `echo '${JSON.stringify({ Version: 1, AccessKeyId: sts.bob.accessKeyId, SecretAccessKey: sts.bob.secretAccessKey })}'`;

    it("is run without a shell, its words as the AWS CLI splits them", async () => {
      expect(
        await withHelper(
          `[ "$1" = 'a b;$HOME' ] && ${answer()}`,
          ` "a b;\\$HOME"`.replace("\\\\", "\\"),
        ),
      ).toBeDefined();
      await home.remove();
      expect(await withHelper(`[ "$1" = 'a b' ] && ${answer()}`, ` 'a b'`)).toMatchObject({
        code: 0,
        stderr: "",
      });
    });
    const bad: readonly (readonly [string, string, RegExp])[] = [
      ["fails", "echo SECRET; echo SECRET >&2; exit 7", /it failed \(exit code 7\)/],
      ["prints no JSON", "echo SECRET", /its answer is not the JSON/],
      [
        "prints a version in quotes",
        `echo '{"Version":"1","AccessKeyId":"SECRET","SecretAccessKey":"SECRET"}'`,
        /its answer is not the JSON/,
      ],
      [
        "prints without end",
        "while :; do echo SECRETSECRETSECRETSECRETSECRETSECRETSECRET; done",
        /prints more than credentials/,
      ],
    ];
    it.each(bad)(
      "that %s: an error that repeats nothing of what it printed",
      async (_what, text, message) => {
        const finished = await withHelper(text);
        expect(finished).toMatchObject({ code: 1, stdout: "" });
        expect(finished.stderr).toMatch(message);
        expect(finished.stderr).not.toContain("SECRET");
      },
    );

    it("that asks awsrole for the same profile is refused at once, through a script too", async () => {
      const started = performance.now();
      const finished = await withHelper(`exec ${program.join(" ")} credential-process --profile p`);
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(performance.now() - started).toBeLessThan(9000);
    });
    it("that asks awsrole for another profile works", async () => {
      home = createRoleHome(sts);
      const config = readFileSync(home.configFile, "utf8");
      writeFileSync(
        home.configFile,
        `${config}\n[profile p]\ncredential_process = ${script(`exec ${program.join(" ")} credential-process --profile prod --store none`)}\n`,
      );
      expect(
        await runAwsrole(["credential-process", "--profile", "p", "--store", "none"], {
          env: home.env,
        }),
      ).toMatchObject({ code: 0, stderr: "" });
    });
    it("names the circle of a line that asks awsrole itself", async () => {
      home = createRoleHome(sts);
      const config = readFileSync(home.configFile, "utf8");
      const line = `${program.join(" ")} credential-process --profile`;
      const others = [
        "granted credential-process --profile outer",
        // Another machine's profiles are not ours.
        "/nonexistent/ssh bastion awsrole credential-process --profile outer",
        "/nonexistent/awsrole-on-bastion credential-process --profile outer",
      ];
      const late = `${line.replace("--profile", "--no-input --profile")} outer`;
      for (const asked of [`${line} outer`, `${line}=outer`, late, ...others]) {
        writeFileSync(
          home.configFile,
          `${config}\n[profile p]\ncredential_process = ${asked}\n[profile outer]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = p\n`,
        );
        const { code, stderr } = await runAwsrole(["credential-process", "--profile", "outer"], {
          env: home.env,
        });
        expect(code).toBe(1);
        expect(stderr).toMatch(
          others.includes(asked)
            ? /cannot be started/
            : /^awsrole: profile outer leads back to itself: outer -> p -> \(a command of it\) -> outer\n/,
        );
      }
    });
    it("names the circle to whoever is in it", async () => {
      home = createRoleHome(sts);
      const finished = await runAwsrole(["credential-process", "--profile", "prod"], {
        env: { ...home.env, AWSROLE_CHAIN: "outer,bob" },
      });
      expect(finished).toMatchObject({ code: 1, stdout: "" });
      expect(finished.stderr).toMatch(
        /^awsrole: profile bob leads back to itself: outer -> bob -> \(a command of it\) -> bob\n/,
      );
    });
  });
});
